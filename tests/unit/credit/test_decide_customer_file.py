"""What statements, reports, events, groups and countries do to a decision, end to end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.credit.engine import Decided, decide
from connector.credit.policy.document import PolicyDoc
from connector.credit.policy.lint import find_problems
from tests.unit.credit.book import AS_OF, Book

SHEET = {
    "total_assets": 12_000, "current_assets": 6_200, "cash": 800, "receivables": 2_600,
    "inventory": 2_400, "current_liabilities": 4_800, "short_term_debt": 1_500, "payables": 2_700,
    "total_liabilities": 7_400, "long_term_debt": 2_600, "equity": 4_600, "intangibles": 300,
    "retained_earnings": 1_900, "sales": 15_000, "cost_of_sales": 12_000, "ebit": 960,
    "depreciation": 420, "interest": 280, "net_income": 510, "operating_cash_flow": 640,
    "capital_expenditure": 350,
}  # fmt: skip


def rules(policy: PolicyDoc) -> PolicyDoc:
    """The standard policy with countries, groups, net worth and the stop for negative equity, and
    without the cap by need, which would hide what net worth adds."""
    document = policy.model_dump(mode="json", by_alias=True)
    document["hard_stops"]["codes"].append("over_indebted")
    document["countries"] |= {"classes": {"ZZ": 6}, "ceilings": {6: "C"}}
    document["group"] |= {"support_notches": 1}
    document["limit"]["methods"]["net_worth"] = {"weight": 0.5, "share": 0.1}
    document["limit"]["caps"]["need"] = None
    return PolicyDoc.model_validate(document)


def customer(book: Book, party: str, **columns: Any) -> None:
    """A customer who always paid in time and owes 10,000 that are not due."""
    book.party(party, terms_days=30, customer_since=date(2020, 1, 1), **columns)
    for month in range(1, 6):
        number = f"{party}-{month}"
        book.add("invoice", party, id=number, number=number, amount=10_000,
                 invoice_date=date(2025, month, 1), due_date=date(2025, month, 28))  # fmt: skip
        book.add("payment", party, amount=10_000, value_date=date(2025, month, 28),
                 invoice_number=number)  # fmt: skip
    book.add("invoice", party, amount=10_000, open_amount=10_000, invoice_date=date(2025, 6, 10),
             due_date=date(2025, 7, 10))  # fmt: skip
    book.approve(party, amount="100000")


@pytest.fixture(scope="module")
def decided(policy: PolicyDoc) -> Decided:
    book = Book()
    customer(book, "plain")
    customer(book, "abroad", country="ZZ")
    customer(book, "parent", group_id="parent")
    customer(book, "child", group_id="parent")
    customer(book, "temporary")
    customer(book, "struck")
    customer(book, "indebted")
    customer(book, "rated")
    book.add("statement", "rated", fiscal_year_end=date(2024, 12, 31), unit=1000, **SHEET)
    book.add("statement", "indebted", fiscal_year_end=date(2024, 12, 31), unit=1000,
             **{**SHEET, "equity": -100, "net_income": -5})  # fmt: skip
    book.add("limit", "parent", state="amount", amount=25_000, kind="group")
    book.add("limit", "temporary", state="amount", amount=500_000, kind="temporary",
             valid_from=date(2025, 6, 20), valid_to=AS_OF)  # fmt: skip
    book.add("event", "struck", kind="insolvency_open", since=date(2025, 6, 5))
    book.add("bureau_report", "rated", bureau="B", score=20, scale_low=0, scale_high=100,
             higher_is_better=True, currency="CNY", as_of=date(2025, 6, 1))  # fmt: skip
    book.add("bureau_report", "rated", bureau="B", score=60, scale_low=0, scale_high=100,
             higher_is_better=True, currency="CNY", as_of=date(2024, 6, 1))  # fmt: skip
    rule = rules(policy)
    assert list(find_problems(rule)) == []
    return decide(book.connection, book.inputs, rule, AS_OF, "run")


def of(decided: Decided, table: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in decided.tables[table].to_pylist():
        found.setdefault(row["party_id"], []).append(row)
    return found


def decision(decided: Decided, party: str) -> Mapping[str, Any]:
    (row,) = of(decided, "decision")[party]
    return row


def codes(decided: Decided, party: str) -> set[str]:
    return {row["code"] for row in of(decided, "reason")[party]}


def test_the_country_bounds_the_grade_and_lowers_the_limit(decided: Decided) -> None:
    plain, abroad = decision(decided, "plain"), decision(decided, "abroad")
    assert (plain["grade"], plain["grade_by"]) == ("A", "score")
    assert (abroad["grade"], abroad["grade_by"]) == ("C", "country")
    assert abroad["score"] == plain["score"]
    assert "grade_country" in codes(decided, "abroad")
    assert "grade_country" not in codes(decided, "plain")
    assert abroad["binding_cap"] == "country"
    assert abroad["proposed_amount"] < plain["proposed_amount"]


def test_a_hard_stop_comes_from_an_event_and_from_negative_equity(decided: Decided) -> None:
    struck, indebted = decision(decided, "struck"), decision(decided, "indebted")
    assert (struck["hard_stop"], struck["grade"], struck["action"]) == (
        "insolvency_open", "D", "stop_shipment",
    )  # fmt: skip
    assert struck["action_due"] == date(2025, 6, 5)
    assert struck["score"] == decision(decided, "plain")["score"]
    assert (indebted["hard_stop"], indebted["grade_by"]) == ("over_indebted", "hard_stop")
    assert {"negative_equity", "weak_statements"} <= codes(decided, "indebted")


def test_a_member_has_no_more_than_its_group(decided: Decided) -> None:
    child = decision(decided, "child")
    assert child["approved_amount"] == 100_000
    assert child["available"] == 5_000
    assert child["proposed_amount"] <= 25_000


def test_a_temporary_limit_counts_on_its_last_day(decided: Decided) -> None:
    row = decision(decided, "temporary")
    assert (row["approved_amount"], row["available"]) == (500_000, 490_000)
    most = Decimal(120_000)  # the next review starts from the base limit
    assert row["proposed_amount"] <= most


def test_a_statement_makes_metrics_limit_and_evidence(decided: Decided) -> None:
    (figures,) = of(decided, "metric")["rated"]
    assert figures["tangible_net_worth"] == 4_300_000
    assert abs(figures["debt_ratio"] - Decimal("0.6167")) < Decimal("0.0001")
    assert figures["failure_zone"] == 2
    assert figures["bureau_change"] == -40
    assert figures["bureau_fell_below"] == 1
    (plain,) = of(decided, "metric")["plain"]
    assert plain["debt_ratio"] is None
    assert (
        decision(decided, "rated")["proposed_amount"]
        > decision(decided, "plain")["proposed_amount"]
    )
    shown = {(row["code"], row["entity"]) for row in of(decided, "evidence")["rated"]}
    assert ("bureau_downgrade", "bureau_report") in shown


def test_allowed_terms_are_those_of_the_final_grade(decided: Decided) -> None:
    assert decision(decided, "plain")["allowed_terms_days"] == 60
    assert decision(decided, "abroad")["allowed_terms_days"] == 30
    assert decision(decided, "struck")["deposit_share"] == 1
