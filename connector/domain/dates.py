"""Due dates from payment terms: the small words that give different days.

`due_date` counts net days by one of three rules; `due_on` takes terms as they are agreed with a
customer, monthly statements with cut-off and pay day included. The credit engine says the same as
a table expression; a property test keeps the two together.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

LAST_DAY = 31
"""As a day of the month: its last day, whichever that is."""

MOST_PARTS = 24
"""Parts that one text of instalments may have."""

_PART = re.compile(r"(0(?:\.\d{1,8})?|1(?:\.0{1,8})?|\.\d{1,8})@(\d{1,4})")


class TermsRule(StrEnum):
    """How net days and the end of the month combine; small words, different days."""

    NET = "net"  # n days after the base date
    NET_THEN_END_OF_MONTH = "net_then_end_of_month"  # n days, then the end of that month
    END_OF_MONTH_THEN_NET = "end_of_month_then_net"  # end of the month, then n days (月结 n 天)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides the day on which a whole amount falls due; kinds as `credit_file.TERMS_KINDS`.

    `cut_off_day`: last day that still falls into a month's statement, null = the end of the month.
    `statement_day`: day on which the statement is agreed, the first one not before the cut-off.
    `pay_day`: day of the month on which is paid; with `pay_months` that of the month so many after
    the cut-off's, without it the first one not before the statement. `from_statement`: net days
    count from the statement, not from the end of the cut-off's month.
    """

    kind: str = "net"
    net_days: int = 0
    cut_off_day: int | None = None
    statement_day: int | None = None
    pay_day: int | None = None
    pay_months: int | None = None
    from_statement: bool = False


def end_of_month(day: date) -> date:
    """Last day of the month of `day`."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def day_of_month(month: date, number: int) -> date:
    """That day of the month of `month`; the last one where the month is shorter."""
    return month.replace(day=max(1, min(number, end_of_month(month).day)))


def months_later(month: date, count: int) -> date:
    """First day of the month `count` months after that of `month`."""
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def due_date(base: date, net_days: int, rule: TermsRule = TermsRule.NET) -> date:
    """Due date for a base date and net days (vector TERM-1)."""
    if rule is TermsRule.END_OF_MONTH_THEN_NET:
        return end_of_month(base) + timedelta(days=net_days)
    plain = base + timedelta(days=net_days)
    return end_of_month(plain) if rule is TermsRule.NET_THEN_END_OF_MONTH else plain


def due_on(base: date, terms: Terms) -> date:
    """Due date of a whole amount under agreed terms, never before the base date.

    Prepayment and cash on delivery: the base date. Net, letter of credit, documents against payment
    or acceptance: net days after it. End of month: the end of the statement's month + net days
    (月结 n 天). Monthly statement: the pay day, else net days after the statement or the end of its
    month. Instalments and deposits are split elsewhere; here they count as net.
    """
    if terms.kind in ("prepayment", "cash_on_delivery"):
        return base
    if terms.kind == "net_then_end_of_month":
        return end_of_month(base + timedelta(days=terms.net_days))
    if terms.kind not in ("monthly_statement", "end_of_month"):
        return base + timedelta(days=terms.net_days)
    cut = cut_off(base, terms.cut_off_day)
    statement = next_day_of_month(cut, terms.statement_day)
    if terms.kind == "monthly_statement" and terms.pay_day is not None:
        if terms.pay_months is None:
            return next_day_of_month(statement, terms.pay_day)
        return max(base, day_of_month(months_later(cut, terms.pay_months), terms.pay_day))
    start = statement if terms.from_statement else end_of_month(cut)
    return start + timedelta(days=terms.net_days)


def cut_off(base: date, cut_off_day: int | None) -> date:
    """Day on which the statement closes that `base` falls into."""
    return next_day_of_month(base, LAST_DAY if cut_off_day is None else cut_off_day)


def next_day_of_month(start: date, number: int | None) -> date:
    """First such day of a month that is not before `start`; `start` itself without a number."""
    if number is None:
        return start
    here = day_of_month(start, number)
    return here if here >= start else day_of_month(months_later(start, 1), number)


def read_parts(text: str) -> tuple[tuple[Decimal, int], ...]:
    """Instalments written as share@days, `0.3@0;0.7@60`: shares and days from the base date.

    Raises ValueError that says what is wrong: no such pairs, or shares that do not add up to 1.
    """
    pieces = [piece.strip() for piece in text.split(";") if piece.strip()]
    if not 1 <= len(pieces) <= MOST_PARTS:
        raise ValueError("instalments are written as share@days pairs, for example 0.3@0;0.7@60")
    found = []
    for piece in pieces:
        match = _PART.fullmatch(piece)
        if match is None:
            raise ValueError("an instalment is written as share@days, for example 0.3@0")
        found.append((Decimal(match[1]), int(match[2])))
    if sum(share for share, _ in found) != 1:
        raise ValueError("the shares of the instalments have to add up to 1")
    return tuple(found)
