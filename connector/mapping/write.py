"""Credit values into the vendor's fields and back: words, limit states, scales and lengths.

`render_value` and `render_limit` are the rule for one record, in canonical text. `render_table` is
the same rule for all records at once; a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.entities import Kind
from connector.domain.values import canonical
from connector.mapping.canonical_texts import decimal_texts
from connector.mapping.targets import NUMBERS, TargetField, TaskTarget, WriteTarget

RENDERED_SCHEMA = pa.schema(
    [
        ("object_name", pa.string()),
        ("record_id", pa.string()),
        ("field", pa.string()),
        ("credit_field", pa.string()),
        ("value", pa.string()),
    ]
)
UNWRITABLE_SCHEMA = pa.schema(
    [("record_id", pa.string()), ("field", pa.string()), ("reason", pa.string())]
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Vendor values of many records, and the values that the vendor's fields cannot hold."""

    rows: pa.Table
    unwritable: pa.Table


# -- one value ---------------------------------------------------------------------------------


def render_value(target: TargetField, value: str | None) -> str | None:
    """Vendor text of one credit value (canonical text in and out). None clears the field.

    Raises ValueError when the field cannot hold it.
    """
    if value is None:
        return None
    if target.labels:
        if value not in target.labels:
            raise ValueError(f"{target.credit_field} {value!r} has no label in the mapping")
        value = target.labels[value]
    if target.kind in NUMBERS:
        text = canonical(value, target.kind, target.scale)
        digits = len((text or "").lstrip("-").partition(".")[0])
        if target.precision and digits > target.precision - target.scale:
            raise ValueError(f"{text} has more digits than {target.field} holds")
        return text
    text = canonical(value, target.kind)
    return fit_text(target, text) if target.text_kind and text else text


def render_limit(
    target: WriteTarget, state: str | None, amount: str | None
) -> dict[str, str | None]:
    """Vendor values, by vendor field, of a limit's state and amount.

    With two fields each says its own. With an amount field alone: none is empty, cash_only is 0
    (unless 0 means none there), unlimited is the mapping's figure. Raises ValueError when a state
    cannot be told.
    """
    values: dict[str, str | None] = {}
    if "limit_state" in target.fields:
        field = target.fields["limit_state"]
        values[field.field] = render_value(field, state)
    if "limit" in target.fields:
        field = target.fields["limit"]
        if not target.limit_alone:
            text = amount if state == "amount" else None
        else:
            text = _lone_limit(field, state, amount)
        values[field.field] = render_value(field, text)
    return values


def read_limit(
    target: WriteTarget, values: Mapping[str, str | None]
) -> tuple[str | None, str | None]:
    """State and amount from what the CRM holds (vendor field: canonical text).

    The reverse of `render_limit`; state None when the CRM's word is not one of ours.
    """
    amount_field, state_field = target.fields.get("limit"), target.fields.get("limit_state")
    amount = values.get(amount_field.field) if amount_field else None
    if state_field is not None:
        state = read_value(state_field, values.get(state_field.field))
        if state is None and amount is not None:
            return "amount", amount
        return state or "none", amount if state == "amount" else None
    if amount_field is None or amount is None:
        return "none", None
    if amount_field.unlimited is not None and amount == canonical(
        amount_field.unlimited, amount_field.kind, amount_field.scale
    ):
        return "unlimited", None
    if amount == "0":
        return amount_field.zero_means, None
    return "amount", amount


def read_value(target: TargetField, value: str | None) -> str | None:
    """Our word for what the CRM holds; a word without label stays as it is."""
    if value is None:
        return None
    return next((ours for ours, theirs in target.labels.items() if theirs == value), value)


def fit_text(target: TargetField, text: str) -> str:
    """The text within the field's length: whole flags, whole reasons, sentences with `…`."""
    if target.parts:
        text = ";".join(sorted(text.split(";")))
    most = target.length
    if not most or len(text) <= most:
        return text
    if target.credit_field == "flags":
        return text[: most + 1].rpartition(";")[0]
    if target.credit_field == "reasons":
        return _fit_json(text, most)
    return text[: most - 1].rstrip() + "…"


def _fit_json(text: str, most: int) -> str:
    """As many items of a JSON list as fit; the list stays readable."""
    items = json.loads(text)
    while items and len(text) > most:
        items.pop()
        text = json.dumps(items, ensure_ascii=False, separators=(",", ":"))
    return text


def _lone_limit(field: TargetField, state: str | None, amount: str | None) -> str | None:
    if state == "amount":
        return amount
    if state == "cash_only":
        if field.zero_means != "cash_only":
            raise ValueError(
                f"{field.field} cannot say cash_only: 0 means {field.zero_means} there; "
                "map limit_state as well"
            )
        return "0"
    if state == "unlimited":
        if field.unlimited is None:
            raise ValueError(
                f"{field.field} cannot say unlimited; give `unlimited` a figure or map limit_state"
            )
        return field.unlimited
    return None


def render_task(
    target: TaskTarget, key: str, values: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Vendor values of an alert task by vendor field. `values` are by slot (see `TASK_SLOTS`).

    With a key field the adapter adds the key by upsert; without one it stands as `[key]` at the
    end of `key_in`, which is cut to make room. Slots without a field are left out.
    """
    rendered: dict[str, str | None] = dict(target.constants)
    for slot, name in target.slots.items():
        text = values.get(slot)
        if text is not None:
            text = target.labels.get(slot, {}).get(text, text)
            rendered[name] = _cut(text, target.lengths.get(name, 0))
    if not target.key_field:
        mark = f" [{key}]"
        length = target.lengths.get(target.key_in, 0)
        text = rendered.get(target.key_in) or ""
        rendered[target.key_in] = (_cut(text, length - len(mark)) if length else text) + mark
    return rendered


def _cut(text: str, most: int) -> str:
    return text if most <= 0 or len(text) <= most else text[: most - 1].rstrip() + "…"


# -- all records at once -----------------------------------------------------------------------


def render_table(target: WriteTarget, table: pa.Table) -> Rendered:
    """Vendor values of many records.

    `table` has `record_id` and any of the target's credit fields as columns (typed or canonical
    text; a limit needs both `limit_state` and `limit`). `rows` has `RENDERED_SCHEMA`, one row a
    record and field; a value that cannot be held is in `unwritable` and not in `rows`.
    """
    ids = table.column("record_id").combine_chunks()
    rows, unwritable = [], []
    for name, field in target.fields.items():
        if name not in table.column_names:
            continue
        values, refused = _render_column(target, field, table)
        good = pc.invert(pc.is_valid(refused))
        parts = [
            pa.repeat(pa.scalar(target.object_name), len(ids)), ids,
            pa.repeat(pa.scalar(field.field), len(ids)),
            pa.repeat(pa.scalar(name), len(ids)), values,
        ]  # fmt: skip
        rows.append(pa.Table.from_arrays(parts, schema=RENDERED_SCHEMA).filter(good))
        bad = pa.Table.from_arrays([ids, parts[2], refused], schema=UNWRITABLE_SCHEMA)
        unwritable.append(bad.filter(pc.is_valid(refused)))
    return Rendered(
        pa.concat_tables(rows) if rows else RENDERED_SCHEMA.empty_table(),
        pa.concat_tables(unwritable) if unwritable else UNWRITABLE_SCHEMA.empty_table(),
    )


def _render_column(
    target: WriteTarget, field: TargetField, table: pa.Table
) -> tuple[pa.Array, pa.Array]:
    """Vendor texts, and reasons where a value cannot be held."""
    column = table.column(field.credit_field).combine_chunks()
    if field.credit_field != "limit":
        return _render_unique(column, lambda value: render_value(field, value), field)
    states = table.column("limit_state").combine_chunks()
    is_amount = pc.fill_null(pc.equal(states, "amount"), False)
    amounts = pc.if_else(is_amount, column, pa.scalar(None, column.type))
    values, refused = _render_unique(amounts, lambda value: render_value(field, value), field)
    if not target.limit_alone:
        return values, refused
    others = pc.if_else(is_amount, pa.scalar(None, pa.string()), states)
    words, reasons = _render_unique(
        others, lambda state: render_value(field, _lone_limit(field, state, None)), None
    )
    return pc.coalesce(values, words), pc.coalesce(refused, reasons)


def _render_unique(
    column: pa.Array, render: Callable[[str | None], str | None], field: TargetField | None
) -> tuple[pa.Array, pa.Array]:
    """Render each distinct value once. Amounts without bounds to check go through Arrow."""
    if field is not None and _is_plain_amount(column, field):
        return decimal_texts(column, field.scale), pa.nulls(len(column), pa.string())
    coded = column.dictionary_encode()
    texts: list[str | None] = []
    reasons: list[str | None] = []
    for value in coded.dictionary.to_pylist():
        try:
            texts.append(render(_plain_text(value)))
            reasons.append(None)
        except ValueError as error:
            texts.append(None)
            reasons.append(str(error))
    return (
        pa.array(texts, pa.string()).take(coded.indices),
        pa.array(reasons, pa.string()).take(coded.indices),
    )


def _is_plain_amount(column: pa.Array, field: TargetField) -> bool:
    """Decimals into a number field that is wide enough for all of them."""
    if not pa.types.is_decimal(column.type) or field.kind not in NUMBERS or field.labels:
        return False
    if column.null_count == len(column):
        return True
    most = pc.max(pc.abs(column)).as_py()
    return not field.precision or most < 10 ** (field.precision - field.scale) - 1


def _plain_text(value: object) -> str | None:
    """Typed value as canonical text of its own type."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value or None
    kind = Kind.DATE if hasattr(value, "isoformat") else Kind.MONEY
    return canonical(value, kind)
