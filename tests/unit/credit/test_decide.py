"""Whole decisions over small ledgers, through `decide`."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from connector.credit.engine import Decided, decide
from connector.credit.facts import LINKED, OURS
from connector.credit.policy.document import PolicyDoc
from connector.domain.decision import DECISION_TABLES
from connector.errors import PolicyError, StateError
from connector.ports.facts import table_schema
from tests.unit.credit.book import AS_OF, Book, metric_texts, only, sample_book
from tests.unit.credit.crowd import Answer, Case, check_case, run_cases

Steps = Generator[Book, Answer, None]
CASES: dict[str, Case] = {}


def case(steps: Case) -> Case:
    """Take a case in; all of them are decided together."""
    CASES[steps.__name__] = steps
    return steps


def run(book: Book, policy: PolicyDoc, as_of: date = AS_OF) -> Decided:
    return decide(book.connection, book.inputs, policy, as_of, "run")


def decision(decided: Decided, party: str = "P", company: str = "") -> dict[str, Any]:
    return only(
        row
        for row in decided.tables["decision"].to_pylist()
        if (row["party_id"], row["selling_company"]) == (party, company)
    )


def metrics(decided: Decided, party: str = "P", company: str = "") -> dict[str, str | None]:
    return metric_texts(decided, party, company)


def reasons(decided: Decided, party: str = "P") -> list[dict[str, Any]]:
    rows = decided.tables["reason"].to_pylist()
    return [row for row in rows if (row["party_id"], row["selling_company"]) == (party, "")]


def flags(decided: Decided, party: str = "P") -> dict[str, dict[str, Any]]:
    rows = decided.tables["flag"].to_pylist()
    return {row["code"]: row for row in rows if row["party_id"] == party}


@pytest.fixture(scope="module")
def sample(policy: PolicyDoc) -> Decided:
    return run(sample_book(), policy)


@pytest.fixture(scope="module")
def failures(policy: PolicyDoc) -> dict[str, AssertionError | None]:
    return run_cases(CASES, policy)


def test_every_table_has_exactly_the_columns_of_the_contract(sample: Decided) -> None:
    assert set(sample.tables) == set(DECISION_TABLES)
    for name, entity in DECISION_TABLES.items():
        table = sample.tables[name]
        assert table.schema == table_schema(entity)
        for column in entity.columns:
            if column.required:
                assert table[column.name].null_count == 0, (name, column.name)


def test_the_sample_ledger_gives_the_fact_sheets_figures(sample: Decided) -> None:
    row, found = decision(sample), metrics(sample)
    assert row["gross_exposure"] == 560000
    assert row["net_exposure"] == 492000
    assert row["open_receivables"] == 380000
    assert row["overdue"] == 170000
    assert row["available"] == 8000
    assert row["utilisation"] == Decimal("0.984")
    assert row["oldest_due_date"] == date(2025, 4, 11)
    assert found["unapplied_cash"] == "20000"
    assert found["open_credit_notes"] == "15000"
    assert found["order_prepayments"] == "33000"
    assert found["overdue_ratio"] == "0.447368"
    assert found["overdue_ratio_undisputed"] == "0.382353"
    assert found["dispute_ratio"] == "0.105263"
    assert found["average_days_past_due"] == "58.1176"
    assert found["oldest_overdue_days"] == "80"
    assert found["dso"] == "61.75"
    assert found["dso_best"] == "34.125"
    assert found["average_days_delinquent"] == "27.625"
    assert found["dso_countback"] == "64"


def test_receivables_by_currency_hold_every_bucket(sample: Decided) -> None:
    row = only(sample.receivables.to_pylist())
    assert row["open"] == 380000
    assert row["overdue"] == 170000
    assert row["disputed"] == 40000
    buckets = {name: int(row[name]) for name in row if name.startswith("age_")}
    assert buckets == {
        "age_current": 210000, "age_1_30": 80000, "age_31_60": 0, "age_61_90": 50000,
        "age_91_120": 40000, "age_over_120": 0,
    }  # fmt: skip


def test_reasons_rank_flags_before_points_and_end_with_the_limit(sample: Decided) -> None:
    rows = reasons(sample)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    order = {"hard_stop": 0, "flag": 1, "characteristic": 2, "cap": 3, "limit": 3}
    sources = [order[row["source"]] for row in rows]
    assert sources == sorted(sources)
    assert sources[-1] == 3
    lost = [row["points_lost"] for row in rows if row["source"] == "characteristic"]
    assert lost == sorted(lost, reverse=True)
    assert all(isinstance(json.loads(row["params"]), dict) for row in rows)


def test_nothing_is_left_behind_in_the_connection(policy: PolicyDoc) -> None:
    book = sample_book()
    run(book, policy)
    names = book.connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
    assert {name for (name,) in names} == {*LINKED, *OURS, "party", "scope", "fx"}


def test_a_currency_without_rate_is_left_out_and_counted(policy: PolicyDoc) -> None:
    book = Book().party(terms_days=30).rate("USD", "7.15")
    for currency in ("USD", "EUR", "CNY"):
        book.add("invoice", currency=currency, amount=1000, invoice_date="2025-06-20")
    decided = run(book, policy)
    assert decision(decided)["open_receivables"] == Decimal("8150")
    assert metrics(decided)["items_without_rate"] == "1"
    assert decided.coverage.items_without_rate == 1
    assert {row["currency"]: row["open"] for row in decided.receivables.to_pylist()} == {
        "USD": 1000, "EUR": 1000, "CNY": 1000,
    }  # fmt: skip


def test_the_policy_grants_small_limits_by_itself(policy: PolicyDoc) -> None:
    limit = policy.limit.model_copy(update={"auto_approve_up_to": Decimal(100000)})
    book = Book().party(terms_days=30, customer_since=date(2020, 1, 1))
    for month in range(1, 7):
        issued = date(2025, month, 1)
        book.add("invoice", amount=1000, invoice_date=issued, due_date=issued + timedelta(30),
                 cleared_date=min(issued + timedelta(28), date(2025, 6, 29)))  # fmt: skip
    row = decision(run(book, policy.model_copy(update={"limit": limit})))
    assert row["approved_source"] == "policy"
    assert row["approved_amount"] == row["proposed_amount"] == row["available"]
    assert row["approved_valid_to"] == AS_OF + timedelta(limit.valid_days)


def test_the_digest_stands_still_when_only_the_clock_moves(policy: PolicyDoc) -> None:
    book = Book().party(terms_days=30).approve(amount=5000)
    book.add("invoice", amount=1000, invoice_date="2025-06-20")
    first = decision(run(book, policy))
    book.prior(grade=first["grade"], hold=first["hold"], next_review=first["next_review"])
    second = decision(run(book, policy, AS_OF + timedelta(1)))
    assert second["decision_hash"] == first["decision_hash"]
    book.add("invoice", amount=4500, invoice_date="2025-06-20")
    third = decision(run(book, policy, AS_OF + timedelta(1)))
    assert third["decision_hash"] != first["decision_hash"]


def test_a_policy_in_another_currency_is_refused(policy: PolicyDoc) -> None:
    with pytest.raises(PolicyError, match="written in EUR"):
        run(Book().party(), policy.model_copy(update={"currency": "EUR"}))


def test_missing_facts_are_named(policy: PolicyDoc) -> None:
    book = Book().party()
    book.connection.execute("DROP TABLE fx; DROP TABLE linked.delivery")
    with pytest.raises(StateError, match=r"linked\.delivery, fx"):
        run(book, policy)


@case
def several_selling_companies_get_rows_that_add_up_to_the_total() -> Steps:
    book = Book().party(terms_days=30).party("Q", terms_days=30)
    for company, amount in (("S1", 700), ("S2", 300)):
        book.add("invoice", selling_company=company, amount=amount, invoice_date="2025-06-20")
    book.add("payment", selling_company="S1", amount=900, value_date="2025-06-25")
    book.add("invoice", "Q", selling_company="S1", amount=50, invoice_date="2025-06-20")
    decided = (yield book).decided
    rows = [(r["party_id"], r["selling_company"]) for r in decided.tables["decision"].to_pylist()]
    assert rows == [("P", ""), ("P", "S1"), ("P", "S2"), ("Q", "")]
    assert [decision(decided, "P", c)["net_exposure"] for c in ("S1", "S2", "")] == [-200, 300, 100]


@case
def parties_out_of_scope_get_nothing() -> Steps:
    book = Book().party().party("OUT", in_scope=False)
    book.add("invoice", "OUT", amount=10, invoice_date="2025-06-01")
    decided = (yield book).decided
    assert decided.tables["decision"]["party_id"].to_pylist() == ["P"]
    assert decided.receivables.num_rows == 0


@case
def a_party_without_history_is_grey_and_says_why() -> Steps:
    decided = (yield Book().party()).decided
    row = decision(decided)
    assert (row["score"], row["grade"], row["colour"], row["hold"]) == (None, None, "grey", False)
    assert row["proposed_state"] == "manual"
    assert [r["code"] for r in reasons(decided)] == ["not_enough_data", "limit_manual"]
    assert reasons(decided)[0]["remedy"] == "provide_data"


@case
def what_lies_after_the_valuation_date_is_unknown() -> Steps:
    book = Book().party(terms_days=30)
    book.add("invoice", amount=100, invoice_date="2025-05-01", cleared_date="2025-07-02",
             open_amount=0)  # fmt: skip
    book.add("invoice", amount=900, invoice_date="2025-07-01")
    book.add("payment", amount=100, value_date="2025-07-02")
    book.add("credit_note", amount=50, issue_date="2025-07-02")
    assert decision((yield book).decided)["net_exposure"] == 100


@case
def an_expired_limit_leaves_nothing_for_new_orders() -> Steps:
    book = Book().party().approve(amount=1000, valid_to=date(2025, 5, 31))
    book.add("invoice", amount=400, invoice_date="2025-06-20", due_date="2025-07-20")
    decided = (yield book).decided
    row = decision(decided)
    assert (row["available"], row["utilisation"]) == (0, Decimal("0.4"))
    assert flags(decided)["no_valid_limit"]["severity"] == 2


@case
def prior_state_carries_since_hold_and_review() -> Steps:
    book = sample_book()
    first = (yield book).decided
    since, review = date(2025, 6, 1), date(2025, 7, 5)
    book.prior_flag("oldest_overdue", since)
    book.prior(grade=decision(first)["grade"], hold=True, next_review=review)
    second = (yield book).decided
    assert flags(second)["oldest_overdue"]["since"] == since
    assert flags(second)["overdue_heavy"]["since"] == AS_OF
    assert decision(second)["next_review"] == review
    assert decision(second)["hold"]


@case
def a_hard_stop_sets_the_grade_and_leaves_the_score() -> Steps:
    book = sample_book()
    before = decision((yield book).decided)
    book.stop("sanctioned", since=date(2025, 6, 1)).stop("insolvency_open").stop("unheard_of")
    decided = (yield book).decided
    row = decision(decided)
    assert row["score"] == before["score"]
    assert (row["grade"], row["hard_stop"], row["colour"]) == ("D", "insolvency_open", "red")
    assert [r["code"] for r in reasons(decided)[:2]] == ["insolvency_open", "sanctioned"]


@case
def a_hard_stop_that_has_not_begun_stops_nothing() -> Steps:
    book = sample_book().stop("sanctioned", since=date(2025, 7, 1))
    assert decision((yield book).decided)["hard_stop"] is None


@case
def natural_persons_are_never_held() -> Steps:
    book = Book().party(party_kind="natural_person").approve(amount=10)
    book.add("invoice", amount=1000, invoice_date="2025-01-01", due_date="2025-01-31")
    assert not decision((yield book).decided)["hold"]


def the_strongest_valid_limit_is_in_force(
    limits: list[Any], state: str, amount: int | None, source: str | None
) -> Steps:
    book = Book().party()
    for origin, value, valid_to in limits:
        if origin == "file":
            book.add("limit", state="amount", amount=value)
        else:
            book.approve(amount=value, source=origin, valid_to=valid_to)
    row = decision((yield book).decided)
    found = (row["approved_state"], row["approved_amount"], row["approved_source"])
    assert found == (state, amount, source)


LIMITS: list[tuple[list[Any], str, int | None, str | None]] = [
    ([], "none", None, None),
    ([("person", 10, None), ("inherited", 20, None)], "amount", 10, "person"),
    ([("inherited", 20, None), ("file", 30, None), ("policy", 40, None)], "amount", 30, "file"),
    ([("person", 10, date(2025, 6, 29)), ("policy", 40, None)], "amount", 40, "policy"),
    ([("person", 10, AS_OF)], "amount", 10, "person"),
]
for place, given in enumerate(LIMITS):
    CASES[f"the_strongest_valid_limit_{place}"] = partial(
        the_strongest_valid_limit_is_in_force, *given
    )


def the_hold_keeps_between_the_lines_only_when_it_was_there(
    net: int, before: bool, after: bool
) -> Steps:
    book = Book().party().approve(amount=500000).prior(hold=before)
    book.add("invoice", amount=net, invoice_date="2025-06-20", due_date="2025-07-20")
    assert decision((yield book).decided)["hold"] is after


for net, before, after in (
    (480000, False, False), (505000, False, True), (490000, True, True), (474000, True, False),
):  # fmt: skip
    CASES[f"hold_at_{net}"] = partial(
        the_hold_keeps_between_the_lines_only_when_it_was_there, net, before, after
    )


@pytest.mark.parametrize("name", CASES)
def test_decision(failures: dict[str, AssertionError | None], name: str) -> None:
    check_case(failures, name)


def test_other_inputs_do_not_matter_to_a_copy(sample: Decided, policy: PolicyDoc) -> None:
    book = sample_book()
    again = decide(book.connection, replace(book.inputs), policy, AS_OF, "another run")
    assert all(sample.tables[name].equals(again.tables[name]) for name in sample.tables)
