"""What we intend to write (`Plan`, `Change`, `FieldChange`) and how far each change has come."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class ChangeKind(StrEnum):
    """What a change does to the CRM."""

    UPDATE = "update"  # set our fields on an existing record
    CREATE = "create"  # create a record (an alert task) under a deterministic key


class ChangeState(StrEnum):
    """How far a change has come; the journal's last event for it decides."""

    PLANNED = "planned"
    CONFLICT = "conflict"  # somebody edited our field; its owner rule says: ask
    SENT = "sent"  # intent recorded, the request may have left
    ACKED = "acked"  # the vendor said yes
    VERIFIED = "verified"  # read back and found as intended
    ALTERED = "altered"  # read back: the CRM itself made something else of it
    UNKNOWN = "unknown"  # sent, no answer
    RETRY = "retry"  # refused for a passing reason
    REJECTED = "rejected"  # refused for good; quarantined, replayable
    GONE = "gone"  # the record was deleted or merged
    MOVED = "moved"  # the base moved between plan and apply
    SUPERSEDED = "superseded"  # a later plan for the same record took its place


END_STATES = frozenset(
    {
        ChangeState.VERIFIED,
        ChangeState.ALTERED,
        ChangeState.REJECTED,
        ChangeState.GONE,
        ChangeState.MOVED,
        ChangeState.SUPERSEDED,
    }
)


class Owner(StrEnum):
    """Who decides when somebody else has edited a field we write."""

    OURS = "ours"  # we write our value again and report the conflict
    THEIRS = "theirs"  # their value stays; we never write over it
    ASK = "ask"  # nothing is written until a person decides


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a change, all values in canonical text (see `domain.values`).

    `base` is what we last wrote and verified, `theirs` what the CRM holds, `ours` the target.
    `edited` says that theirs differs from base and from ours: a conflict, whose handling `owner`
    decides. `cause` says that this field is why the record is written; others go along with it.
    """

    field: str
    credit_field: str
    base: str | None
    theirs: str | None
    ours: str | None
    owner: Owner = Owner.OURS
    edited: bool = False
    cause: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """One intended write to one record.

    `key` is the deterministic key of a create. `band` is the decision's band at planning, kept with
    the written values so that amounts inside it stay quiet. `blocking` changes (a hold or a
    severe flag) are sent first.
    """

    connection: str
    object_name: str
    record_id: str
    party_id: str
    label: str
    kind: ChangeKind
    fields: tuple[FieldChange, ...]
    decision_hash: str
    key: str = ""
    key_field: str = ""
    band: int | None = None
    blocking: bool = False
    state: ChangeState = ChangeState.PLANNED
    modified_by: str = ""
    modified_at: str = ""

    @property
    def id(self) -> str:
        """Digest of what the change does: the same intent has the same id."""
        content = [
            self.connection, self.object_name, self.record_id, self.kind, self.key,
            [[f.field, f.theirs, f.ours] for f in self.fields],
            self.decision_hash, str(self.state == ChangeState.CONFLICT),
        ]  # fmt: skip
        return digest(content)[:24]

    @property
    def writes(self) -> tuple[FieldChange, ...]:
        """The fields that will really be sent: not those that yield or wait for a person."""
        return tuple(
            f
            for f in self.fields
            if f.ours != f.theirs and not (f.edited and f.owner is not Owner.OURS)
        )

    @property
    def conflicts(self) -> tuple[FieldChange, ...]:
        """The fields that somebody edited since we last wrote them."""
        return tuple(f for f in self.fields if f.edited)


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """Where every record in scope ended in this plan; they add up to `records`.

    `conflicts` counts records where all that differs waits for a person; one that is also written
    counts as planned.
    """

    records: int = 0
    unchanged: int = 0
    within_tolerance: int = 0
    planned: int = 0
    conflicts: int = 0


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A value that the vendor's field cannot hold; it is left out of the plan and shown."""

    record_id: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All intended writes to one connection, a value that can be shown, saved and applied."""

    connection: str
    run_id: str
    as_of: date
    created_at: datetime
    policy_hash: str
    changes: tuple[Change, ...]
    counts: PlanCounts
    first_contact: bool = False
    unwritable: tuple[Unwritable, ...] = ()
    adopted: tuple[dict[str, str | None], ...] = field(default=())

    @property
    def id(self) -> str:
        """Digest over the connection, the policy and the ids of all changes."""
        ids = sorted(change.id for change in self.changes)
        return digest([self.connection, self.policy_hash, ids])[:16]

    @property
    def to_write(self) -> tuple[Change, ...]:
        """The changes that send something, blocking ones first, then by object and record; creates
        by party, so that rows under one parent are sent together."""
        sendable = [
            c for c in self.changes
            if c.state is ChangeState.PLANNED and (c.writes or c.kind is ChangeKind.CREATE)
        ]  # fmt: skip
        return tuple(
            sorted(
                sendable,
                key=lambda c: (
                    c.kind.value != "update",
                    not c.blocking,
                    c.object_name,
                    c.record_id,
                    c.party_id,
                ),
            )
        )


def digest(content: object) -> str:
    """SHA-256 over canonical JSON, hex."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
