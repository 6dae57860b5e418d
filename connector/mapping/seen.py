"""What the CRM holds in the fields we write: the mirror that plans compare with."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from connector.mapping.paths import take_column
from connector.mapping.targets import WriteTarget, seen_text
from connector.mapping.transforms import as_text
from connector.ports.crm import Record
from connector.ports.facts import SEEN_SCHEMA


def list_seen(
    target: WriteTarget | None, records: Sequence[Record], ids: Sequence[str | None]
) -> pa.Table:
    """One row a record and mirrored field, canonical text, null for an empty field.

    Records that became problems are mirrored too: what stands in the CRM stands there.
    """
    if target is None or not records or not target.fields:
        return SEEN_SCHEMA.empty_table()
    known = [row for row, record_id in enumerate(ids) if record_id is not None]
    chosen = [records[row] for row in known]
    count, times = len(chosen), len(target.fields)
    fields, values = [], []
    for entry in target.fields.values():
        fields += [entry.field] * count
        memo: dict[object, str | None] = {None: None}
        for value in take_column(chosen, entry.field) or [None] * count:
            key = value if value.__hash__ is not None else str(value)
            if key not in memo:
                memo[key] = seen_text(entry, value)
            values.append(memo[key])
    by, at = (_marks(chosen, path) * times for path in (target.modified_by, target.modified_at))
    return pa.Table.from_arrays(
        [
            pa.array([target.object_name] * (count * times), pa.string()),
            pa.array([ids[row] for row in known] * times, pa.string()),
            pa.array(fields, pa.string()),
            pa.array(values, pa.string()),
            pa.array(by, pa.string()),
            pa.array(at, pa.string()),
        ],
        schema=SEEN_SCHEMA,
    )


def _marks(records: Sequence[Record], path: str) -> list[str]:
    """Who or when, as text; "" where the vendor does not say."""
    values = take_column(records, path) if path else None
    return ["" if v is None else as_text(v) for v in values] if values else [""] * len(records)
