"""Types of formula values, and values as rows hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import NUMERIC, FieldSpec
from adapters.salesforce.emulator.times import read_day, read_stamp, write_stamp

TEXT, NUMBER, BOOLEAN = "Text", "Number", "Boolean"
DATE, DATETIME, TIME = "Date", "DateTime", "Time"
PICKLIST, MULTI, NOTHING = "Picklist", "Multipicklist", "Null"
TEXT_MAX = 1300
_OF_FIELD = {
    **dict.fromkeys(NUMERIC, NUMBER),
    "boolean": BOOLEAN,
    "date": DATE,
    "datetime": DATETIME,
    "time": TIME,
    "picklist": PICKLIST,
    "combobox": PICKLIST,
    "multipicklist": MULTI,
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What a formula looks at: the record, and what it was before (None: it is new)."""

    row: Row
    old: Row | None = None


Evaluate = Callable[[Moment], Any]


@dataclass(frozen=True, slots=True)
class Typed:
    """A part of a formula: its type and how it is evaluated.

    `item` is the field when the part is one of the record itself.
    """

    kind: str
    evaluate: Evaluate = field(repr=False)
    item: FieldSpec | None = None


def kind_of(item: FieldSpec) -> str:
    """Return the formula type of a field."""
    return _OF_FIELD.get(item.type, TEXT)


def from_row(item: FieldSpec, value: Any) -> Any:
    """Return a stored value in the form that formulas compute with."""
    if value is None or value == "":
        return None
    kind = kind_of(item)
    if kind == NUMBER:
        return Decimal(str(value))
    if kind == DATE:
        return read_day(str(value))
    if kind == DATETIME:
        return read_stamp(str(value))
    return value


def to_row(item: FieldSpec, value: Any) -> Any:
    """Return a formula's result as a field of that type holds it."""
    if item.type == "boolean":
        return bool(value)
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        step = Decimal(1).scaleb(-item.scale)
        return float(value.quantize(step, rounding=ROUND_HALF_UP))
    if isinstance(value, datetime):
        return write_stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)[:TEXT_MAX]
