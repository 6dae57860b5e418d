"""The tables of a ledger file, drawn from the catalogue of entities and decision tables."""

from __future__ import annotations

import uuid

import duckdb
import pyarrow as pa

from connector.domain.decision import DECISION_TABLES
from connector.domain.entities import ENTITIES, Entity, Kind
from connector.ledger.descriptions import DESCRIPTION_TABLES
from connector.ports.facts import PROBLEM_SCHEMA, SEEN_SCHEMA, row_schema

SCHEMA_VERSION = 1

SQL_TYPES: dict[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.MONEY: "DECIMAL(18,4)",
    Kind.RATE: "DECIMAL(18,10)",
    Kind.QUANTITY: "DECIMAL(18,4)",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.FLAG: "BOOLEAN",
    Kind.COUNT: "BIGINT",
}

VERSION_COLUMNS = ("content_hash", "seq", "known_at", "known_basis", "derived_clear")
"""What the ledger adds behind an entity's own columns."""

REFERRING = tuple(name for name, e in ENTITIES.items() if "account_key" in e.column_names)
"""Entities whose rows name an account by connection, field and key.

Each distinct name stands once in `reference` and the row keeps its number in `ref`: millions of
documents then meet their party over an integer.
"""

_VERSION_TYPES = ("UBIGINT", "BIGINT", "TIMESTAMP", "VARCHAR", "BOOLEAN")

_STATE_TABLES = (
    'CREATE TABLE IF NOT EXISTS meta ("key" VARCHAR, "value" VARCHAR)',
    'CREATE TABLE IF NOT EXISTS "cursor" (connection VARCHAR, feed VARCHAR, "value" VARCHAR, '
    "seq BIGINT)",
    "CREATE TABLE IF NOT EXISTS landing (seq BIGINT, connection VARCHAR, feed VARCHAR, "
    "entity VARCHAR, run_id VARCHAR, known_at TIMESTAMP, new BIGINT, changed BIGINT, "
    "re_read BIGINT, deleted BIGINT, cleared BIGINT, problems BIGINT, seen_changed BIGINT)",
    "CREATE TABLE IF NOT EXISTS gone (connection VARCHAR, entity VARCHAR, id VARCHAR, "
    "merged_into VARCHAR, stamp TIMESTAMP, seq BIGINT)",
    "CREATE TABLE IF NOT EXISTS reference (ref INTEGER, account_connection VARCHAR, "
    "account_field VARCHAR, account_key VARCHAR)",
)


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def columns_sql(names: tuple[str, ...], prefix: str = "") -> str:
    """A list of columns, each with an optional table alias in front."""
    head = f"{prefix}." if prefix else ""
    return ", ".join(head + quoted(name) for name in names)


def current_table(entity_name: str) -> str:
    """The table of an entity's versions in force."""
    return quoted(f"{entity_name}_current")


def history_table(entity_name: str) -> str:
    """The append-only table of all versions of an entity."""
    return quoted(f"{entity_name}_history")


def row_columns(entity_name: str) -> tuple[str, ...]:
    """What a version says of its record: key, own columns, and the number of the account named."""
    ref = ("ref",) if entity_name in REFERRING else ()
    return (*row_schema(entity_name).names, *ref)


def current_columns(entity_name: str) -> tuple[str, ...]:
    """Columns of `<entity>_current` in storage order."""
    return ("connection", "feed", *row_columns(entity_name), *VERSION_COLUMNS)


def hash_sql(entity: Entity, prefix: str = "") -> str:
    """Digest of a row's own columns: 64 bits of MD5 over their canonical JSON.

    It is compared only with the digest of the same record, to tell a change from a re-read.
    """
    return f"md5_number_lower(to_json(row({columns_sql(entity.column_names, prefix)})))"


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing, and the ledger's id and schema version, in one transaction."""
    connection.begin()
    for statement in (*_STATE_TABLES, *DESCRIPTION_TABLES):
        connection.execute(statement)
    for entity in ENTITIES.values():
        _create_entity(connection, entity)
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS seen (connection VARCHAR, {_text_columns(SEEN_SCHEMA)})"
    )
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS problem (connection VARCHAR, {_text_columns(PROBLEM_SCHEMA)},"
        " run_id VARCHAR, seq BIGINT, resolved_seq BIGINT)"
    )
    connection.execute(
        "CREATE OR REPLACE VIEW problem_current AS SELECT * EXCLUDE (resolved_seq) FROM problem "
        "WHERE resolved_seq IS NULL"
    )
    for name, entity in DECISION_TABLES.items():
        own = ", ".join(f"{quoted(c.name)} {SQL_TYPES[c.kind]}" for c in entity.columns)
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {history_table(name)} (run_id VARCHAR, {own})"
        )
    _add_columns(connection)
    if read_meta(connection, "ledger_id") is None:
        _write_meta(connection, "ledger_id", str(uuid.uuid4()))
        _write_meta(connection, "schema_version", str(SCHEMA_VERSION))
    connection.commit()


def _add_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the tables of an older ledger the columns that entities have got since; null there."""
    present: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'main'"
    ).fetchall():
        present.setdefault(f'"{table}"', set()).add(column)
    wanted = [(history_table(name), entity) for name, entity in DECISION_TABLES.items()]
    for name, entity in ENTITIES.items():
        wanted += [(current_table(name), entity), (history_table(name), entity)]
    for table, entity in wanted:
        for column in entity.columns:
            if column.name not in present[table]:
                connection.execute(
                    f"ALTER TABLE {table} ADD COLUMN {quoted(column.name)} {SQL_TYPES[column.kind]}"
                )


def read_meta(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """A value of the meta table; None when the table or the key is missing."""
    try:
        row = connection.execute('SELECT "value" FROM meta WHERE "key" = ?', [key]).fetchone()
    except duckdb.CatalogException:
        return None
    return None if row is None else str(row[0])


def _write_meta(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    connection.execute("INSERT INTO meta VALUES (?, ?)", [key, value])


def _create_entity(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    own = [f"{quoted(c.name)} {SQL_TYPES[c.kind]}" for c in entity.columns]
    head = ["connection VARCHAR", "feed VARCHAR", "id VARCHAR", "stamp TIMESTAMP"]
    versions = [f"{n} {t}" for n, t in zip(VERSION_COLUMNS, _VERSION_TYPES, strict=True)]
    ref = ["ref INTEGER"] if entity.name in REFERRING else []
    columns = ", ".join([*head, "where_from VARCHAR", *own, *ref, *versions])
    connection.execute(f"CREATE TABLE IF NOT EXISTS {current_table(entity.name)} ({columns})")
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {history_table(entity.name)} ({columns}, op VARCHAR)"
    )


def _text_columns(schema: pa.Schema) -> str:
    return ", ".join(f"{quoted(name)} VARCHAR" for name in schema.names)
