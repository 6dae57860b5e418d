"""Documents meet their party: the schema `linked`, and what could not be linked.

`linked.<entity>` are views over the rows in force, so nothing is stored twice: connection, id, the
entity's columns, known_at, known_basis and party_id. Only connections that are the source of truth
for an entity appear. `unlinked` lists every document of those connections that found no party.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from connector.domain.entities import ENTITIES, Entity
from connector.ledger.identifiers import spelled
from connector.ledger.order_rest import ORDER_REST_COLUMNS, clear_order_rest, fill_order_rest
from connector.ledger.tables import REFERRING, columns_sql, current_table, quoted

PARENTS = {
    "order_line": ("order", "order_id"),
    "allocation": ("invoice", "invoice_id"),
    "instalment": ("invoice", "invoice_id"),
    "invoice_line": ("invoice", "invoice_id"),
}
"""Entities without an account of their own: whose party they share, and over which column."""

OURS = ("insurance_policy", "control_total")
"""Entities that belong to no customer: their views in `linked` have no party."""


def link_documents(
    connection: duckdb.DuckDBPyConnection, truth: Mapping[str, Sequence[str]]
) -> None:
    """Resolve account names, draw the views of `linked`, work out what orders still have open.

    Runs inside the caller's transaction, after `link_accounts`. `truth` names the connections that
    count for an entity; without an entry all do. Lines and allocations follow their parent's.
    """
    _resolve_references(connection)
    connection.execute("CREATE SCHEMA IF NOT EXISTS linked")
    clear_order_rest(connection)
    for name in REFERRING:
        _draw_view(connection, name, truth)
    for name, (parent, column) in PARENTS.items():
        connections = truth.get(name) or truth.get(parent)
        connection.execute(
            f"CREATE OR REPLACE VIEW linked.{quoted(name)} AS SELECT {_columns(name)}, p.party_id "
            f"FROM {current_table(name)} AS c JOIN linked.{quoted(parent)} AS p "
            f"ON p.connection = c.connection AND p.id = c.{quoted(column)}{_where(connections)}"
        )
    for name in OURS:
        connection.execute(
            f"CREATE OR REPLACE VIEW linked.{quoted(name)} AS SELECT {_columns(name)} "
            f"FROM {current_table(name)} AS c{_where(truth.get(name))}"
        )
    fill_order_rest(connection)
    _list_unlinked(connection, truth)


def _resolve_references(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every account name its party, or the reason why it has none."""
    connection.execute(f"""
CREATE OR REPLACE TABLE account_ref AS
WITH asked AS (
    SELECT *, CASE WHEN account_field IN ('id', 'account_number') THEN trim(account_key)
        ELSE {spelled("account_key")} END AS spelled_key FROM reference
)
SELECT r.ref, CASE WHEN a.parties = 1 THEN a.party_id END AS party_id,
    CASE WHEN a.parties = 1 THEN NULL WHEN a.parties > 1 THEN 'ambiguous_account'
        WHEN g.id IS NOT NULL THEN 'deleted_account' ELSE 'unknown_account' END AS reason
FROM asked AS r LEFT JOIN account_alias AS a ON a.account_connection = r.account_connection
        AND a.account_field = r.account_field AND a.account_key = r.spelled_key
    LEFT JOIN gone AS g ON g.entity = 'account' AND r.account_field = 'id'
        AND g.connection = r.account_connection AND g.id = r.spelled_key
""")


def _draw_view(
    connection: duckdb.DuckDBPyConnection, name: str, truth: Mapping[str, Sequence[str]]
) -> None:
    rest, join = "", ""
    if name == "order":
        rest = f", {ORDER_REST_COLUMNS}"
        join = " LEFT JOIN order_rest AS o ON o.connection = c.connection AND o.id = c.id"
    connection.execute(
        f"CREATE OR REPLACE VIEW linked.{quoted(name)} AS "
        f"SELECT {_columns(name)}, r.party_id{rest} "
        f"FROM {current_table(name)} AS c JOIN account_ref AS r ON r.ref = c.ref{join}"
        f"{_where(truth.get(name), 'r.party_id IS NOT NULL')}"
    )


def _list_unlinked(
    connection: duckdb.DuckDBPyConnection, truth: Mapping[str, Sequence[str]]
) -> None:
    parts = [_unlinked_own(name, truth.get(name)) for name in REFERRING]
    parts += [
        _unlinked_child(name, parent, column, truth.get(name) or truth.get(parent))
        for name, (parent, column) in PARENTS.items()
    ]
    connection.execute("CREATE OR REPLACE TABLE unlinked AS " + " UNION ALL ".join(parts))


def _unlinked_own(name: str, connections: Iterable[str] | None) -> str:
    entity = ENTITIES[name]
    number = "c.number" if "number" in entity.column_names else "NULL"
    currency = "c.currency" if "currency" in entity.column_names else "NULL"
    amount = _amount_of(entity)
    return (
        f"SELECT '{name}' AS entity, c.connection, c.id, c.where_from, {number} AS number, "
        f"c.account_connection, c.account_field, c.account_key, {currency} AS currency, "
        f"{amount} AS amount, coalesce(r.reason, 'unknown_account') AS reason "
        f"FROM {current_table(name)} AS c LEFT JOIN account_ref AS r ON r.ref = c.ref"
        f"{_where(connections, 'r.party_id IS NULL')}"
    )


def _amount_of(entity: Entity) -> str:
    """What an unlinked row is worth, as SQL; null for rows that carry no single amount."""
    for name in ("amount", "unbilled_amount"):
        if name in entity.column_names:
            return f"c.{name}"
    return "NULL::DECIMAL(18,4)"


def _unlinked_child(name: str, parent: str, column: str, connections: Iterable[str] | None) -> str:
    amount = _amount_of(ENTITIES[name])
    return (
        f"SELECT '{name}', c.connection, c.id, c.where_from, NULL, NULL, NULL, NULL, NULL, "
        f"{amount}, CASE WHEN h.id IS NULL THEN 'unknown_{parent}' ELSE 'unlinked_{parent}' END "
        f"FROM {current_table(name)} AS c ANTI JOIN linked.{quoted(parent)} AS p "
        f"ON p.connection = c.connection AND p.id = c.{quoted(column)} "
        f"LEFT JOIN {current_table(parent)} AS h ON h.connection = c.connection "
        f"AND h.id = c.{quoted(column)}{_where(connections)}"
    )


def _columns(name: str) -> str:
    own = ("connection", "id", *ENTITIES[name].column_names, "known_at", "known_basis")
    return columns_sql(own, "c")


def _where(connections: Iterable[str] | None, *conditions: str) -> str:
    """A WHERE clause over the rows of `c`; no connections named means all."""
    parts = list(conditions)
    if connections is not None:
        named = ", ".join("'" + name.replace("'", "''") + "'" for name in connections)
        parts.append(f"c.connection IN ({named})" if named else "false")
    return f" WHERE {' AND '.join(parts)}" if parts else ""
