"""Push: approved changes through the write-back state machine.

::

    PLANNED → SENT → ACKED → VERIFIED            (verify.py reads back)
                │      ├→ REJECTED   quarantined, replayable
                │      ├→ RETRY      passing refusal, sent again in a smaller batch
                │      └→ GONE       record deleted or merged
                └→ UNKNOWN → read back → VERIFIED | sent again | CONFLICT

Nothing is sent before its intent is durable in the journal, and what may have been applied
without an answer is read back before it is sent again. Values are absolute, creates carry a
deterministic key: repeating any part of this does no harm.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from connector.domain.change import Change, ChangeKind, ChangeState
from connector.errors import TransientError, UnknownOutcomeError, VendorError
from connector.logs import get_logger
from connector.ports.crm import RowOutcome, WriteRow
from connector.ports.store import JournalEntry
from connector.sync.crash import crash_point
from connector.sync.desk import Connection, Desk
from connector.sync.verify import find_created, settle_unknown, verify_acked

Progress = Callable[[int, int], None]
"""Called with changes finished and changes in all."""

SMALLER = 4
"""A batch refused for a passing reason is divided by this on its next try."""

MOST_REFUSALS = 200
"""Refusals kept in words; the journal has all of them."""

_STATE_OF = {
    "ok": ChangeState.ACKED,
    "rejected": ChangeState.REJECTED,
    "retry": ChangeState.RETRY,
    "gone": ChangeState.GONE,
}


@dataclass
class PushReport:
    """How many changes ended where, and the sentences behind refusals (bounded)."""

    ended: dict[ChangeState, int] = field(default_factory=dict)
    refusals: list[tuple[Change, RowOutcome]] = field(default_factory=list)
    calls: int = 0

    def count(self, state: ChangeState, n: int = 1) -> None:
        """Add to a state's number."""
        if n:
            self.ended[state] = self.ended.get(state, 0) + n

    def note_refusal(self, change: Change, outcome: RowOutcome) -> None:
        """Keep the first refusals in the vendor's words."""
        if len(self.refusals) < MOST_REFUSALS:
            self.refusals.append((change, outcome))

    def __getitem__(self, state: ChangeState) -> int:
        return self.ended.get(state, 0)


def push(
    desk: Desk, connection: Connection, changes: Sequence[Change], progress: Progress | None = None
) -> PushReport:
    """Send changes to one connection, verify them, and journal every step.

    Raises the vendor's error when a whole call was refused for good; what was sent until then is
    journalled and verified, the rest stays planned. What kept failing for a passing reason is
    counted as RETRY.
    """
    report = PushReport()
    waiting = list(changes)
    size = connection.writer.batch_size
    for attempt in range(1, desk.attempts + 1):
        again: list[Change] = []
        try:
            for batch in _batches(waiting, size):
                desk.stop.check()
                again += _send_batch(desk, connection, batch, report)
                if progress:
                    progress(sum(report.ended.values()), len(changes))
        finally:
            verify_acked(desk, connection, report.count)
        if not again:
            return report
        if attempt < desk.attempts:
            desk.clock.sleep(min(2.0**attempt, 30.0))
        waiting, size = again, max(1, size // SMALLER)
    report.count(ChangeState.RETRY, len(waiting))
    return report


def _batches(changes: Sequence[Change], size: int) -> Iterator[list[Change]]:
    """Runs of one kind and object, never longer than `size`, in the given order."""
    for _, run in groupby(changes, key=lambda c: (c.kind, c.object_name, c.key_field)):
        rows = list(run)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]


def _send_batch(
    desk: Desk, connection: Connection, batch: Sequence[Change], report: PushReport
) -> list[Change]:
    """Send one batch; the changes that must be tried again."""
    creates = batch[0].kind is ChangeKind.CREATE
    if creates and not connection.keyed(batch[0]):
        batch = find_created(desk, connection, batch, report.count)
        if not batch:
            return []
    batch_id = uuid.uuid4().hex[:16]
    crash_point("before-sent")
    desk.append(connection, [_entry(c, ChangeState.SENT, batch_id) for c in batch])
    crash_point("after-sent")
    desk.renew_lease()
    try:
        report.calls += 1
        outcomes = _call(connection, batch)
        crash_point("after-call")
    except UnknownOutcomeError as error:
        desk.append(connection, [_entry(c, ChangeState.UNKNOWN, batch_id, error) for c in batch])
        return settle_unknown(desk, connection, batch, report.count)
    except TransientError as error:
        desk.append(connection, [_entry(c, ChangeState.RETRY, batch_id, error) for c in batch])
        return list(batch)
    except VendorError as error:
        desk.append(connection, [_entry(c, ChangeState.PLANNED, batch_id, error) for c in batch])
        raise
    return _take_outcomes(desk, connection, batch, batch_id, outcomes, report)


def _call(connection: Connection, batch: Sequence[Change]) -> Sequence[RowOutcome]:
    first = batch[0]
    rows = [
        WriteRow(
            values={f.field: f.ours for f in change.writes},
            record_id=change.record_id if change.kind is ChangeKind.UPDATE else "",
            key=change.key,
        )
        for change in batch
    ]
    if first.kind is ChangeKind.UPDATE:
        outcomes = connection.writer.update(first.object_name, rows)
    elif connection.keyed(first):
        outcomes = connection.writer.upsert(first.object_name, first.key_field, rows)
    else:
        outcomes = connection.writer.create(first.object_name, rows)
    if len(outcomes) != len(batch):
        raise UnknownOutcomeError(
            "The vendor answered for {got} of {sent} rows.",
            next_step="The rows are read back before anything is sent again.",
            got=len(outcomes),
            sent=len(batch),
        )
    return outcomes


def _take_outcomes(
    desk: Desk,
    connection: Connection,
    batch: Sequence[Change],
    batch_id: str,
    outcomes: Sequence[RowOutcome],
    report: PushReport,
) -> list[Change]:
    entries = []
    again = []
    for change, outcome in zip(batch, outcomes, strict=True):
        state = _STATE_OF[outcome.state]
        record_id = outcome.record_id or change.record_id
        payload = {"code": outcome.code, "message": outcome.message, "fields": outcome.fields}
        entries.append(
            JournalEntry(
                change_id=change.id,
                state=state,
                batch_id=batch_id,
                record_id=record_id,
                payload=None if state is ChangeState.ACKED else payload,
            )
        )
        if state is ChangeState.RETRY:
            again.append(replace(change, state=ChangeState.RETRY))
        elif state is not ChangeState.ACKED:
            report.count(state)
            report.note_refusal(change, outcome)
    desk.append(connection, entries)
    crash_point("after-acked")
    get_logger(run=desk.run_id).info(
        "batch",
        connection=connection.name,
        batch=batch_id,
        rows=len(batch),
        outcome=f"refused {len(batch) - len(again) - _acked(entries)}, again {len(again)}",
    )
    return again


def _acked(entries: Sequence[JournalEntry]) -> int:
    return sum(entry.state is ChangeState.ACKED for entry in entries)


def _entry(
    change: Change, state: ChangeState, batch_id: str, error: VendorError | None = None
) -> JournalEntry:
    payload: dict[str, object] = {}
    if state is ChangeState.SENT:
        payload = {"fields": {f.field: f.ours for f in change.writes}}
    elif error is not None:
        payload = {"code": error.code, "message": str(error)}
    return JournalEntry(
        change_id=change.id,
        state=state,
        batch_id=batch_id,
        record_id=change.record_id,
        payload=payload,
    )
