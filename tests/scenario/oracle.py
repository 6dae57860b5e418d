"""Open receivables, overdue and ageing of the public sets, computed from the raw files alone.

Nothing of the product is imported: csv, gzip, datetime and decimal only, so that the same mistake
would have to be made twice. Rules: an empty currency is USD; open = issued ≤ as_of < cleared; days
past due = as_of - due; buckets current (≤ 0), 1-30, 31-60, 61-90, 91-120, over 120.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", ">120")


@dataclass(frozen=True)
class Item:
    customer: str
    currency: str
    amount: Decimal
    issued: date
    due: date
    cleared: date | None


@dataclass
class Figures:
    """Sums in one currency; `oldest_due` is the earliest due date of an open item."""

    open: Decimal = Decimal(0)
    overdue: Decimal = Decimal(0)
    count: int = 0
    oldest_due: date | None = None
    buckets: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(BUCKETS, Decimal(0)))


def read_items(data: Path, dataset: str) -> list[Item]:
    reader = {"ibm-late-payment": _ibm, "highradius-b2b": _highradius}[dataset]
    return list(reader(data / dataset))


def figures_by_customer(items: list[Item], as_of: date) -> dict[tuple[str, str], Figures]:
    """Figures by (currency, customer) for everything open at the end of `as_of`."""
    sums: dict[tuple[str, str], Figures] = defaultdict(Figures)
    for item in items:
        if item.issued > as_of or (item.cleared is not None and item.cleared <= as_of):
            continue
        figures = sums[item.currency, item.customer]
        late = (as_of - item.due).days
        figures.open += item.amount
        figures.count += 1
        figures.buckets[bucket_of(late)] += item.amount
        if late > 0:
            figures.overdue += item.amount
        if figures.oldest_due is None or item.due < figures.oldest_due:
            figures.oldest_due = item.due
    return dict(sums)


def figures_by_currency(items: list[Item], as_of: date) -> dict[str, Figures]:
    totals: dict[str, Figures] = defaultdict(Figures)
    for (currency, _), part in figures_by_customer(items, as_of).items():
        total = totals[currency]
        total.open += part.open
        total.overdue += part.overdue
        total.count += part.count
        for bucket in BUCKETS:
            total.buckets[bucket] += part.buckets[bucket]
        if part.oldest_due and (total.oldest_due is None or part.oldest_due < total.oldest_due):
            total.oldest_due = part.oldest_due
    return dict(totals)


def bucket_of(late: int) -> str:
    for limit, name in (
        (0, "current"),
        (30, "1-30"),
        (60, "31-60"),
        (90, "61-90"),
        (120, "91-120"),
    ):
        if late <= limit:
            return name
    return ">120"


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def _ibm(folder: Path) -> Iterator[Item]:
    def day(text: str) -> date:
        month, number, year = text.split("/")
        return date(int(year), int(month), int(number))

    for line in _lines(folder / "invoices.csv.gz"):
        yield Item(
            line["customerID"], "USD", Decimal(line["InvoiceAmount"]),
            day(line["InvoiceDate"]), day(line["DueDate"]), day(line["SettledDate"]),
        )  # fmt: skip


def _highradius(folder: Path) -> Iterator[Item]:
    def day(text: str) -> date:
        return datetime.fromisoformat(text).date()

    for line in _lines(folder / "closed_invoices.csv.gz"):
        due = day(line["due_date"])
        term = int(line["term_days_est"]) if line["term_days_est"] else 15
        yield Item(
            line["cust_number"], line["currency_est"] or "USD", Decimal(line["amount"]),
            due - timedelta(days=term), due, day(line["clear_date"]),
        )  # fmt: skip
    for line in _lines(folder / "open_invoices.csv.gz"):
        yield Item(
            line["cust_number"], line["invoice_currency"] or "USD",
            Decimal(line["total_open_amount"]),
            day(line["posting_date"]), day(line["due_in_date"]), None,
        )  # fmt: skip
