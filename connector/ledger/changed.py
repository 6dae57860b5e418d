"""Whose documents changed since a landing, told from what landings append to history.

A document concerns the parties of all its versions: the one that it had before, the one it has.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from connector.ledger.documents import PARENTS
from connector.ledger.snapshot import select
from connector.ledger.tables import REFERRING, history_table, quoted

PARTIES_SCHEMA = pa.schema([("party_id", pa.string())])

_TOLD_BY_LINKS = ("account", "user")
"""Entities that decide through the tables that linking makes of them, or not at all."""


def parties_of_changes(connection: duckdb.DuckDBPyConnection, seq: int) -> pa.Table | None:
    """Parties (party_id) with a document that was put, deleted or cleared after landing `seq`.

    None when something landed that belongs to no party. Needs the links of this run; a document
    whose account was linked to another party since is the links' own change, and not told here.
    """
    landed = select(
        connection,
        "SELECT DISTINCT entity FROM landing "
        "WHERE seq > $seq AND new + changed + deleted + cleared > 0 ORDER BY entity",
        {"seq": seq},
    )["entity"].to_pylist()
    parts = []
    for entity in landed:
        if entity in REFERRING:
            parts.append(_of_documents(entity))
        elif entity in PARENTS:
            parts.append(_of_lines(entity))
        elif entity not in _TOLD_BY_LINKS:
            return None
    if not parts:
        return PARTIES_SCHEMA.empty_table()
    found = " UNION ".join(parts)
    return select(
        connection,
        f"WITH touched AS ({found}) SELECT DISTINCT r.party_id FROM account_ref AS r "
        "SEMI JOIN touched USING (ref) WHERE r.party_id IS NOT NULL ORDER BY r.party_id",
        {"seq": seq},
    )


def _of_documents(entity: str) -> str:
    """Account names in all versions of the documents that changed."""
    history = history_table(entity)
    return (
        f"SELECT h.ref FROM {history} AS h SEMI JOIN "
        f"(SELECT connection, id FROM {history} WHERE seq > $seq) AS c "
        "ON c.connection = h.connection AND c.id = h.id"
    )


def _of_lines(entity: str) -> str:
    """Account names in all versions of the documents to which changed lines belong or belonged."""
    parent, column = PARENTS[entity]
    return (
        f"SELECT p.ref FROM {history_table(parent)} AS p SEMI JOIN "
        f"(SELECT h.connection, h.{quoted(column)} AS id FROM {history_table(entity)} AS h "
        f"SEMI JOIN (SELECT connection, id FROM {history_table(entity)} WHERE seq > $seq) AS c "
        "ON c.connection = h.connection AND c.id = h.id) AS n "
        "ON n.connection = p.connection AND n.id = p.id"
    )
