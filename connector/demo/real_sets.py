"""Public receivables sets read into our own terms, as they were known at a date.

Two sets are understood, each in a folder of its own with the columns its README names:

- `ibm-late-payment`: key `invoiceNumber`; issued, due and settled dates stand in the file; the
  invoices carry no open amount, so that it is derived from the payments.
- `highradius-b2b`: the closed and the open part together. Key `row_id` in the closed part and
  "O" + `doc_id` in the open part. A closed row's issue date is its due date less
  `term_days_est` (15 where empty), but no later than the day it was paid; an open row was issued
  on its `posting_date` and never cleared. The source keeps the open amount.

Rules of both: an empty currency means USD; exact duplicates are kept and listed; an item is open
when issued ≤ as_of < cleared; `Disputed` was recorded after the fact and is ignored; a customer
without a name is called "Customer " + id, one with several names by the most frequent one. Company
codes stand in one part only and are left out: all receivables are one selling company's.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from connector.errors import InputError

Row = dict[str, object]
DEFAULT_CURRENCY = "USD"
DEFAULT_TERM_DAYS = 15
ASSUMED_RATES = {"CAD": Decimal("0.75")}
"""1 unit in USD. The sets hold no rates: figures per currency do not depend on it, scores do."""

Value = TypeVar("Value", str, int)


@dataclass(frozen=True, slots=True)
class Receivable:
    """One invoice of a set; `cleared` is None when it was never seen paid."""

    key: str
    customer: str
    number: str
    currency: str
    amount: Decimal
    issued: date
    due: date
    cleared: date | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class RealSet:
    """A whole set. `duplicates` are the keys of second and later exact copies."""

    dataset: str
    receivables: Sequence[Receivable]
    duplicates: Sequence[str]
    names: Mapping[str, str]
    keeps_open_amounts: bool


def list_datasets() -> tuple[str, ...]:
    """Names of the sets that can be read."""
    return tuple(_READERS)


def read_real_set(dataset: str, data_folder: Path) -> RealSet:
    """Read a set from its folder inside `data_folder`.

    Raises InputError for an unknown set, an absent folder or file, and a row that cannot be read
    (with file, line and column).
    """
    reader = _READERS.get(dataset)
    if reader is None:
        raise InputError(
            "There is no data set {dataset}.",
            next_step="Choose one of: {known}.",
            dataset=repr(dataset),
            known=", ".join(list_datasets()),
        )
    folder = data_folder / dataset
    if not folder.is_dir():
        raise InputError(
            "The data set {dataset} is not there: {folder} is no folder.",
            next_step="Name the folder that holds it with --data or CREDITFLAG_REAL_DATA.",
            dataset=dataset,
            folder=folder,
        )
    receivables = list(reader(folder))
    return RealSet(
        dataset,
        receivables,
        _find_duplicates(receivables),
        _choose_names(receivables),
        keeps_open_amounts=dataset == "highradius-b2b",
    )


def rows_known_at(real: RealSet, as_of: date, connection: str = "crm") -> dict[str, list[Row]]:
    """Rows by entity as known at the end of `as_of`: all customers, what was issued, what was paid.

    A customer's terms are those of most of its invoices known by then, None before the first one.
    """
    known = [item for item in real.receivables if item.issued <= as_of]
    by_customer: dict[str, list[Receivable]] = {customer: [] for customer in real.names}
    for item in known:
        by_customer[item.customer].append(item)
    accounts = [
        _account(customer, real.names[customer], items)
        for customer, items in sorted(by_customer.items())
    ]
    paid = [item for item in known if item.cleared is not None and item.cleared <= as_of]
    return {
        "account": accounts,
        "invoice": [_invoice(item, real, as_of, connection) for item in known],
        "payment": [_payment(item, connection) for item in paid],
        "fx_rate": _rates(known),
    }


# -- rows in our terms -------------------------------------------------------------------------


def _reference(item: Receivable, connection: str) -> Row:
    return {
        "account_connection": connection,
        "account_field": "id",
        "account_key": item.customer,
    }


def _account(customer: str, name: str, known: list[Receivable]) -> Row:
    days = Counter((item.due - item.issued).days for item in known)
    currencies = Counter(item.currency for item in known)
    return {
        "id": customer,
        "name": name,
        "account_number": customer,
        "party_kind": "company",
        "currency": _most_frequent(currencies) or DEFAULT_CURRENCY,
        "terms_days": _most_frequent(days),
        "customer_since": min((item.issued for item in known), default=None),
        "own_group": False,
    }


def _invoice(item: Receivable, real: RealSet, as_of: date, connection: str) -> Row:
    cleared = item.cleared if item.cleared is not None and item.cleared <= as_of else None
    left = item.amount if cleared is None else Decimal("0.00")
    return {
        "id": item.key,
        **_reference(item, connection),
        "number": item.number,
        "currency": item.currency,
        "amount": item.amount,
        "open_amount": left if real.keeps_open_amounts else None,
        "invoice_date": item.issued,
        "due_date": item.due,
        "disputed": False,
        "cleared_date": cleared if real.keeps_open_amounts else None,
    }


def _payment(item: Receivable, connection: str) -> Row:
    return {
        "id": f"pay-{item.key}",
        **_reference(item, connection),
        "number": f"pay-{item.key}",
        "currency": item.currency,
        "amount": item.amount,
        "value_date": item.cleared,
        "invoice_number": item.number,
        "invoice_id": item.key,
    }


def _rates(known: list[Receivable]) -> list[Row]:
    """The assumed flat rate from the first day on, for each currency that is not USD."""
    foreign = sorted({item.currency for item in known} - {DEFAULT_CURRENCY})
    return [
        {
            "id": f"{currency}-assumed",
            "currency": currency,
            "quote": DEFAULT_CURRENCY,
            "rate_date": min(item.issued for item in known),
            "rate": ASSUMED_RATES[currency],
        }
        for currency in foreign
    ]


def _most_frequent(counts: Counter[Value]) -> Value | None:
    """The value counted most often; the smallest of several; None of nothing."""
    return min(counts, key=lambda value: (-counts[value], value), default=None)


# -- reading the files -------------------------------------------------------------------------


def _find_duplicates(receivables: Sequence[Receivable]) -> list[str]:
    seen: set[tuple[object, ...]] = set()
    found = []
    for item in receivables:
        if item.cleared is None:  # open rows carry document ids that tell them apart
            continue
        content = (item.customer, item.currency, item.amount, item.issued, item.due, item.cleared)
        if content in seen:
            found.append(item.key)
        seen.add(content)
    return found


def _choose_names(receivables: Sequence[Receivable]) -> dict[str, str]:
    counts: dict[str, Counter[str]] = {}
    for item in receivables:
        own = counts.setdefault(item.customer, Counter())
        if item.name:
            own[item.name] += 1
    return {
        customer: _most_frequent(own) or f"Customer {customer}" for customer, own in counts.items()
    }


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a file with its place, so that an error can say where."""

    path: Path
    number: int
    values: Mapping[str, str | None]

    def text(self, column: str) -> str:
        value = self.values.get(column)
        if value is None:
            raise self._error(column, "The column is missing.")
        return value.strip()

    def amount(self, column: str) -> Decimal:
        try:
            number = Decimal(self.text(column))
        except InvalidOperation:
            raise self._error(column, "The value is no amount.") from None
        if not number.is_finite():
            raise self._error(column, "The value is no amount.")
        return number

    def day(self, column: str, pattern: str = "%Y-%m-%d") -> date:
        try:
            return datetime.strptime(self.text(column), pattern).date()
        except ValueError:
            raise self._error(column, "The value is no date.") from None

    def count(self, column: str, default: int) -> int:
        text = self.text(column)
        try:
            return int(text) if text else default
        except ValueError:
            raise self._error(column, "The value is no whole number.") from None

    def _error(self, column: str, message: str) -> InputError:
        return InputError(
            message,
            where=f"{self.path.name}, line {self.number}, column {column}",
            next_step="Fetch the file again.",
        )


def _read_lines(path: Path) -> Iterator[_Line]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
            for number, values in enumerate(csv.DictReader(stream), 2):
                yield _Line(path, number, values)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            "The file cannot be read: {reason}.",
            where=str(path),
            next_step="Fetch the file again.",
            reason=error,
        ) from None


def _read_late_payment(folder: Path) -> Iterator[Receivable]:
    pattern = "%m/%d/%Y"
    for line in _read_lines(folder / "invoices.csv.gz"):
        key = line.text("invoiceNumber")
        yield Receivable(
            key,
            line.text("customerID"),
            key,
            DEFAULT_CURRENCY,
            line.amount("InvoiceAmount"),
            line.day("InvoiceDate", pattern),
            line.day("DueDate", pattern),
            line.day("SettledDate", pattern),
        )


def _read_b2b(folder: Path) -> Iterator[Receivable]:
    for line in _read_lines(folder / "closed_invoices.csv.gz"):
        due, cleared = line.day("due_date"), line.day("clear_date")
        issued = due - timedelta(days=line.count("term_days_est", DEFAULT_TERM_DAYS))
        yield Receivable(
            line.text("row_id"),
            line.text("cust_number"),
            line.text("invoice_id") or line.text("row_id"),
            line.text("currency_est") or DEFAULT_CURRENCY,
            line.amount("amount"),
            min(issued, cleared),
            due,
            cleared,
            line.text("name_customer"),
        )
    for line in _read_lines(folder / "open_invoices.csv.gz"):
        yield Receivable(
            f"O{line.text('doc_id')}",
            line.text("cust_number"),
            line.text("invoice_id"),
            line.text("invoice_currency") or DEFAULT_CURRENCY,
            line.amount("total_open_amount"),
            line.day("posting_date"),
            line.day("due_in_date"),
            None,
            line.text("name_customer"),
        )


_READERS: dict[str, Callable[[Path], Iterator[Receivable]]] = {
    "ibm-late-payment": _read_late_payment,
    "highradius-b2b": _read_b2b,
}
