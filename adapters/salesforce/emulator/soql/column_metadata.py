"""What `columns=true` answers: the columns of a query instead of its rows."""

from __future__ import annotations

from typing import Any

from adapters.salesforce.emulator.fields import NUMERIC, TEXTUAL, FieldSpec
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.soql.columns import AGGREGATES, Column, Scope
from adapters.salesforce.emulator.soql.groups import aggregate_spec, is_aggregate
from adapters.salesforce.emulator.soql.projection import expand_fields
from adapters.salesforce.emulator.soql.run import find_children
from adapters.salesforce.emulator.soql.tree import ChildItem, FunctionCall, Query, SelectItem

_APEX = {
    "id": "Id",
    "reference": "Id",
    "boolean": "Boolean",
    "int": "Integer",
    "double": "Double",
    "currency": "Double",
    "percent": "Double",
    "date": "Date",
    "datetime": "Datetime",
    "time": "Time",
    "address": "Address",
}


def describe_columns(org: Org, scope: Scope, query: Query) -> dict[str, Any]:
    """Return the answer for a parsed query; raises SoqlError for an unknown field."""
    columns = _columns(org, scope, query)
    return {
        "columnMetadata": columns,
        "entityName": scope.spec.name,
        "groupBy": bool(query.group),
        "idSelected": any(column["columnName"] == "Id" for column in columns),
        "keyPrefix": scope.spec.prefix,
    }


def _columns(org: Org, scope: Scope, query: Query) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    unnamed = 0
    grouped = is_aggregate(query)
    for item in query.items:
        if isinstance(item, ChildItem):
            child, link = find_children(org, scope.spec, item.query)
            inner = Scope(org, child, str(item.query.source_alias or ""))
            found.append(
                _entry(link.child_relationship, None, aggregate=True)
                | {"joinColumns": _columns(org, inner, item.query)}
            )
            continue
        operand = item.operand
        if isinstance(operand, FunctionCall) and operand.key == "FIELDS":
            found += [_entry(c.spec.name, c.spec) for c in expand_fields(scope, query, operand)]
        elif isinstance(operand, FunctionCall):
            name, unnamed = _name_call(item, unnamed)
            of_group = operand.key in AGGREGATES
            spec = aggregate_spec(scope, operand) if of_group else scope.operand(operand)[0]
            found.append(_entry(name, spec, aggregate=grouped or of_group))
        else:
            _place(found, scope.column(operand.path))
    return found


def _name_call(item: SelectItem, unnamed: int) -> tuple[str, int]:
    return (str(item.alias), unnamed) if item.alias else (f"expr{unnamed}", unnamed + 1)


def _place(found: list[dict[str, Any]], column: Column) -> None:
    """Add a column; one of a parent stands among the join columns of its relationship."""
    level = found
    for step in column.steps:
        parent = next((e for e in level if e["columnName"] == step.relationship), None)
        if parent is None:
            parent = _entry(step.relationship, None)
            level.append(parent)
        level = parent["joinColumns"]
    level.append(_entry(column.spec.name, column.spec))


def _entry(name: str, spec: FieldSpec | None, *, aggregate: bool = False) -> dict[str, Any]:
    kind = "" if spec is None else spec.type
    return {
        "aggregate": aggregate,
        "apexType": _APEX.get(kind, "String") if spec is not None else None,
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": spec is not None and spec.custom,
        "displayName": name,
        "foreignKeyName": None,
        "insertable": spec is not None and spec.createable,
        "joinColumns": [],
        "numberType": kind in NUMERIC,
        "textType": kind in TEXTUAL,
        "updatable": spec is not None and spec.updateable,
    }
