"""A ledger that holds nothing and is kept nowhere: SQL over tables that were just read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from connector.ledger.database import CONFIG, QUIET
from connector.ledger.snapshot import LedgerSnapshot


@contextmanager
def open_scratch(tables: Mapping[str, pa.Table]) -> Iterator[LedgerSnapshot]:
    """A database in memory that shows the tables under their names, read like a published copy."""
    connection = duckdb.connect(":memory:", config=CONFIG)
    try:
        connection.execute(QUIET)
        for name, table in tables.items():
            connection.register(name, table)
        yield LedgerSnapshot(connection, "", 0)
    finally:
        connection.close()
