"""Contested records: written only while nobody has modified them since they were read.

A record that somebody else edited, or a field about which a person decides, must never be written
over unseen. Vendors check that for one record a call, so few records go one by one under that
condition; of many, what they hold is read again right before they go in batches.
Source of the condition: RFC 9110, section 13.1.4, `If-Unmodified-Since`; whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connector.domain.change import Change, ChangeKind, ChangeState, Owner
from connector.errors import TransientError, UnknownOutcomeError, VendorError
from connector.sync.crash import crash_point
from connector.sync.sending import Sending, new_batch_id
from connector.sync.verify import drop_moved, settle_unknown

MOST_EDITED = 100
MOST_ASKING = 3
"""Records that go one by one: those that somebody edited, and those whose field's owner is asked.
More would cost more calls than they are worth."""


def split_contested(
    sending: Sending, changes: Sequence[Change], *, compared: bool
) -> tuple[list[Change], list[Change]]:
    """Changes that go one by one, and those that go in batches, in the given order.

    `compared` says that the records were read right before; else the many contested ones are read
    again here, and those that moved end as conflicts.
    """
    edited = [c for c in changes if _is_edited(c) and _has_moment(c)][:MOST_EDITED]
    asking = [c for c in changes if _asks(c) and _has_moment(c) and not _is_edited(c)]
    single = {c.id for c in edited}
    if len(edited) + len(asking) <= MOST_ASKING:
        single |= {c.id for c in asking}
    one_by_one = [c for c in changes if c.id in single]
    rest = [c for c in changes if c.id not in single]
    if not compared:
        again = [c for c in rest if _is_edited(c) or _asks(c)]
        moved = drop_moved(sending.desk, sending.connection, again, sending.report)
        rest = [c for c in rest if c.id not in moved]
    return one_by_one, rest


def send_one_by_one(sending: Sending, changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Send each under its condition; after each call, what must be tried again."""
    for position, change in enumerate(changes):
        if sending.rests:
            yield list(changes[position:])
            return
        sending.desk.stop.check()
        yield _send(sending, change)


def _send(sending: Sending, change: Change) -> list[Change]:
    desk, connection = sending.desk, sending.connection
    batch_id = new_batch_id()
    crash_point("before-sent")
    sending.intend([change], batch_id)
    crash_point("after-sent")
    desk.renew_lease()
    try:
        outcomes = sending.call([change], unchanged_since=change.modified_at)
        crash_point("after-call")
    except UnknownOutcomeError as error:
        sending.note([change], ChangeState.UNKNOWN, batch_id, error)
        return settle_unknown(desk, connection, [change], sending.report)
    except TransientError as error:
        sending.note([change], ChangeState.RETRY, batch_id, error)
        sending.pace.slow(change.object_name, error.retry_after)
        return [change]
    except VendorError as error:
        sending.note([change], ChangeState.PLANNED, batch_id, error)
        raise
    if outcomes[0].state == "moved":
        # Refused, and not written: what stands there now says whether our field was meant.
        sending.note([change], ChangeState.RETRY, batch_id, outcomes[0])
        return settle_unknown(desk, connection, [change], sending.report)
    return sending.take([change], batch_id, outcomes)


def _is_edited(change: Change) -> bool:
    return change.kind is ChangeKind.UPDATE and any(f.edited for f in change.writes)


def _asks(change: Change) -> bool:
    return change.kind is ChangeKind.UPDATE and any(f.owner is Owner.ASK for f in change.writes)


def _has_moment(change: Change) -> bool:
    """Whether the vendor said when the record was modified, in words that can be read."""
    try:
        return datetime.fromisoformat(change.modified_at).tzinfo is not None
    except ValueError:
        return False
