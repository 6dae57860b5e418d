"""Timetables of scheduled work: when its slots are, as moments in UTC.

Three forms: `every 15m` (s, m, h or d), `daily 06:30`, and cron's five fields,
`cron 30 6 * * 1-5`. An interval is counted in UTC, so that a change of the clocks neither
stretches nor shortens it. A time of day is local: one that the clocks skip comes at the first
moment that exists, one that they repeat comes once, the first time. Cron fields with every hour
(`cron */15 * * * *`) follow the real hours, a repeated one twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

JITTER = 0.1
"""Part of an interval by which a job's slots are moved at most, so that jobs do not align."""

DAYS_AHEAD = 366 * 9
"""So far a cron expression is searched: 29 February may be eight years away."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_NAMES = {
    "month": (
        "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ),
    "weekday": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}  # fmt: skip
_RANGES = {
    "minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class TimesOfDay:
    """Local times on certain days; `weekdays` counts Monday as 0.

    `either_day` is cron's rule for two restricted day fields: one of them is enough.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool = False

    def falls_on(self, day: date) -> bool:
        """Whether the day has slots at all."""
        by_date, by_week = day.day in self.days, day.weekday() in self.weekdays
        hit = by_date or by_week if self.either_day else by_date and by_week
        return day.month in self.months and hit


Timetable = Interval | TimesOfDay


def parse_duration(text: str) -> int:
    """Seconds of `90s`, `15m`, `12h` or `2d`; ValueError in words for anything else."""
    found = re.fullmatch(r"([1-9]\d{0,6})([smhd])", text)
    if not found:
        raise ValueError(f"{text!r} is no duration such as 90s, 15m, 12h or 2d")
    return int(found[1]) * _SECONDS[found[2]]


@cache
def parse_timetable(text: str) -> Timetable:
    """The timetable of `every …`, `daily …` or `cron …`; ValueError in words."""
    word, _, rest = text.strip().partition(" ")
    if word == "every":
        return Interval(parse_duration(rest.strip()))
    if word == "daily":
        return _parse_daily(rest.strip())
    if word == "cron":
        return _parse_cron(rest.split())
    raise ValueError(f"{text!r} is none of: every 15m, daily 06:30, cron 30 6 * * 1-5")


def _parse_daily(text: str) -> TimesOfDay:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"{text!r} is no time of day such as 06:30")
    at = time.fromisoformat(text)
    return _parse_cron([str(at.minute), str(at.hour), "*", "*", "*"])


def _parse_cron(fields: list[str]) -> TimesOfDay:
    if len(fields) != len(_RANGES):
        raise ValueError(f"cron has five fields ({', '.join(_RANGES)}), not {len(fields)}")
    parts = {name: _parse_field(name, text) for name, text in zip(_RANGES, fields, strict=True)}
    made = TimesOfDay(
        minutes=parts["minute"],
        hours=parts["hour"],
        days=parts["day"],
        months=parts["month"],
        weekdays=frozenset((number - 1) % 7 for number in parts["weekday"]),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )
    start = date(2024, 1, 1)  # a leap year: every date that there is comes up from here
    if not any(made.falls_on(start + timedelta(days=n)) for n in range(DAYS_AHEAD)):
        raise ValueError(f"cron {' '.join(fields)} never comes")
    return made


def _parse_field(name: str, text: str) -> frozenset[int]:
    found: set[int] = set()
    low, high = _RANGES[name]
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = _number(name, first, text)
            end = _number(name, last, text) if dash else (high if step else start)
        pace = _number("step", step, text) if "/" in part else 1
        if not (low <= start <= end <= high and pace >= 1):
            raise ValueError(f"cron {name} {text!r} is outside {low} to {high}")
        found.update(range(start, end + 1, pace))
    return frozenset(found)


def _number(name: str, text: str, whole: str) -> int:
    names = _NAMES.get(name, ())
    if text in names and text:
        return names.index(text)
    if not re.fullmatch(r"\d{1,4}", text):
        raise ValueError(f"cron {name} {whole!r} cannot be read")
    return int(text)


def jitter_of(seed: str) -> float:
    """A number from -1 to 1 that is always the same for this seed."""
    return int.from_bytes(sha256(seed.encode()).digest()[:4], "big") / 0x7FFFFFFF - 1.0


def slots_after(
    timetable: Timetable, after: datetime, zone: ZoneInfo, anchor: datetime, seed: str = ""
) -> Iterator[datetime]:
    """Slots later than `after`, in UTC, earliest first, without end.

    `anchor` is the first slot of an interval; its others are moved by the jitter of `seed`.
    """
    if isinstance(timetable, Interval):
        yield from _interval_slots(timetable.seconds, after, anchor, seed)
        return
    day = after.astimezone(zone).date() - timedelta(days=1)
    last = after
    while True:
        for slot in _slots_of_day(timetable, day, zone):
            # Several skipped times of day come at the same first moment that exists.
            if slot > last:
                last = slot
                yield slot
        day += timedelta(days=1)


def next_slot(
    timetable: Timetable, after: datetime, zone: ZoneInfo, anchor: datetime, seed: str = ""
) -> datetime:
    """The first slot later than `after`."""
    return next(slots_after(timetable, after, zone, anchor, seed))


def _interval_slots(
    seconds: int, after: datetime, anchor: datetime, seed: str
) -> Iterator[datetime]:
    if anchor > after:
        yield anchor
    step = timedelta(seconds=seconds)
    shifted = anchor + timedelta(seconds=round(seconds * JITTER * jitter_of(seed)) if seed else 0)
    number = max((after - shifted) // step + 1, 1)
    while True:
        yield shifted + number * step
        number += 1


def _slots_of_day(times: TimesOfDay, day: date, zone: ZoneInfo) -> list[datetime]:
    if not times.falls_on(day):
        return []
    locals_ = [
        datetime.combine(day, time(hour, minute))
        for hour in sorted(times.hours)
        for minute in sorted(times.minutes)
    ]
    if len(times.hours) == 24:
        return sorted({slot for local in locals_ for slot in _real_moments(local, zone)})
    return sorted({_first_moment(local, zone) for local in locals_})


def _real_moments(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every moment at which local clocks show this: none when skipped, two when repeated."""
    moments = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return [at for at in moments if at.astimezone(zone).replace(tzinfo=None) == local]


def _first_moment(local: datetime, zone: ZoneInfo) -> datetime:
    """When local clocks first show this time, or have skipped it, to the second."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local:
        return moment
    # Skipped: with the offset of before it lies behind the change, with that of after before it.
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while moment - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((moment - before).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            moment = middle
    return moment
