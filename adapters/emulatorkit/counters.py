"""Counts of calls and the log of effects: the world that tests assert on."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

CALLS_KEPT = 100_000


@dataclass(slots=True)
class CallNote:
    """One API call as it was seen on the wire; sizes in bytes, `wire_out` after gzip."""

    number: int
    kind: str
    method: str
    path: str
    bytes_in: int
    status: int = 0
    bytes_out: int = 0
    wire_out: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """One applied change of one record.

    `fields` are the values after the change of the fields that the caller named,
    `before` their values until then. `via` is `api`, `human` or `seed`; `call` is
    the number of the API call (0 when a control call did it).
    """

    seq: int
    at: str
    via: str
    call: int
    action: str
    object: str
    id: str
    by: str
    fields: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)


class Counters:
    """Counts calls by endpoint class, bytes, and writes for each record."""

    def __init__(self) -> None:
        self.next_call = 1
        self.next_effect = 1
        self.reset()

    def reset(self) -> None:
        """Forget counts, calls and effects; numbers go on rising."""
        self.by_kind: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self.bytes_in = 0
        self.bytes_out = 0
        self.wire_out = 0
        self.record_writes: Counter[tuple[str, str]] = Counter()
        self.calls: deque[CallNote] = deque(maxlen=CALLS_KEPT)
        self.effects: list[Effect] = []

    def begin(self, kind: str, method: str, path: str, size: int) -> CallNote:
        """Note that a call has arrived."""
        note = CallNote(self.next_call, kind, method, path, size)
        self.next_call += 1
        self.by_kind[kind] += 1
        self.bytes_in += size
        self.calls.append(note)
        return note

    def finish(self, note: CallNote, status: int, size: int, wire: int) -> None:
        """Note how a call was answered; status 0 means the line was cut."""
        note.status, note.bytes_out, note.wire_out = status, size, wire
        self.by_status[str(status)] += 1
        self.bytes_out += size
        self.wire_out += wire

    def add_effects(self, effects: list[Effect]) -> None:
        """Take over the effects of a committed transaction."""
        self.effects.extend(effects)
        for effect in effects:
            if effect.via == "api":
                self.record_writes[(effect.object, effect.id)] += 1

    def summary(self) -> dict[str, Any]:
        """Return all counts as a JSON object."""
        writes: dict[str, dict[str, int]] = {}
        for (name, record_id), count in self.record_writes.items():
            writes.setdefault(name, {})[record_id] = count
        return {
            "calls": sum(self.by_kind.values()),
            "by_kind": dict(self.by_kind),
            "by_status": dict(self.by_status),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "wire_out": self.wire_out,
            "record_writes": writes,
        }

    def call_list(self, since: int) -> list[dict[str, Any]]:
        """Return the calls whose number is above `since`, oldest first."""
        return [asdict(note) for note in self.calls if note.number > since]

    def effect_list(self, since: int) -> list[dict[str, Any]]:
        """Return the effects whose `seq` is above `since`, oldest first."""
        return [asdict(effect) for effect in self.effects if effect.seq > since]
