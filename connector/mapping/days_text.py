"""Dates as files hold them, and payment terms in words.

Day and month are told from the values of a column: "03/04/2026" alone proves nothing, "31/01/2026"
does. A column without proof is refused with a sentence that says what to put into the mapping.
Dates with points are day first everywhere (Unicode CLDR has no month-first pattern with points).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

from connector.mapping.numbers_text import shorten

_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\Z")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})\Z")
_DAY_MONTH_NAME = re.compile(r"(\d{1,2})[- .]+([A-Za-z]{3,9})\.?[- ,]+(\d{4})\Z")
_MONTH_NAME_DAY = re.compile(r"([A-Za-z]{3,9})\.?[ -]+(\d{1,2}),?[ -]+(\d{4})\Z")
_TIME_TAIL = re.compile(
    r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?(?:Z|[-+]\d{2}:?\d{2})?)\Z"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AT_ONCE = re.compile(
    r"due (up)?on receipt|immediate|cash on delivery|\bcod\b|现结|货到付款|立即|即付", re.IGNORECASE
)
_IN_ADVANCE = re.compile(
    r"prepa(id|y)|in advance|\bcia\b|\bpia\b|预付|预收|款到发货|先款后货", re.IGNORECASE
)


def proves_day_first(text: str) -> bool | None:
    """True or False when this value alone settles the order of day and month, else None."""
    match = _YEAR_LAST.match(_without_time(text))
    if not match or match[2] == ".":
        return None
    first, second = int(match[1]), int(match[3])
    if first > 12 >= second:
        return True
    return False if second > 12 >= first else None


def detect_day_first(texts: Iterable[str]) -> bool | None:
    """The order that the values prove; None when nothing or both orders are proved."""
    proved = {proves_day_first(text) for text in texts} - {None}
    return proved.pop() if len(proved) == 1 else None


def to_date(text: str, day_first: bool | None) -> date:
    """The date in `text`; `day_first` None reads only what settles itself. Raises ValueError."""
    bare = _without_time(text)
    for pattern in (_YEAR_FIRST, _COMPACT):
        if match := pattern.match(bare):
            return _make(text, int(match[1]), int(match[2]), int(match[3]))
    if match := _YEAR_LAST.match(bare):
        return _year_last(text, match, day_first)
    if match := _DAY_MONTH_NAME.match(bare):
        return _make(text, int(match[3]), _month(text, match[2]), int(match[1]))
    if match := _MONTH_NAME_DAY.match(bare):
        return _make(text, int(match[3]), _month(text, match[1]), int(match[2]))
    raise ValueError(f"{shorten(text)} is not a date")


def parse_formats(text: str, formats: Iterable[str]) -> date:
    """The date by the first fitting strptime format; ValueError when none fits."""
    for pattern in formats:
        try:
            # A day, not a moment: the zone has no part in it.
            return datetime.strptime(text.strip(), pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise ValueError(f"{shorten(text)} is not a date of the form {', '.join(formats)}")


def to_moment(text: str) -> datetime:
    """An ISO 8601 moment as naive UTC; without a zone it is taken as UTC. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{shorten(text)} is not a date and time") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def terms_to_days(text: str) -> int | None:
    """Net days of payment terms in words ("Net 30", "2/10 net 30", "月结30天", "COD").

    Payment in advance gives None: no terms are agreed. Raises ValueError when unclear.
    """
    bare = text.strip()
    net = re.search(r"\bnet\s*-?\s*(\d{1,3})\b", bare, re.IGNORECASE)
    numbers = re.findall(r"\d+", bare)
    if net:
        return int(net[1])
    if not numbers and _IN_ADVANCE.search(bare):
        return None
    if not numbers and _AT_ONCE.search(bare):
        return 0
    months = re.search(r"\d\s*(months?\b|个月)", bare, re.IGNORECASE)
    if len(numbers) == 1 and len(numbers[0]) <= 3 and not months:
        return int(numbers[0])
    raise ValueError(f"the terms {shorten(text)} do not name their days clearly; add a map")


def _without_time(text: str) -> str:
    return _TIME_TAIL.sub("", text.strip())


def _year_last(text: str, match: re.Match[str], day_first: bool | None) -> date:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    order = True if match[2] == "." else day_first
    if order is None:
        order = proves_day_first(text)
    if order is None and first == second:
        order = True
    if order is None:
        raise ValueError(
            f"{shorten(text)} may be read day first or month first and nothing in the column "
            "settles it; say so in the mapping: transform: [{date: {day_first: true}}]"
        )
    return _make(text, year, second, first) if order else _make(text, year, first, second)


def _month(text: str, name: str) -> int:
    try:
        return _MONTHS.index(name[:3].lower()) + 1
    except ValueError:
        raise ValueError(f"{shorten(text)} is not a date") from None


def _make(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{shorten(text)} is not a day of the calendar") from None
