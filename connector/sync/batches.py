"""Batches: rows written some hundred at a time, and the bad row of a refused batch found.

A batch that is refused as a whole, by a malformed row or by the customer's own automation, is
halved until the row stands alone; the others pass. When row after row is refused alone for one
reason and one from the other end is too, the reason lies not in the rows: the rest is refused
unasked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.domain.change import Change, ChangeKind, ChangeState
from connector.errors import RefusedError, TransientError, UnknownOutcomeError, VendorError
from connector.ports.crm import RowOutcome
from connector.sync.crash import crash_point
from connector.sync.sending import Sending, new_batch_id
from connector.sync.verify import find_created, settle_unknown

DEEPEST = 8
"""Halvings of one batch: 200 rows are single after eight."""

HOPELESS = 3
"""Rows refused alone in a row with the same code, after which a single one speaks for the rest."""


def send_batches(sending: Sending, changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Send changes of one kind and object; after each call, those to be tried again.

    A vendor who does not answer several calls in a row gets no more of them in this pass: smaller
    ones would only add to the load.
    """
    rows = list(changes)
    while rows and not sending.rests:
        sending.desk.stop.check()
        size = sending.pace.size(rows[0].object_name)
        batch, rows = rows[:size], rows[size:]
        yield _send(sending, batch, 0)
    yield rows


def _send(sending: Sending, batch: Sequence[Change], level: int) -> list[Change]:
    """Send one batch; the changes that must be tried again."""
    desk, connection, object_name = sending.desk, sending.connection, batch[0].object_name
    if batch[0].kind is ChangeKind.CREATE and not connection.keyed(batch[0]):
        batch = find_created(desk, connection, batch, sending.report)
        if not batch:
            return []
    batch_id = new_batch_id()
    crash_point("before-sent")
    sending.intend(batch, batch_id)
    crash_point("after-sent")
    desk.renew_lease()
    try:
        sending.report.extra_calls += level > 0
        outcomes = sending.call(batch)
        crash_point("after-call")
    except UnknownOutcomeError as error:
        sending.note(batch, ChangeState.UNKNOWN, batch_id, error)
        sending.pace.slow(object_name, error.retry_after)
        return settle_unknown(desk, connection, batch, sending.report)
    except TransientError as error:
        sending.note(batch, ChangeState.RETRY, batch_id, error)
        sending.pace.slow(object_name, error.retry_after)
        return list(batch)
    except VendorError as error:
        if isinstance(error, RefusedError) and error.by_row:
            refusal = RowOutcome("rejected", code=error.code, message=str(error))
            return _divide(sending, batch, batch_id, refusal, level)
        sending.note(batch, ChangeState.PLANNED, batch_id, error)
        raise
    if len(batch) > 1 and all(outcome.together for outcome in outcomes):
        return _divide(sending, batch, batch_id, outcomes[0], level)
    _learn(sending, object_name, outcomes)
    if level and len(batch) == 1 and outcomes[0].state == "rejected":
        sending.alone[object_name, outcomes[0].code] += 1
    return sending.take(batch, batch_id, outcomes)


def _learn(sending: Sending, object_name: str, outcomes: Sequence[RowOutcome]) -> None:
    if any(outcome.state == "retry" for outcome in outcomes):
        sending.pace.slow(object_name)
    elif len(outcomes) >= sending.pace.size(object_name):
        sending.pace.ease(object_name)


def _divide(
    sending: Sending, batch: Sequence[Change], batch_id: str, refusal: RowOutcome, level: int
) -> list[Change]:
    """Halve a refused batch; a single row is refused for good."""
    kind = (batch[0].object_name, refusal.code)
    if len(batch) == 1 or level >= DEEPEST:
        sending.alone[kind] += len(batch) == 1
        return sending.take(batch, batch_id, [refusal] * len(batch))
    sending.note(batch, ChangeState.RETRY, batch_id, refusal)
    half = (len(batch) + 1) // 2
    again: list[Change] = []
    for part in (batch[:half], batch[half:]):
        again += _send_part(sending, part, refusal, kind, level + 1)
    return again


def _send_part(
    sending: Sending,
    part: Sequence[Change],
    refusal: RowOutcome,
    kind: tuple[str, str],
    level: int,
) -> list[Change]:
    """Send a half; where nothing has passed lately, its last row speaks for the rest."""
    if sending.alone[kind] < HOPELESS:
        return _send(sending, part, level)
    again = _send(sending, part[-1:], level)
    rest = part[:-1]
    if not rest:
        return again
    if sending.alone[kind] < HOPELESS:
        return again + _send(sending, rest, level)
    return again + sending.take(rest, new_batch_id(), [refusal] * len(rest))
