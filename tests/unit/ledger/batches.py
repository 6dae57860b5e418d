"""Rows and batches for tests of the ledger and of what is built on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connector.ledger import Ledger
from connector.ports.facts import (
    DELETION_SCHEMA,
    PROBLEM_SCHEMA,
    SEEN_SCHEMA,
    LandBatch,
    LandResult,
    SnapshotClose,
    row_schema,
)

KNOWN = datetime(2025, 7, 1, 8, tzinfo=UTC)
DAY = date(2025, 6, 1)

DEFAULTS: dict[str, dict[str, Any]] = {
    "account": {"name": "Somebody"},
    "order": {"number": "O-1", "state": "open", "currency": "EUR", "order_date": DAY},
    "order_line": {"quantity": Decimal(1)},
    "delivery": {"currency": "EUR", "delivery_date": DAY},
    "invoice": {"number": "I-1", "currency": "EUR", "amount": Decimal(100), "invoice_date": DAY},
    "credit_note": {"number": "C-1", "currency": "EUR", "issue_date": DAY},
    "payment": {"currency": "EUR", "value_date": DAY},
    "allocation": {"allocated_on": DAY},
    "limit": {"state": "amount", "currency": "EUR"},
    "fx_rate": {"quote": "EUR"},
}


def stamp(second: int) -> datetime:
    """A vendor stamp, so many seconds into a day."""
    return datetime(2025, 6, 30) + timedelta(seconds=second)


def to(account: str, field: str = "id", connection: str = "crm") -> dict[str, str]:
    """The three columns that name an account."""
    return {"account_connection": connection, "account_field": field, "account_key": account}


def rows(entity: str, *records: dict[str, Any]) -> pa.Table:
    """Arrow rows of an entity; what a record leaves out comes from DEFAULTS or is null."""
    schema = row_schema(entity)
    full = [{**DEFAULTS.get(entity, {}), **record} for record in records]
    return pa.Table.from_pylist(
        [{name: record.get(name) for name in schema.names} for record in full], schema=schema
    )


def table(schema: pa.Schema, *records: dict[str, Any]) -> pa.Table:
    """Arrow rows of a schema; what a record leaves out is null."""
    full = [{name: record.get(name) for name in schema.names} for record in records]
    return pa.Table.from_pylist(full, schema=schema)


def batch(entity: str, *records: dict[str, Any], **more: Any) -> LandBatch:
    """A batch of the connection "crm" and a feed named like the entity, unless `more` differs.

    `deletions`, `problems` and `seen` are lists of dicts; `present` closes a snapshot on
    `listed_on`.
    """
    present = more.pop("present", None)
    listed_on = more.pop("listed_on", date(2025, 7, 1))
    for name, schema in (
        ("deletions", DELETION_SCHEMA),
        ("problems", PROBLEM_SCHEMA),
        ("seen", SEEN_SCHEMA),
    ):
        if name in more:
            more[name] = table(schema, *more[name])
    if present is not None:
        more["snapshot"] = SnapshotClose(pa.array(present, pa.string()), listed_on)
    usual = {"connection": "crm", "feed": entity, "run_id": "run-1", "known_at": KNOWN}
    return LandBatch(entity=entity, rows=rows(entity, *records), **{**usual, **more})


def land(ledger: Ledger, entity: str, *records: dict[str, Any], **more: Any) -> LandResult:
    """Land one batch."""
    return ledger.land(batch(entity, *records, **more))


def current(ledger: Ledger, entity: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of the rows in force, in order."""
    named = ", ".join(f'"{column}"' for column in columns)
    found = ledger.query(f'SELECT {named} FROM "{entity}_current" ORDER BY ALL').to_pylist()
    return [tuple(row.values()) for row in found]


def history(ledger: Ledger, entity: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of all versions, oldest first."""
    named = ", ".join(f'"{column}"' for column in columns)
    found = ledger.query(f'SELECT {named} FROM "{entity}_history" ORDER BY seq, id').to_pylist()
    return [tuple(row.values()) for row in found]
