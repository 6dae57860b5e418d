"""What has to hold for any book."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from connector.credit.engine import Decided, decide
from connector.credit.policy.document import PolicyDoc
from tests.unit.credit.book import AS_OF, Book
from tests.unit.credit.test_remedies import random_book

PARTIES = 40


def run(book: Book, policy: PolicyDoc) -> Decided:
    return decide(book.connection, book.inputs, policy, AS_OF, "run")


@pytest.fixture(scope="module", params=[11, 4711], ids=lambda seed: f"seed {seed}")
def world(policy: PolicyDoc, request: pytest.FixtureRequest) -> tuple[Book, Decided]:
    """A random book, decided once for all that has to hold of it."""
    book = random_book(request.param, parties=PARTIES)
    return book, run(book, policy)


def by_party(decided: Decided, name: str) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in decided.tables[name].to_pylist():
        if row["selling_company"] == "":
            rows[row["party_id"]].append(row)
    return rows


def test_points_parts_and_caps_add_up(policy: PolicyDoc, world: tuple[Book, Decided]) -> None:
    _, decided = world
    points, metrics = by_party(decided, "points"), by_party(decided, "metric")
    for party, (row,) in by_party(decided, "decision").items():
        received = [p["points"] for p in points[party] if p["points"] is not None]
        assert sum(received) == (row["score"] or 0)
        assert all(0 <= p["points"] <= p["best"] for p in points[party] if p["points"] is not None)
        (found,) = metrics[party]
        gross = [found[name] for name in policy.exposure.parts]
        less = [found[name] for name in policy.exposure.reductions]
        assert row["gross_exposure"] == sum(gross)
        assert row["net_exposure"] == sum(gross) - sum(less)
        if row["approved_state"] == "amount":
            assert row["available"] == row["approved_amount"] - row["net_exposure"]
        assert row["grade"] == _grade(row["score"], policy)
        assert (row["proposed_state"] == "amount") == (row["proposed_amount"] is not None)


def _grade(score: Decimal | None, policy: PolicyDoc) -> str | None:
    if score is None:
        return None
    return next(band.grade for band in policy.grades if score >= band.from_score)


def test_every_party_has_reasons_and_what_is_received_is_somewhere(
    world: tuple[Book, Decided],
) -> None:
    book, decided = world
    assert set(by_party(decided, "reason")) == set(by_party(decided, "decision"))
    # Money in: open + applied = invoiced; so open − unmatched = invoiced − received where the
    # source keeps no open amount.
    rows = book.connection.execute(
        """
        SELECT party_id, currency, sum(amount) FROM (
            SELECT party_id, currency, amount FROM linked.invoice
            UNION ALL SELECT party_id, currency, -amount FROM linked.payment)
        WHERE party_id NOT IN (SELECT party_id FROM linked.invoice WHERE open_amount IS NOT NULL)
        GROUP BY ALL
        """
    ).fetchall()
    rates = {"CNY": Decimal(1), "USD": Decimal("7.15")}
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for party, currency, amount in rows:
        expected[party] += amount * rates[currency]
    for party, amount in expected.items():
        (metrics,) = by_party(decided, "metric")[party]
        left = metrics["open_receivables"] - metrics["unapplied_cash"]
        assert abs(left - amount) < Decimal("0.01")


def test_the_order_of_rows_does_not_matter(policy: PolicyDoc, world: tuple[Book, Decided]) -> None:
    book, first = world
    for name in ("invoice", "payment", "order"):
        book.connection.execute(
            f'CREATE TABLE turned AS SELECT * FROM linked."{name}" ORDER BY hash(id)'
        )
        book.connection.execute(f'DELETE FROM linked."{name}"')
        book.connection.execute(f'INSERT INTO linked."{name}" SELECT * FROM turned')
        book.connection.execute("DROP TABLE turned")
    second = run(book, policy)
    assert all(first.tables[name].equals(second.tables[name]) for name in first.tables)
    assert all(first.portfolio[name].equals(second.portfolio[name]) for name in first.portfolio)
    assert first.receivables.equals(second.receivables)


def test_the_named_cap_is_the_least_candidate(
    policy: PolicyDoc, world: tuple[Book, Decided]
) -> None:
    _, decided = world
    named = {row["binding_cap"] for (row,) in by_party(decided, "decision").values()}
    assert named <= {"blend", "need", "agency", "appetite", "step", "cash_only", "manual"}
    assert len(named) >= 3
    for (row,) in by_party(decided, "decision").values():
        last = by_party(decided, "reason")[row["party_id"]][-1]
        assert last["code"] == f"limit_{row['binding_cap']}"
        if row["proposed_state"] == "amount" and row["approved_state"] == "amount":
            up = policy.limit.max_up_pct
            assert up is not None
            assert row["proposed_amount"] <= row["approved_amount"] * (1 + up)
