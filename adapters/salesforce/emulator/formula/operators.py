"""The operators of formulas."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from adapters.salesforce.emulator.formula.kinds import (
    DATE,
    DATETIME,
    NOTHING,
    NUMBER,
    TEXT,
    Evaluate,
    Moment,
    Typed,
)
from adapters.salesforce.emulator.formula.parse import FormulaError

DAY_SECONDS = Decimal(86_400)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOMENTS = {DATE, DATETIME}


def join_texts(parts: list[Typed]) -> Evaluate:
    """Return what `&` does; blanks are empty texts."""
    for part in parts:
        if part.kind not in {TEXT, NOTHING}:
            raise _wrong("&", TEXT, part.kind)
    reads = [part.evaluate for part in parts]
    return lambda moment: "".join(read(moment) or "" for read in reads) or None


def compare(sign: str, left: Typed, right: Typed) -> Evaluate:
    """Return a comparison; blank equals blank, and is neither more nor less than anything."""
    if NOTHING not in {left.kind, right.kind} and left.kind != right.kind:
        raise _wrong(sign, left.kind, right.kind)
    one, two = left.evaluate, right.evaluate
    if sign in {"=", "=="}:
        return lambda moment: one(moment) == two(moment)
    if sign in {"<>", "!="}:
        return lambda moment: one(moment) != two(moment)
    holds = _ORDER[sign]

    def test(moment: Moment) -> bool:
        a, b = one(moment), two(moment)
        return a is not None and b is not None and holds(a, b)

    return test


def calculate(sign: str, left: Typed, right: Typed) -> Typed:
    """Return an arithmetic step, also between dates; a blank operand gives a blank result."""
    kinds = (left.kind, right.kind)
    if sign == "+" and kinds == (TEXT, TEXT):
        return Typed(TEXT, join_texts([left, right]))
    if sign in {"+", "-"} and left.kind in _MOMENTS and right.kind == NUMBER:
        turn = Decimal(1) if sign == "+" else Decimal(-1)
        return Typed(left.kind, _both(left, right, lambda a, b: _shift(a, b * turn)))
    if sign == "-" and left.kind in _MOMENTS and left.kind == right.kind:
        return Typed(NUMBER, _both(left, right, _days_between))
    for kind in kinds:
        if kind not in {NUMBER, NOTHING}:
            raise _wrong(sign, NUMBER, kind)
    return Typed(NUMBER, _both(left, right, _ARITHMETIC[sign]))


def _both(left: Typed, right: Typed, work: Callable[[Any, Any], Any]) -> Evaluate:
    one, two = left.evaluate, right.evaluate

    def evaluate(moment: Moment) -> Any:
        a, b = one(moment), two(moment)
        if a is None or b is None:
            return None
        try:
            return work(a, b)
        except (DivisionByZero, InvalidOperation, Overflow, OverflowError, ValueError):
            return None

    return evaluate


def _shift(value: date, days: Decimal) -> date:
    if isinstance(value, datetime):
        return value + timedelta(seconds=int(days * DAY_SECONDS))
    return value + timedelta(days=int(days))


def _days_between(a: date, b: date) -> Decimal:
    gap = a - b
    return Decimal(gap.days) + Decimal(gap.seconds) / DAY_SECONDS


def _power(a: Decimal, b: Decimal) -> Decimal | None:
    # Exponents beyond any field's precision would only cost time.
    return None if abs(b) > 400 else a**b


_ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Decimal | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": _power,
}


def _wrong(sign: str, expected: str, received: str) -> FormulaError:
    text = f"Incorrect parameter type for operator '{sign}'"
    return FormulaError(f"{text}. Expected {expected}, received {received}")
