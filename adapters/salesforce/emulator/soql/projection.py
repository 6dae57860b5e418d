"""Renders the rows of a query: `attributes` first, then the columns in SELECT order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.soql.columns import Column, Reader, Scope
from adapters.salesforce.emulator.soql.parse import SoqlError
from adapters.salesforce.emulator.soql.tree import ChildItem, FunctionCall, Plain, Query, SelectItem

Render = Callable[[Row], dict[str, Any]]
FIELDS_LIMIT = 200
_FIELD_SETS = {"ALL", "STANDARD", "CUSTOM"}


@dataclass(slots=True)
class _Parent:
    """A parent object in a row: its own columns and its own parents."""

    steps: tuple[FieldSpec, ...]
    columns: dict[str, Column | _Parent] = field(default_factory=dict)


def attributes(data_path: str, spec: ObjectSpec, record_id: str) -> dict[str, str]:
    """Return the `attributes` of a record; `data_path` is `/services/data/vNN.0`."""
    return {"type": spec.name, "url": f"{data_path}/sobjects/{spec.name}/{record_id}"}


def render_columns(
    scope: Scope, query: Query, data_path: str, children: dict[str, Reader]
) -> Render:
    """Return the function that renders one row; raises SoqlError for an unknown field.

    `children` maps the relationship name of each sub-query to a reader of its result.
    """
    root = _Parent(())
    extras: dict[str, Reader] = {}
    for item in query.items:
        if isinstance(item, ChildItem):
            continue
        if isinstance(item.operand, FunctionCall) and item.operand.key == "FIELDS":
            for column in expand_fields(scope, query, item.operand):
                root.columns[column.spec.name] = column
            continue
        _place(scope, root, item, extras)
    if extras or children or any(isinstance(c, _Parent) for c in root.columns.values()):
        return _nested_renderer(scope, root, data_path, {**extras, **children})
    return _flat_renderer(scope, root, data_path)


def _place(scope: Scope, root: _Parent, item: SelectItem, extras: dict[str, Reader]) -> None:
    if isinstance(item.operand, FunctionCall):
        _, read = scope.operand(item.operand)
        inner = item.operand.arguments[0]
        default = str(inner.path).rsplit(".", 1)[-1] if isinstance(inner, Plain) else "expr0"
        extras[str(item.alias or default)] = read
        return
    if item.alias is not None:
        message = "only aggregate expressions use field aliasing"
        raise SoqlError("MALFORMED_QUERY", message, item.alias)
    column = scope.column(item.operand.path)
    level = root
    for depth, step in enumerate(column.steps):
        below = level.columns.setdefault(step.relationship, _Parent(column.steps[: depth + 1]))
        if not isinstance(below, _Parent):
            raise TypeError("a relationship has the name of a field")
        level = below
    if column.spec.name in level.columns:
        message = f"duplicate field selected: {column.key}"
        raise SoqlError("INVALID_FIELD", message, item.operand.path)
    level.columns[column.spec.name] = column


def expand_fields(scope: Scope, query: Query, call: FunctionCall) -> list[Column]:
    """Return the columns that `FIELDS(ALL|STANDARD|CUSTOM)` stands for; raises SoqlError."""
    argument = call.arguments[0] if len(call.arguments) == 1 else None
    which = str(argument.path).upper() if isinstance(argument, Plain) else ""
    if which not in _FIELD_SETS:
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{call.name}'", call.name)
    if which != "STANDARD" and (query.limit is None or query.limit > FIELDS_LIMIT):
        message = "The SOQL FIELDS function must have a LIMIT of at most 200"
        raise SoqlError("MALFORMED_QUERY", message, call.name)
    wanted = [
        spec
        for spec in scope.spec.visible()
        if which == "ALL" or spec.custom is (which == "CUSTOM")
    ]
    return [scope.column(call.name.update(value=spec.name)) for spec in wanted]


def _flat_renderer(scope: Scope, root: _Parent, data_path: str) -> Render:
    columns = [column for column in root.columns.values() if isinstance(column, Column)]
    kind, prefix = scope.spec.name, f"{data_path}/sobjects/{scope.spec.name}/"
    if any(column.spec.type == "address" or column.spec.compute for column in columns):
        readers = [(column.spec.name, column.read) for column in columns]

        def render_computed(row: Row) -> dict[str, Any]:
            out: dict[str, Any] = {"attributes": {"type": kind, "url": prefix + row["Id"]}}
            for name, read in readers:
                out[name] = read(row)
            return out

        return render_computed
    names = [column.spec.name for column in columns]

    def render(row: Row) -> dict[str, Any]:
        out: dict[str, Any] = {"attributes": {"type": kind, "url": prefix + row["Id"]}}
        get = row.get
        for name in names:
            out[name] = get(name)
        return out

    return render


def _nested_renderer(
    scope: Scope, root: _Parent, data_path: str, extras: dict[str, Reader]
) -> Render:
    fill = _level_filler(scope, root, data_path)
    spec = scope.spec

    def render(row: Row) -> dict[str, Any]:
        out: dict[str, Any] = {"attributes": attributes(data_path, spec, row["Id"])}
        fill(row, out)
        for name, read in extras.items():
            out[name] = read(row)
        return out

    return render


def _level_filler(
    scope: Scope, level: _Parent, data_path: str
) -> Callable[[Row, dict[str, Any]], None]:
    parts: list[tuple[str, Reader]] = []
    for name, entry in level.columns.items():
        if isinstance(entry, Column):
            parts.append((name, entry.read))
        else:
            parts.append((name, _parent_reader(scope, entry, data_path)))

    def fill(row: Row, out: dict[str, Any]) -> None:
        for name, read in parts:
            out[name] = read(row)

    return fill


def _parent_reader(scope: Scope, level: _Parent, data_path: str) -> Reader:
    follow = scope.follow(list(level.steps))
    fill = _level_filler(scope, level, data_path)
    schema = scope.org.schema

    def read(row: Row) -> Any:
        parent = follow(row)
        spec = None if parent is None else schema.by_id(parent["Id"])
        if parent is None or spec is None:
            return None
        out: dict[str, Any] = {"attributes": attributes(data_path, spec, parent["Id"])}
        # The columns below read from the row of the query, not from the parent.
        fill(row, out)
        return out

    return read
