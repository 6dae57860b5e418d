"""SOQL date literals (TODAY, LAST_N_DAYS:n, THIS_QUARTER, ...) as half-open ranges of days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

Range = tuple[date, date]
DAY = timedelta(days=1)
_SIZES = (("MONTH", 1), ("QUARTER", 3), ("YEAR", 12))


def literal_range(literal: str, today: date) -> Range | None:
    """Return first day and day after the last of a date literal, or None when it is none.

    Weeks begin on Sunday; LAST_N_DAYS:n reaches from n days ago through today,
    NEXT_N_DAYS:n from tomorrow on (SOQL and SOSL Reference, "Date Formats and Date Literals").
    """
    name, _, count = literal.upper().partition(":")
    if count:
        counted = _COUNTED.get(name)
        return counted(today, int(count)) if counted else None
    plain = _PLAIN.get(name)
    return plain(today) if plain else None


def _add_months(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _week(today: date, shift: int) -> Range:
    sunday = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=shift)
    return sunday, sunday + timedelta(weeks=1)


def _months(today: date, size: int, first: int, last: int) -> Range:
    """Return the span of periods of `size` months from period `first` to `last` (0: this one)."""
    month = (today.month - 1) // size * size + 1
    start = date(today.year, month, 1)
    return _add_months(start, first * size), _add_months(start, (last + 1) * size)


def _last_periods(today: date, count: int, size: int) -> Range:
    return _months(today, size, -count, -1)


def _next_periods(today: date, count: int, size: int) -> Range:
    return _months(today, size, 1, count)


def _period_ago(today: date, count: int, size: int) -> Range:
    return _months(today, size, -count, -count)


_PLAIN: dict[str, Callable[[date], Range]] = {
    "TODAY": lambda d: (d, d + DAY),
    "YESTERDAY": lambda d: (d - DAY, d),
    "TOMORROW": lambda d: (d + DAY, d + 2 * DAY),
    "LAST_WEEK": lambda d: _week(d, -1),
    "THIS_WEEK": lambda d: _week(d, 0),
    "NEXT_WEEK": lambda d: _week(d, 1),
    "LAST_90_DAYS": lambda d: (d - 90 * DAY, d + DAY),
    "NEXT_90_DAYS": lambda d: (d + DAY, d + 91 * DAY),
    **{
        f"{when}_{name}": partial(_months, size=size, first=at, last=at)
        for when, at in (("LAST", -1), ("THIS", 0), ("NEXT", 1))
        for name, size in (*_SIZES, ("FISCAL_QUARTER", 3), ("FISCAL_YEAR", 12))
    },
}
_COUNTED: dict[str, Callable[[date, int], Range]] = {
    "LAST_N_DAYS": lambda d, n: (d - n * DAY, d + DAY),
    "NEXT_N_DAYS": lambda d, n: (d + DAY, d + (n + 1) * DAY),
    "N_DAYS_AGO": lambda d, n: (d - n * DAY, d - (n - 1) * DAY),
    "LAST_N_WEEKS": lambda d, n: (_week(d, -n)[0], _week(d, 0)[0]),
    "NEXT_N_WEEKS": lambda d, n: (_week(d, 1)[0], _week(d, n)[1]),
    "N_WEEKS_AGO": lambda d, n: _week(d, -n),
    **{f"LAST_N_{name}S": partial(_last_periods, size=size) for name, size in _SIZES},
    **{f"NEXT_N_{name}S": partial(_next_periods, size=size) for name, size in _SIZES},
    **{f"N_{name}S_AGO": partial(_period_ago, size=size) for name, size in _SIZES},
}
