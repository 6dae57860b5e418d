"""Running bulk jobs, batch sizes, and the calls of the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Min, Q, Sum

from connector.domain.change import ChangeKind, ChangeState
from connector.ports.allowance import (
    CallGrant,
    CallUse,
    grant,
    hour_of,
    leaves_at,
    oldest_hour,
)
from connector.ports.store import WriteJob
from connector.store.leases import writing
from connector.store.models import BatchSize, CallHour, JournalRow, WriteJobRow
from connector.store.rows import insert_columns

_SIZE_KEY = ("connection", "object_name")
_HOUR_KEY = ("connection", "hour")


def note_job(alias: str, connection: str, run_id: str, job: WriteJob, at: datetime) -> None:
    """Remember a job, inside the caller's transaction."""
    WriteJobRow.objects.using(alias).create(
        connection=connection,
        job_id=job.job_id,
        batch_id=job.batch_id,
        object_name=job.object_name,
        kind=job.kind.value,
        key_field=job.key_field,
        run_id=run_id,
        opened_at=at,
    )


def open_jobs(alias: str, connection: str) -> list[WriteJob]:
    """Jobs that are not settled, oldest first."""
    rows = WriteJobRow.objects.using(alias).filter(connection=connection).order_by("pk")
    return [
        WriteJob(row.job_id, row.batch_id, row.object_name, ChangeKind(row.kind), row.key_field)
        for row in rows
    ]


def job_members(alias: str, connection: str, batch_id: str) -> list[str]:
    """Ids of the changes whose SENT event carries the batch id, in journal order."""
    sent = JournalRow.objects.using(alias).filter(
        connection=connection, batch_id=batch_id, state=ChangeState.SENT.value
    )
    return list(sent.order_by("number").values_list("change_id", flat=True))


def end_job(alias: str, connection: str, job_id: str) -> None:
    """Forget a settled job, inside the caller's transaction."""
    WriteJobRow.objects.using(alias).filter(connection=connection, job_id=job_id).delete()


def batch_sizes(alias: str, connection: str) -> dict[str, int]:
    """Sizes by object."""
    rows = BatchSize.objects.using(alias).filter(connection=connection)
    return dict(rows.values_list("object_name", "size"))


def keep_batch_size(alias: str, connection: str, object_name: str, size: int) -> None:
    """Remember a size, inside the caller's transaction."""
    columns: dict[str, Sequence[object]] = {
        "connection": [connection], "object_name": [object_name], "size": [size],
    }  # fmt: skip
    insert_columns(alias, BatchSize, columns, key=_SIZE_KEY, replace=True)


def call_use(alias: str, now: datetime) -> dict[str, CallUse]:
    """Calls and ceiling by connection; the ceiling told last holds."""
    found: dict[str, CallUse] = {}
    hours = CallHour.objects.using(alias).filter(hour__gte=oldest_hour(now)).order_by("hour")
    for name, calls, ceiling in hours.values_list("connection", "calls", "ceiling"):
        known = found.get(name, CallUse(0))
        allowed = known.allowed if ceiling is None else ceiling
        found[name] = CallUse(known.used + calls, allowed)
    return found


class StoredAllowance:
    """`AllowancePort` over the store: hours of calls, added up by whoever takes some."""

    def __init__(self, alias: str, connection: str) -> None:
        self._alias = alias
        self._connection = connection

    def take(self, wanted: int, ceiling: int | None, now: datetime) -> CallGrant:
        """See `AllowancePort`."""
        with writing(self._alias):
            self._lock_hour(now)
            hours = CallHour.objects.using(self._alias).filter(connection=self._connection)
            hours.filter(hour__lt=oldest_hour(now)).delete()
            told = hours.aggregate(taken=Sum("calls"), first=Min("hour", filter=Q(calls__gt=0)))
            taken = int(told["taken"] or 0)
            granted = grant(wanted, ceiling, taken)
            this_hour = hours.filter(hour=hour_of(now))
            if granted:
                this_hour.update(calls=F("calls") + granted)
            if ceiling is not None:
                this_hour.update(ceiling=ceiling)
        return CallGrant(granted, taken, leaves_at(told["first"]))

    def give_back(self, calls: int, now: datetime) -> None:
        """See `AllowancePort`."""
        with writing(self._alias):
            self._lock_hour(now)
            hours = CallHour.objects.using(self._alias).filter(connection=self._connection)
            hours.filter(hour=hour_of(now)).update(calls=F("calls") - calls)

    def _lock_hour(self, now: datetime) -> None:
        """One process at a time: the row of this hour is the lock, made if it is not there."""
        columns: dict[str, Sequence[object]] = {
            "connection": [self._connection], "hour": [hour_of(now)], "calls": [0],
        }  # fmt: skip
        insert_columns(self._alias, CallHour, columns, key=_HOUR_KEY)
        hours = CallHour.objects.using(self._alias).select_for_update()
        hours.get(connection=self._connection, hour=hour_of(now))
