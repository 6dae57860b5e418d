"""What the sources' objects looked like at the last run, and what changed on them since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa

DRIFT_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("object_name", "field", "kind", "before", "after", "policy")]
)
"""Changes of a schema: one row a change; `policy` says what was done about it."""

DESCRIPTION_TABLES = (
    "CREATE TABLE IF NOT EXISTS description (connection VARCHAR, object_name VARCHAR, "
    "content VARCHAR, run_id VARCHAR)",
    "CREATE TABLE IF NOT EXISTS drift (connection VARCHAR, object_name VARCHAR, field VARCHAR, "
    "kind VARCHAR, before VARCHAR, after VARCHAR, policy VARCHAR, run_id VARCHAR, "
    "known_at TIMESTAMP)",
)


def read_descriptions(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """What was kept of a connection's objects, by object name."""
    rows = connection.execute(
        "SELECT object_name, content FROM description WHERE connection = ?", [name]
    ).fetchall()
    return {str(object_name): str(content) for object_name, content in rows}


def keep_descriptions(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    contents: Mapping[str, str],
    changes: Sequence[Mapping[str, str]],
    run_id: str,
    known_at: datetime,
) -> None:
    """Replace what is kept of these objects and append the changes; the caller has begun the
    transaction. A change that a run told before is not told again."""
    for object_name, content in contents.items():
        connection.execute(
            "DELETE FROM description WHERE connection = ? AND object_name = ?", [name, object_name]
        )
        connection.execute(
            "INSERT INTO description VALUES (?, ?, ?, ?)", [name, object_name, content, run_id]
        )
    if not changes:
        return
    connection.register("drift_rows", pa.Table.from_pylist(list(changes), schema=DRIFT_SCHEMA))
    connection.execute(
        "INSERT INTO drift SELECT $name, n.*, $run_id, $known_at::TIMESTAMP FROM drift_rows AS n "
        "ANTI JOIN (SELECT * FROM drift WHERE connection = $name QUALIFY row_number() OVER "
        "(PARTITION BY object_name, field, kind ORDER BY known_at DESC) = 1) AS d "
        "ON d.object_name = n.object_name AND d.field = n.field AND d.kind = n.kind "
        "AND d.after = n.after AND d.policy = n.policy AND n.policy = 'block'",
        {"name": name, "run_id": run_id, "known_at": known_at},
    )
    connection.unregister("drift_rows")
