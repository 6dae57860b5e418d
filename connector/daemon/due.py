"""Which slot of a job runs at a moment, and how many passed without a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from connector.domain.timetable import Interval, parse_timetable, slots_after
from connector.ports.store import ScheduledJob

ON_TIME = timedelta(seconds=60)
"""So late may a slot be and still count as on time, for the policy `skip`."""


SLOWER = 4
"""So many intervals lie between two readings while API calls are short …"""

SLOWEST = timedelta(hours=6)
"""… but no more than this, unless the interval itself is longer."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be done about a job whose slot has come.

    `runs` is False when what passed is too old. `missed` counts the slots that end without a run
    of their own; `following` is the slot that comes next once this turn has ended. `as_of` is set
    where a slot is caught up with its own local day.
    """

    slot: datetime
    runs: bool
    missed: int
    following: datetime
    as_of: date | None = None


def take_turn(job: ScheduledJob, now: datetime) -> Turn | None:
    """What to do at `now`; None before the job's next slot.

    `coalesce`: one run for all that passed, unless the latest is older than the job's grace.
    `skip`: a run only for a slot that is on time. `run_all`: slot after slot, each that is caught
    up with its own day as valuation date.
    """
    if job.next_due > now:
        return None
    passed = [job.next_due]
    passed += takewhile(lambda slot: slot <= now, slots_of(job, job.next_due))
    if job.misfire == "run_all":
        slot = job.next_due
        day = slot.astimezone(ZoneInfo(job.timezone)).date() if len(passed) > 1 else None
        return Turn(slot, True, 0, next(slots_of(job, slot)), as_of=day)
    latest = passed[-1]
    late = ON_TIME if job.misfire == "skip" else timedelta(seconds=job.grace_seconds)
    runs = now - latest <= late
    return Turn(latest, runs, len(passed) - runs, next(slots_of(job, latest)))


def ease_off(job: ScheduledJob, turn: Turn) -> datetime:
    """The slot that comes next when API calls are short: an interval is stretched.

    Times of day stay, for somebody chose them, and so do slots that are all caught up with.
    """
    timetable = parse_timetable(job.spec)
    if not isinstance(timetable, Interval) or job.misfire == "run_all":
        return turn.following
    gap = timedelta(seconds=timetable.seconds)
    stretched = min(gap * SLOWER, max(gap, SLOWEST))
    earliest = turn.slot + stretched - gap / 2  # slots are moved a little, each by its own jitter
    return next(slot for slot in slots_of(job, turn.slot) if slot >= earliest)


def slots_of(job: ScheduledJob, after: datetime) -> Iterator[datetime]:
    """The job's slots later than `after`."""
    timetable, zone = parse_timetable(job.spec), ZoneInfo(job.timezone)
    return slots_after(timetable, after, zone, job.anchor, job.seed)
