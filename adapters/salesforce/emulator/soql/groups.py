"""Aggregate queries: GROUP BY, HAVING and the functions over groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import NUMERIC, FieldSpec
from adapters.salesforce.emulator.soql.columns import AGGREGATES, Reader, Scope
from adapters.salesforce.emulator.soql.conditions import first_token, folds_case
from adapters.salesforce.emulator.soql.parse import SoqlError
from adapters.salesforce.emulator.soql.tree import (
    ChildItem,
    FunctionCall,
    Operand,
    OrderItem,
    Plain,
    Query,
    SelectItem,
)

GROUPS_MAX = 2000
Fold = Callable[[list[Any]], Any]


def is_aggregate(query: Query) -> bool:
    """Say whether a query returns groups (COUNT() alone is a count of rows, not a group)."""
    return bool(query.group) or any(
        isinstance(item, SelectItem)
        and isinstance(item.operand, FunctionCall)
        and item.operand.key in AGGREGATES
        and bool(item.operand.arguments)
        for item in query.items
    )


@dataclass(frozen=True, slots=True)
class GroupReader:
    """Reads operands from a group row, which maps the text of an operand to its value."""

    scope: Scope
    keys: tuple[str, ...]

    def operand(self, operand: Operand) -> tuple[FieldSpec, Reader]:
        """Return type and reader of a grouped field or an aggregate; raises SoqlError."""
        name = operand_text(operand)
        if isinstance(operand, FunctionCall) and operand.key in AGGREGATES:
            spec = aggregate_spec(self.scope, operand)
        else:
            spec, _ = self.scope.operand(operand)
            if name not in self.keys:
                message = f"Field must be grouped or aggregated: {name}"
                raise SoqlError("MALFORMED_QUERY", message, first_token(operand))
        return spec, lambda row: row.get(name)


def operand_text(operand: Operand) -> str:
    """Return one spelling for an operand, so that it can be found again."""
    if isinstance(operand, Plain):
        return str(operand.path).lower()
    return f"{operand.key}({','.join(operand_text(part) for part in operand.arguments)})"


def aggregate_spec(scope: Scope, call: FunctionCall) -> FieldSpec:
    """Return the type of an aggregate's result; raises SoqlError for an unfit field."""
    if call.key == "COUNT" and not call.arguments:
        return FieldSpec("COUNT", "int")
    if len(call.arguments) != 1:
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{call.name}'", call.name)
    spec, _ = scope.operand(call.arguments[0])
    if call.key in {"COUNT", "COUNT_DISTINCT"}:
        return FieldSpec(call.key, "int")
    if call.key in {"SUM", "AVG"} and spec.type not in NUMERIC:
        message = f"field {spec.name} does not support aggregate operator {call.key}"
        raise SoqlError("INVALID_FIELD", message, call.name)
    return spec


def build_groups(scope: Scope, query: Query, rows: list[Row]) -> list[Row]:
    """Return the group rows of an aggregate query, each with all operands it needs."""
    keys = [(operand_text(part), *scope.operand(part)) for part in query.group]
    for part, (_, spec, _) in zip(query.group, keys, strict=True):
        if not spec.is_groupable and isinstance(part, Plain):
            message = f"field '{spec.name}' can not be grouped in a query call"
            raise SoqlError("INVALID_FIELD", message, part.path)
    folds = [(operand_text(call), *_fold(scope, call)) for call in _aggregates(query)]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        values = tuple(read(row) for _, _, read in keys)
        folded = tuple(
            value.lower() if isinstance(value, str) and folds_case(spec) else value
            for value, (_, spec, _) in zip(values, keys, strict=True)
        )
        groups.setdefault(folded, []).append(row)
    if not query.group and not groups:
        groups[()] = []
    return [_group_row(keys, folds, members) for members in groups.values()]


def _group_row(
    keys: list[tuple[str, FieldSpec, Reader]],
    folds: list[tuple[str, Reader, Fold]],
    members: list[Row],
) -> Row:
    row: Row = {name: read(members[0]) for name, _, read in keys} if members else {}
    for name, read, fold in folds:
        row[name] = fold([value for value in map(read, members) if value is not None])
    return row


def _fold(scope: Scope, call: FunctionCall) -> tuple[Reader, Fold]:
    spec = aggregate_spec(scope, call)
    if not call.arguments:
        return (lambda row: True), len
    _, read = scope.operand(call.arguments[0])
    folds: dict[str, Fold] = {
        "COUNT": len,
        "COUNT_DISTINCT": lambda values: len(set(values)),
        "SUM": lambda values: round(sum(values), max(spec.scale, 2)) if values else None,
        "AVG": lambda values: sum(values) / len(values) if values else None,
        "MIN": lambda values: min(values, default=None),
        "MAX": lambda values: max(values, default=None),
    }
    return read, folds[call.key]


def _aggregates(query: Query) -> list[FunctionCall]:
    found: dict[str, FunctionCall] = {}
    operands: list[Operand] = [i.operand for i in query.items if isinstance(i, SelectItem)]
    operands += [item.operand for item in query.order]
    operands += _condition_operands(query.having)
    for operand in operands:
        if isinstance(operand, FunctionCall) and operand.key in AGGREGATES:
            found[operand_text(operand)] = operand
    return list(found.values())


def _condition_operands(condition: Any) -> list[Operand]:
    if condition is None:
        return []
    if hasattr(condition, "parts"):
        return [operand for part in condition.parts for operand in _condition_operands(part)]
    if hasattr(condition, "part"):
        return _condition_operands(condition.part)
    return [condition.operand]


def render_groups(reader: GroupReader, query: Query) -> Callable[[Row], dict[str, Any]]:
    """Return the function that renders a group; unnamed functions become `expr0`, `expr1`, ..."""
    parts: list[tuple[str, Reader]] = []
    unnamed = 0
    for item in query.items:
        if isinstance(item, ChildItem):
            raise SoqlError("MALFORMED_QUERY", "sub-selects are not allowed in an aggregate query")
        spec, read = reader.operand(item.operand)
        if item.alias is not None:
            name = str(item.alias)
        elif isinstance(item.operand, FunctionCall):
            name, unnamed = f"expr{unnamed}", unnamed + 1
        else:
            name = spec.name
        parts.append((name, read))

    def render(row: Row) -> dict[str, Any]:
        out: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        for name, read in parts:
            out[name] = read(row)
        return out

    return render


def order_operand(query: Query, item: OrderItem) -> Operand:
    """Return what an ORDER BY item means: an alias of SELECT stands for its operand."""
    if isinstance(item.operand, Plain):
        for selected in query.items:
            if isinstance(selected, SelectItem) and selected.alias == item.operand.path:
                return selected.operand
    return item.operand
