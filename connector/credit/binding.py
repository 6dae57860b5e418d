"""The inputs of a run bound in DuckDB under the names that the program reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb
import pyarrow as pa

from connector.credit.dialects import PREFIX
from connector.credit.facts import (
    GIVEN,
    LINKED,
    OURS,
    PLAIN,
    Inputs,
    input_names,
    linked_columns,
    moment_row,
)
from connector.errors import StateError


def bind(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    as_of: date,
    among: pa.Table | None = None,
) -> None:
    """Put views and registered Arrow tables under the names that the program reads.

    `among` (party_id): facts of these parties and their groups alone; but of all who they are and
    how they were graded, because a guarantor may be anybody. Raises StateError that names the
    tables which are missing.
    """
    present = {
        (schema, name)
        for schema, name in connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
        ).fetchall()
    }
    names = {name for _, name in present}
    missing = [f"linked.{name}" for name in (*LINKED, *OURS) if ("linked", name) not in present]
    missing += [name for name in PLAIN if name not in names]
    if missing:
        raise StateError(
            "The facts are incomplete: {tables} cannot be found.",
            next_step="Run link before decide.",
            tables=", ".join(missing),
        )
    part = None if among is None else whole_groups(connection, among)
    of_parties = {name: (f'linked."{name}"', linked_columns(name)) for name in LINKED}
    of_parties["scope"] = ("scope", PLAIN["scope"])
    for name, (source, columns) in of_parties.items():
        held = source if part is None else _narrowed(connection, name, source, part)
        _bind_view(connection, name, held, columns)
    for name in OURS:
        _bind_view(connection, name, f'linked."{name}"', linked_columns(name))
    for name in ("party", "fx"):
        _bind_view(connection, name, name, PLAIN[name])
    moment = moment_row(inputs.currency, as_of, inputs.rest)
    for name, rows in {**inputs.tables(part), "moment": moment}.items():
        connection.register(f"{PREFIX}in_{name}", rows)


def whole_groups(connection: duckdb.DuckDBPyConnection, among: pa.Table) -> pa.Table:
    """These parties (party_id) with all other members of their groups: a group's limit, what it
    owes and trouble in it concern each of them."""
    connection.register(f"{PREFIX}among", among)
    try:
        return connection.execute(
            f"""
            SELECT party_id FROM "{PREFIX}among" UNION
            SELECT party_id FROM party WHERE group_id IN (
                SELECT group_id FROM party SEMI JOIN "{PREFIX}among" USING (party_id))
            ORDER BY party_id
            """  # noqa: S608  # our own names
        ).fetch_arrow_table()
    finally:
        connection.unregister(f"{PREFIX}among")


def _narrowed(
    connection: duckdb.DuckDBPyConnection, name: str, source: str, among: pa.Table
) -> str:
    """Copy what a table says of these parties, because stages read it many times; its name."""
    connection.register(f"{PREFIX}among", among)
    part = f'temp."{PREFIX}part_{name}"'
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {part} AS "  # noqa: S608  # our own names
        f'SELECT * FROM {source} SEMI JOIN "{PREFIX}among" USING (party_id)'
    )
    connection.unregister(f"{PREFIX}among")
    return part


def empty_inputs(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the inputs that are bound and have no rows."""
    asked = [
        f"SELECT '{name}' WHERE NOT EXISTS (SELECT 1 FROM \"{PREFIX}in_{name}\")"  # noqa: S608  # our own names
        for name in input_names()
    ]
    return {f"in_{name}" for (name,) in connection.execute(" UNION ALL ".join(asked)).fetchall()}


def bind_worlds(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the program read the imagined facts (`alt_…`) that an earlier part of it has made."""
    for name in (*GIVEN, "moment"):
        connection.unregister(f"{PREFIX}in_{name}")
    for name in input_names():
        connection.execute(
            f'CREATE OR REPLACE TEMP VIEW "{PREFIX}in_{name}" AS SELECT * FROM temp."{PREFIX}alt_{name}"'  # noqa: S608, E501  # our own names
        )


def _bind_view(
    connection: duckdb.DuckDBPyConnection, name: str, source: str, columns: Mapping[str, str]
) -> None:
    listed = ", ".join(f'"{column}"' for column in columns)
    connection.execute(
        f'CREATE OR REPLACE TEMP VIEW "{PREFIX}in_{name}" AS SELECT {listed} FROM {source}'  # noqa: S608  # our own names
    )


def unbind(connection: duckdb.DuckDBPyConnection) -> None:
    """Take the inputs away again."""
    for name in (*GIVEN, "moment"):
        connection.unregister(f"{PREFIX}in_{name}")
    for name in input_names():
        connection.execute(f'DROP VIEW IF EXISTS temp."{PREFIX}in_{name}"')
