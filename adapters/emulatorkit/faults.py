"""Scripted failures: what goes wrong, on which calls, how often."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

CALL_ACTIONS = (
    "respond",  # answer with status, body and headers; nothing is applied
    "respond_after",  # apply the call, then answer with status, body and headers
    "drop_before",  # cut the line, nothing is applied
    "drop_after",  # apply the call, then cut the line without an answer
    "truncate",  # apply the call, send only the first `bytes` of the answer
    "delay",  # wait `seconds` of real time, then go on
    "html",  # HTTP 200 with a page of HTML instead of JSON; nothing is applied
    "expire_sessions",  # end all sessions, then go on
)


@dataclass(slots=True)
class CallFault:
    """One rule for whole calls.

    A call matches when its method, endpoint class (`kind`) and path (`path`, a
    regular expression that is searched) fit; an empty criterion fits all. The
    first `skip` matching calls pass, then the fault strikes on every `every`-th
    one, `times` times in all (None: without end).
    """

    action: str
    method: str = ""
    kind: str = ""
    path: str = ""
    skip: int = 0
    every: int = 1
    times: int | None = 1
    status: int = 503
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    bytes: int = 20
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.action not in CALL_ACTIONS:
            raise ValueError(f"fault action must be one of {', '.join(CALL_ACTIONS)}")
        if self.every < 1 or self.skip < 0:
            raise ValueError("fault: every must be at least 1 and skip at least 0")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"fault: path is not a regular expression: {error}") from None

    def strike(self, method: str, kind: str, path: str) -> bool:
        """Count a call if it matches and say whether the fault strikes it."""
        if self.method and self.method.upper() != method:
            return False
        if self.kind and self.kind != kind:
            return False
        if self.path and not re.search(self.path, path):
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self.seen += 1
        after = self.seen - self.skip
        if after < 1 or (after - 1) % self.every:
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class RecordFault:
    """One rule for single records inside a write: fail with a vendor's error code.

    Matches by `object`, by `ids` (empty: any) and `operation` (create, update,
    delete; empty: any); counts like CallFault.
    """

    code: str
    message: str = ""
    fields: list[str] = field(default_factory=list)
    object: str = ""
    ids: list[str] = field(default_factory=list)
    operation: str = ""
    skip: int = 0
    every: int = 1
    times: int | None = 1
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.every < 1 or self.skip < 0:
            raise ValueError("fault: every must be at least 1 and skip at least 0")

    def strike(self, operation: str, object_name: str, record_id: str) -> bool:
        """Count a record if it matches and say whether it fails."""
        if self.object and self.object.lower() != object_name.lower():
            return False
        if self.operation and self.operation != operation:
            return False
        if self.ids and record_id not in self.ids:
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self.seen += 1
        after = self.seen - self.skip
        if after < 1 or (after - 1) % self.every:
            return False
        self.struck += 1
        return True


class FaultScript:
    """All rules in force, in the order in which they were added."""

    def __init__(self) -> None:
        self.calls: list[CallFault] = []
        self.records: list[RecordFault] = []

    def add(self, rules: list[dict[str, Any]]) -> None:
        """Add rules: one with `action` is a CallFault, one with `code` a RecordFault.

        Raises ValueError for an unknown key or value; then no rule is added.
        """
        calls: list[CallFault] = []
        records: list[RecordFault] = []
        for rule in rules:
            try:
                if "action" in rule:
                    calls.append(CallFault(**rule))
                else:
                    records.append(RecordFault(**rule))
            except TypeError as error:
                raise ValueError(f"fault rule {rule!r}: {error}") from None
        self.calls.extend(calls)
        self.records.extend(records)

    def clear(self) -> None:
        """Remove all rules."""
        self.calls.clear()
        self.records.clear()

    def strike_call(self, method: str, kind: str, path: str) -> list[CallFault]:
        """Return the rules that strike this call, in order."""
        return [rule for rule in self.calls if rule.strike(method, kind, path)]

    def strike_record(self, operation: str, name: str, record_id: str) -> RecordFault | None:
        """Return the first rule that strikes this record."""
        for rule in self.records:
            if rule.strike(operation, name, record_id):
                return rule
        return None

    def listing(self) -> dict[str, list[dict[str, Any]]]:
        """Return all rules with their counts."""
        return {
            "calls": [asdict(rule) for rule in self.calls],
            "records": [asdict(rule) for rule in self.records],
        }
