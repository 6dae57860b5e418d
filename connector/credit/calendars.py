"""Working days of a country: public holidays, shifted weekends, and the company's own days.

The holidays come from the library `holidays`, which knows the working weekends (调休) that some
countries declare. A country it does not know has weekends only. Nothing here reads a clock.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pyarrow as pa

from connector.credit.facts import CALENDAR_SCHEMA
from connector.credit.policy.document import PolicyDoc
from connector.credit.policy.terms import CalendarDoc

_FESTIVAL = re.compile(r"(Chinese|Lunar) New Year|Spring Festival", re.IGNORECASE)
_DAY = timedelta(days=1)
_MOST_DAYS_OFF = 60
"""Days off in a row after which a calendar is not believed."""


@lru_cache(maxsize=512)
def _holidays_of(country: str, year: int) -> Any:
    """The library's calendar of a country and year; None when it does not know the country.

    Of years beyond those it covers it knows few holidays or none, and warns: there the weekends and
    the company's own days count.
    """
    import holidays  # slow to load, and needed where working days count only

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return holidays.country_holidays(country, years=year, language="en_US")
    except NotImplementedError:  # what it raises for any code that is none of its countries
        return None


def is_working_day(day: date, country: str | None, rules: CalendarDoc) -> bool:
    """Whether people work in `country` on that day; the company's own days come first."""
    if country and day in rules.working_days.get(country, ()):
        return True
    if country and day in rules.days_off.get(country, ()):
        return False
    found = _holidays_of(country, day.year) if country else None
    return bool(found.is_working_day(day)) if found is not None else day.weekday() < 5


def add_working_days(day: date, count: int, country: str | None, rules: CalendarDoc) -> date:
    """The working day `count` working days after `day`; with 0 the first one not before it."""
    found = day
    while not is_working_day(found, country, rules):
        found = _next(found, day)
    for _ in range(count):
        found += _DAY
        while not is_working_day(found, country, rules):
            found = _next(found, day)
    return found


def _next(day: date, start: date) -> date:
    if (day - start).days > 366 * 3:
        raise ValueError("the calendar has no working day within three years")
    return day + _DAY


def festival_days(year: int, country: str, rules: CalendarDoc) -> frozenset[date]:
    """Days around the Spring Festival of a year that give grace: its days off and those beside."""
    if country not in rules.festival_countries or not rules.festival_days:
        return frozenset()
    found = _holidays_of(country, year)
    named = sorted(day for day, name in (found or {}).items() if _FESTIVAL.search(name))
    if not named:
        return frozenset()
    first, last = named[0], named[-1]
    for _ in range(_MOST_DAYS_OFF):
        if is_working_day(last + _DAY, country, rules):
            break
        last += _DAY
    start = first - _DAY * rules.festival_days
    length = (last - first).days + 1 + 2 * rules.festival_days
    return frozenset(start + _DAY * number for number in range(length))


def last_past_grace(as_of: date, grace_days: int, country: str, rules: CalendarDoc) -> date:
    """The latest due date whose days of grace are over.

    A day that falls on a day off is due on the next working day, and grace are so many working days
    after it. So it is the working day `grace_days` + 1 working days before the valuation date.
    """
    festival = frozenset[date]().union(
        *(festival_days(year, country, rules) for year in (as_of.year - 1, as_of.year))
    )
    found, left = as_of, grace_days + 1
    while left and (as_of - found).days < 366:
        found -= _DAY
        left -= found not in festival and is_working_day(found, country, rules)
    return found


def calendar_rows(policy: PolicyDoc, as_of: date, countries: Iterable[str | None]) -> pa.Table:
    """Per country the latest due date past its grace, for `Inputs.calendars`.

    The country "" stands for customers whose country is unknown. Empty when the policy counts grace
    in calendar days.
    """
    rules, grace = policy.calendar, policy.ageing
    if grace.grace_unit == "calendar_days":
        return CALENDAR_SCHEMA.empty_table()
    named = sorted({country for country in countries if country})
    rows = [
        {"country": country, "last_past_grace": _last(policy, as_of, country or rules.country)}
        for country in ["", *named]
    ]
    return pa.Table.from_pylist(rows, schema=CALENDAR_SCHEMA)


def _last(policy: PolicyDoc, as_of: date, country: str | None) -> date:
    return last_past_grace(as_of, policy.ageing.grace_days, country or "", policy.calendar)
