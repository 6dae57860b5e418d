"""Reconcile: the open receivables we count against the control totals of the books, to the cent.

A total that does not tie means that invoices or payments are missing or counted twice, and every
figure that rests on them is wrong. Then nothing is written without a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connector.ledger import Ledger
from connector.sync.guard import GuardFinding

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Difference:
    """One control total that does not tie. Amounts in `currency`; `company` "" is all of them."""

    company: str
    currency: str
    ours: Decimal
    booked: Decimal

    @property
    def amount(self) -> Decimal:
        """What we count beyond the books; negative when we count less."""
        return self.ours - self.booked


def stated_totals(ledger: Ledger, as_of: date) -> pa.Table:
    """Control totals that the books state for the valuation date; those of other days say nothing.

    Columns: selling_company ("" for all), currency, receivables.
    """
    return ledger.query(
        "SELECT coalesce(selling_company, '') AS selling_company, currency, receivables "
        "FROM linked.control_total WHERE as_of = ? ORDER BY ALL",
        [as_of],
    )


def compare_totals(receivables: pa.Table, stated: pa.Table) -> list[Difference]:
    """Every stated total that differs from ours by a cent or more.

    `receivables`: open amounts of the customers in scope per party, selling company and document
    currency. A total for all selling companies is compared with everything in its currency, and so
    is a named one while no document names its selling company.
    """
    rows = receivables.select(["selling_company", "currency", "open"]).to_pylist()
    named = any(row["selling_company"] for row in rows)
    found = []
    for total in stated.to_pylist():
        company = total["selling_company"] if named else ""
        ours = _sum(rows, company, total["currency"])
        difference = Difference(
            total["selling_company"], total["currency"], ours, total["receivables"]
        )
        if abs(difference.amount) >= CENT:
            found.append(difference)
    return found


def _sum(rows: Iterable[Mapping[str, Any]], company: str, currency: str) -> Decimal:
    amounts = (
        row["open"]
        for row in rows
        if row["currency"] == currency and company in ("", row["selling_company"])
    )
    return sum(amounts, start=Decimal(0))


def tell_unreconciled(
    ledger: Ledger, as_of: date, receivables: pa.Table | None
) -> list[GuardFinding]:
    """A finding for each control total that does not tie; none where nothing was computed."""
    if receivables is None:
        return []
    return [
        GuardFinding(
            "Open receivables do not tie with the books: {ours} {currency} here, {booked} "
            "{currency} there ({company}).",
            {
                "ours": f"{difference.ours:.2f}",
                "booked": f"{difference.booked:.2f}",
                "currency": difference.currency,
                "company": difference.company or "*",
            },
        )
        for difference in compare_totals(receivables, stated_totals(ledger, as_of))
    ]
