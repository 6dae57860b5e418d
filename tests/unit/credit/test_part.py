"""Deciding on a part of the book gives what deciding on all of it gives for these parties."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from connector.credit.binding import whole_groups
from connector.credit.engine import Decided, decide
from connector.credit.facts import Inputs, Rest
from connector.credit.policy.document import PolicyDoc
from connector.ports.store import PRIOR_FLAG_SCHEMA, PRIOR_SCHEMA
from scripts.benches.book import AS_OF, fill_book

PARTIES = 90
SOME = ["P3", "P17", "P40", "P88"]
"""Members of four groups of five; P40 has a guarantor elsewhere, P17 disputes."""

_MORE = """
UPDATE party SET registration_no = '91' || party_id;
INSERT INTO linked.guarantee BY NAME SELECT 'desk' AS connection, 'P' || i AS party_id, 'H' || i
    AS id, 'H' || i AS number, 'third_party_guarantee' AS kind, 'A parent' AS guarantor,
    '91P' || (i + 6) AS guarantor_key, 'CNY' AS currency, 900000 AS amount
    FROM range(0, 84, 4) AS t(i);
INSERT INTO linked.dispute BY NAME SELECT 'desk' AS connection, party_id, 'Q' || id AS id,
    number AS invoice_number, amount, currency, DATE '2025-06-01' AS opened_on
    FROM linked.invoice WHERE hash(id) % 6 = 0;
INSERT INTO linked."limit" BY NAME SELECT 'desk' AS connection, 'P' || i AS party_id, 'K' || i
    AS id, 'group' AS kind, 'amount' AS state, 'CNY' AS currency, 900000 AS amount,
    DATE '2025-01-01' AS valid_from FROM range(0, 90, 5) AS t(i);
"""


@pytest.fixture(scope="module")
def book() -> tuple[duckdb.DuckDBPyConnection, Inputs]:
    connection, inputs = fill_book(PARTIES)
    connection.execute(_MORE)
    return connection, inputs


@pytest.fixture(scope="module")
def settled(book: tuple[duckdb.DuckDBPyConnection, Inputs], policy: PolicyDoc) -> Inputs:
    """The inputs with what a first decision left: grades of guarantors, holds, flags."""
    connection, inputs = book
    first = decide(connection, inputs, policy, AS_OF, "first").tables
    return replace(
        inputs,
        prior_decisions=first["decision"].select(PRIOR_SCHEMA.names),
        prior_flags=first["flag"].select(PRIOR_FLAG_SCHEMA.names),
    )


def rest_of(decided: Decided, part: pa.Table) -> Rest:
    """What all others come to."""
    d, m = (_whole(decided.tables[name], part, inside=False) for name in ("decision", "metric"))
    owed = [max(x or Decimal(0), Decimal(0)) for x in d["net_exposure"].to_pylist()]
    sold = [max(x or Decimal(0), Decimal(0)) for x in m["sales_year"].to_pylist()]
    return Rest(sum(owed, Decimal(0)), sum(x > 0 for x in owed), sum(sold, Decimal(0)))


def _whole(table: pa.Table, part: pa.Table, inside: bool) -> pa.Table:
    table = table.filter(pc.equal(table["selling_company"], ""))
    found = pc.is_in(table["party_id"], value_set=part["party_id"].combine_chunks())
    return table.filter(found if inside else pc.invert(found))


@pytest.fixture(scope="module")
def full(
    book: tuple[duckdb.DuckDBPyConnection, Inputs], settled: Inputs, policy: PolicyDoc
) -> Decided:
    return decide(book[0], settled, policy, AS_OF, "run")


def check_part(full: Decided, some: Decided, part: pa.Table) -> None:
    """All tables say of these parties what those of the whole book say."""
    for name, table in full.tables.items():
        expected = _of(table, part)
        assert expected.num_rows
        assert some.tables[name].equals(expected), name
    assert some.coverage.parties == part.num_rows
    assert some.portfolio == {}


@pytest.mark.parametrize("seed", [None, 7])
def test_a_part_is_decided_as_in_the_whole_book(
    book: tuple[duckdb.DuckDBPyConnection, Inputs],
    settled: Inputs,
    full: Decided,
    policy: PolicyDoc,
    seed: int | None,
) -> None:
    connection, _ = book
    drawn = Random(seed).sample(range(PARTIES), 5)
    among = pa.table({"party_id": SOME if seed is None else [f"P{n}" for n in drawn]})
    part = whole_groups(connection, among)
    assert among.num_rows < part.num_rows <= 25
    given = replace(settled, rest=rest_of(full, part))
    check_part(full, decide(connection, given, policy, AS_OF, "run", among=among), part)
    left = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE temporary UNION ALL "
        "SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal"
    ).fetchall()
    assert left == []


def test_after_a_change_the_changed_are_decided_as_by_a_run_on_all(
    book: tuple[duckdb.DuckDBPyConnection, Inputs],
    settled: Inputs,
    full: Decided,
    policy: PolicyDoc,
) -> None:
    """Goes red when the rest of the book is read from facts instead of from its last decisions."""
    connection, _ = book
    connection.execute("BEGIN")
    try:
        connection.execute("DELETE FROM linked.payment WHERE party_id = 'P12'")
        connection.execute(
            "UPDATE linked.invoice SET party_id = 'P61' WHERE party_id = 'P33' AND hash(id) % 2 = 0"
        )
        among = pa.table({"party_id": ["P12", "P33", "P61"]})
        part = whole_groups(connection, among)
        given = replace(settled, rest=rest_of(full, part))
        some = decide(connection, given, policy, AS_OF, "run", among=among)
        check_part(decide(connection, settled, policy, AS_OF, "run"), some, part)
    finally:
        connection.execute("ROLLBACK")
    assert not some.tables["decision"].equals(_of(full.tables["decision"], part))


def _of(table: pa.Table, part: pa.Table) -> pa.Table:
    return table.filter(pc.is_in(table["party_id"], value_set=part["party_id"].combine_chunks()))
