"""The API calls of a connection's last 24 hours, shared by every process on one store.

Vendors count calls per org over a rolling day, so one process that counts for itself cannot keep a
share: calls are taken from the store ahead of being sent, and what was not used is given back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Protocol

WINDOW_HOURS = 24


class Pressure(IntEnum):
    """How short the calls are, in the order in which work is left out."""

    NONE = 0
    NO_CENSUS = 1  # the periodic comparison of all ids waits
    SLOW_POLLS = 2  # changes are asked for less often
    BULK = 3  # jobs instead of batches wherever they cost fewer calls
    BLOCKING_FIRST = 4  # only holds and severe flags are written
    PAUSE = 5  # nothing is sent until the window frees calls


@dataclass(frozen=True, slots=True)
class CallGrant:
    """What `take` gave: calls granted, those taken by all processes before, and when the oldest
    of them leave the window (None when none were taken)."""

    granted: int
    taken: int
    frees_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallUse:
    """Calls of a connection's last 24 hours by all our processes, and how many may be sent in them;
    None while no vendor's answer has told."""

    used: int
    allowed: int | None = None


class AllowancePort(Protocol):
    """One connection's calls of the last 24 hours. Each call is one short transaction."""

    def take(self, wanted: int, ceiling: int | None, now: datetime) -> CallGrant:
        """Take up to `wanted` calls, so that all that were taken in the window stay at or below
        `ceiling` (None: no ceiling)."""
        ...

    def give_back(self, calls: int, now: datetime) -> None:
        """Return calls that were taken and not sent."""
        ...


class OwnAllowance:
    """The calls of this process alone, for an adapter that is used without a store."""

    def __init__(self) -> None:
        self._by_hour: dict[datetime, int] = {}

    def take(self, wanted: int, ceiling: int | None, now: datetime) -> CallGrant:
        """See `AllowancePort`."""
        hour = hour_of(now)
        oldest = oldest_hour(now)
        self._by_hour = {h: n for h, n in self._by_hour.items() if h >= oldest}
        taken = sum(self._by_hour.values())
        granted = grant(wanted, ceiling, taken)
        self._by_hour[hour] = self._by_hour.get(hour, 0) + granted
        first = min((h for h, n in self._by_hour.items() if n > 0), default=None)
        return CallGrant(granted, taken, leaves_at(first))

    def give_back(self, calls: int, now: datetime) -> None:
        """See `AllowancePort`."""
        hour = hour_of(now)
        self._by_hour[hour] = self._by_hour.get(hour, 0) - calls


def grant(wanted: int, ceiling: int | None, taken: int) -> int:
    """Calls that may be taken beside those that were."""
    return wanted if ceiling is None else max(0, min(wanted, ceiling - taken))


def hour_of(now: datetime) -> datetime:
    """The hour in which a call is counted."""
    return now.replace(minute=0, second=0, microsecond=0)


def oldest_hour(now: datetime) -> datetime:
    """The first hour that still counts: one that began 24 hours ago ends within the window."""
    return hour_of(now) - timedelta(hours=WINDOW_HOURS)


def leaves_at(hour: datetime | None) -> datetime | None:
    """When the calls of an hour no longer count."""
    return None if hour is None else hour + timedelta(hours=WINDOW_HOURS + 1)
