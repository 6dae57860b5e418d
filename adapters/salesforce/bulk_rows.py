"""Rows of a bulk query's CSV as the same records that the REST API gives.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Get Results for a Query Job": columns in the
order asked, every value quoted, empty for null, moments as `2026-01-31T10:00:00.000Z`; each page
begins with the header.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.salesforce.describe import Catalogue
from adapters.salesforce.errors import Call, translate_nonsense
from connector.domain.entities import Kind
from connector.ports.crm import FieldInfo, ObjectInfo

FIELD_CHARACTERS_MAX = 131_072
"""Characters of one field (Bulk API 2.0 guide, "Limits")."""

Convert = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the cells of rows become records: a name for each column, some converted.

    `nested` are the columns of parents, as (column, path); their names in `names` are not used.
    """

    names: tuple[str, ...]
    converts: Mapping[int, Convert]
    nested: tuple[tuple[int, tuple[str, ...]], ...]

    def read(self, rows: Sequence[list[str]]) -> list[dict[str, Any]]:
        """The records of some rows; a parent that has no value at all is None, as in REST.

        Column by column: that takes half the time.
        """
        if not rows:
            return []
        columns: list[list[Any]] = [
            [cell or None for cell in cells]
            if (convert := self.converts.get(position)) is None
            else [convert(cell) if cell else None for cell in cells]
            for position, cells in enumerate(zip(*rows, strict=True))
        ]
        nested = dict(self.nested)
        own = [n for n in range(len(self.names)) if n not in nested]
        names = [self.names[n] for n in own]
        values = zip(*(columns[n] for n in own), strict=True)
        records = [dict(zip(names, row, strict=True)) for row in values]
        for position, path in self.nested:
            for record, value in zip(records, columns[position], strict=True):
                _nest(record, path, value)
        return records


def draw_shape(columns: Sequence[str], info: ObjectInfo, catalogue: Catalogue) -> Shape:
    """The shape of a query's rows, by the descriptions of the object and of its parents."""
    names: list[str] = []
    converts: dict[int, Convert] = {}
    nested: list[tuple[int, tuple[str, ...]]] = []
    for position, column in enumerate(columns):
        path, field = _follow(column.split("."), info, catalogue)
        names.append(".".join(path))
        if len(path) > 1:
            nested.append((position, path))
        convert = _CONVERTS.get(field.kind) if field else None
        if convert is not None:
            converts[position] = convert
    return Shape(tuple(names), converts, tuple(nested))


def split_rows(body: bytes, shape: Shape, call: Call) -> list[list[str]]:
    """The cells of each row of a page of results; TransientError when it is cut or not CSV."""
    csv.field_size_limit(FIELD_CHARACTERS_MAX + 1)
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", newline=""), strict=True)
    width = len(shape.names)
    try:
        header = next(rows, None)
        if header is not None and [name.lower() for name in header] != [
            name.lower() for name in shape.names
        ]:
            raise translate_nonsense(call, "the columns are not those that were asked for")
        found = list(rows)
    except (csv.Error, UnicodeDecodeError):
        raise translate_nonsense(call, "the answer is cut or not CSV") from None
    if any(len(cells) != width for cells in found):
        raise translate_nonsense(call, "a row has other columns than the header")
    return found


def _follow(
    parts: list[str], info: ObjectInfo | None, catalogue: Catalogue
) -> tuple[tuple[str, ...], FieldInfo | None]:
    """A column's path in the org's spelling, and its field as far as it is described."""
    head, *rest = parts
    if info is None:
        return tuple(parts), None
    if not rest:
        field = info.find(head)
        return (field.name if field else head,), field
    for field in info.fields.values():
        if field.relationship.lower() == head.lower():
            parent = catalogue.describe(field.refers_to[0]) if field.refers_to else None
            path, leaf = _follow(rest, parent, catalogue)
            return (field.relationship, *path), leaf
    return tuple(parts), None


def _nest(record: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    head, *rest = path
    if not rest:
        record[head] = value
        return
    parent = record.setdefault(head, None)
    if value is None and parent is None:
        return
    if parent is None:
        parent = record[head] = {}
    _nest(parent, tuple(rest), value)


def _spell_like_rest(text: str) -> str:
    return text[:-1] + "+0000" if text.endswith("Z") else text


def _read_flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("neither true nor false")
    return text == "true"


_CONVERTS: dict[Kind, Convert] = {
    Kind.FLAG: _read_flag,
    Kind.TIMESTAMP: _spell_like_rest,
    Kind.MONEY: Decimal,
    Kind.QUANTITY: Decimal,
    Kind.RATE: Decimal,
    Kind.COUNT: Decimal,
}
