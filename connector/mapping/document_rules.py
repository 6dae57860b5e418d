"""Rules across the nodes of a mapping document, checked on plain data.

They work on what YAML gave, not on the models, so that they are reported together with what the
models refuse.
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.entities import ENTITIES, Entity, Kind
from connector.mapping.document import TASK_SLOTS, unknown_word

Break = tuple[tuple[str | int, ...], str]

WRITE_ENTITIES = ("account", "order", "opportunity")
# Filled by the connection and record id where a document does not map them.
IMPLIED = {"account_connection", "account_field"}
_PRODUCES: dict[str, frozenset[Kind]] = {
    "decimal": frozenset({Kind.MONEY, Kind.RATE, Kind.QUANTITY, Kind.COUNT, Kind.TEXT}),
    "integer": frozenset({Kind.MONEY, Kind.RATE, Kind.QUANTITY, Kind.COUNT, Kind.TEXT}),
    "share": frozenset({Kind.RATE}),
    "negate": frozenset({Kind.MONEY, Kind.RATE, Kind.QUANTITY, Kind.COUNT}),
    "absolute": frozenset({Kind.MONEY, Kind.RATE, Kind.QUANTITY, Kind.COUNT}),
    "date": frozenset({Kind.DATE, Kind.TEXT}),
    "datetime": frozenset({Kind.TIMESTAMP, Kind.DATE, Kind.TEXT}),
    "boolean": frozenset({Kind.FLAG, Kind.TEXT}),
    "terms_days": frozenset({Kind.COUNT}),
}


def list_rule_breaks(data: object) -> list[Break]:
    """Everything wrong between the nodes: unknown entities, columns, credit fields, task slots,
    missing required columns, transforms that cannot give the column's kind."""
    root = _as_dict(data)
    found: list[Break] = []
    for key, node in _as_dict(root.get("entities")).items():
        found += _entity_breaks(key, _as_dict(node))
    for key, node in _as_dict(root.get("write")).items():
        found += _write_breaks(key, _as_dict(node))
    found += _task_breaks(_as_dict(root.get("task")))
    return found


def _as_dict(node: object) -> dict[str, object]:
    return node if isinstance(node, dict) else {}


def _entity_breaks(key: str, node: dict[str, object]) -> Iterator[Break]:
    here = ("entities", key)
    name = node.get("entity") or key
    entity = ENTITIES.get(str(name))
    if entity is None:
        yield here, unknown_word("entity", name, ENTITIES)
        return
    fields = _as_dict(node.get("fields"))
    columns = {column.name: column for column in entity.columns}
    for column_name, field in fields.items():
        if column_name not in columns:
            yield (*here, "fields", column_name), unknown_word("column", column_name, columns)
        else:
            yield from _field_breaks((*here, "fields", column_name), entity, column_name, field)
    for column in entity.columns:
        if column.required and column.name not in fields and column.name not in IMPLIED:
            yield (
                (*here, "fields"),
                f"{entity.name} needs {column.name} ({column.meaning}); map it or give a constant",
            )


def _field_breaks(
    here: tuple[str | int, ...], entity: Entity, column_name: str, field: object
) -> Iterator[Break]:
    kind = entity.column(column_name).kind
    steps = _as_dict(field).get("transform")
    steps = steps if isinstance(steps, list) else [steps]
    last = steps[-1] if steps else None
    name = next(iter(last), None) if isinstance(last, dict) else last
    gives = _PRODUCES.get(str(name))
    if gives is not None and kind not in gives and not _as_dict(field).get("map"):
        yield here, f"transform {name} does not give {kind.value}, which {column_name} is"


def _write_breaks(key: str, node: dict[str, object]) -> Iterator[Break]:
    here = ("write", key)
    if key not in WRITE_ENTITIES:
        yield here, unknown_word("write target", key, dict.fromkeys(WRITE_ENTITIES))
    used: dict[str, str] = {}
    for credit_field, field in _as_dict(node.get("fields")).items():
        at = (*here, "fields", credit_field)
        if credit_field not in CREDIT_FIELDS:
            yield at, unknown_word("credit field", credit_field, CREDIT_FIELDS)
        options = _as_dict(field)
        if credit_field != "limit" and ({"zero_means", "unlimited"} & set(options)):
            yield at, "zero_means and unlimited belong to limit alone"
        vendor_field = str(options.get("field", field)).lower()
        if vendor_field in used:
            yield at, f"the field is written by {used[vendor_field]} already"
        used[vendor_field] = credit_field


def _task_breaks(node: dict[str, object]) -> Iterator[Break]:
    if not node:
        return
    fields = _as_dict(node.get("fields"))
    for slot in fields:
        if slot not in TASK_SLOTS:
            slots = dict.fromkeys(TASK_SLOTS)
            yield ("task", "fields", slot), unknown_word("task slot", slot, slots)
    for slot in ("subject", "account"):
        if slot not in fields:
            yield ("task", "fields"), f"a task needs {slot}"
