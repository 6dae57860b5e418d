"""Approved limits and adopted values: taken in as tables, only what is different."""

from __future__ import annotations

import pyarrow as pa

from connector.ports.store import ADOPTED_SCHEMA, APPROVED_LIMIT_SCHEMA
from connector.store.models import AdoptedValue, ApprovedLimit
from connector.store.queries import approved_limits
from connector.store.rows import fit, insert_columns

_LIMIT_KEY = ("party_id", "selling_company")
_VALUE_KEY = ("connection", "object_name", "record_id", "field")


def put_approved_limits(alias: str, rows: pa.Table) -> int:
    """Insert or replace limits, inside the caller's transaction; how many differ from before."""
    known = set(_tuples(approved_limits(alias)))
    wanted = fit(rows, APPROVED_LIMIT_SCHEMA)
    differs = [row not in known for row in _tuples(wanted)]
    changed = wanted.filter(pa.array(differs, pa.bool_()))
    insert_columns(alias, ApprovedLimit, changed.to_pydict(), key=_LIMIT_KEY, replace=True)
    return len(changed)


def adopt(alias: str, connection: str, rows: pa.Table) -> int:
    """Add values that are not known yet, inside the caller's transaction; how many were added."""
    known = AdoptedValue.objects.using(alias).filter(connection=connection)
    before = known.count()
    columns = fit(rows, ADOPTED_SCHEMA).to_pydict()
    insert_columns(
        alias, AdoptedValue, {"connection": [connection] * len(rows), **columns}, key=_VALUE_KEY
    )
    return known.count() - before


def _tuples(table: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*table.to_pydict().values(), strict=True))
