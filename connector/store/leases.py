"""Leases with fencing: who may write, proven inside each transaction by a number that rises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from connector.errors import BusyError
from connector.ports.store import Fence
from connector.store.failures import translated
from connector.store.models import Lease


@contextmanager
def writing(alias: str, fence: Fence | None = None) -> Iterator[None]:
    """One transaction; with a fence, BusyError before anything is written when it was lost."""
    with translated(alias), transaction.atomic(using=alias, durable=True):
        if fence is not None:
            _held(alias, fence)
        yield


def acquire(
    alias: str, name: str, owner: str, now: datetime, seconds: int, is_dead: Callable[[str], bool]
) -> Fence:
    """Take the lease for `seconds` from `now`.

    BusyError while somebody else's has not expired, unless `is_dead` says that holder is gone.
    """
    with writing(alias):
        Lease.objects.using(alias).get_or_create(name=name)
        lease = Lease.objects.using(alias).select_for_update().get(name=name)
        running = bool(lease.owner) and lease.expires is not None and lease.expires > now
        if running and not is_dead(lease.owner):
            raise BusyError(
                "The lease {name} is held by {owner} since {since}.",
                next_step="Wait until that run has ended, or end it, then try again; without a sign"
                " of life it expires at {until}.",
                name=name,
                owner=lease.owner,
                since=_shown(lease.since),
                until=_shown(lease.expires),
            )
        lease.owner, lease.number = owner, lease.number + 1
        lease.since, lease.expires = now, now + timedelta(seconds=seconds)
        lease.save(using=alias)
        return Fence(name=name, owner=owner, number=lease.number)


def renew(alias: str, fence: Fence, now: datetime, seconds: int) -> None:
    """Let the lease end `seconds` after `now`. One that expired but was not taken lives on."""
    with writing(alias):
        lease = _held(alias, fence)
        lease.expires = now + timedelta(seconds=seconds)
        lease.save(using=alias, update_fields=["expires"])


def release(alias: str, fence: Fence) -> None:
    """Free the lease if it is still ours; its number stays, so that it can only rise."""
    with writing(alias):
        Lease.objects.using(alias).filter(
            name=fence.name, owner=fence.owner, number=fence.number
        ).update(owner="", since=None, expires=None)


def _held(alias: str, fence: Fence) -> Lease:
    """The lease, locked until the transaction ends; BusyError unless the fence still holds."""
    lease = Lease.objects.using(alias).select_for_update().filter(name=fence.name).first()
    if lease is None or (lease.owner, lease.number) != (fence.owner, fence.number):
        raise BusyError(
            "The lease {name} was lost; {owner} holds it. Nothing more was written.",
            next_step="Let that run finish, then run again: it continues where this one stopped.",
            name=fence.name,
            owner=(lease.owner if lease else "") or "nobody",
        )
    return lease


def _shown(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC") if at else "unknown"
