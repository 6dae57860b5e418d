"""The journal: append-only events, one hash chain a connection, states as a view over it.

The chain covers a digest of each payload, made with a salt of its own, so that a payload can be
erased later without breaking the chain and without being guessed from its digest.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from django.db.models import Exists, F, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce

from connector.domain.change import ChangeState
from connector.errors import StateError
from connector.ports.store import JournalEntry, JournalEvent, Written
from connector.store.models import ConnectionState, JournalRow, LastWritten, PlannedChange
from connector.store.rows import in_portions, insert_columns

_CHAINED = (
    "connection", "number", "at", "run_id", "change_id", "state", "batch_id", "record_id",
    "payload_digest",
)  # fmt: skip
"""What an event's hash covers, in this order."""

_BESIDE = ("payload", "salt", "previous", "hash")
_LOOKUP = 500
"""Ids in one query, well under what every database takes as parameters."""


def append(
    alias: str, connection: str, run_id: str, entries: Sequence[JournalEntry], at: datetime
) -> None:
    """Chain events and move the states of their changes, inside the caller's transaction.

    An entry without record id takes its change's. StateError for a change the store does not know.
    """
    if not entries:
        return
    records = _records_of(alias, connection, {entry.change_id for entry in entries})
    head = _lock_head(alias, connection)
    columns: dict[str, list[object]] = {name: [] for name in _CHAINED + _BESIDE}
    at = _utc(at)
    for entry in entries:
        salt = secrets.token_hex(8)
        payload = json.dumps(entry.payload or {}, default=str, separators=(",", ":"))
        chained = (
            connection,
            head.events + 1,
            at,
            run_id,
            entry.change_id,
            entry.state.value,
            entry.batch_id,
            entry.record_id or records[entry.change_id],
            _digest_payload(salt, payload),
        )
        beside = (payload, salt, head.head, _hash(head.head, chained))
        for name, value in zip(columns, chained + beside, strict=True):
            columns[name].append(value)
        head.events, head.head = head.events + 1, beside[-1]
    insert_columns(alias, JournalRow, columns)
    head.save(using=alias, update_fields=["events", "head"])
    _move_states(alias, connection, entries)


def mirror(alias: str, connection: str, written: Iterable[Written]) -> None:
    """Move the last written values, inside the caller's transaction."""
    cells = [
        (
            one.object_name, one.record_id, field, value, one.band,
            field in one.held, one.held.get(field), one.stamp,
        )
        for one in written
        for field, value in one.values.items()
    ]  # fmt: skip
    if not cells:
        return
    names = ("object_name", "record_id", "field", "value", "band", "altered", "held", "stamp")
    columns = dict(zip(names, map(list, zip(*cells, strict=True)), strict=True))
    insert_columns(
        alias,
        LastWritten,
        {"connection": [connection] * len(cells), **columns},
        key=("connection", "object_name", "record_id", "field"),
        replace=True,
    )


def read(alias: str, connection: str, record_id: str, limit: int) -> list[JournalEvent]:
    """Latest events first, of one record or all."""
    rows = JournalRow.objects.using(alias).filter(connection=connection)
    if record_id:
        rows = rows.filter(record_id=record_id)
    return [_event(row) for row in rows.order_by("-number")[: max(limit, 0)]]


def acked_records(alias: str, connection: str, change_ids: Sequence[str]) -> dict[str, str]:
    """Record ids in the latest ACKED event of each change, where it has one."""
    found: dict[str, str] = {}
    acked = JournalRow.objects.using(alias).filter(
        connection=connection, state=ChangeState.ACKED.value
    )
    for portion in in_portions(change_ids, _LOOKUP):
        some = acked.filter(change_id__in=portion).exclude(record_id="").order_by("number")
        found.update(some.values_list("change_id", "record_id"))
    return found


def verify(alias: str, connection: str) -> int:
    """Number of events, when chain, payloads, head and states all hold; else StateError.

    Each query sees one moment, so a run that appends meanwhile does no harm.
    """
    head = ConnectionState.objects.using(alias).filter(connection=OuterRef("connection"))
    rows = (
        JournalRow.objects.using(alias)
        .filter(connection=connection)
        .annotate(head_number=Subquery(head.values("events")), head=Subquery(head.values("head")))
        .order_by("number")
    )
    previous, count = "", 0
    expected: tuple[int | None, str | None] = (0, "")
    for row in rows.iterator():
        count += 1
        _verify_row(row, count, previous)
        previous = row.hash
        expected = (row.head_number, row.head)
    if expected != (count, previous) or _is_emptied(alias, connection):
        raise _broken(connection, count + 1, "the last event is not the one the head names")
    _verify_states(alias, connection)
    return count


def _verify_row(row: JournalRow, number: int, previous: str) -> None:
    if row.number != number:
        raise _broken(row.connection, number, "the event is missing")
    if row.previous != previous or row.hash != _hash_row(row):
        raise _broken(row.connection, number, "its content does not match its hash")
    if row.payload is not None and row.payload_digest != _digest_payload(row.salt, row.payload):
        raise _broken(row.connection, number, "its detail does not match its digest")


def _is_emptied(alias: str, connection: str) -> bool:
    """Whether the head counts events and none is there."""
    events = JournalRow.objects.using(alias).filter(connection=connection)
    heads = ConnectionState.objects.using(alias).filter(connection=connection, events__gt=0)
    return heads.filter(~Exists(events)).exists()


def _verify_states(alias: str, connection: str) -> None:
    last = JournalRow.objects.using(alias).filter(
        connection=connection, change_id=OuterRef("change_id")
    )
    changes = PlannedChange.objects.using(alias).filter(connection=connection)
    told = Coalesce(Subquery(last.order_by("-number").values("state")[:1]), Value("", TextField()))
    wrong = changes.annotate(told=told).exclude(state=F("told")).first()
    if wrong is not None:
        raise StateError(
            "Change {change} is marked as {state}, which its last event in the journal is not.",
            where=connection,
            next_step="Keep a copy of the store as evidence, then restore it from a backup.",
            change=wrong.change_id,
            state=wrong.state,
        )


def erase_payloads(alias: str, connection: str, record_id: str) -> int:
    """Erase the details of a record's events, inside the caller's transaction; how many."""
    rows = JournalRow.objects.using(alias).filter(connection=connection, record_id=record_id)
    return rows.filter(payload__isnull=False).update(payload=None, salt="")


def _records_of(alias: str, connection: str, change_ids: set[str]) -> dict[str, str]:
    records: dict[str, str] = {}
    known = PlannedChange.objects.using(alias).filter(connection=connection)
    for portion in in_portions(sorted(change_ids), _LOOKUP):
        records.update(known.filter(change_id__in=portion).values_list("change_id", "record_id"))
    if missing := change_ids - records.keys():
        raise StateError(
            "The journal was given {count} changes that no plan of this store holds.",
            where=connection,
            next_step="Save the plan first; after restoring an older store, plan again.",
            count=len(missing),
        )
    return records


def _lock_head(alias: str, connection: str) -> ConnectionState:
    states = ConnectionState.objects.using(alias)
    states.get_or_create(connection=connection)
    return states.select_for_update().get(connection=connection)


def _move_states(alias: str, connection: str, entries: Sequence[JournalEntry]) -> None:
    last = {entry.change_id: entry.state.value for entry in entries}
    by_state: dict[str, list[str]] = {}
    for change_id, state in last.items():
        by_state.setdefault(state, []).append(change_id)
    changes = PlannedChange.objects.using(alias).filter(connection=connection)
    for state, ids in by_state.items():
        for portion in in_portions(ids, _LOOKUP):
            changes.filter(change_id__in=portion).update(state=state)


def _hash_row(row: JournalRow) -> str:
    return _hash(row.previous, [getattr(row, name) for name in _CHAINED])


def _hash(previous: str, chained: Sequence[object]) -> str:
    """SHA-256 over the previous hash and the canonical content."""
    text = previous + json.dumps(chained, default=_stamp, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _stamp(at: datetime) -> str:
    return _utc(at).isoformat(timespec="microseconds")


def _digest_payload(salt: str, payload: str) -> str:
    return hashlib.sha256((salt + payload).encode()).hexdigest()


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a journal's time needs its zone")
    return at.astimezone(UTC)


def _event(row: JournalRow) -> JournalEvent:
    payload: Mapping[str, object] = json.loads(row.payload) if row.payload else {}
    return JournalEvent(
        connection=row.connection,
        number=row.number,
        at=row.at,
        run_id=row.run_id,
        change_id=row.change_id,
        state=ChangeState(row.state),
        batch_id=row.batch_id,
        record_id=row.record_id,
        payload=payload,
        previous=row.previous,
        hash=row.hash,
    )


def _broken(connection: str, number: int, why: str) -> StateError:
    return StateError(
        "The journal is broken at event {number}: {why}.",
        where=connection,
        next_step="Keep a copy of the store as evidence, then restore it from a backup.",
        number=number,
        why=why,
    )
