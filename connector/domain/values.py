"""Canonical text of a value: the form in which plan, journal and mirrors compare and store it.

Decimals without exponent or trailing zeros, dates as ISO, flags as true/false, text trimmed and
never empty. null, missing and "" are the same: None. Two values are equal when their canonical
texts are.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from connector.domain.entities import Kind

MOST_DIGITS = 28
"""Digits before or after the point, as many as decimal arithmetic keeps exactly."""


def canonical(value: object, kind: Kind, scale: int | None = None) -> str | None:
    """Canonical text of `value`; `scale` rounds half-up (vendor fields have one).

    Raises ValueError when the value is not of the kind.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if kind is Kind.FLAG:
        return _flag_text(value)
    if kind is Kind.DATE:
        return _date_text(value)
    if kind is Kind.TIMESTAMP:
        return value.isoformat() if isinstance(value, datetime) else str(value).strip()
    if kind is Kind.TEXT:
        return str(value).strip()
    return decimal_text(value, scale)


def decimal_text(value: object, scale: int | None = None) -> str:
    """Plain text of a number, rounded half-up to `scale` digits when given.

    Raises ValueError for what is no number, and for one beyond `MOST_DIGITS`.
    """
    try:
        number = Decimal(str(value).strip())
        if scale is not None:
            number = number.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number that can be held") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    if number and abs(number.adjusted()) >= MOST_DIGITS:
        raise ValueError(f"{value!r} is not a number that can be held")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _flag_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise ValueError(f"{value!r} is neither true nor false")
    return text


def _date_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return date.fromisoformat(str(value).strip()[:10]).isoformat()
