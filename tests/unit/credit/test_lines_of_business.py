"""Receivables, orders and sales by line of business add up to the customer's figures."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.credit.engine import Decided, decide
from connector.credit.metrics.lines_of_business import in_shares
from connector.credit.policy.document import PolicyDoc
from tests.unit.credit.book import AS_OF, Book
from tests.unit.credit.conftest import Tables

MONEY = "decimal(18,4)"
SHARE = {
    "party_id": "string", "connection": "string", "id": "string", "seller": "string",
    "currency": "string", "product_line": "string", "region": "string", "market": "string",
    "amount": MONEY, "weight": MONEY, "whole": MONEY,
}  # fmt: skip
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False)
weights = st.lists(st.integers(-500, 5000), min_size=1, max_size=8).filter(lambda w: sum(w) > 0)


def shared(tables: Tables, documents: list[tuple[Decimal, list[int]]]) -> list[list[Decimal]]:
    rows = [
        {"party_id": "P", "connection": "erp", "id": str(n), "seller": "", "currency": "CNY",
         "product_line": f"L{place}", "region": "", "market": "", "amount": amount,
         "weight": Decimal(weight), "whole": Decimal(sum(given))}
        for n, (amount, given) in enumerate(documents)
        for place, weight in enumerate(given)
    ]  # fmt: skip
    t = tables.make("t", SHARE, rows)
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for row in tables.rows(t.mutate(part=in_shares(t, "amount"))):
        found[int(row["id"])][row["product_line"]] = row["part"]
    return [[found[n][f"L{k}"] for k in range(len(w))] for n, (_, w) in enumerate(documents)]


def test_cents_go_to_the_largest_remainders(tables: Tables) -> None:
    a_hundred, odd, less = shared(
        tables,
        [
            (Decimal(100), [1, 1, 1]),
            (Decimal("0.05"), [60, 25, 15]),
            (Decimal("10.0033"), [3, 1]),
        ],
    )
    assert a_hundred == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]
    assert odd == [Decimal("0.03"), Decimal("0.01"), Decimal("0.01")]
    assert sum(less) == Decimal("10.0033")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents=st.lists(st.tuples(amounts, weights), min_size=1, max_size=30))
def test_shares_add_up_and_stay_within_a_cent_of_the_exact_one(
    documents: list[tuple[Decimal, list[int]]],
) -> None:
    for (amount, given_weights), parts in zip(documents, shared(Tables(), documents), strict=True):
        assert sum(parts) == amount
        for weight, part in zip(given_weights, parts, strict=True):
            exact = amount * weight / sum(given_weights)
            assert abs(part - exact) <= Decimal("0.0201")


def busy_book(seed: int) -> Book:
    """Customers with lines, heads, neither, several currencies, companies, parts and credits."""
    rng = random.Random(seed)
    book = Book().rate("USD", "7.15")
    maybe = [None, "N", "S"]
    for number in range(12):
        party = f"P{number}"
        book.party(party, terms_days=rng.choice([None, 30, 60]))
        for count in range(rng.randint(0, 5)):
            key = f"{party}-{count}"
            amount = Decimal(rng.randint(100, 10**7)) / 100
            head: dict[str, Any] = {} if number % 3 == 0 else {
                "product_line": rng.choice(["A", "B", None]), "region": rng.choice(maybe),
                "market": rng.choice([None, "export"]),
            }  # fmt: skip
            open_amount = rng.choice([None, amount, (amount / 3).quantize(Decimal("0.01"))])
            book.add(
                "invoice", party, id=key, number=key, amount=amount, open_amount=open_amount,
                invoice_date=AS_OF - timedelta(rng.randint(0, 500)),
                currency=rng.choice(["CNY", "CNY", "USD"]),
                selling_company=rng.choice([None, "S1", "S2"]), **head,
            )  # fmt: skip
            for _ in range(rng.choice([0, 0, 1, 3])):
                book.add("invoice_line", party, invoice_id=key, amount=rng.randint(1, 900),
                         product_line=rng.choice(["A", "B", "C", None]))  # fmt: skip
            if rng.random() < 0.2:
                book.add("credit_note", party, amount=10, issue_date=AS_OF - timedelta(9),
                         invoice_number=rng.choice([key, None]))  # fmt: skip
        if rng.random() < 0.5:
            book.add(
                "order", party, state="open", amount=500, uninvoiced=400,
                order_date=AS_OF - timedelta(5), product_line=rng.choice(["A", None]),
            )  # fmt: skip
    return book


def totals(decided: Decided) -> dict[tuple[str, str], dict[str, Decimal]]:
    rows = decided.tables["metric"].to_pylist()
    return {(row["party_id"], row["selling_company"]): row for row in rows}


@pytest.fixture(scope="module")
def decided(policy: PolicyDoc) -> Decided:
    book = busy_book(7)
    return decide(book.connection, book.inputs, policy, AS_OF, "run")


def broken_down(decided: Decided) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in decided.tables["breakdown"].to_pylist():
        if row["dimension"] in ("product_line", "region", "market", "currency"):
            found[row["party_id"], row["selling_company"], row["dimension"]].append(row)
    return found


def test_members_add_up_to_the_totals(decided: Decided) -> None:
    whole, cells = totals(decided), broken_down(decided)
    assert len(cells) > 20
    for (party, seller, _), rows in cells.items():
        row = whole[party, seller]
        wanted = {
            "amount": row["open_receivables"], "overdue": row["overdue"],
            "exposure": row["open_receivables"] + row["open_orders"], "sales": row["sales_year"],
        }  # fmt: skip
        for name, value in wanted.items():
            assert sum(r[name] for r in rows) == value, (party, seller, name)
        assert len({r["member"] for r in rows}) == len(rows)


def test_unassigned_is_shown_beside_what_is_assigned(decided: Decided) -> None:
    cells = broken_down(decided)
    mixed = [k for k, rows in cells.items() if {"", "A"} <= {r["member"] for r in rows}]
    assert mixed
    totals_only = {key: rows for key, rows in cells.items() if key[1] == ""}
    assert all(any(r["member"] for r in rows) for rows in totals_only.values())
