"""Accounts become parties: union of accounts over identifiers and merges, in set-based SQL.

Result: `account_party` (connection, account_id, party_id, basis), `party`, and `account_alias`,
by which documents find their party. Temporary tables: `node` (every account, merged ones too),
`identifier`, `label` (which union a node is in).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from connector.ledger.identifiers import OWN, collect_identifiers, spelled
from connector.ports.store import LINK_SCHEMA

_MAX_ROUNDS = 200


def link_accounts(
    connection: duckdb.DuckDBPyConnection,
    confirmed_links: pa.Table,
    account_truth: Sequence[str],
    run_id: str,
) -> int:
    """Link every account to a party; the number of identifiers given but not fit to link.

    Runs inside the caller's transaction. Confirmed links override. A party keeps its id as long as
    that id is still true of it (one of its identifiers, or the record id of one of its accounts),
    so that an identifier filled in later does not orphan an approved limit; accounts whose party
    did change are appended to `party_moved`.
    """
    connection.execute(_CREATE)
    connection.register("confirmed_links", confirmed_links.select(LINK_SCHEMA.names))
    _collect_nodes(connection)
    connection.unregister("confirmed_links")
    unused = collect_identifiers(connection)
    _join_labels(connection)
    _name_parties(connection, run_id)
    _write_alias(connection)
    _write_parties(connection, account_truth)
    _write_groups(connection)
    for name in _TEMPORARY:
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
    return unused


_TEMPORARY = (
    "node",
    "identifier",
    "membership",
    "label",
    "candidate",
    "named",
    "linked_account",
    "ranked",
    "climb",
)

_CREATE = """
CREATE TABLE IF NOT EXISTS account_party (
    connection VARCHAR, account_id VARCHAR, party_id VARCHAR, basis VARCHAR);
CREATE TABLE IF NOT EXISTS party_moved (
    run_id VARCHAR, connection VARCHAR, account_id VARCHAR, from_party VARCHAR, to_party VARCHAR);
"""


def _collect_nodes(connection: duckdb.DuckDBPyConnection) -> None:
    """Every account that lives or was merged into another, numbered in a fixed order."""
    connection.execute("""
CREATE OR REPLACE TEMP TABLE node AS
WITH account AS (
    SELECT connection, id, nullif(merged_into, '') AS merged_into FROM account_current
    UNION ALL
    SELECT connection, id, merged_into FROM gone
    WHERE entity = 'account' AND nullif(merged_into, '') IS NOT NULL
), confirmed AS (
    SELECT connection, account_id, min(party_id) AS party_id FROM confirmed_links
    GROUP BY connection, account_id
)
SELECT row_number() OVER (ORDER BY a.connection, a.id)::INTEGER AS n,
    a.connection, a.id, a.merged_into, c.party_id AS confirmed
FROM account AS a LEFT JOIN confirmed AS c ON c.connection = a.connection AND c.account_id = a.id
""")


def _join_labels(connection: duckdb.DuckDBPyConnection) -> None:
    """Give all accounts of a union the lowest node number among them, round by round.

    A confirmed account takes no part: a person said where it belongs, so what it carries does not
    speak for others.
    """
    connection.execute("""
CREATE OR REPLACE TEMP TABLE membership AS
WITH tie AS (
    SELECT n, key FROM identifier
    UNION ALL
    SELECT n, 'merge:' || connection || ':' || merged_into FROM node WHERE merged_into IS NOT NULL
    UNION ALL
    SELECT n, 'merge:' || connection || ':' || id FROM node
    WHERE (connection, id) IN (SELECT (connection, merged_into) FROM node)
)
SELECT n, key FROM tie
WHERE n IN (SELECT n FROM node WHERE confirmed IS NULL)
    AND key IN (SELECT key FROM tie GROUP BY key HAVING count(*) > 1)
""")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE label AS SELECT n, n AS label FROM node "
        "WHERE confirmed IS NULL"
    )
    for _ in range(_MAX_ROUNDS):
        connection.execute("""
CREATE OR REPLACE TEMP TABLE climb AS
WITH tie AS (
    SELECT m.key, min(l.label) AS label FROM membership AS m JOIN label AS l USING (n)
    GROUP BY m.key
), lowest AS (
    SELECT m.n, min(t.label) AS label FROM membership AS m JOIN tie AS t USING (key) GROUP BY m.n
), jumped AS (
    SELECT w.n, least(w.label, l.label) AS label FROM lowest AS w JOIN label AS l ON l.n = w.label
)
SELECT j.n, j.label FROM jumped AS j JOIN label AS l USING (n) WHERE j.label < l.label
""")
        connection.execute(
            "UPDATE label SET label = climb.label FROM climb WHERE label.n = climb.n"
        )
        row = connection.execute("SELECT count(*) FROM climb").fetchone()
        if not row or not row[0]:
            return
    raise AssertionError("label propagation did not settle")


def _name_parties(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Choose the party id of every union, follow confirmed links, note accounts that moved."""
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE candidate AS
SELECT l.label, i.rank, i.key AS party_id FROM identifier AS i JOIN label AS l USING (n)
UNION
SELECT l.label, CASE WHEN n.merged_into IS NULL THEN {OWN} ELSE {OWN} + 1 END,
    'acc:' || n.connection || ':' || n.id
FROM node AS n JOIN label AS l USING (n)
""")
    connection.execute("""
CREATE OR REPLACE TEMP TABLE named AS
SELECT c.label, arg_min(c.party_id, (p.party_id IS NULL, c.rank, c.party_id)) AS party_id
FROM candidate AS c LEFT JOIN
    (SELECT DISTINCT party_id FROM account_party WHERE basis != 'confirmed') AS p USING (party_id)
GROUP BY c.label
""")
    connection.execute("""
CREATE OR REPLACE TEMP TABLE linked_account AS
WITH met AS (
    SELECT c.party_id AS asked, any_value(d.party_id) AS party_id
    FROM candidate AS c JOIN named AS d USING (label) GROUP BY c.party_id
), known AS (SELECT DISTINCT label FROM identifier JOIN label USING (n))
SELECT n.n, n.connection, n.id AS account_id, n.merged_into IS NOT NULL AS merged,
    coalesce(m.party_id, n.confirmed, d.party_id) AS party_id,
    CASE WHEN n.confirmed IS NOT NULL THEN 'confirmed' WHEN k.label IS NOT NULL THEN 'identifier'
        ELSE 'own' END AS basis
FROM node AS n LEFT JOIN label AS l USING (n) LEFT JOIN named AS d USING (label)
    LEFT JOIN known AS k USING (label) LEFT JOIN met AS m ON m.asked = n.confirmed
""")
    connection.execute(
        "INSERT INTO party_moved SELECT ?, o.connection, o.account_id, o.party_id, n.party_id "
        "FROM account_party AS o JOIN linked_account AS n ON n.connection = o.connection "
        "AND n.account_id = o.account_id WHERE n.party_id != o.party_id",
        [run_id],
    )
    connection.execute(
        "CREATE OR REPLACE TABLE account_party AS SELECT connection, account_id, party_id, basis "
        "FROM linked_account WHERE NOT merged"
    )


def _write_alias(connection: duckdb.DuckDBPyConnection) -> None:
    """All ways to name an account, each with the one party it means or how many it could mean."""
    fields = {"account_number": "trim(a.account_number)"} | {
        name: spelled(f"a.{name}") for name in ("registration_no", "tax_no", "duns", "lei")
    }
    named = " UNION ALL ".join(
        f"SELECT a.connection, '{field}', {value}, p.party_id FROM account_current AS a "
        "JOIN linked_account AS p ON p.connection = a.connection AND p.account_id = a.id "
        f"WHERE {value} IS NOT NULL"
        for field, value in fields.items()
    )
    connection.execute(f"""
CREATE OR REPLACE TABLE account_alias AS
SELECT account_connection, account_field, account_key, min(party_id) AS party_id,
    count(DISTINCT party_id) AS parties
FROM (SELECT connection, 'id', account_id, party_id FROM linked_account UNION ALL {named})
    AS t(account_connection, account_field, account_key, party_id)
WHERE party_id IN (SELECT party_id FROM account_party)
GROUP BY ALL
""")


def _write_parties(connection: duckdb.DuckDBPyConnection, account_truth: Sequence[str]) -> None:
    """One row a party. Its home account comes first; other accounts fill what that one lacks."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE ranked AS SELECT p.party_id, a.*, row_number() OVER ("
        "PARTITION BY p.party_id ORDER BY coalesce(list_position(?::VARCHAR[], a.connection), 999),"
        " a.owner_id IS NULL, a.customer_since NULLS LAST, a.connection, a.id) AS place "
        "FROM account_party AS p JOIN account_current AS a ON a.connection = p.connection "
        "AND a.id = p.account_id",
        [list(account_truth)],
    )
    connection.execute(f"""
CREATE OR REPLACE TABLE party AS
SELECT party_id,
    arg_min(name, place) FILTER (name IS NOT NULL) AS name,
    CASE WHEN bool_and(party_kind = 'natural_person') THEN 'natural_person'
        ELSE coalesce(arg_min(party_kind, place) FILTER (party_kind != 'natural_person'),
            'company') END AS party_kind,
    upper(arg_min(country, place) FILTER (country IS NOT NULL)) AS country,
    party_id AS group_id,
    arg_min(terms_days, place) FILTER (terms_days IS NOT NULL) AS terms_days,
    min(customer_since) AS customer_since,
    arg_min(connection, place) AS home_connection,
    arg_min(id, place) AS home_account_id,
    coalesce(bool_or(own_group), false) AS own_group,
    arg_min(currency, place) FILTER (currency IS NOT NULL) AS currency,
    arg_min(industry, place) FILTER (industry IS NOT NULL) AS industry,
    arg_min(region, place) FILTER (region IS NOT NULL) AS region,
    arg_min({spelled("registration_no")}, place) FILTER ({spelled("registration_no")} IS NOT NULL)
        AS registration_no
FROM ranked GROUP BY party_id
""")


def _write_groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Set `group_id` to the top of the chain of parents, or the least party of a circle.

    Each round doubles how far every party looks up; `least` is the least id met on the way, which
    at the top of a tree is the top itself, and within a circle is the same for all.
    """
    connection.execute("""
CREATE OR REPLACE TEMP TABLE climb AS
WITH edge AS (
    SELECT r.party_id AS child, arg_min(p.party_id, r.place) AS parent
    FROM ranked AS r JOIN account_alias AS p ON p.account_connection = r.connection
        AND p.account_field = 'id' AND p.account_key = r.parent_id
    WHERE p.party_id != r.party_id GROUP BY r.party_id
)
SELECT child AS party_id, parent AS up, least(child, parent) AS least FROM edge
UNION ALL
SELECT DISTINCT parent, parent, parent FROM edge WHERE parent NOT IN (SELECT child FROM edge)
""")
    row = connection.execute("SELECT count(*) FROM climb").fetchone()
    reach, total = 1, int(row[0]) if row else 0
    while reach < total:
        connection.execute("""
CREATE OR REPLACE TEMP TABLE climb AS
SELECT c.party_id, u.up, least(c.least, u.least) AS least
FROM climb AS c JOIN climb AS u ON u.party_id = c.up
""")
        reach *= 2
    connection.execute(
        "UPDATE party SET group_id = top.least FROM climb AS c JOIN climb AS top "
        "ON top.party_id = c.up WHERE party.party_id = c.party_id"
    )
