"""Due dates from payment terms, and the ends of months."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from enum import StrEnum


class TermsRule(StrEnum):
    """How net days and the end of the month combine; small words, different days."""

    NET = "net"  # n days after the base date
    NET_THEN_END_OF_MONTH = "net_then_end_of_month"  # n days, then the end of that month
    END_OF_MONTH_THEN_NET = "end_of_month_then_net"  # end of the month, then n days (月结 n 天)


def end_of_month(day: date) -> date:
    """Last day of the month of `day`."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def due_date(base: date, net_days: int, rule: TermsRule = TermsRule.NET) -> date:
    """Due date for a base date and net days (vector TERM-1)."""
    if rule is TermsRule.END_OF_MONTH_THEN_NET:
        return end_of_month(base) + timedelta(days=net_days)
    plain = base + timedelta(days=net_days)
    return end_of_month(plain) if rule is TermsRule.NET_THEN_END_OF_MONTH else plain
