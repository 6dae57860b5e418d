"""Push: approved changes through the write-back state machine.

::

    PLANNED → SENT → ACKED → VERIFIED            (verify.py reads back)
                │      │  └→ ALTERED    the CRM made something else of it
                │      ├→ REJECTED   quarantined, replayable
                │      ├→ RETRY      passing refusal, sent again in a smaller batch
                │      └→ GONE       record deleted or merged
                └→ UNKNOWN → read back → VERIFIED | sent again | CONFLICT

Nothing is sent before its intent is durable in the journal, and what may have been applied
without an answer is read back before it is sent again. Values are absolute, creates carry a
deterministic key: repeating any part of this does no harm. Rows go in batches, as a bulk job where
that costs less, or one by one under a condition where somebody else may have edited the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from connector.domain.change import Change, ChangeState
from connector.errors import BudgetError
from connector.ports.allowance import Pressure
from connector.sync.batches import send_batches
from connector.sync.bulk_jobs import find_bulk, send_job
from connector.sync.contested import send_one_by_one, split_contested
from connector.sync.desk import Connection, Desk
from connector.sync.pace import LONGEST_PAUSE, MOST_TOLD, Pace
from connector.sync.push_report import PushReport
from connector.sync.sending import Sending
from connector.sync.verify import verify_acked

__all__ = ["Progress", "PushReport", "push"]

Progress = Callable[[int, int], None]
"""Called with changes finished and changes in all."""


SHORT_PAUSE = 3600.0
"""Seconds: the window of the calls moves on by hours, and each look costs calls itself."""


def push(
    desk: Desk,
    connection: Connection,
    changes: Sequence[Change],
    progress: Progress | None = None,
    *,
    compared: bool = False,
) -> PushReport:
    """Send changes to one connection, verify them, and journal every step.

    `compared` says that the records were read right before. Raises the vendor's error when a whole
    call was refused for good, and BudgetError when calls are so short that only blocking changes
    went; what was sent until then is journalled and verified, the rest stays planned. What kept
    failing for a passing reason is counted as RETRY.
    """
    report = PushReport()
    writer = connection.writer
    pace = Pace(writer.batch_size, dict(desk.store.batch_sizes(connection.name)))
    sending = Sending(desk, connection, report, pace)
    before = writer.call_counts().get("write", 0)
    waiting, left_out = _choose(connection, changes)
    try:
        waiting = _attempt_all(sending, waiting, len(changes), progress, compared=compared)
        report.count(ChangeState.RETRY, len(waiting))
    finally:
        report.calls = writer.call_counts().get("write", 0) - before
    for name in sorted(pace.changed):
        desk.store.keep_batch_size(connection.name, name, pace.size(name), desk.fence)
    if left_out:
        raise _short(connection, len(left_out))
    return report


def _choose(connection: Connection, changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """What is sent now and what waits: when calls are short, only what blocks goes."""
    if connection.writer.budget().pressure < Pressure.BLOCKING_FIRST:
        return list(changes), []
    return [c for c in changes if c.blocking], [c for c in changes if not c.blocking]


def _attempt_all(
    sending: Sending,
    waiting: list[Change],
    total: int,
    progress: Progress | None,
    *,
    compared: bool,
) -> list[Change]:
    """Send until nothing must be tried again or the attempts are used up; what still waits."""
    desk = sending.desk
    for attempt in range(1, desk.attempts + 1):
        again: list[Change] = []
        sending.failed = 0
        try:
            for more in _send_all(sending, waiting, compared=compared):
                again += more
                if progress:
                    progress(sum(sending.report.ended.values()), total)
        finally:
            verify_acked(desk, sending.connection, sending.report)
        waiting, compared = again, False
        if not waiting or attempt == desk.attempts or sending.pace.told > MOST_TOLD:
            break
        _wait(desk, sending.pace.pause(attempt, desk.run_id))
    return waiting


def _send_all(
    sending: Sending, changes: Sequence[Change], *, compared: bool
) -> Iterator[list[Change]]:
    """One pass over the changes in their order; after each call, those to be tried again."""
    for _, run in groupby(changes, key=lambda c: (c.kind, c.object_name, c.key_field)):
        contested, rows = split_contested(sending, list(run), compared=compared)
        yield from send_one_by_one(sending, contested)
        while rows and not sending.rests and (bulk := find_bulk(sending, rows)) is not None:
            sending.desk.stop.check()
            kept = [c for c in rows if c.id in sending.by_batch]
            again, rest = send_job(sending, bulk, [c for c in rows if c.id not in sending.by_batch])
            rows = [*kept, *rest]
            yield again
        yield from send_batches(sending, rows)


def _wait(desk: Desk, seconds: float) -> None:
    """Wait in pieces, so that the lease lives and a wish to stop is heard."""
    while seconds > 0:
        desk.stop.check()
        piece = min(seconds, LONGEST_PAUSE)
        desk.clock.sleep(piece)
        desk.renew_lease()
        seconds -= piece


def _short(connection: Connection, waiting: int) -> BudgetError:
    return BudgetError(
        "The API calls are nearly used up: holds and severe flags were written, {n} other changes "
        "wait.",
        where=connection.name,
        next_step="They are written by a run that has calls again, or raise budget_share of the "
        "connection.",
        n=waiting,
        resume_after=SHORT_PAUSE,
    )
