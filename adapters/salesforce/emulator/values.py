"""Turns a JSON value into what is stored in a field, or refuses it as the vendor does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from adapters.salesforce.emulator.errors import ApiError, RecordError, bad_json
from adapters.salesforce.emulator.fields import NUMERIC, TEXTUAL, FieldSpec
from adapters.salesforce.emulator.times import TIME_OF_DAY, read_day, read_stamp, write_stamp

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+\Z")
_JSON_NAMES = {str: "STRING", bool: "BOOLEAN", int: "NUMBER_INT", Decimal: "NUMBER_FLOAT"}


def store_value(spec: FieldSpec, value: Any) -> Any:
    """Return the stored form of a JSON value for a field (references are checked elsewhere).

    Raises RecordError for a value that the field refuses and ApiError
    (JSON_PARSER_ERROR) for one of another JSON type.
    """
    if value is None or value == "":
        if spec.type == "boolean":
            message = f"{spec.label}: value not of required type: {value or 'null'}"
            raise RecordError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [spec.name])
        return None
    return _STORE[spec.type](spec, value)


def _wrong_type(spec: FieldSpec, value: Any) -> ApiError:
    kind = _JSON_NAMES.get(type(value))
    seen = f"VALUE_{kind} value {value}" if kind else "START_OBJECT value {"
    return bad_json(
        f"Cannot deserialize instance of {spec.type} from {seen} "
        "or request may be missing a required field at [line:1, column:1]"
    )


def _store_text(spec: FieldSpec, value: Any) -> str:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _wrong_type(spec, value)
    if len(value) > spec.length:
        message = f"{spec.label}: data value too large: {value} (max length={spec.length})"
        raise RecordError("STRING_TOO_LONG", message, [spec.name])
    if spec.type == "email" and not _EMAIL.match(value):
        message = f"{spec.label}: invalid email address: {value}"
        raise RecordError("INVALID_EMAIL_ADDRESS", message, [spec.name])
    return value


def _store_choice(spec: FieldSpec, value: Any) -> str:
    chosen = _store_text(spec, value)
    if not spec.restricted:
        return chosen
    known = {name.lower(): name for name in spec.values}
    parts = chosen.split(";") if spec.type == "multipicklist" else [chosen]
    for part in parts:
        if part.lower() not in known and spec.name == "CurrencyIsoCode":
            message = f"{spec.label}: invalid currency ISO code: {part}"
            raise RecordError("INVALID_CURRENCY_ISO", message, [spec.name])
        if part.lower() not in known:
            message = f"{spec.label}: bad value for restricted picklist field: {part}"
            raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [spec.name])
    return ";".join(known[part.lower()] for part in parts)


def _store_number(spec: FieldSpec, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise _wrong_type(spec, value)
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        raise _wrong_type(spec, value) from None
    if not exact.is_finite():
        raise _wrong_type(spec, value)
    whole = max(exact.adjusted() + 1, 0) if exact else 0
    exponent = exact.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if whole > spec.precision - spec.scale or decimals > spec.scale:
        message = f"{spec.label}: value outside of valid range on numeric field: {value}"
        raise RecordError("NUMBER_OUTSIDE_VALID_RANGE", message, [spec.name])
    return int(exact) if spec.type == "int" else float(exact)


def _store_boolean(spec: FieldSpec, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _wrong_type(spec, value)


def _store_date(spec: FieldSpec, value: Any) -> str:
    try:
        return read_day(str(value)[:10] if "T" in str(value) else str(value)).isoformat()
    except ValueError:
        raise _wrong_type(spec, value) from None


def _store_moment(spec: FieldSpec, value: Any) -> str:
    try:
        text = str(value)
        if "T" not in text:
            return write_stamp(datetime.combine(read_day(text), time(), UTC))
        return write_stamp(read_stamp(text))
    except (ValueError, OverflowError):
        raise _wrong_type(spec, value) from None


def _store_time(spec: FieldSpec, value: Any) -> str:
    found = TIME_OF_DAY.match(value) if isinstance(value, str) else None
    if found is None:
        raise _wrong_type(spec, value)
    return f"{str(value)[:8]}.{(found.group(2) or '.0')[1:].ljust(3, '0')}Z"


def _store_id(spec: FieldSpec, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_type(spec, value)
    return value


def _refuse_compound(spec: FieldSpec, value: Any) -> Any:
    raise _wrong_type(spec, value)


_STORE: dict[str, Callable[[FieldSpec, Any], Any]] = {
    **dict.fromkeys(TEXTUAL, _store_text),
    **dict.fromkeys(NUMERIC, _store_number),
    "picklist": _store_choice,
    "multipicklist": _store_choice,
    "boolean": _store_boolean,
    "date": _store_date,
    "datetime": _store_moment,
    "time": _store_time,
    "id": _store_id,
    "reference": _store_id,
    "address": _refuse_compound,
}
