"""Money and numbers as people and systems write them in files.

Separators are told from the values of a column, never guessed from one: "1.234" alone may be one
thousand two hundred thirty-four or 1.234, so a column that holds no value which settles it is
refused with a sentence that says what to put into the mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

Evidence = Literal[".", ",", "ambiguous", "plain"]

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’]")
# Currency signs and ISO codes around the figure; the currency itself is another column.
_DECORATION = re.compile(r"^(?:[A-Z]{3}\b|RMB|US\$|HK\$|[¥￥$€£元])\s*|\s*(?:[A-Z]{3}|[¥￥$€£元])$")
_BODY = re.compile(r"[0-9][0-9.,]*\Z|[.,][0-9]+\Z")
_PLAIN = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?\Z")
MAX_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Figure:
    """A number's sign and digits with separators still in it."""

    negative: bool
    body: str


def parse_plain(text: str) -> Decimal:
    """A number without thousands separators, point as decimal sign; ValueError otherwise."""
    stripped = text.strip()
    if len(stripped) > MAX_DIGITS or not _PLAIN.match(stripped):
        raise ValueError(f"{shorten(text)} is not a plain number")
    return Decimal(stripped)


def split_figure(text: str) -> Figure:
    """Sign and digits of `(1,234.50)`, `1.234,50-`, `−12`, `USD 1 200`; ValueError otherwise."""
    rest = text.strip().replace("−", "-").replace("，", ",").replace("．", ".")
    negative = False
    if rest.startswith(("(", "（")) and rest.endswith((")", "）")):
        negative, rest = True, rest[1:-1].strip()
    rest = _DECORATION.sub("", _DECORATION.sub("", rest)).strip()
    if rest.endswith("-") and not rest.startswith("-"):
        negative, rest = not negative, rest[:-1].strip()
    elif rest.startswith(("-", "+")):
        negative, rest = negative != (rest[0] == "-"), rest[1:].strip()
    rest = _DECORATION.sub("", rest).strip()
    body = _SPACES.sub("", rest)
    if len(body) > MAX_DIGITS or not _BODY.match(body):
        raise ValueError(f"{shorten(text)} is not a number")
    return Figure(negative, body)


def weigh(body: str) -> Evidence:
    """Which character is the decimal sign in `body`, as far as this one value tells."""
    points, commas = body.count("."), body.count(",")
    if not points and not commas:
        return "plain"
    if points and commas:
        last: Literal[".", ","] = "." if body.rfind(".") > body.rfind(",") else ","
        return last if body.count(last) == 1 else "ambiguous"
    sign: Literal[".", ","] = "." if points else ","
    other: Literal[".", ","] = "," if points else "."
    if points + commas > 1:
        return other
    whole, _, fraction = body.partition(sign)
    grouped = len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return "ambiguous" if grouped else sign


def detect_decimal_sign(bodies: Iterable[str]) -> Literal[".", ",", ""]:
    """The one decimal sign that the values prove; "" when none or both are proved."""
    proved = {weigh(body) for body in bodies} & {".", ","}
    if proved == {"."}:
        return "."
    return "," if proved == {","} else ""


def to_decimal(figure: Figure, decimal_sign: str, thousands: str | None = None) -> Decimal:
    """The number, read with that decimal sign ("" = only what settles itself).

    Groups must have three digits (the last one) so that a misplaced separator is noticed.
    Raises ValueError.
    """
    sign = decimal_sign or weigh(figure.body)
    if sign == "ambiguous":
        raise ValueError(
            f"{figure.body!r} may be read in two ways and nothing in the column settles it; "
            "name the signs in the mapping, for example transform: "
            "[{decimal: {decimal: '.', thousands: ','}}]"
        )
    if sign == "plain":
        sign = "."
    group = thousands if thousands is not None else ("," if sign == "." else ".")
    whole, found, fraction = figure.body.rpartition(sign)
    if not found:
        whole, fraction = figure.body, ""
    if group and group in whole:
        head, *rest = whole.split(group)
        if not head or len(rest[-1]) != 3 or any(len(part) not in (2, 3) for part in rest):
            raise ValueError(f"{figure.body!r} has a separator in an unexpected place")
        whole = head + "".join(rest)
    try:
        number = Decimal(f"{whole or '0'}.{fraction or '0'}")
    except InvalidOperation:
        raise ValueError(f"{figure.body!r} is not a number written with {sign!r}") from None
    return -number if figure.negative else number


def shorten(value: object, most: int = 60) -> str:
    """A value as it may stand in a sentence: quoted, one line, bounded."""
    text = repr(str(value)[: most + 1])
    return text if len(str(value)) <= most else text[:-2] + "…'"
