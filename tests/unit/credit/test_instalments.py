"""Invoices in parts: what is open of each part, and how its payment is measured."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.credit.engine import decide
from connector.credit.metrics.instalments import open_parts, payments_by_part, with_part_days
from connector.credit.policy.document import PolicyDoc
from tests.unit.credit.book import AS_OF, Book
from tests.unit.credit.conftest import Tables

MONEY = "decimal(18,4)"
KEY = {"party_id": "string", "connection": "string", "id": "string"}
INVOICE = {
    **KEY, "amount": MONEY, "open": MONEY, "disputed": "boolean", "disputed_part": MONEY,
    "due_date": "date", "due_basis": "string",
}  # fmt: skip
PART = {**KEY, "part": "int64", "due_date": "date", "amount": MONEY, "basis": "string"}
APPLIED = {
    **KEY, "from_connection": "string", "from_id": "string", "entity": "string",
    "method": "string", "applied": MONEY, "settled_on": "date",
}  # fmt: skip
DAYS = [date(2025, 3, 10), date(2025, 5, 9), date(2025, 6, 1)]


def of(number: int, **row: Any) -> dict[str, Any]:
    return {"party_id": "P", "connection": "erp", "id": f"R{number}", **row}


def make(tables: Tables, rows: list[tuple[list[int], int, int]]) -> tuple[Any, Any]:
    """Invoices as (amounts of the parts, open amount, disputed amount)."""
    invoices = [
        of(n, amount=Decimal(sum(amounts)), open=Decimal(left), disputed=False,
           disputed_part=Decimal(quarrel), due_date=DAYS[0], due_basis="terms")
        for n, (amounts, left, quarrel) in enumerate(rows)
    ]  # fmt: skip
    parts = [
        of(n, part=place, due_date=DAYS[place - 1], amount=Decimal(amount), basis="terms")
        for n, (amounts, _, _) in enumerate(rows)
        for place, amount in enumerate(amounts, 1)
        if len(amounts) > 1
    ]
    return tables.make("inv", INVOICE, invoices), tables.make("parts", PART, parts)


def found(tables: Tables, rows: list[tuple[list[int], int, int]]) -> dict[str, list[Any]]:
    result = open_parts(*make(tables, rows)).order_by("id", "part")
    shown: dict[str, list[Any]] = defaultdict(list)
    for row in tables.rows(result):
        shown[row["id"]].append((row["part"], int(row["open"]), int(row["disputed_part"])))
    return shown


def test_what_is_paid_fills_the_earliest_part_and_a_dispute_lies_at_the_end(
    tables: Tables,
) -> None:
    assert found(
        tables,
        [
            ([300, 700], 1000, 0),
            ([300, 700], 800, 0),
            ([300, 700], 700, 0),
            ([300, 700], 100, 0),
            ([300, 700], 0, 0),
            ([300, 700], 1000, 250),
            ([300, 700], 1000, 800),
            ([500], 200, 50),
            ([300, 700], 1200, 0),
        ],
    ) == {
        "R0": [(1, 300, 0), (2, 700, 0)],
        "R1": [(1, 100, 0), (2, 700, 0)],
        "R2": [(2, 700, 0)],
        "R3": [(2, 100, 0)],
        "R5": [(1, 300, 0), (2, 700, 250)],
        "R6": [(1, 300, 100), (2, 700, 700)],
        "R7": [(0, 200, 50)],
        "R8": [(1, 500, 0), (2, 700, 0)],  # what is open beyond the invoice is not lost
    }


row_of_parts = st.tuples(
    st.lists(st.integers(1, 900), min_size=1, max_size=3), st.integers(0, 3000),
    st.integers(0, 3000),
)  # fmt: skip


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(row_of_parts, min_size=20, max_size=60))
def test_parts_add_up_to_what_is_open_and_to_what_is_in_dispute(
    rows: list[tuple[list[int], int, int]],
) -> None:
    shown = found(Tables(), rows)
    for n, (_, left, quarrel) in enumerate(rows):
        mine = shown.get(f"R{n}", [])
        assert sum(amount for _, amount, _ in mine) == left
        if any(part for part, _, _ in mine):
            assert sum(part for _, _, part in mine) == min(quarrel, left)


def test_payments_are_measured_against_the_part_they_pay(tables: Tables) -> None:
    invoices, parts = make(tables, [([300, 700], 100, 0), ([500], 0, 0)])
    rows = [
        of(0, from_id="note", entity="credit_note", applied=Decimal(50), settled_on=DAYS[0]),
        of(0, from_id="first", entity="payment", applied=Decimal(450), settled_on=DAYS[1]),
        of(0, from_id="second", entity="payment", applied=Decimal(400), settled_on=DAYS[2]),
        of(1, from_id="whole", entity="payment", applied=Decimal(500), settled_on=DAYS[2]),
    ]
    rows = [{"from_connection": "erp", "method": "named", **row} for row in rows]
    applied = tables.make("applied", APPLIED, rows)
    pieces = tables.backend.create_table(
        "pieces", payments_by_part(applied, invoices, invoices, parts)
    )
    seen = applied.filter(applied.entity == "payment").mutate(
        due_date=DAYS[0], rate=Decimal(1), base=applied.applied, days_beyond=0
    )
    shown = with_part_days(seen, pieces).order_by("id", "from_id", "due_date")
    assert [
        (row["from_id"], int(row["applied"]), row["due_date"], row["days_beyond"])
        for row in tables.rows(shown)
    ] == [
        ("first", 250, DAYS[0], 60),
        ("first", 200, DAYS[1], 0),
        ("second", 400, DAYS[1], 23),
        ("whole", 500, DAYS[0], 83),
    ]


def test_the_first_part_is_late_long_before_the_last_is_due(policy: PolicyDoc) -> None:
    """Ageing waits for no last instalment, and buckets still add up to the receivables."""
    book = Book().party("P", terms_days=30).party("Q")
    book.add("terms", kind="instalments", instalments="0.3@0;0.7@180")
    book.add("invoice", id="R1", amount=1000, invoice_date="2025-03-10")
    book.add("invoice", "Q", id="R2", amount=1000, invoice_date="2025-05-01",
             due_date="2025-06-01", retention_amount=50, retention_due="2026-05-01")  # fmt: skip
    book.add("payment", "Q", amount=950, value_date="2025-06-05", invoice_number="R2")
    decided = decide(book.connection, book.inputs, policy, AS_OF, "run")
    ageing: dict[str, dict[str, int]] = defaultdict(dict)
    for row in decided.receivables.to_pylist():
        for name in ("open", "age_current", "age_91_120", "overdue"):
            ageing[row["party_id"]][name] = int(row[name])
    assert ageing["P"] == {"open": 1000, "age_current": 700, "age_91_120": 300, "overdue": 300}
    assert ageing["Q"] == {"open": 50, "age_current": 50, "age_91_120": 0, "overdue": 0}
    rows = {row["party_id"]: row for row in decided.tables["decision"].to_pylist()}
    assert rows["P"]["oldest_due_date"] == date(2025, 3, 10)
    assert rows["Q"]["oldest_due_date"] == date(2026, 5, 1)
