"""Rows on their way into the ledger: Arrow schemas of the entities and the unit of landing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

import pyarrow as pa

from connector.domain.entities import ENTITIES, Entity, Kind

ARROW_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.MONEY: pa.decimal128(18, 4),
    Kind.RATE: pa.decimal128(18, 10),
    Kind.QUANTITY: pa.decimal128(18, 4),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.FLAG: pa.bool_(),
    Kind.COUNT: pa.int64(),
}

ROW_KEY = ("id", "stamp", "where_from")
"""Columns in front of an entity's own: record id, vendor stamp (UTC, may be null), origin text."""

SEEN_SCHEMA = pa.schema(
    [
        ("object_name", pa.string()),
        ("record_id", pa.string()),
        ("field", pa.string()),
        ("value", pa.string()),
        ("modified_by", pa.string()),
        ("modified_at", pa.string()),
    ]
)
"""What the CRM holds in the fields we write: one row a record and field, canonical text."""

PROBLEM_SCHEMA = pa.schema(
    [
        ("entity", pa.string()),
        ("feed", pa.string()),
        ("where_from", pa.string()),
        ("record_id", pa.string()),
        ("field", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.string()),
    ]
)
"""Rows that could not be mapped: where, which field, why, and the raw row as JSON."""

DELETION_SCHEMA = pa.schema([("id", pa.string()), ("merged_into", pa.string())])


def table_schema(entity: Entity) -> pa.Schema:
    """Arrow schema of an entity or decision table without the row key."""
    return pa.schema([(c.name, ARROW_TYPES[c.kind]) for c in entity.columns])


@cache
def row_schema(entity_name: str) -> pa.Schema:
    """Arrow schema of landed rows of an entity: the row key, then the entity's columns."""
    head = [("id", pa.string()), ("stamp", pa.timestamp("us")), ("where_from", pa.string())]
    return pa.schema(head + list(table_schema(ENTITIES[entity_name])))


@dataclass(frozen=True, slots=True)
class SnapshotClose:
    """Ends a snapshot feed's full list: what it no longer names was cleared in between.

    `present` holds every id of the list, problems included, so that a row which could not be
    mapped is not taken for cleared.
    """

    present: pa.Array
    listed_on: date


@dataclass(frozen=True, slots=True)
class LandBatch:
    """What one ledger transaction takes in: rows, mirrors, deletes, problems and the cursor.

    `cursor` is None on all but the last batch of a pull: the cursor moves last. `known_basis` is
    "observed", or "assumed" for back-filled history, whose `assumed_known_at` column name then
    tells which date column to take.
    """

    connection: str
    feed: str
    entity: str
    run_id: str
    known_at: datetime
    rows: pa.Table
    seen: pa.Table = field(default_factory=lambda: SEEN_SCHEMA.empty_table())
    deletions: pa.Table = field(default_factory=lambda: DELETION_SCHEMA.empty_table())
    problems: pa.Table = field(default_factory=lambda: PROBLEM_SCHEMA.empty_table())
    snapshot: SnapshotClose | None = None
    cursor: str | None = None
    known_basis: str = "observed"


@dataclass(frozen=True, slots=True)
class LandResult:
    """What a landing did. `read` = new + changed + re_read + problems (rows)."""

    seq: int
    new: int = 0
    changed: int = 0
    re_read: int = 0
    deleted: int = 0
    cleared: int = 0
    problems: int = 0
