"""Reads the literals of a WHERE clause for the type of the field they are compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from lark import Token

from adapters.salesforce.emulator.fields import NUMERIC, FieldSpec
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.soql.dates import literal_range
from adapters.salesforce.emulator.soql.parse import SoqlError
from adapters.salesforce.emulator.times import read_day, read_stamp, write_stamp

STRING_MAX = 4000
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
}
_TYPE_NAMES = {
    "datetime": "dateTime",
    "double": "double",
    "currency": "double",
    "percent": "double",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A date literal as stored texts: from `start` on and before `end`."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class LiteralReader:
    """Reads literals; `today` and `zone` are the running user's."""

    today: date
    zone: tzinfo

    def read(self, spec: FieldSpec, token: Token) -> Any:
        """Return the value in stored form, None for null, or a Span; raises SoqlError."""
        if token.type == "NAME" and token.lower() == "null":
            return None
        if spec.type in {"id", "reference"}:
            return _read_id(spec, token)
        if spec.type == "boolean":
            return _read_boolean(spec, token)
        if spec.type in NUMERIC:
            if token.type != "NUMBER":
                raise _wrong_literal(spec, "should not be enclosed in quotes", token)
            return float(token)
        if spec.type in {"date", "datetime"}:
            return self._read_time(spec, token)
        if token.type != "STRING":
            raise _wrong_literal(spec, "should be enclosed in quotes", token)
        return unquote(token) or None

    def _read_time(self, spec: FieldSpec, token: Token) -> Any:
        try:
            if token.type in {"NAME", "RANGE"}:
                days = literal_range(token, self.today)
                if days is not None:
                    return self._span(spec, *days)
            if spec.type == "date" and token.type == "DAY":
                return read_day(token).isoformat()
            if spec.type == "datetime" and token.type == "MOMENT":
                return write_stamp(read_stamp(token))
        except (ValueError, OverflowError):
            raise SoqlError("MALFORMED_QUERY", f"Invalid date: {token}", token) from None
        raise _wrong_literal(spec, "should not be enclosed in quotes", token)

    def _span(self, spec: FieldSpec, first: date, after: date) -> Span:
        if spec.type == "date":
            return Span(first.isoformat(), after.isoformat())
        start, end = (datetime.combine(day, time(), self.zone) for day in (first, after))
        return Span(write_stamp(start.astimezone(UTC)), write_stamp(end.astimezone(UTC)))


def unquote(token: Token, *, keep_wildcards: bool = False) -> str:
    """Return the text of a quoted literal; raises SoqlError for a wrong escape.

    With `keep_wildcards` the escapes `\\_` and `\\%` of LIKE stay as they are.
    """

    def replace(match: re.Match[str]) -> str:
        escape = match.group(1)
        if escape in {"_", "%"} and keep_wildcards:
            return match.group(0)
        if escape[0] == "u" and len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPES:
            message = f"Illegal string escape sequence '\\{escape}' (SOQL string literal)"
            raise SoqlError("MALFORMED_QUERY", message, token)
        return "\\\\" if escape == "\\" and keep_wildcards else _ESCAPES[escape]

    text = _ESCAPE.sub(replace, token[1:-1])
    if len(text) > STRING_MAX:
        raise SoqlError("MALFORMED_QUERY", "string literal is longer than 4000", token)
    return text


def like_pattern(token: Token) -> re.Pattern[str]:
    """Return the regular expression for a LIKE literal: `%` and `_`, in any case."""
    out = []
    text = unquote(token, keep_wildcards=True)
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text):
            index += 1
            out.append(re.escape(text[index]))
        else:
            out.append({"%": ".*", "_": "."}.get(char, re.escape(char)))
        index += 1
    return re.compile("".join(out), re.IGNORECASE | re.DOTALL)


def _read_id(spec: FieldSpec, token: Token) -> str | None:
    if token.type != "STRING":
        raise _wrong_literal(spec, "should be enclosed in quotes", token)
    text = unquote(token)
    if not text:
        return None
    record_id = to_18(text)
    if record_id is None:
        raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}", token)
    return record_id


def _read_boolean(spec: FieldSpec, token: Token) -> bool:
    if token.type != "NAME" or token.lower() not in {"true", "false"}:
        raise _wrong_literal(spec, "should not be enclosed in quotes", token)
    return token.lower() == "true"


def _wrong_literal(spec: FieldSpec, advice: str, token: Token) -> SoqlError:
    kind = _TYPE_NAMES.get(spec.type, spec.type)
    return SoqlError(
        "INVALID_FIELD",
        f"value of filter criterion for field '{spec.name}' must be of type {kind} and {advice}",
        token,
    )
