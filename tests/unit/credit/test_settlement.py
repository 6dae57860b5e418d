"""Which payment settles which invoice: open amounts and leftovers of small ledgers."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from connector.credit.engine import decide
from connector.credit.policy.document import PolicyDoc
from connector.credit.reasons.notes import notes_of
from tests.unit.credit.book import AS_OF, Book, metric_texts
from tests.unit.credit.crowd import Answer, Case, check_case, run_cases

Steps = Generator[Book, Answer, None]
CASES: dict[str, Case] = {}


def case(steps: Case) -> Case:
    """Take a case in; all of them are decided together."""
    CASES[steps.__name__] = steps
    return steps


def found(answer: Answer) -> tuple[dict[str, int], dict[str, str | None]]:
    """Open amounts by invoice, and metrics as texts."""
    return {row["id"]: row["open"] for row in answer.items}, metric_texts(answer.decided)


@pytest.fixture(scope="module")
def failures(policy: PolicyDoc) -> dict[str, AssertionError | None]:
    return run_cases(CASES, policy)


def book_of(*amounts: int, **columns: Any) -> Book:
    """Invoices A, B, C … due one month after the other, oldest first."""
    book = Book().party()
    for number, amount in enumerate(amounts):
        key = "ABCDEFG"[number]
        book.add("invoice", id=key, number=f"N-{key}", amount=amount,
                 invoice_date=f"2025-0{number + 1}-01", due_date=f"2025-0{number + 1}-28",
                 **columns)  # fmt: skip
    return book


@case
def a_named_invoice_comes_before_the_oldest() -> Steps:
    book = book_of(100, 200).add("payment", amount=150, value_date="2025-06-01",
                                 invoice_number="N-B")  # fmt: skip
    assert found((yield book))[0] == {"A": 100, "B": 50}


@case
def a_record_id_names_an_invoice_of_the_same_connection_only() -> Steps:
    book = book_of(100, 200)
    book.add("payment", amount=150, value_date="2025-06-01", invoice_id="B")
    book.add("payment", amount=30, value_date="2025-06-01", invoice_id="B", connection="crm")
    assert found((yield book))[0] == {"A": 70, "B": 50}


@case
def an_equal_amount_comes_before_the_oldest() -> Steps:
    book = book_of(100, 200, 200).add("payment", amount=200, value_date="2025-06-01")
    assert found((yield book))[0] == {"A": 100, "C": 200}


@case
def the_rest_runs_from_the_oldest_due_date() -> Steps:
    book = book_of(100, 200, 300).add("payment", amount=250, value_date="2025-06-01")
    assert found((yield book))[0] == {"B": 50, "C": 300}


@case
def what_finds_no_invoice_is_shown_as_unmatched_cash() -> Steps:
    book = book_of(100).add("payment", amount=130, value_date="2025-06-01", invoice_number="N-A")
    items, metrics = found((yield book))
    assert items == {}
    assert metrics["unapplied_cash"] == "30"


@case
def allocations_come_first_and_their_payment_is_spent() -> Steps:
    book = book_of(100, 200)
    book.add("payment", id="PAY", amount=120, value_date="2025-06-01", invoice_number="N-A")
    book.add("allocation", payment_id="PAY", invoice_id="B", amount=120, allocated_on="2025-06-02")
    items, metrics = found((yield book))
    assert items == {"A": 100, "B": 80}
    assert metrics["unapplied_cash"] == "0"


def an_allocation_across_currencies_leaves_nothing_over(paid: int, allocated: int) -> Steps:
    book = Book().party().rate("USD", "7")
    book.add("invoice", id="A", amount=1000, currency="USD", invoice_date="2025-05-01")
    book.add("payment", id="PAY", amount=paid, value_date="2025-06-01")
    book.add("allocation", payment_id="PAY", invoice_id="A", amount=allocated,
             allocated_on="2025-06-01")  # fmt: skip
    items, metrics = found((yield book))
    assert items == {"A": 1000 - allocated}
    assert metrics["unapplied_cash"] == "0"


for given in ((100, 700), (700, 100)):
    CASES[f"allocated {given}"] = partial(
        an_allocation_across_currencies_leaves_nothing_over, *given
    )


@case
def no_invoice_takes_more_than_its_amount() -> Steps:
    book = book_of(100, 50)
    for _ in range(3):
        book.add("payment", amount=60, value_date="2025-06-01", invoice_number="N-A")
    items, metrics = found((yield book))
    assert items == {}
    assert metrics["unapplied_cash"] == "30"


@case
def the_sources_open_amount_wins_over_payments() -> Steps:
    book = book_of(100, open_amount=70).add("payment", amount=50, value_date="2025-06-01")
    items, metrics = found((yield book))
    assert items == {"A": 70}
    assert metrics["unapplied_cash"] == "20"


@case
def a_cleared_invoice_is_closed_and_counts_as_paid_that_day() -> Steps:
    items, metrics = found((yield book_of(100, cleared_date="2025-02-07")))
    assert items == {}
    assert metrics["dbt"] == "10"


@case
def a_credit_note_reduces_the_invoice_it_names_and_the_rest_stays_open() -> Steps:
    book = book_of(100, 200)
    book.add("credit_note", amount=130, issue_date="2025-06-01", invoice_number="N-A")
    book.add("credit_note", amount=40, issue_date="2025-06-01")
    items, metrics = found((yield book))
    assert items == {"B": 200}
    assert metrics["open_credit_notes"] == "70"


@case
def a_negative_invoice_is_a_credit_note() -> Steps:
    book = book_of(100).add("invoice", amount=-30, invoice_date="2025-06-01")
    items, metrics = found((yield book))
    assert items == {"A": 100}
    assert (metrics["open_credit_notes"], metrics["net_exposure"]) == ("30", "70")


@case
def a_returned_payment_undoes_the_one_of_its_invoice() -> Steps:
    book = book_of(100, 200)
    book.add("payment", amount=100, value_date="2025-05-01", invoice_number="N-A")
    book.add("payment", amount=-100, value_date="2025-05-10", invoice_number="N-A")
    items, metrics = found((yield book))
    assert items == {"A": 100, "B": 200}
    assert metrics["unapplied_cash"] == "0"


@case
def a_return_without_name_undoes_the_equal_payment() -> Steps:
    book = book_of(100, 200)
    book.add("payment", amount=100, value_date="2025-05-01")
    book.add("payment", amount=-100, value_date="2025-05-10")
    assert found((yield book))[0] == {"A": 100, "B": 200}


@case
def a_return_that_undoes_nothing_adds_to_the_exposure() -> Steps:
    items, metrics = found((yield book_of(100).add("payment", amount=-70, value_date="2025-05-10")))
    assert items == {"A": 100}
    assert metrics["net_exposure"] == "170"


@case
def invoices_with_the_same_number_are_paid_one_after_the_other() -> Steps:
    book = Book().party()
    for key in ("X1", "X2"):
        book.add("invoice", id=key, number="SAME", amount=100, invoice_date="2025-05-01",
                 due_date="2025-05-31")  # fmt: skip
    book.add("payment", amount=100, value_date="2025-06-01", invoice_number="SAME")
    assert found((yield book))[0] == {"X2": 100}
    book.add("payment", amount=100, value_date="2025-06-02", invoice_number="SAME")
    assert found((yield book))[0] == {}


@case
def cash_stays_with_its_selling_company_unless_it_names_none() -> Steps:
    book = Book().party()
    book.add("invoice", id="A", amount=100, invoice_date="2025-05-01", selling_company="S1")
    book.add("invoice", id="B", amount=100, invoice_date="2025-05-02", selling_company="S2")
    book.add("payment", amount=70, value_date="2025-06-01", selling_company="S2")
    assert found((yield book))[0] == {"A": 100, "B": 30}
    book.add("payment", amount=110, value_date="2025-06-02")
    assert found((yield book))[0] == {"B": 20}


@case
def currencies_are_never_mixed() -> Steps:
    book = Book().party().rate("USD", "7")
    book.add("invoice", id="A", amount=100, currency="USD", invoice_date="2025-05-01")
    book.add("payment", amount=100, value_date="2025-06-01")
    items, metrics = found((yield book))
    assert items == {"A": 100}
    assert (metrics["open_receivables"], metrics["unapplied_cash"]) == ("700", "100")


def the_due_date_comes_from_document_or_terms(columns: dict[str, Any], due: str) -> Steps:
    book = Book().party(terms_days=30)
    (row,) = (yield book.add("invoice", amount=1, invoice_date="2025-05-01", **columns)).items
    assert row["due_date"].isoformat() == due
    assert row["due_basis"] != "invoice_date"


for stated, expected in (
    ({"due_date": "2025-05-09"}, "2025-05-09"),
    ({"terms_days": 10}, "2025-05-11"),
    ({}, "2025-05-31"),
):
    CASES[f"due {expected}"] = partial(the_due_date_comes_from_document_or_terms, stated, expected)


def test_without_terms_the_invoice_date_counts_and_is_noted(policy: PolicyDoc) -> None:
    book = Book().party().add("invoice", amount=1, invoice_date="2025-05-01")
    decided = decide(book.connection, book.inputs, policy, AS_OF, "r")
    (figures,) = decided.tables["metric"].to_pylist()
    assert notes_of(figures, "none")["overdue"] == "due_date_derived"
    assert decided.coverage.due_date_derived == 1


@case
def goods_move_along_and_count_once() -> Steps:
    book = Book().party()
    book.add("order", number="O", state="open", amount=100, uninvoiced=100, order_date="2025-06-01",
             prepaid_amount=Decimal(10))  # fmt: skip
    book.add("delivery", order_number="O", unbilled_amount=60, delivery_date="2025-06-10")
    metrics = found((yield book))[1]
    assert (metrics["open_orders"], metrics["unbilled_deliveries"]) == ("40", "60")
    assert metrics["net_exposure"] == "90"


@pytest.mark.parametrize("name", CASES)
def test_settlement(failures: dict[str, AssertionError | None], name: str) -> None:
    check_case(failures, name)
