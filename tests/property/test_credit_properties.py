"""What has to hold for any book of customers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from connector.credit.decision.proposal import PROPOSAL_INPUT, propose
from connector.credit.engine import Decided, decide
from connector.credit.policy.document import PolicyDoc, shipped_policy
from connector.credit.policy.lint import load_policy
from tests.unit.credit.book import AS_OF, Book
from tests.unit.credit.test_remedies import random_book

seeds = st.integers(min_value=0, max_value=10**6)
few = settings(max_examples=2, phases=(Phase.explicit, Phase.generate))
"""A decision takes seconds: few examples of many parties each, and none is made smaller."""


@pytest.fixture(scope="module")
def policy() -> PolicyDoc:
    return load_policy(shipped_policy("standard"), "standard")


def run(book: Book, policy: PolicyDoc) -> Decided:
    return decide(book.connection, book.inputs, policy, AS_OF, "run")


def rows(decided: Decided, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = decided.tables[name].to_pylist()
    return [row for row in found if row["selling_company"] == ""]


# -- buckets -----------------------------------------------------------------------------------


SEED = 20250630


@pytest.fixture(scope="module")
def whole(policy: PolicyDoc) -> Decided:
    """The book from which feeds are taken away, decided with all of them."""
    return run(whole_book(SEED), policy)


def test_buckets_add_up_to_the_open_receivables(whole: Decided) -> None:
    decided = whole
    ageing = [row for row in rows(decided, "breakdown") if row["dimension"] == "ageing"]
    found = {row["party_id"]: row for row in rows(decided, "decision")}
    assert len(found) == PARTIES
    assert sum(row["overdue"] > 0 for row in found.values()) > PARTIES / 4
    for party, row in found.items():
        mine = [item for item in ageing if item["party_id"] == party]
        assert sum(item["amount"] for item in mine) == row["open_receivables"]
        late = [item["amount"] for item in mine if item["member"] != "current"]
        assert sum(late) == row["overdue"]
    for row in decided.receivables.to_pylist():
        buckets = [row[name] for name in row if name.startswith("age_")]
        assert sum(buckets) == row["open"]


# -- lateness ----------------------------------------------------------------------------------

LATENESS = (0, 3, 8, 16, 31, 61, 91, 150)
"""Days after the due date at which every invoice of a customer is paid."""
DAYS_APART = 9
"""A customer who buys so often is known in every respect, however late it pays."""


def late_payers(seed: int, customers: int = 6) -> Book:
    """Customers in as many copies as there are LATENESS, alike but for how late they pay."""
    chance, book = random.Random(seed), Book()
    for customer in range(customers):
        issued = [AS_OF - timedelta(n + chance.randint(0, 4)) for n in range(1, 700, DAYS_APART)]
        amounts = [chance.randint(1, 500) for _ in issued]
        limit = chance.choice([None, 500, 5000])
        for days in LATENESS:
            party = f"C{customer}-{days:03}"
            book.party(party, terms_days=30)
            if limit:
                book.approve(party, amount=limit)
            for place, (day, amount) in enumerate(zip(issued, amounts, strict=True)):
                number, due = f"{party}-{place}", day + timedelta(30)
                book.add("invoice", party, number=number, amount=amount, invoice_date=day,
                         due_date=due)  # fmt: skip
                if due + timedelta(days) <= AS_OF:
                    book.add("payment", party, amount=amount, invoice_number=number,
                             value_date=due + timedelta(days))  # fmt: skip
    return book


@few
@given(seed=seeds)
def test_the_score_never_improves_when_lateness_grows(policy: PolicyDoc, seed: int) -> None:
    """Of customers about whom the same is known: a value that was unknown and turns out good lifts
    a low score under `renormalise`, whatever made it known."""
    decided = run(late_payers(seed), policy)
    known: dict[str, set[str]] = {}
    for row in rows(decided, "points"):
        if row["points"] is not None:
            known.setdefault(row["party_id"].split("-")[0], set()).add(row["characteristic"])
    counts = [row["points"] is not None for row in rows(decided, "points")]
    assert sum(counts) == sum(len(found) for found in known.values()) * len(LATENESS)
    scores: dict[str, list[Decimal]] = {}
    for row in sorted(rows(decided, "decision"), key=lambda r: r["party_id"]):
        scores.setdefault(row["party_id"].split("-")[0], []).append(row["score"])
    assert len(scores) == 6
    for customer, found in scores.items():
        assert None not in found
        assert found == sorted(found, reverse=True), customer
        assert found[0] > found[-1]


# -- caps --------------------------------------------------------------------------------------

CAPPED = {
    "currency": "CNY",
    "countries": {"classes": {"DE": 0, "BR": 4, "AR": 7}},
    "limit": {
        "methods": {
            "need": {"weight": 1}, "agency": {"weight": 1},
            "score_band": {"weight": 1, "base_amount": 50000,
                           "multipliers": {"A": 2, "B": 1, "C": "0.5"}},
            "net_worth": {"weight": 1}, "working_capital": {"weight": 1},
            "references": {"weight": 1},
        },
        "caps": {"need": "1.2", "agency": "1.2", "appetite_share": "0.1", "own_equity": 1000000,
                 "own_equity_share": "0.05", "unsecured_appetite": 20000},
    },
}  # fmt: skip
"""Every method and every cap at once."""


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    both = {
        k: merged(old[k], v)
        for k, v in new.items()
        if isinstance(v, dict) and isinstance(old.get(k), dict) and k != "score_band"
    }
    return {**old, **new, **both}


def asking(seed: int, kinds: dict[str, str], many: int = 150) -> Iterator[dict[str, Any]]:
    """Parties about which much or little is known."""
    chance = random.Random(seed)
    for number in range(many):
        row: dict[str, Any] = {"party_id": f"P{number}", "selling_company": ""}
        for name, kind in kinds.items():
            if "decimal" in kind and chance.random() < 0.7:
                row[name] = Decimal(chance.randint(-2000, 10**6)) / chance.choice([1, 7])
                row[name] = row[name].quantize(Decimal("0.0001"))
        row["portfolio_sales"] = Decimal(500000)
        row["grade"] = chance.choice(["A", "A", "B", "C", "D", None])
        row["country"] = chance.choice(["DE", "BR", "AR", None])
        row["terms_days"] = chance.choice([0, 30, 90, None])
        row["approved_state"] = chance.choice(["amount", "none", "cash_only"])
        yield row


@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_a_proposed_limit_is_never_above_its_caps(seed: int) -> None:
    shipped = yaml.safe_load(shipped_policy("standard"))
    rule = load_policy(yaml.safe_dump(merged(shipped, CAPPED)), "capped")
    texts = {"party_id", "selling_company", "grade", "approved_state", "country"}
    kinds = {name: "string" if name in texts else "decimal(18,4)"
             for name in (*PROPOSAL_INPUT, "insured_limit")} | {"terms_days": "int64"}  # fmt: skip
    backend = ibis.duckdb.from_connection(duckdb.connect())
    full = [{**dict.fromkeys(kinds), **row} for row in asking(seed, kinds)]
    typed = ibis.schema(kinds).to_pyarrow()
    t = backend.create_table("t", pa.Table.from_pylist(full, schema=typed))
    found = propose(t, rule).to_pyarrow().to_pylist()
    amounts = [row for row in found if row["proposed_state"] == "amount"]
    assert len(amounts) > 20
    for row in amounts:
        caps = {name: row[name] for name in row if name.startswith("cap_")}
        assert {"cap_need", "cap_agency", "cap_appetite", "cap_own_equity", "cap_insured",
                "cap_group", "cap_step"} <= set(caps)  # fmt: skip
        assert row["proposed_amount"] > 0
        assert all(row["proposed_amount"] <= cap for cap in caps.values() if cap is not None)
        assert row["limit_coverage"] >= rule.limit.min_coverage
        assert row["proposed_amount"] <= row["limit_blend"]
    assert all(row["proposed_amount"] is None for row in found if row["proposed_state"] != "amount")


# -- feeds -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Feed:
    """What depends on a feed: metrics that may be another without it, and characteristics."""

    entity: str
    metrics: frozenset[str]
    characteristics: frozenset[str] = frozenset()


FROM_EXPOSURE = frozenset({
    "gross_exposure", "net_exposure", "utilisation", "unsecured_exposure", "exposure_at_default",
    "loss_given_default", "expected_loss", "probability_of_default", "exposure_share",
    "group_exposure", "group_available", "group_exposure_share", "concentration_use",
    "exposure_ahead", "utilisation_ahead", "high_use_days", "high_use_since",
    "unsecured_of_appetite",
})  # fmt: skip
"""What the exposure weighs in: use of the limit, and through score and grade the expected loss."""
FEEDS = (
    Feed("order", FROM_EXPOSURE | {
        "open_orders", "order_prepayments", "orders_recent", "orders_usual", "order_score",
        "order_ratio", "order_months", "last_order", "order_gap_days", "order_after_pause",
        "first_order_share",
    }, frozenset({"limit_use"})),
    Feed("delivery", FROM_EXPOSURE | {"unbilled_deliveries"}, frozenset({"limit_use"})),
    Feed("credit_note", FROM_EXPOSURE | {
        "open_credit_notes", "unapplied_ratio", "sales_recent", "sales_year", "dso", "dso_true",
        "dso_countback", "dso_best", "average_days_delinquent", "collection_index",
    }, frozenset({"limit_use"})),
)  # fmt: skip


PARTIES = 40


def whole_book(seed: int) -> Book:
    """A random book with deliveries and credit notes on top."""
    book, chance = random_book(seed, parties=PARTIES), random.Random(seed + 1)
    for number in range(PARTIES):
        party = f"P{number:03}"
        if chance.random() < 0.5:
            book.add("delivery", party, unbilled_amount=chance.randint(1, 900),
                     delivery_date=AS_OF - timedelta(3))  # fmt: skip
        if chance.random() < 0.5:
            book.add("credit_note", party, amount=chance.randint(1, 900), open_amount=1,
                     issue_date=AS_OF - timedelta(5))  # fmt: skip
    return book


@pytest.mark.parametrize("feed", FEEDS, ids=[feed.entity for feed in FEEDS])
def test_without_a_feed_only_what_rests_on_it_changes(
    policy: PolicyDoc, whole: Decided, feed: Feed
) -> None:
    book = whole_book(SEED)
    book.connection.execute(f'DELETE FROM linked."{feed.entity}"')
    after = run(book, policy)
    changed = differing(whole, after, "metric")
    assert changed
    assert changed <= feed.metrics
    points = [p for p in zip(rows(whole, "points"), rows(after, "points"), strict=True)
              if p[0]["bin"] != p[1]["bin"]]  # fmt: skip
    assert {old["characteristic"] for old, _ in points} <= feed.characteristics


def differing(before: Decided, after: Decided, table: str) -> set[str]:
    pairs = zip(rows(before, table), rows(after, table), strict=True)
    return {name for old, new in pairs for name in old if old[name] != new[name]}


@few
@given(seed=seeds)
def test_a_method_without_data_lowers_the_coverage_and_is_not_a_zero(seed: int) -> None:
    """Taking away one fact of a proposal lowers its coverage; the others keep their say."""
    shipped = yaml.safe_load(shipped_policy("standard"))
    rule = load_policy(yaml.safe_dump(merged(shipped, CAPPED)), "capped")
    methods = {"net_worth": "tangible_net_worth", "references": "reference_limit",
               "working_capital": "working_capital"}  # fmt: skip
    chance = random.Random(seed)
    amounts = {column: Decimal(chance.randint(1, 10**6)) for column in methods.values()}
    full = {"party_id": "all", "selling_company": "", "grade": "B", "terms_days": 30,
            "yearly_sales": Decimal(chance.randint(1, 10**6)), "approved_state": "none",
            "portfolio_sales": Decimal(10**7), "agency_amount": Decimal(10**6)}  # fmt: skip
    full |= amounts
    parties = [
        full,
        *({**full, "party_id": name, column: None} for name, column in methods.items()),
    ]
    found = {row["party_id"]: row for row in proposals(parties, rule)}
    for name in methods:
        one, others = found[name], [m for m in methods if m != name]
        assert one["limit_coverage"] < found["all"]["limit_coverage"]
        assert one[f"method_{name}"] is None
        assert all(one[f"method_{m}"] == found["all"][f"method_{m}"] for m in others)
        known = [one[k] for k in one if k.startswith("method_") and one[k] is not None]
        assert min(known) <= one["limit_blend"] <= max(known)


def proposals(parties: Sequence[dict[str, Any]], rule: PolicyDoc) -> list[dict[str, Any]]:
    texts = {"party_id", "selling_company", "grade", "approved_state", "country"}
    kinds = {name: "string" if name in texts else "decimal(18,4)"
             for name in (*PROPOSAL_INPUT, "insured_limit")} | {"terms_days": "int64"}  # fmt: skip
    backend = ibis.duckdb.from_connection(duckdb.connect())
    full = [{**dict.fromkeys(kinds), **row} for row in parties]
    typed = ibis.schema(kinds).to_pyarrow()
    t = backend.create_table("t", pa.Table.from_pylist(full, schema=typed))
    return list(propose(t, rule).to_pyarrow().to_pylist())
