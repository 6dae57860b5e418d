"""A decision with its long tables as one JSON text a (party, selling company), and back.

The long tables are read for one party or all at once, never by their own rows. Each stands in the
text column by column: `{"reason": {"rank": [1, 2], "code": [...]}}`. Decimals, dates and stamps
are text, so that nothing passes through a float. A column that is null in all rows of a decision is
left out, the first excepted: it tells how many rows there are. Both ways go through Arrow: a JSON
library costs ten microseconds a row.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from connector.domain.decision import DECISION_TABLES
from connector.ports.facts import table_schema
from connector.store.rows import fit

KEY = ("party_id", "selling_company")
SCHEMAS: dict[str, pa.Schema] = {
    name: table_schema(entity) for name, entity in DECISION_TABLES.items()
}
_GLUE = "\x1f"
_NATIVE = (pa.string(), pa.bool_(), pa.int64())
_BLOCK = 1 << 24


def typed(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Every decision table in its own schema, absent ones empty, decisions sorted by key."""
    found = {
        name: fit(tables[name], schema) if name in tables else schema.empty_table()
        for name, schema in SCHEMAS.items()
    }
    found["decision"] = found["decision"].sort_by([(column, "ascending") for column in KEY])
    return found


class PayloadWriter:
    """Cuts decision tables into one text a decision, a portion of decisions at a time.

    Rows of a long table keep their order. Rows that belong to no decision are left out.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        keys = _glued(tables["decision"])
        self._parts = [(name, *_arrange(table, keys)) for name, table in tables.items()]

    def texts(self, start: int, stop: int) -> list[str]:
        """The texts of decisions `start` to `stop` of the decision table."""
        parts = []
        for name, table, offsets in self._parts:
            first, last = offsets[start], offsets[stop]
            rows = table.slice(first, last - first)
            bounds = pa.array([at - first for at in offsets[start : stop + 1]], pa.int32())
            columns = [
                _column_text(column, rows[column], bounds, keep=place == 0)
                for place, column in enumerate(rows.column_names)
            ]
            body = pc.binary_join_element_wise(*columns, ",", null_handling="skip")
            parts.append(pc.binary_join_element_wise(f'"{name}":{{', body, "}", ""))
        whole = pc.binary_join_element_wise(*parts, ",")
        texts: list[str] = pc.binary_join_element_wise("{", whole, "}", "").to_pylist()
        return texts


def read_payloads(
    rows: Iterable[tuple[str, str, str]], names: Sequence[str] = ()
) -> dict[str, pa.Table]:
    """Decision tables from (party, selling company, text) rows; of `names` only, if given."""
    wanted = names or tuple(SCHEMAS)
    parties, sellers, texts = [list(part) for part in zip(*rows, strict=True)] or ([], [], [])
    if not texts:
        return {name: SCHEMAS[name].empty_table() for name in wanted}
    lines = "\n".join(texts).encode()
    block = max(_BLOCK, 2 * max(map(len, texts)) * 4)
    parsed = pyarrow.json.read_json(
        io.BytesIO(lines),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=block),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=pa.schema([_PARSED.field(name) for name in wanted]),
            unexpected_field_behavior="ignore",
        ),
    )
    keys = dict(zip(KEY, (pa.array(parties, pa.string()), pa.array(sellers)), strict=True))
    return {name: _read_part(name, parsed[name].combine_chunks(), keys) for name in wanted}


def _glued(table: pa.Table) -> pa.Array:
    joined = pc.binary_join_element_wise(*(table[column] for column in KEY), _GLUE)
    return joined.combine_chunks()


def _arrange(table: pa.Table, keys: pa.Array) -> tuple[pa.Table, list[int]]:
    """The rows in the order of their decisions, without the key, and each decision's first row."""
    at = pc.index_in(_glued(table), value_set=keys)
    order = pc.sort_indices(at).slice(0, len(at) - at.null_count)
    counted = pc.value_counts(pc.drop_null(at)).to_pylist()
    counts = {cell["values"]: cell["counts"] for cell in counted}
    offsets = list(accumulate((counts.get(key, 0) for key in range(len(keys))), initial=0))
    return table.drop_columns(list(KEY)).take(order).combine_chunks(), offsets


def _column_text(name: str, column: pa.ChunkedArray, bounds: pa.Array, *, keep: bool) -> pa.Array:
    """`"name":[…]` for the rows between each two bounds; null where all are, unless to `keep`."""
    cells = column.combine_chunks()
    if not keep and cells.null_count == len(cells):
        return pa.nulls(len(bounds) - 1, pa.string())
    numeric = cells.type in (pa.bool_(), pa.int64())
    plain = cells.cast(pa.string())
    values = pc.fill_null(plain if numeric else _quoted(plain), "null")
    joined = pc.binary_join(pa.ListArray.from_arrays(bounds, values), ",")
    texts = pc.binary_join_element_wise(f'"{name}":[', joined, "]", "")
    if keep or cells.null_count == 0:
        return texts
    said = pc.cumulative_sum(pc.cast(pc.is_valid(cells), pa.int32()))
    so_far = pa.concat_arrays([pa.array([0], pa.int32()), said]).take(bounds)
    return pc.if_else(pc.equal(so_far[1:], so_far[:-1]), pa.scalar(None, pa.string()), texts)


def _quoted(texts: pa.Array) -> pa.Array:
    """Texts as JSON strings; null stays null."""
    if pc.any(pc.match_substring_regex(texts, r"[\x00-\x1f]")).as_py():
        return pa.array(
            [None if text is None else json.dumps(text) for text in texts.to_pylist()], pa.string()
        )
    escaped = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
    return pc.binary_join_element_wise('"', escaped, '"', "")


def _parsed_type(kind: pa.DataType) -> pa.DataType:
    return pa.list_(kind if kind in _NATIVE else pa.string())


_PARSED = pa.schema(
    [
        (name, pa.struct([(f.name, _parsed_type(f.type)) for f in schema if f.name not in KEY]))
        for name, schema in SCHEMAS.items()
    ]
)


def _read_part(name: str, part: pa.StructArray, keys: Mapping[str, pa.Array]) -> pa.Table:
    schema = SCHEMAS[name]
    lists = dict(zip((f.name for f in part.type), part.flatten(), strict=True))
    # The fullest column tells the rows: others are left out where all of a decision's are null.
    full = max(lists.values(), key=lambda cells: len(cells.flatten()))
    parents = pc.list_parent_indices(full)
    arrays = []
    for field in schema:
        if field.name in KEY:
            arrays.append(keys[field.name].take(parents))
            continue
        cells = lists[field.name]
        values = cells.flatten()
        if len(values) != len(parents):
            values = _padded(cells, full)
        arrays.append(values.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _padded(cells: pa.ListArray, full: pa.ListArray) -> pa.Array:
    """The values, with nulls where a row has none and its fullest column does."""
    has = pc.greater(pc.fill_null(pc.list_value_length(cells), 0), 0)
    there = has.take(pc.list_parent_indices(full))
    return pc.replace_with_mask(pa.nulls(len(there), cells.type.value_type), there, cells.flatten())
