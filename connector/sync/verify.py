"""Verify: read back what was acknowledged or may have been applied, and settle it.

UNKNOWN is resolved by reading, never by guessing: equal to the target → VERIFIED; equal to what
was there before → sent again; anything else → CONFLICT. An acknowledged write that came back
different with nobody else in between was ALTERED by the CRM itself (cut off, rounded, set by its
own rules): what it came back as is remembered, so that no run quarrels with it. Only these two
move the mirror of last written values, in the same store transaction as the journal event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import pyarrow as pa

from connector.domain.change import Change, ChangeKind, ChangeState
from connector.ports.crm import Record, RowOutcome
from connector.ports.facts import SEEN_SCHEMA
from connector.ports.store import JournalEntry, Written
from connector.sync.crash import crash_point
from connector.sync.desk import Connection, Desk
from connector.sync.push_report import PushReport

READ_BACK_ROWS = 2_000
CREATED_ID = "Id"
"""Name under which the mirror keeps the record id of a keyed create."""


@dataclass
class _Settled:
    """What one chunk of read-backs came to."""

    entries: list[JournalEntry] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    again: list[Change] = field(default_factory=list)
    seen: list[dict[str, str | None]] = field(default_factory=list)
    told: list[tuple[Change, RowOutcome]] = field(default_factory=list)


def verify_acked(desk: Desk, connection: Connection, report: PushReport) -> None:
    """Read back every acknowledged change of the connection and end it.

    One that was acknowledged and still is as before was undone inside the CRM by somebody else: it
    is counted as planned and not sent again, for that would only repeat the quarrel.
    """
    acked = [c for c in desk.store.open_changes(connection.name) if c.state is ChangeState.ACKED]
    for _undone in _settle(desk, connection, acked, report):
        report.count(ChangeState.PLANNED)


def settle_unknown(
    desk: Desk, connection: Connection, changes: Sequence[Change], report: PushReport
) -> list[Change]:
    """Read back changes whose answer was lost; those that must be sent again."""
    return _settle(desk, connection, changes, report)


def settle_unfinished(desk: Desk, connection: Connection, report: PushReport) -> None:
    """Read back whatever was sent and not ended.

    What turns out not to be applied goes back to planned; the plan of this run takes its place.
    """
    unfinished = [
        c
        for c in desk.store.open_changes(connection.name)
        if c.state in (ChangeState.SENT, ChangeState.ACKED, ChangeState.UNKNOWN)
    ]
    _settle(desk, connection, unfinished, report)


def drop_moved(
    desk: Desk, connection: Connection, changes: Sequence[Change], report: PushReport
) -> set[str]:
    """Read records again right before they are written; ids of the changes whose fields moved.

    They end as conflicts, with what the CRM holds.
    """
    dropped: set[str] = set()
    for chunk in _chunks(changes):
        records = connection.read_back(chunk[0].object_name, [c.record_id for c in chunk])
        settled = _Settled()
        for change in chunk:
            record = records.get(change.record_id)
            if record is None:
                settled.entries.append(_event(change, ChangeState.GONE, {}))
                continue
            whole = connection.held(change.object_name, record)
            held = {f.field: whole.get(f.field) for f in change.writes}
            if held != {f.field: f.theirs for f in change.writes}:
                settled.entries.append(_event(change, ChangeState.CONFLICT, {"held": held}))
                settled.seen += _seen(change, whole, record)
        dropped |= {entry.change_id for entry in settled.entries}
        _record(desk, connection, settled, report)
    return dropped


def find_created(
    desk: Desk, connection: Connection, batch: Sequence[Change], report: PushReport
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
    _record(desk, connection, settled, report)
    return missing


def _settle(
    desk: Desk, connection: Connection, changes: Sequence[Change], report: PushReport
) -> list[Change]:
    again: list[Change] = []
    for chunk in _chunks(changes):
        settled = _Settled()
        if chunk[0].kind is ChangeKind.CREATE:
            _settle_creates(desk, connection, chunk, settled)
        else:
            _settle_updates(connection, chunk, settled)
        crash_point("after-read-back")
        _record(desk, connection, settled, report)
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
        _judge_held(connection, change, whole, record, settled)


def _judge_held(
    connection: Connection,
    change: Change,
    whole: Mapping[str, str | None],
    record: Record,
    settled: _Settled,
) -> None:
    """End one update by what its fields hold, or let it be sent again."""
    held = {f.field: whole.get(f.field) for f in change.writes}
    wanted = {f.field: f.ours for f in change.writes}
    stamp = str(record.get("modified_at") or "")
    written = Written(change.object_name, change.record_id, wanted, change.band, {}, stamp)
    if held == wanted:
        settled.entries.append(_event(change, ChangeState.VERIFIED, {}))
        settled.written.append(written)
    elif change.state is ChangeState.ACKED and _is_ours(connection, record):
        other = {name: value for name, value in held.items() if value != wanted[name]}
        settled.entries.append(_event(change, ChangeState.ALTERED, {"held": other}))
        settled.written.append(replace(written, held=other))
        settled.told.append((change, _tell_altered(wanted, other)))
    elif held == {f.field: f.theirs for f in change.writes}:
        settled.entries.append(_event(change, ChangeState.PLANNED, {"held": held}))
        settled.again.append(replace(change, modified_at=stamp))
    else:
        settled.entries.append(_event(change, ChangeState.CONFLICT, {"held": held}))


def _is_ours(connection: Connection, record: Record) -> bool:
    """Whether nobody but our own API user has modified the record since our write."""
    by = str(record.get("modified_by") or "")
    return bool(by) and by == connection.writer.writes_as()


def _tell_altered(wanted: Mapping[str, str | None], held: Mapping[str, str | None]) -> RowOutcome:
    """Field, what was sent and what the CRM keeps, for a report in any language."""
    pairs = [f"{name}: {wanted[name] or '–'} → {value or '–'}" for name, value in held.items()]
    return RowOutcome("ok", code="ALTERED", message="; ".join(pairs), fields=tuple(held))


def _settle_creates(
    desk: Desk, connection: Connection, chunk: Sequence[Change], settled: _Settled
) -> None:
    found = _read_acked(desk, connection, chunk)
    if missing := [c.key for c in chunk if c.key not in found]:
        first = chunk[0]
        found |= connection.writer.find_by_key(first.object_name, first.key_field, missing)
    for change in chunk:
        if change.key in found:
            _verified_create(change, found[change.key], settled)
        else:
            settled.entries.append(_event(change, ChangeState.PLANNED, {}))
            settled.again.append(change)


def _read_acked(desk: Desk, connection: Connection, chunk: Sequence[Change]) -> dict[str, str]:
    """Record ids by key of the creates that the vendor named and that carry their key.

    Reading by id takes a fraction of the calls of a search by key.
    """
    acked = {c.id: c for c in chunk if c.state is ChangeState.ACKED}
    named = desk.store.acked_records(connection.name, list(acked)) if acked else {}
    if not named:
        return {}
    first = chunk[0]
    records = connection.writer.read(first.object_name, list(named.values()), [first.key_field])
    found: dict[str, str] = {}
    for change_id, record_id in named.items():
        record, key = records.get(record_id), acked[change_id].key
        text = str(record.get(first.key_field) or "").casefold() if record else ""
        if text == key.casefold() or f"[{key.casefold()}]" in text:
            found[key] = record_id
    return found


def _verified_create(change: Change, record_id: str, settled: _Settled) -> None:
    settled.entries.append(_event(change, ChangeState.VERIFIED, {}, record_id))
    settled.written.append(Written(change.object_name, change.key, {CREATED_ID: record_id}))


def _record(desk: Desk, connection: Connection, settled: _Settled, report: PushReport) -> None:
    if not settled.entries:
        return
    desk.append(connection, settled.entries, settled.written)
    crash_point("after-verified")
    for entry in settled.entries:
        if entry.state is not ChangeState.PLANNED:
            report.count(entry.state)
    for change, outcome in settled.told:
        report.note_refusal(change, outcome)
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
