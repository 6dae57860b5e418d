"""The closed list of transforms: each takes a column of values and gives a column of values.

A value that cannot be transformed is refused with a reason and becomes None; the row goes to the
problems and the rest of the column goes on. None passes through every transform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from connector.domain.headers import header_names
from connector.mapping import days_text, numbers_text
from connector.mapping.numbers_text import shorten

Values = list[object]

# Words for currencies that mean one currency only ("$" and "¥" do not).
_CURRENCY_WORDS = {
    "RMB": "CNY", "CNH": "CNY", "人民币": "CNY", "元": "CNY",
    "US$": "USD", "美元": "USD", "€": "EUR", "欧元": "EUR", "£": "GBP", "英镑": "GBP",
    "HK$": "HKD", "港币": "HKD", "港元": "HKD", "日元": "JPY",
}  # fmt: skip


@dataclass(slots=True)
class ColumnWork:
    """What a transform may know and say about the column it works on.

    `refused` maps row numbers to reasons. `memory` keeps what one file's earlier pages proved
    about the column (decimal sign, order of day and month).
    """

    refused: dict[int, str] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)

    def refuse(self, row: int, reason: str) -> None:
        """Note why the row's value cannot be used; the first reason stays."""
        self.refused.setdefault(row, reason)


class Arguments(BaseModel):
    """Arguments of a transform; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DecimalArguments(Arguments):
    """`decimal` and `thousands` signs; left out, they are told from the column's values."""

    decimal: str | None = Field(default=None, pattern=r"^[.,]$")
    thousands: str | None = Field(default=None, pattern=r"^[.,']?$")


class DateArguments(Arguments):
    """`day_first`, or strptime `formats`; left out, the order is told from the column's values."""

    day_first: bool | None = None
    formats: tuple[str, ...] = Field(default=(), strict=False)


class BooleanArguments(Arguments):
    """Words for true and false, compared without regard to case."""

    true: tuple[str, ...] = Field(default=("true", "yes", "y", "1", "x", "是", "真"), strict=False)
    false: tuple[str, ...] = Field(default=("false", "no", "n", "0", "否", "假"), strict=False)


class SplitArguments(Arguments):
    """Which part (1 = first, -1 = last) of the text between separators."""

    separator: str = Field(min_length=1, max_length=10)
    part: int = 1


@dataclass(frozen=True, slots=True)
class Transform:
    """One entry of the closed list."""

    name: str
    arguments: type[Arguments]
    apply: Callable[[Values, Any, ColumnWork], Values]


def _each(values: Values, work: ColumnWork, one: Callable[[Any], object], *only: type) -> Values:
    """Apply `one` to each value (of the types `only`, when given); ValueErrors refuse the row."""
    result: Values = [None] * len(values)
    known: dict[object, object] = {}
    for row, value in enumerate(values):
        if value is None or (only and not isinstance(value, only)):
            result[row] = value
            continue
        try:
            # True and 1, or 1 and 1.0, are one key: such values are worked out each time.
            if value.__class__ is not str:
                result[row] = one(value)
            elif value in known:
                result[row] = known[value]
            else:
                result[row] = known[value] = one(value)
        except ValueError as error:
            work.refuse(row, str(error))
    return result


def as_text(value: object) -> str:
    """A scalar as text: numbers plain, dates ISO, booleans true/false. ValueError otherwise."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal | float):
        return plain_number(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise ValueError(f"{shorten(value)} is a structure, not a value")


def plain_number(value: Decimal | float) -> str:
    """Digits without exponent or trailing zeros; ValueError for NaN and infinity."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite() or number.adjusted() > 60 or number.adjusted() < -60:
        raise ValueError(f"{shorten(value)} is not a usable number")
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def to_number(value: object) -> Decimal:
    """A number of any plain form as Decimal (floats by their shortest text)."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool):
        raise ValueError(f"{value} is a yes or no, not a number")
    if isinstance(value, int | float):
        return Decimal(str(value))
    return numbers_text.parse_plain(as_text(value))


def _text(change: Callable[[str], str]) -> Callable[[Values, Arguments, ColumnWork], Values]:
    def apply(values: Values, _arguments: Arguments, work: ColumnWork) -> Values:
        return _each(values, work, lambda value: change(as_text(value)) or None)

    return apply


def _number(change: Callable[[Decimal], Decimal]) -> Callable[..., Values]:
    def apply(values: Values, _arguments: Arguments, work: ColumnWork) -> Values:
        return _each(values, work, lambda value: change(to_number(value)))

    return apply


def _strip_zeros(text: str) -> str:
    stripped = text.strip()
    return (stripped.lstrip("0") or "0") if stripped.isdigit() else stripped


def _decimal(values: Values, arguments: DecimalArguments, work: ColumnWork) -> Values:
    figures = _each(values, work, numbers_text.split_figure, str)
    sign = arguments.decimal or ""
    if not sign and arguments.thousands:
        sign = "," if arguments.thousands == "." else "."
    if not sign:
        bodies = {f.body for f in figures if isinstance(f, numbers_text.Figure)}
        sign = _remember(work, "decimal_sign", numbers_text.detect_decimal_sign(bodies), "")

    def parse(figure: numbers_text.Figure) -> Decimal:
        return numbers_text.to_decimal(figure, sign, arguments.thousands)

    return _each(figures, work, parse, numbers_text.Figure)


def _remember(work: ColumnWork, key: str, found: Any, unknown: Any) -> Any:
    """What this page proves, else what the file's earlier pages proved.

    A page that contradicts an earlier one leaves the matter open: its ambiguous values are refused.
    """
    earlier = work.memory.get(key, unknown)
    if found != unknown and earlier not in (unknown, found):
        return unknown
    if found != unknown:
        work.memory[key] = found
    return work.memory.get(key, unknown)


def _integer(values: Values, _arguments: Arguments, work: ColumnWork) -> Values:
    def parse(value: object) -> int:
        number = to_number(value)
        if number != number.to_integral_value():
            raise ValueError(f"{shorten(value)} is not a whole number")
        return int(number)

    return _each(values, work, parse)


def _share(values: Values, _arguments: Arguments, work: ColumnWork) -> Values:
    """A part of one: `30%` and `0.3` are the same; a bare number above 1 may be either and is
    refused."""

    def parse(value: object) -> Decimal:
        text = as_text(value).strip().replace("％", "%")
        number = numbers_text.parse_plain(text.removesuffix("%").replace(",", "."))
        part = number / 100 if text.endswith("%") else number
        if not 0 <= part <= 1:
            raise ValueError(f"{shorten(value)} is not a share; write it as 30% or 0.3")
        return part

    return _each(values, work, parse)


def _date(values: Values, arguments: DateArguments, work: ColumnWork) -> Values:
    if arguments.formats:
        formats = arguments.formats
        return _each(values, work, lambda text: days_text.parse_formats(text, formats), str)
    order = arguments.day_first
    if order is None:
        texts = {value for value in values if isinstance(value, str)}
        order = _remember(work, "day_first", days_text.detect_day_first(texts), None)
    return _each(values, work, lambda text: days_text.to_date(text, order), str)


def _datetime(values: Values, _arguments: Arguments, work: ColumnWork) -> Values:
    return _each(values, work, days_text.to_moment, str)


def _boolean(values: Values, arguments: BooleanArguments, work: ColumnWork) -> Values:
    words = {word.lower(): False for word in arguments.false}
    words |= {word.lower(): True for word in arguments.true}

    def parse(value: object) -> bool:
        for word in header_names(as_text(value)):
            if word in words:
                return words[word]
        raise ValueError(f"{shorten(value)} is none of the words for yes or no")

    return _each(values, work, parse)


def _split(values: Values, arguments: SplitArguments, work: ColumnWork) -> Values:
    index = arguments.part - 1 if arguments.part > 0 else arguments.part

    def pick(value: object) -> str | None:
        parts = as_text(value).split(arguments.separator)
        if not -len(parts) <= index < len(parts):
            raise ValueError(f"{shorten(value)} has no part {arguments.part}")
        return parts[index].strip() or None

    return _each(values, work, pick)


def _currency(text: str) -> str:
    word = text.strip().upper()
    return _CURRENCY_WORDS.get(word, word)


def _terms_days(values: Values, _arguments: Arguments, work: ColumnWork) -> Values:
    return _each(values, work, lambda value: days_text.terms_to_days(as_text(value)))


TRANSFORMS: Mapping[str, Transform] = {
    transform.name: transform
    for transform in (
        Transform("trim", Arguments, _text(str.strip)),
        Transform("upper", Arguments, _text(str.upper)),
        Transform("lower", Arguments, _text(str.lower)),
        Transform("strip_leading_zeros", Arguments, _text(_strip_zeros)),
        Transform("digits", Arguments, _text(lambda t: "".join(c for c in t if c.isdigit()))),
        Transform("split", SplitArguments, _split),
        Transform("decimal", DecimalArguments, _decimal),
        Transform("integer", Arguments, _integer),
        Transform("share", Arguments, _share),
        Transform("negate", Arguments, _number(lambda number: -number)),
        Transform("absolute", Arguments, _number(abs)),
        Transform("date", DateArguments, _date),
        Transform("datetime", Arguments, _datetime),
        Transform("boolean", BooleanArguments, _boolean),
        Transform("currency", Arguments, _text(_currency)),
        Transform("terms_days", Arguments, _terms_days),
    )
}
"""Every transform by name; the list is closed and described in `mappings/docs.md`."""


def run_transforms(
    values: Values, steps: Sequence[tuple[str, Arguments]], work: ColumnWork
) -> Values:
    """All steps in order."""
    for name, arguments in steps:
        values = TRANSFORMS[name].apply(values, arguments, work)
    return values
