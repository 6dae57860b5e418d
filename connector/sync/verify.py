"""Verify: read back what was acknowledged or may have been applied, and settle it.

UNKNOWN is resolved by reading, never by guessing: equal to the target → VERIFIED; equal to what
was there before → sent again; anything else → CONFLICT. Only a verified write moves the mirror of
last written values, in the same store transaction as its journal event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import pyarrow as pa

from connector.domain.change import Change, ChangeKind, ChangeState
from connector.ports.crm import Record
from connector.ports.facts import SEEN_SCHEMA
from connector.ports.store import JournalEntry, Written
from connector.sync.crash import crash_point
from connector.sync.desk import Connection, Desk

READ_BACK_ROWS = 2_000
CREATED_ID = "Id"
"""Name under which the mirror keeps the record id of a keyed create."""

Count = Callable[..., None]


@dataclass
class _Settled:
    """What one chunk of read-backs came to."""

    entries: list[JournalEntry] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    again: list[Change] = field(default_factory=list)
    seen: list[dict[str, str | None]] = field(default_factory=list)


def verify_acked(desk: Desk, connection: Connection, count: Count) -> None:
    """Read back every acknowledged change of the connection and end it.

    One that was acknowledged and still is as before was undone inside the CRM: it is counted as
    planned and not sent again, for the next run would only repeat the quarrel.
    """
    acked = [c for c in desk.store.open_changes(connection.name) if c.state is ChangeState.ACKED]
    for _undone in _settle(desk, connection, acked, count):
        count(ChangeState.PLANNED)


def settle_unknown(
    desk: Desk, connection: Connection, changes: Sequence[Change], count: Count
) -> list[Change]:
    """Read back changes whose answer was lost; those that must be sent again."""
    return _settle(desk, connection, changes, count)


def recover(desk: Desk, connection: Connection, count: Count) -> None:
    """After a crash: whatever was sent and not ended is read back.

    What turns out not to be applied goes back to planned; the plan of this run takes its place.
    """
    unfinished = [
        c
        for c in desk.store.open_changes(connection.name)
        if c.state in (ChangeState.SENT, ChangeState.ACKED, ChangeState.UNKNOWN)
    ]
    _settle(desk, connection, unfinished, count)


def find_created(
    desk: Desk, connection: Connection, batch: Sequence[Change], count: Count
) -> list[Change]:
    """Search keyed creates before each create; those that do not exist yet.

    For objects without a unique external id: the search is what keeps a repeat from doubling.
    """
    first = batch[0]
    found = connection.writer.find_by_key(
        first.object_name, first.key_field, [c.key for c in batch]
    )
    settled = _Settled()
    missing = [c for c in batch if c.key not in found]
    for change in batch:
        if change.key in found:
            _verified_create(change, found[change.key], settled)
    _record(desk, connection, settled, count)
    return missing


def _settle(
    desk: Desk, connection: Connection, changes: Sequence[Change], count: Count
) -> list[Change]:
    again: list[Change] = []
    for chunk in _chunks(changes):
        settled = _Settled()
        if chunk[0].kind is ChangeKind.CREATE:
            _settle_creates(connection, chunk, settled)
        else:
            _settle_updates(connection, chunk, settled)
        crash_point("after-read-back")
        _record(desk, connection, settled, count)
        again += settled.again
    return again


def _chunks(changes: Sequence[Change]) -> Iterator[list[Change]]:
    ordered = sorted(changes, key=lambda c: (c.kind.value, c.object_name, c.key_field))
    for _, run in groupby(ordered, key=lambda c: (c.kind, c.object_name, c.key_field)):
        rows = list(run)
        for start in range(0, len(rows), READ_BACK_ROWS):
            yield rows[start : start + READ_BACK_ROWS]


def _settle_updates(connection: Connection, chunk: Sequence[Change], settled: _Settled) -> None:
    object_name = chunk[0].object_name
    records = connection.read_back(object_name, [c.record_id for c in chunk])
    for change in chunk:
        record = records.get(change.record_id)
        if record is None:
            settled.entries.append(_event(change, ChangeState.GONE, {}))
            continue
        whole = connection.held(object_name, record)
        settled.seen += _seen(change, whole, record)
        held = {f.field: whole.get(f.field) for f in change.writes}
        wanted = {f.field: f.ours for f in change.writes}
        before = {f.field: f.theirs for f in change.writes}
        if held == wanted:
            settled.entries.append(_event(change, ChangeState.VERIFIED, {}))
            settled.written.append(Written(object_name, change.record_id, wanted, change.band))
        elif held == before:
            settled.entries.append(_event(change, ChangeState.PLANNED, {"held": held}))
            settled.again.append(change)
        else:
            settled.entries.append(_event(change, ChangeState.CONFLICT, {"held": held}))


def _settle_creates(connection: Connection, chunk: Sequence[Change], settled: _Settled) -> None:
    first = chunk[0]
    found = connection.writer.find_by_key(
        first.object_name, first.key_field, [c.key for c in chunk]
    )
    for change in chunk:
        if change.key in found:
            _verified_create(change, found[change.key], settled)
        else:
            settled.entries.append(_event(change, ChangeState.PLANNED, {}))
            settled.again.append(change)


def _verified_create(change: Change, record_id: str, settled: _Settled) -> None:
    settled.entries.append(_event(change, ChangeState.VERIFIED, {}, record_id))
    settled.written.append(Written(change.object_name, change.key, {CREATED_ID: record_id}))


def _record(desk: Desk, connection: Connection, settled: _Settled, count: Count) -> None:
    if not settled.entries:
        return
    desk.append(connection, settled.entries, settled.written)
    crash_point("after-verified")
    for entry in settled.entries:
        if entry.state is not ChangeState.PLANNED:
            count(entry.state)
    if settled.seen:
        desk.mirror(connection, pa.Table.from_pylist(settled.seen, schema=SEEN_SCHEMA))
        crash_point("after-mirror")


def _seen(
    change: Change, held: Mapping[str, str | None], record: Record
) -> list[dict[str, str | None]]:
    return [
        {
            "object_name": change.object_name,
            "record_id": change.record_id,
            "field": name,
            "value": value,
            "modified_by": str(record.get("modified_by") or ""),
            "modified_at": str(record.get("modified_at") or ""),
        }
        for name, value in held.items()
    ]


def _event(
    change: Change, state: ChangeState, payload: Mapping[str, object], record_id: str = ""
) -> JournalEntry:
    return JournalEntry(
        change_id=change.id,
        state=state,
        record_id=record_id or change.record_id,
        payload=payload or None,
    )
