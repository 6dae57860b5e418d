"""The daemon's jobs, who holds a lease, and how fresh each connection is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime

from connector.ports.store import Freshness, LeaseHolder, ScheduledJob
from connector.store.models import ConnectionState, Lease, ScheduledJobRow

_COLUMNS = tuple(field.name for field in fields(ScheduledJob))


def jobs(alias: str) -> list[ScheduledJob]:
    """Every job, by name."""
    rows = ScheduledJobRow.objects.using(alias).order_by("name").values(*_COLUMNS)
    return [ScheduledJob(**row) for row in rows]


def keep_job(alias: str, job: ScheduledJob) -> None:
    """Insert or replace."""
    values = asdict(job)
    name = values.pop("name")
    ScheduledJobRow.objects.using(alias).update_or_create(name=name, defaults=values)


def drop_jobs(alias: str, names: Sequence[str]) -> None:
    """Forget these jobs."""
    ScheduledJobRow.objects.using(alias).filter(name__in=list(names)).delete()


def lease_holders(alias: str, now: datetime) -> list[LeaseHolder]:
    """Leases that are held and have not expired at `now`."""
    held = Lease.objects.using(alias).exclude(owner="").filter(expires__gt=now).order_by("name")
    return [
        LeaseHolder(name=row.name, owner=row.owner, since=row.since, expires=row.expires)
        for row in held
        if row.since is not None and row.expires is not None
    ]


def note_pulled(alias: str, connection: str, at: datetime) -> None:
    """The connection was read to its end."""
    states = ConnectionState.objects.using(alias)
    states.update_or_create(connection=connection, defaults={"pulled_at": at})


def note_refreshed(alias: str, connection: str, at: datetime) -> None:
    """A run that writes to the connection was complete."""
    states = ConnectionState.objects.using(alias)
    states.update_or_create(connection=connection, defaults={"refreshed_at": at})


def freshness(alias: str) -> dict[str, Freshness]:
    """By connection."""
    states = ConnectionState.objects.using(alias).exclude(pulled_at=None, refreshed_at=None)
    return {
        row.connection: Freshness(pulled_at=row.pulled_at, refreshed_at=row.refreshed_at)
        for row in states
    }
