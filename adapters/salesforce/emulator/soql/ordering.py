"""Order and extent of a query's rows: ORDER BY, OFFSET, LIMIT."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.soql.columns import Reader
from adapters.salesforce.emulator.soql.conditions import first_token, folds_case
from adapters.salesforce.emulator.soql.parse import SoqlError
from adapters.salesforce.emulator.soql.tree import Operand, OrderItem, Query


def cut_rows(rows: list[Row], query: Query) -> list[Row]:
    """Apply OFFSET and LIMIT."""
    start = query.offset or 0
    return rows[start:] if query.limit is None else rows[start : start + query.limit]


def sort_rows(
    rows: list[Row],
    order: tuple[OrderItem, ...],
    operand: Callable[[Operand], tuple[FieldSpec, Reader]],
) -> list[Row]:
    """Return the rows in order: one stable sort for each key, the last key first."""
    for item in reversed(order):
        spec, read = operand(item.operand)
        if not spec.is_sortable:
            message = f"field '{spec.name}' can not be sorted in a query call"
            raise SoqlError("INVALID_FIELD", message, first_token(item.operand))
        rows = _sort_by(rows, item, spec, read)
    return rows


def _sort_by(rows: list[Row], item: OrderItem, spec: FieldSpec, read: Reader) -> list[Row]:
    if not folds_case(spec):
        try:
            return sorted(rows, key=read, reverse=item.descending)
        except TypeError:
            # Nulls do not compare; they are put apart below.
            pass
    keyed = [(read(row), row) for row in rows]
    nulls = [row for value, row in keyed if value is None]
    full = [pair for pair in keyed if pair[0] is not None]
    if folds_case(spec):
        full = [(value.lower(), row) for value, row in full]
    full.sort(key=_first, reverse=item.descending)
    ordered = [row for _, row in full]
    return ordered + nulls if item.nulls_last else nulls + ordered


def _first(pair: tuple[Any, Row]) -> Any:
    return pair[0]
