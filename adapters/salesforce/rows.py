"""Rows to write as exact JSON or CSV, from canonical text and the field's description.

One normaliser, `to_json_value`, says what a field gets; `to_csv_cell` spells the same value for a
bulk job, so that both ways store the same.
Sources: REST API Developer Guide, "Valid Date and DateTime Formats"; currency and number fields
take JSON numbers, null clears a field, a checkbox knows no null. Bulk API 2.0 Developer Guide,
"Prepare CSV Files": an empty cell leaves a field as it is, #N/A clears it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from connector.domain.entities import Kind
from connector.domain.values import decimal_text
from connector.errors import RefusedError
from connector.ports.crm import FieldInfo, ObjectInfo

_NUMBERS = (Kind.MONEY, Kind.RATE, Kind.QUANTITY, Kind.COUNT)
CSV_NULL = "#N/A"
_SCALED = ("currency", "double", "percent")


def find_writable(name: str, info: ObjectInfo, *, create: bool) -> FieldInfo:
    """The field to write; RefusedError when the org hides it or does not let us write it."""
    field = info.find(name)
    if field is None:
        raise RefusedError(
            "Salesforce knows no field {field} on {object}, or hides it from the integration user.",
            code="INVALID_FIELD",
            where=info.name,
            next_step="Correct the mapping, or give the permission set read and edit access to "
            "the field (field-level security).",
            field=name,
            object=info.name,
        )
    if not (field.createable if create else field.updateable):
        raise RefusedError(
            "The integration user may not write the field {field} of {object}.",
            code="INVALID_FIELD_FOR_INSERT_UPDATE",
            where=info.name,
            next_step="Give the permission set edit access to the field (field-level security); "
            "formulas and automatic numbers cannot be written at all.",
            field=field.name,
            object=info.name,
        )
    return field


def to_json_value(text: str | None, field: FieldInfo) -> object:
    """The JSON value for a canonical text. ValueError when it is not of the field's kind.

    Numbers are rounded half-up to the field's scale, as `canonical` does.
    """
    if text is None:
        return False if field.kind is Kind.FLAG else None
    if field.kind in _NUMBERS:
        scale = field.scale if field.vendor_type in _SCALED else 0
        return Decimal(decimal_text(text, scale))
    if field.kind is Kind.FLAG:
        if text not in ("true", "false"):
            raise ValueError(f"{text!r} is neither true nor false")
        return text == "true"
    if field.kind is Kind.TIMESTAMP:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    text.encode()  # half a character pair cannot be sent
    return text


def to_csv_cell(value: object) -> str:
    """The CSV spelling of a JSON value. ValueError for a text that CSV cannot say."""
    if value is None or value == "":
        return CSV_NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    text = str(value)
    if text.strip().upper() == CSV_NULL:
        raise ValueError(f"{text!r} would clear the field in a bulk job")
    if "\0" in text:
        raise ValueError("a text with a zero character cannot stand in CSV")
    return text


def encode_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """CSV in UTF-8 with a header, comma and LF; what needs quotes has them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def encode_json(value: object) -> bytes:
    """JSON as UTF-8 with decimals digit by digit; the standard encoder would go through float."""
    return "".join(_write(value)).encode()


def _write(value: object) -> list[str]:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no JSON number")
        return [format(value, "f")]
    if isinstance(value, dict):
        parts = ["{"]
        for name, inner in value.items():
            parts += [", " if len(parts) > 1 else "", json.dumps(str(name)), ": ", *_write(inner)]
        return [*parts, "}"]
    if isinstance(value, list | tuple):
        parts = ["["]
        for inner in value:
            parts += [", " if len(parts) > 1 else "", *_write(inner)]
        return [*parts, "]"]
    if value is None or isinstance(value, bool | int | str):
        return [json.dumps(value, ensure_ascii=False)]
    raise TypeError(f"{type(value).__name__} cannot be sent")
