"""Records that were deleted for good: what the replication log still tells of them.

A query shows deleted records as long as they lie in the bin; the log also those that left it. It is
asked once a day, because it costs a call for each object and hard deletes are rare.
Source: REST API Developer Guide, "Get Deleted": 15 days back at most, less when the log was purged;
`latestDateCovered` leaves out transactions that still run; seconds are ignored.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from adapters.salesforce.errors import translate_nonsense
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.selection import read_stamp
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError

LOG_KEPT = timedelta(days=15)
_MARGIN = timedelta(days=1)  # what yesterday's log left out, because a transaction still ran
# Refusals that leave deletions untold; other ones mean that the object keeps no log at all.
_UNTOLD = frozenset(
    {
        "INVALID_REPLICATION_DATE",
        "EXCEEDED_ID_LIMIT",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "HTTP_403",
    }
)


@dataclass(frozen=True, slots=True)
class DeletionLog:
    """Ids that the log names; `whole` is False when it does not reach back to the beginning."""

    ids: Collection[str]
    whole: bool = True


def is_log_due(cursor: datetime, now: datetime) -> bool:
    """Whether this is the first pull of its day (UTC)."""
    return cursor.date() != now.date()


def read_log(
    session: SalesforceSession, object_name: str, cursor: datetime, now: datetime
) -> DeletionLog:
    """What was deleted since the day before the cursor's, as far as the log reaches back.

    An object whose deletions are not kept has an empty log.
    """
    wanted = cursor.replace(hour=0, minute=0, second=0, microsecond=0) - _MARGIN
    oldest = now - LOG_KEPT + timedelta(minutes=2)
    begin = max(wanted, oldest)
    call = session.name_call("read", object_name)
    window = {"start": begin.isoformat(), "end": (now + timedelta(minutes=2)).isoformat()}
    try:
        body = session.ask("GET", f"sobjects/{object_name}/deleted/?{urlencode(window)}", call)
    except RefusedError as error:
        return DeletionLog((), whole=error.code not in _UNTOLD)
    if not isinstance(body, dict) or not isinstance(body.get("deletedRecords"), list):
        raise translate_nonsense(call, "the log of deletions is missing")
    earliest = body.get("earliestDateAvailable")
    reaches = cursor >= oldest and (not earliest or read_stamp(str(earliest)) <= cursor)
    try:
        ids = {to_long_id(str(row["id"])) for row in body["deletedRecords"]}
    except (KeyError, TypeError, ValueError):
        raise translate_nonsense(call, "the log of deletions names no records") from None
    return DeletionLog(ids, reaches)
