"""What the CRM holds in the fields we write: the mirror that plans compare with."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from connector.mapping.canonical_texts import seen_texts
from connector.mapping.paths import RecordSet
from connector.mapping.targets import WriteTarget
from connector.mapping.transforms import as_text
from connector.ports.facts import SEEN_SCHEMA


def list_seen(
    target: WriteTarget | None, records: RecordSet, ids: Sequence[str | None]
) -> pa.Table:
    """One row a record and mirrored field, canonical text, null for an empty field.

    Records that became problems are mirrored too: what stands in the CRM stands there.
    """
    known = [row for row, record_id in enumerate(ids) if record_id is not None]
    if target is None or not target.fields or not known:
        return SEEN_SCHEMA.empty_table()
    if len(known) < len(records):
        records = records.select([record_id is not None for record_id in ids])
        ids = [ids[row] for row in known]
    count = len(records)
    key, name = pa.array(ids, pa.string()), _same(target.object_name, count)
    by, at = (_marks(records, path) for path in (target.modified_by, target.modified_at))
    tables = []
    for entry in target.fields.values():
        values = seen_texts(entry, records.column(entry.field), count)
        parts = [name, key, _same(entry.field, count), values, by, at]
        tables.append(pa.Table.from_arrays(parts, schema=SEEN_SCHEMA))
    return pa.concat_tables(tables)


def _same(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def _marks(records: RecordSet, path: str) -> pa.Array:
    """Who or when, as text; "" where the vendor does not say."""
    values = records.column(path) if path else None
    if not values:
        return _same("", len(records))
    return pa.array(["" if value is None else as_text(value) for value in values], pa.string())
