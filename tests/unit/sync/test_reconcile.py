"""Control totals: what ties passes, one cent less waits for a person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

import pyarrow as pa
import pytest

from connector.ledger import Ledger
from connector.sync.reconcile import compare_totals, tell_unreconciled

AS_OF = date(2025, 6, 30)
MONEY = pa.decimal128(18, 4)
RECEIVABLES = pa.schema(
    [("party_id", pa.string()), ("selling_company", pa.string()), ("currency", pa.string()),
     ("open", MONEY)]
)  # fmt: skip
STATED = pa.schema(
    [("selling_company", pa.string()), ("currency", pa.string()), ("receivables", MONEY)]
)


def receivables(*rows: tuple[str, str, str]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"party_id": f"P{n}", "selling_company": company, "currency": currency,
          "open": Decimal(amount)} for n, (company, currency, amount) in enumerate(rows)],
        schema=RECEIVABLES,
    )  # fmt: skip


def stated(company: str, currency: str, amount: str) -> pa.Table:
    row = {"selling_company": company, "currency": currency, "receivables": Decimal(amount)}
    return pa.Table.from_pylist([row], schema=STATED)


TWO = (("S1", "CNY", "100.10"), ("S2", "CNY", "50"), ("S1", "USD", "7"))


@pytest.mark.parametrize(
    ("total", "difference"),
    [
        (("", "CNY", "150.10"), None),
        (("", "CNY", "150.11"), Decimal("-0.01")),
        (("S1", "CNY", "100.10"), None),
        (("S2", "CNY", "49.99"), Decimal("0.01")),
        (("S1", "USD", "7.004"), None),  # less than a cent is no difference
        (("S3", "CNY", "1"), Decimal(-1)),  # nothing at all of a company that the books know
        (("", "EUR", "0"), None),
    ],
)
def test_a_total_ties_to_the_cent(total: tuple[str, str, str], difference: Decimal | None) -> None:
    found = compare_totals(receivables(*TWO), stated(*total))
    assert [d.amount for d in found] == ([] if difference is None else [difference])


def test_a_named_total_is_for_everything_while_no_document_names_a_company() -> None:
    assert compare_totals(receivables(("", "CNY", "20")), stated("S1", "CNY", "20")) == []


class Books:
    """A ledger that holds one control total."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.asked: list[Any] = []

    def query(self, _sql: str, parameters: list[Any]) -> pa.Table:
        self.asked = parameters
        return self.table


def test_what_does_not_tie_is_told_with_both_figures() -> None:
    books = Books(stated("S1", "CNY", "99"))
    ledger = cast("Ledger", books)
    (finding,) = tell_unreconciled(ledger, AS_OF, receivables(*TWO))
    assert finding.params == {"ours": "100.10", "booked": "99.00", "currency": "CNY",
                              "company": "S1"}  # fmt: skip
    assert finding.connection == ""  # it concerns every plan of the run
    assert books.asked == [AS_OF]


def test_nothing_computed_is_nothing_compared() -> None:
    ledger = cast("Ledger", Books(stated("S1", "CNY", "99")))
    assert tell_unreconciled(ledger, AS_OF, None) == []
