"""The in-memory CRM under the contract suite: the shortest harness there is, to copy from."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from connector.domain.entities import Kind
from connector.domain.values import canonical
from connector.ports.crm import CrmPort, ObjectInfo
from connector.testing.builders import field_info, object_info
from connector.testing.clock import FakeClock
from connector.testing.crm import MemoryCrm
from connector.testing.crm_contract.harness import ROLES, Applied, CallKind, Layout, Values
from connector.testing.crm_contract.traits import Traits
from connector.testing.faults import Trouble

OBJECT = "Account"
GRADES = ("A", "B", "C 高")
TEXT_LENGTH = 80
_LARGE = "Amount at least 1000"
_CALLS: dict[CallKind, tuple[str, ...]] = {
    "read": ("pull",), "write": ("write",), "read_back": ("read", "find_by_key"),
}  # fmt: skip
_FIELDS = {role: role.capitalize() for role in ROLES}

TRAITS = Traits(
    expired_cursor="refused",
    short_page="shown",
    read_retries="none",
    same_record_twice="last_wins",
)
"""The in-memory CRM shows what goes wrong instead of healing it, so that callers are tested."""


class MemoryUnderTest:
    """See `CrmUnderTest`. An answer that is too short is what the in-memory CRM gives on purpose,
    to test callers; as a vendor's adapter it would break the contract, so it is not injected."""

    def __init__(self, *, page_size: int = 4) -> None:
        self.clock = FakeClock()
        self.memory = MemoryCrm(self.clock, page_size=page_size)
        self.crm: CrmPort = self.memory
        self.traits = TRAITS
        self.troubles = frozenset(Trouble) - {Trouble.SHORT_ANSWER}
        self.secrets: Sequence[str] = ("canary-in-memory",)
        self.layout = Layout(
            object_name=OBJECT, id_field="Id", fields=_FIELDS, grades=GRADES, page_size=page_size,
            text_length=TEXT_LENGTH, large_only=_LARGE, broken_filter="Amount) or (1",
            unknown_id="ACC999999",
        )  # fmt: skip
        self.memory.define(_object())
        self.memory.filters[_LARGE] = lambda r: (r.get("Amount") or 0) >= 1000  # type: ignore[operator]  # amounts are numbers

    def seed(self, rows: Sequence[Values]) -> list[str]:
        """Create records as the admin."""
        return [self.memory.add(OBJECT, _spell({"flag": "false", **row})) for row in rows]

    def edit(self, record_id: str, values: Values, *, late: bool = False) -> None:
        """Change a record as a sales rep."""
        self.memory.edit(OBJECT, record_id, _spell(values), visible_after=10**9 if late else 0)

    def show_late(self) -> None:
        """Let late changes be seen."""
        self.memory.show_late()

    def delete(self, record_id: str) -> None:
        """Delete a record."""
        self.memory.delete(OBJECT, record_id)

    def merge(self, survivor: str, loser: str) -> None:
        """Merge a record into another."""
        self.memory.delete(OBJECT, loser, merged_into=survivor)

    def advance(self, seconds: float) -> None:
        """Move the one clock that both sides have."""
        self.clock.move(seconds=seconds)

    def turn_our_clock(self, seconds: float) -> None:
        """Nothing to turn: the in-memory CRM and its caller share a clock."""

    def inject(self, trouble: Trouble, call: CallKind, *, times: int = 1, skip: int = 0) -> None:
        """Script the trouble; those that strike between pages know by themselves when."""
        if trouble in (Trouble.NO_END, Trouble.EXPIRED_CURSOR):
            times, skip = 1, 0
        for name in _CALLS[call]:
            self.memory.fail(name, trouble, times=times, skip=skip)

    def recover(self) -> None:
        """Forget what was scripted."""
        self.memory.script.faults.clear()

    def refuse(self, record_id: str, state: Literal["rejected", "retry"]) -> None:
        """Refuse the next write to the record."""
        self.memory.refuse(record_id, state)

    def count(self) -> int:
        """Records that are there."""
        return len(self.memory.records(OBJECT))

    def state(self, record_id: str) -> Values | None:
        """What the record holds."""
        record = self.memory.records(OBJECT).get(record_id)
        if record is None:
            return None
        return {role: canonical(record.get(field), ROLES[role]) for role, field in _FIELDS.items()}

    def applied(self) -> list[Applied]:
        """Effects of the integration user's writes."""
        return [Applied(e.action, e.record_id) for e in self.memory.effects]

    def served(self, call: CallKind) -> int:
        """Calls by the CRM's own count."""
        return self.crm.call_counts()[call]


def _object() -> ObjectInfo:
    """The contract's object; the hidden field is there for people and not described."""
    special = {
        "name": field_info("Name", required=True),
        "text": field_info("Text", length=TEXT_LENGTH),
        "amount": field_info("Amount", Kind.MONEY, precision=18, scale=2),
        "grade": field_info("Grade", choices=GRADES, restricted=True),
        "key": field_info("Key", external_id=True, unique=True, length=TEXT_LENGTH),
        "figure": field_info(
            "Figure", Kind.MONEY, calculated=True, createable=False, updateable=False
        ),
    }
    shown = [role for role in ROLES if role != "hidden"]
    return object_info(
        OBJECT, *(special.get(role) or field_info(_FIELDS[role], ROLES[role]) for role in shown)
    )


def _spell(values: Values) -> dict[str, object]:
    """Canonical texts as the values that the in-memory CRM keeps."""
    return {_FIELDS[role]: _native(ROLES[role], text) for role, text in values.items()}


def _native(kind: Kind, text: str | None) -> object:
    if text is None:
        return None
    if kind is Kind.FLAG:
        return text == "true"
    return Decimal(text) if kind in (Kind.MONEY, Kind.COUNT) else text
