"""`/sobjects/X/updated` and `/deleted`: which records changed between two times.

REST API guide, "sObject Get Updated" and "sObject Get Deleted": seconds are ignored, the
start lies at most 30 (deleted: 15) days back, start and end are more than a minute apart.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError, wrong_method
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.times import read_stamp, write_stamp

IDS_MAX = 600_000
DAYS_BACK = {"updated": 30, "deleted": 15}


def serve_updated(request: Request, name: str) -> Answer:
    """Answer `GET /sobjects/X/updated/?start=&end=`."""
    spec = request.object(name)
    start, end = _read_window(request, "updated")
    rows = request.org.records.table(spec.name).values()
    ids = [r["Id"] for r in rows if not r.get("IsDeleted") and start <= r["SystemModstamp"] < end]
    _check_count(ids)
    return Answer(200, {"ids": ids, "latestDateCovered": _covered(request, spec, end)})


def serve_deleted(request: Request, name: str) -> Answer:
    """Answer `GET /sobjects/X/deleted/?start=&end=`."""
    spec = request.object(name)
    start, end = _read_window(request, "deleted")
    org = request.org
    rows = org.records.table(spec.name).values()
    gone = [(r["SystemModstamp"], r["Id"]) for r in rows if r.get("IsDeleted")]
    gone += [(at, record_id) for kind, record_id, at in org.deletions.graves if kind == spec.name]
    found = sorted(pair for pair in gone if start <= pair[0] < end)
    _check_count(found)
    earliest = write_stamp(_minute(org.clock.now() - timedelta(days=DAYS_BACK["deleted"])))
    body = {
        "deletedRecords": [{"id": record_id, "deletedDate": at} for at, record_id in found],
        "earliestDateAvailable": max(earliest, org.deletions.since),
        "latestDateCovered": _covered(request, spec, end),
    }
    return Answer(200, body)


def _read_window(request: Request, which: str) -> tuple[str, str]:
    if request.method != "GET":
        raise wrong_method(request.method)
    start, end = (_read_moment(request, name) for name in ("start", "end"))
    now = request.org.clock.now()
    if end - start < timedelta(minutes=1):
        raise _invalid("startDate before endDate by more than one minute")
    if start < now - timedelta(days=DAYS_BACK[which]):
        raise _invalid(f"startDate within {DAYS_BACK[which]} days of now")
    if start > now:
        raise _invalid("startDate before now")
    return write_stamp(start), write_stamp(end)


def _read_moment(request: Request, name: str) -> datetime:
    text = request.query.get(name, "")
    try:
        return _minute(read_stamp(text.replace(" ", "+")))
    except (ValueError, OverflowError):
        raise _invalid(f"{name} as an ISO 8601 time with a zone, not {text!r}") from None


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _invalid(need: str) -> ApiError:
    return ApiError(400, "INVALID_REPLICATION_DATE", f"The call needs {need}")


def _covered(request: Request, spec: ObjectSpec, end: str) -> str:
    """Return the end of the window, or the begin of the oldest transaction that still runs."""
    org = request.org
    held = [
        late.row["SystemModstamp"]
        for (table, _), late in org.records.late.items()
        if table == spec.name
    ]
    first = min([*held, org.stamp(), end])
    return write_stamp(_minute(read_stamp(first)))


def _check_count(found: list[Any]) -> None:
    if len(found) > IDS_MAX:
        message = f"The window has more than {IDS_MAX} ids; use a shorter one"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
