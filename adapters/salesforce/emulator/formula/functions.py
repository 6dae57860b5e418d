"""The functions of formulas: what they take, what they give, what they do.

A signature has one letter for each argument: T text, N number, B boolean, D date, M date
and time, P picklist, S multi-select picklist, A anything. `?` begins the optional ones,
`*` repeats the last one.
"""

from __future__ import annotations

import calendar
import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from adapters.salesforce.emulator.formula.kinds import (
    BOOLEAN,
    DATE,
    DATETIME,
    MULTI,
    NUMBER,
    PICKLIST,
    TEXT,
)

LETTERS = {
    "T": TEXT,
    "N": NUMBER,
    "B": BOOLEAN,
    "D": DATE,
    "M": DATETIME,
    "P": PICKLIST,
    "S": MULTI,
}


@dataclass(frozen=True, slots=True)
class Function:
    """A function of values. Unless `takes_blanks`, a blank argument gives a blank result."""

    signature: str
    gives: str
    work: Callable[..., Any]
    takes_blanks: bool = False


def show(value: Any) -> str:
    """Return a value as TEXT() writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = format(value.normalize(), "f")
        return "0" if text == "-0" else text
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def show_image(url: str | None, text: str | None, height: Any = None, width: Any = None) -> str:
    """Return the element that IMAGE() puts into a formula field."""
    size = ""
    if height is not None and width is not None:
        size = f' style="height:{show(height)}px; width:{show(width)}px;"'
    source, words = html.escape(url or "", quote=True), html.escape(text or "", quote=True)
    return f'<img src="{source}" alt="{words}"{size} border="0"/>'


def _link(url: str | None, label: str | None, target: str | None = "_blank") -> str:
    address, window = html.escape(url or "", quote=True), html.escape(target or "", quote=True)
    return f'<a href="{address}" target="{window}">{html.escape(label or "")}</a>'


def _round(value: Decimal, digits: Decimal) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-int(digits)), rounding=ROUND_HALF_UP)


def _whole(value: Decimal, rounding: str) -> Decimal:
    return value.quantize(Decimal(1), rounding=rounding)


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _mid(text: str, start: Decimal, count: Decimal) -> str:
    first = max(int(start), 1) - 1
    return text[first : first + max(int(count), 0)]


def _date(year: Decimal, month: Decimal, day: Decimal) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None


def _date_value(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _date_time_value(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _add_months(day: date, months: Decimal) -> date | None:
    year, month = divmod(day.year * 12 + day.month - 1 + int(months), 12)
    if not 1 <= year <= 9999:
        return None
    last = calendar.monthrange(year, month + 1)[1]
    was_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return day.replace(year=year, month=month + 1, day=last if was_last else min(day.day, last))


def _includes(value: str | None, wanted: str | None) -> bool:
    return wanted is not None and wanted in (value or "").split(";")


def _pad(text: str, width: Decimal, fill: str = " ", *, left: bool) -> str:
    size = max(min(int(width), 1300), 0)
    lack = size - len(text)
    more = (fill * lack)[:lack] if lack > 0 and fill else ""
    return (more + text if left else text + more)[:size]


FUNCTIONS: dict[str, Function] = {
    "TEXT": Function("A", TEXT, show, takes_blanks=True),
    "VALUE": Function("T", NUMBER, _number),
    "IMAGE": Function("TT?NN", TEXT, show_image, takes_blanks=True),
    "HYPERLINK": Function("TT?T", TEXT, _link, takes_blanks=True),
    "BR": Function("", TEXT, lambda: "<br>"),
    "ISPICKVAL": Function("PT", BOOLEAN, lambda v, w: (v or "") == (w or ""), takes_blanks=True),
    "INCLUDES": Function("ST", BOOLEAN, _includes, takes_blanks=True),
    "ABS": Function("N", NUMBER, abs),
    "ROUND": Function("NN", NUMBER, _round),
    "FLOOR": Function("N", NUMBER, lambda n: _whole(n, ROUND_FLOOR)),
    "CEILING": Function("N", NUMBER, lambda n: _whole(n, ROUND_CEILING)),
    "MAX": Function("N*", NUMBER, max),
    "MIN": Function("N*", NUMBER, min),
    "MOD": Function("NN", NUMBER, lambda a, b: None if b == 0 else a - b * (a // b)),
    "LEN": Function("T", NUMBER, lambda t: Decimal(len(t or "")), takes_blanks=True),
    "LEFT": Function("TN", TEXT, lambda t, n: t[: max(int(n), 0)]),
    "RIGHT": Function("TN", TEXT, lambda t, n: t[-int(n) :] if n >= 1 else ""),
    "MID": Function("TNN", TEXT, _mid),
    "LPAD": Function("TN?T", TEXT, lambda *a: _pad(*a, left=True)),
    "RPAD": Function("TN?T", TEXT, lambda *a: _pad(*a, left=False)),
    "UPPER": Function("T", TEXT, str.upper),
    "LOWER": Function("T", TEXT, str.lower),
    "TRIM": Function("T", TEXT, str.strip),
    "SUBSTITUTE": Function("TTT", TEXT, lambda t, a, b: t.replace(a, b) if a else t),
    "CONTAINS": Function("TT", BOOLEAN, lambda t, p: (p or "") in (t or ""), takes_blanks=True),
    "BEGINS": Function(
        "TT", BOOLEAN, lambda t, p: (t or "").startswith(p or ""), takes_blanks=True
    ),
    "DATE": Function("NNN", DATE, _date),
    "DATEVALUE": Function("A", DATE, _date_value),
    "DATETIMEVALUE": Function("A", DATETIME, _date_time_value),
    "ADDMONTHS": Function("DN", DATE, _add_months),
    "YEAR": Function("D", NUMBER, lambda d: Decimal(d.year)),
    "MONTH": Function("D", NUMBER, lambda d: Decimal(d.month)),
    "DAY": Function("D", NUMBER, lambda d: Decimal(d.day)),
    "WEEKDAY": Function("D", NUMBER, lambda d: Decimal((d.weekday() + 1) % 7 + 1)),
}
