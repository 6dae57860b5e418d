"""Gives a column of values its Arrow type: fast when all of them fit, else value by value."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.entities import Kind
from connector.mapping.days_text import to_moment
from connector.mapping.numbers_text import shorten
from connector.mapping.transforms import ColumnWork, Values, as_text, to_number
from connector.ports.facts import ARROW_TYPES

MAX_TEXT = 100_000
_ZONED = pa.timestamp("us", "UTC")
_ISO_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?\Z")
_FAST_ERRORS = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError,
                UnicodeEncodeError, OverflowError, ValueError)  # fmt: skip


def type_column(values: Values, kind: Kind, work: ColumnWork) -> pa.Array:
    """The values as Arrow type of `kind`.

    Amounts are rounded half-up to the scale of the kind, text is trimmed and never empty, moments
    are UTC without zone. A value that does not fit is refused and null.
    """
    if kind is Kind.TEXT:
        return type_text(values, work)
    if kind is not Kind.COUNT or all(v is None or v.__class__ is int for v in values):
        try:
            return _fast(values, kind)
        except _FAST_ERRORS:
            pass
    convert = _CONVERTERS[kind]
    return pa.array(_one_by_one(values, convert, work), ARROW_TYPES[kind])


def type_text(values: Values, work: ColumnWork) -> pa.Array:
    """Text, trimmed, without NUL, empty as null; scalars of other types as plain text."""
    try:
        array = pa.array(values, pa.string())
    except _FAST_ERRORS:
        array = pa.array(_one_by_one(values, _text, work), pa.string())
    if array.null_count == len(array):
        return array
    longest = pc.max(pc.utf8_length(array)).as_py() or 0
    if longest > MAX_TEXT:
        array = pa.array(_one_by_one(array.to_pylist(), _text, work), pa.string())
    trimmed = pc.utf8_trim_whitespace(pc.replace_substring(array, "\x00", ""))
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _fast(values: Values, kind: Kind) -> pa.Array:
    """All values at once; raises when one of them needs a closer look."""
    if kind is Kind.DATE and any(isinstance(value, str) for value in values):
        return pa.array(values, pa.string()).cast(pa.date32())
    if kind is Kind.TIMESTAMP:
        # Text with a zone only; anything else is looked at one by one.
        return pa.array(values, pa.string()).cast(_ZONED).cast(ARROW_TYPES[kind])
    return pa.array(values, ARROW_TYPES[kind])


def _one_by_one(
    values: Values, convert: Callable[[object], object], work: ColumnWork
) -> list[object]:
    result: list[object] = [None] * len(values)
    for row, value in enumerate(values):
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            result[row] = convert(value)
        except ValueError as error:
            work.refuse(row, str(error))
    return result


def _text(value: object) -> str:
    text = as_text(value)
    if len(text) > MAX_TEXT:
        raise ValueError(f"the text has {len(text)} characters, {MAX_TEXT} are the most")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("the text holds a broken character")
    return text


def _scaled(scale: int) -> Callable[[object], Decimal]:
    step, most = Decimal(1).scaleb(-scale), Decimal(10) ** (18 - scale)

    def convert(value: object) -> Decimal:
        number = to_number(value)
        if not number.is_finite() or abs(number) >= most:
            raise ValueError(f"{shorten(value)} is too large or not a number")
        return number.quantize(step, rounding=ROUND_HALF_UP)

    return convert


def _count(value: object) -> int:
    number = to_number(value)
    if not number.is_finite() or abs(number) >= 10**15 or number != number.to_integral_value():
        raise ValueError(f"{shorten(value)} is not a whole number")
    return int(number)


def _date(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = _ISO_DAY.match(as_text(value).strip())
    try:
        if match:
            return date.fromisoformat(match[1])
    except ValueError:
        pass
    raise ValueError(f"{shorten(value)} is not an ISO date; add transform: date")


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return to_moment(as_text(value))


def _flag(value: object) -> bool:
    text = as_text(value).strip().lower()
    if text not in ("true", "false"):
        raise ValueError(f"{shorten(value)} is neither true nor false; add transform: boolean")
    return text == "true"


_CONVERTERS: dict[Kind, Callable[[object], object]] = {
    Kind.MONEY: _scaled(4),
    Kind.QUANTITY: _scaled(4),
    Kind.RATE: _scaled(10),
    Kind.COUNT: _count,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _moment,
    Kind.FLAG: _flag,
}
