"""A decision with its long tables as one JSON text a (party, selling company), and back.

The long tables are read for one party or all at once, never by their own rows. Each stands in the
text column by column: `{"reason": {"rank": [1, 2], "code": [...]}}`. Decimals, dates and stamps
are text, so that nothing passes through a float.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.decision import DECISION_TABLES
from connector.ports.facts import table_schema
from connector.store.rows import fit

KEY = ("party_id", "selling_company")
SCHEMAS: dict[str, pa.Schema] = {
    name: table_schema(entity) for name, entity in DECISION_TABLES.items()
}
_GLUE = "\x1f"
_NATIVE = (pa.string(), pa.bool_(), pa.int64())


def typed(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Every decision table in its own schema and sorted by key, absent ones empty."""
    found = {}
    for name, schema in SCHEMAS.items():
        table = fit(tables[name], schema) if name in tables else schema.empty_table()
        found[name] = table.sort_by([(column, "ascending") for column in KEY])
    return found


class PayloadWriter:
    """Cuts sorted decision tables into one text a key, a portion of keys at a time."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = {
            name: (_texts(table), _spans(table)) for name, table in tables.items() if len(table)
        }

    def texts(self, keys: Sequence[tuple[str, str]]) -> list[str]:
        """The texts of `keys`, which must stand in the tables' order."""
        parts: list[dict[str, object]] = [{} for _ in keys]
        wanted = [party + _GLUE + seller for party, seller in keys]
        for name, (table, spans) in self._tables.items():
            found = [(at, spans[key]) for at, key in enumerate(wanted) if key in spans]
            if not found:
                continue
            first, last = found[0][1][0], found[-1][1][1]
            columns = table.slice(first, last - first).to_pydict()
            for at, (start, stop) in found:
                parts[at][name] = {
                    column: cells[start - first : stop - first] for column, cells in columns.items()
                }
        return [json.dumps(part, separators=(",", ":")) for part in parts]


def read_payloads(rows: Iterable[tuple[str, str, str]]) -> dict[str, pa.Table]:
    """Decision tables from (party, selling company, text) rows."""
    cells: dict[str, dict[str, list[Any]]] = {
        name: {column: [] for column in schema.names} for name, schema in SCHEMAS.items()
    }
    for party, seller, text in rows:
        for name, columns in json.loads(text).items():
            count = len(next(iter(columns.values())))
            into = cells[name]
            into[KEY[0]].extend([party] * count)
            into[KEY[1]].extend([seller] * count)
            for column in DECISION_TABLES[name].column_names[len(KEY) :]:
                into[column].extend(columns.get(column) or [None] * count)
    return {name: _arrays(cells[name], SCHEMAS[name]) for name in SCHEMAS}


def _texts(table: pa.Table) -> pa.Table:
    """The table without its key, what JSON cannot hold exactly cast to text."""
    rest = table.drop_columns(list(KEY))
    return rest.cast(
        pa.schema([f if f.type in _NATIVE else pa.field(f.name, pa.string()) for f in rest.schema])
    )


def _arrays(cells: Mapping[str, list[Any]], schema: pa.Schema) -> pa.Table:
    arrays = []
    for field in schema:
        native = field.type in _NATIVE
        array = pa.array(cells[field.name], type=field.type if native else pa.string())
        arrays.append(array if native else array.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _spans(table: pa.Table) -> dict[str, tuple[int, int]]:
    """First row and the row after the last of each key in a sorted table."""
    glued = pc.binary_join_element_wise(*(table[column] for column in KEY), _GLUE)
    runs = pc.run_end_encode(glued.combine_chunks())
    ends = [0, *runs.run_ends.to_pylist()]
    return dict(zip(runs.values.to_pylist(), pairwise(ends), strict=True))


def keys_of(table: pa.Table) -> Iterator[tuple[str, str]]:
    """The (party, selling company) pairs of a table, row by row."""
    return zip(*(table[column].to_pylist() for column in KEY), strict=True)
