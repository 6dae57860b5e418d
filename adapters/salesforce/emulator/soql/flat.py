"""The columns of a query that the Bulk API can run: fields and parent fields, no nesting."""

from __future__ import annotations

from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.soql.columns import AGGREGATES, Reader, Scope
from adapters.salesforce.emulator.soql.projection import expand_fields
from adapters.salesforce.emulator.soql.tree import ChildItem, FunctionCall, Plain, Query, SelectItem

FlatColumn = tuple[str, FieldSpec, Reader]


def flat_columns(scope: Scope, query: Query) -> list[FlatColumn]:
    """Return the columns in the order asked; raises ApiError for what Bulk queries refuse.

    Refused are groups, aggregates, sub-queries, OFFSET and compound fields (Bulk API 2.0
    guide, "SOQL Considerations").
    """
    if query.group or query.having is not None:
        raise _refused("Aggregate queries are not supported in Bulk V2 Query with CSV content type")
    if query.offset is not None:
        raise _refused("OFFSET is not supported in Bulk V2 Query")
    columns: list[FlatColumn] = []
    for item in query.items:
        columns.extend(_columns_of(scope, query, item))
    return columns


def _columns_of(scope: Scope, query: Query, item: SelectItem | ChildItem) -> list[FlatColumn]:
    if isinstance(item, ChildItem):
        raise _refused(
            "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"
        )
    operand = item.operand
    if isinstance(operand, FunctionCall) and operand.key == "FIELDS":
        found = expand_fields(scope, query, operand)
        return [(c.key, c.spec, c.read) for c in found if c.spec.type != "address"]
    if isinstance(operand, FunctionCall):
        if operand.key in AGGREGATES:
            raise _refused("Aggregate functions are not supported in Bulk V2 Query")
        spec, read = scope.operand(operand)
        inner = operand.arguments[0]
        default = str(inner.path) if isinstance(inner, Plain) else str(operand.name)
        return [(str(item.alias or default), spec, read)]
    column = scope.column(operand.path)
    if column.spec.type == "address":
        raise _refused("Selecting compound data not supported in Bulk Query")
    return [(column.key, column.spec, column.read)]


def _refused(message: str) -> ApiError:
    return ApiError(400, "FEATURENOTENABLED", message)
