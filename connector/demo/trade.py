"""Invoices, payments and credit notes of one account, drawn from its behaviour.

Only what is known at `as_of` is written: an invoice issued by then, a payment made by then. The
German selling company's ERP keeps the open amount of each invoice, the Chinese one leaves it to be
derived from the payments, except where a credit note reduced the invoice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import count
from random import Random

from connector.demo.behaviours import Behaviour
from connector.demo.cast import CHINA, Role
from connector.demo.names import CURRENCY_OF
from connector.demo.rates import COMPANY_CURRENCY, MIDDLE_RATES
from connector.domain.dates import due_date

Row = dict[str, object]
CENT = Decimal("0.01")
_SEASONS = (60, 70, 90, 110, 130, 150, 150, 130, 110, 80, 60, 60)  # per cent of the mean, Jan–Dec


@dataclass(frozen=True, slots=True)
class Window:
    """The time that the history covers, both days inclusive."""

    first: date
    as_of: date

    def share(self, day: date) -> float:
        """How far `day` lies into the history, 0 to 1."""
        return (day - self.first).days / max((self.as_of - self.first).days, 1)

    def months(self) -> Iterator[tuple[date, date]]:
        """First and last day of each month, cut to the window."""
        start = self.first
        while start <= self.as_of:
            following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
            yield start, min(following - timedelta(days=1), self.as_of)
            start = following


@dataclass(frozen=True, slots=True)
class Customer:
    """An account as its documents see it. `turnover` is CNY a month."""

    account_id: str
    connection: str
    role: Role
    turnover: int

    @property
    def reference(self) -> Row:
        """The three columns by which a document names its account."""
        return {
            "account_connection": self.connection,
            "account_field": "id",
            "account_key": self.account_id,
        }


@dataclass(slots=True)
class Books:
    """All documents of the company, numbered as they are written."""

    invoices: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    credit_notes: list[Row] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def number(self, seller: str, kind: str, day: date) -> str:
        """A document number that never repeats."""
        return f"{seller}-{kind}{day:%y}-{next(self._numbers):06d}"


def in_currency(cny: Decimal, currency: str) -> Decimal:
    """A CNY amount at the middle rate, rounded to cents."""
    rate = Decimal(1) if currency == COMPANY_CURRENCY else MIDDLE_RATES[currency]
    return (cny / rate).quantize(CENT)


def in_company_currency(amount: object, currency: str) -> Decimal:
    """A document's amount in CNY at the middle rate, rounded to cents."""
    rate = Decimal(1) if currency == COMPANY_CURRENCY else MIDDLE_RATES[currency]
    return (_amount(amount) * rate).quantize(CENT)


def write_trade(books: Books, customer: Customer, window: Window, rng: Random) -> None:
    """Add the account's whole history to the books."""
    behaviour = customer.role.behaviour
    held_back: list[Row] = []
    for first, last in window.months():
        for day in _invoice_days(behaviour, first, last, window, rng):
            invoice = _issue(books, customer, day, window, rng)
            settle_on = _settlement_day(behaviour, invoice, window, rng)
            if rng.randint(1, 100) <= behaviour.dispute_share:
                settle_on += timedelta(days=120)
                invoice["disputed"] = settle_on > window.as_of
            if rng.randint(1, 100) <= behaviour.credit_note_share:
                _credit(books, customer, invoice, window, rng)
            if rng.randint(1, 100) <= behaviour.on_account_share:
                held_back.append(invoice)
            else:
                _settle(books, customer, invoice, settle_on, window, rng)
    _pay_on_account(books, customer, held_back, window, rng)
    if behaviour.overpays:
        _overpay(books, customer, window, rng)


def _invoice_days(
    behaviour: Behaviour, first: date, last: date, window: Window, rng: Random
) -> list[date]:
    wished = behaviour.invoices_a_month
    number = int(wished) + (rng.random() < wished - int(wished))
    days = sorted(first + timedelta(days=rng.randint(0, 27)) for _ in range(number))
    kept = []
    for day in days:
        age = (window.as_of - day).days
        too_old = behaviour.first_days_ago and age > behaviour.first_days_ago
        too_young = behaviour.last_days_ago and age < behaviour.last_days_ago
        if day <= last and not too_old and not too_young:
            kept.append(day)
    return kept


def _issue(books: Books, customer: Customer, day: date, window: Window, rng: Random) -> Row:
    role = customer.role
    seller = role.selling_companies[rng.randrange(len(role.selling_companies))]
    currency = CURRENCY_OF[role.country]
    if role.second_currency and rng.random() < 0.4:
        currency = role.second_currency
    amount = in_currency(_invoice_amount(customer, day, window, rng), currency)
    net_days = role.terms_days or 30
    due = due_date(day, net_days, role.terms_rule)
    number = books.number(seller, "R", day)
    invoice: Row = {
        "id": f"inv-{number}",
        **customer.reference,
        "number": number,
        "currency": currency,
        "amount": amount,
        "open_amount": None if seller == CHINA else amount,
        "invoice_date": day,
        "due_date": due,
        "disputed": False,
        "order_number": None,
        "selling_company": seller,
        "cleared_date": None,
    }
    books.invoices.append(invoice)
    return invoice


def _invoice_amount(customer: Customer, day: date, window: Window, rng: Random) -> Decimal:
    behaviour = customer.role.behaviour
    mean = Decimal(customer.turnover) / Decimal(str(max(behaviour.invoices_a_month, 1.0)))
    grown = 1 + (Decimal(str(behaviour.growth)) - 1) * Decimal(str(round(window.share(day), 4)))
    season = Decimal(_SEASONS[day.month - 1] if behaviour.seasonal else 100) / 100
    return mean * grown * season * Decimal(rng.randint(45, 155)) / 100


def _settlement_day(behaviour: Behaviour, invoice: Row, window: Window, rng: Random) -> date:
    issued, due = _day(invoice["invoice_date"]), _day(invoice["due_date"])
    share = window.share(issued)
    late = behaviour.late_then + (behaviour.late_now - behaviour.late_then) * share * share
    day = due + timedelta(days=round(late) + rng.randint(-behaviour.spread, behaviour.spread))
    return max(day, issued + timedelta(days=1))


def _credit(books: Books, customer: Customer, invoice: Row, window: Window, rng: Random) -> None:
    day = _day(invoice["invoice_date"]) + timedelta(days=rng.randint(5, 20))
    if day > window.as_of:
        return
    seller = str(invoice["selling_company"])
    part = (_amount(invoice["amount"]) * rng.randint(5, 25) / 100).quantize(CENT, ROUND_DOWN)
    used = rng.random() < 0.8
    number = books.number(seller, "G", day)
    books.credit_notes.append(
        {
            "id": f"cn-{number}",
            **customer.reference,
            "number": number,
            "currency": invoice["currency"],
            "amount": part,
            "open_amount": Decimal("0.00") if used else part,
            "issue_date": day,
            "invoice_number": invoice["number"],
            "selling_company": seller,
        }
    )
    if used:
        invoice["open_amount"] = _amount(invoice["open_amount"] or invoice["amount"]) - part


def _settle(
    books: Books, customer: Customer, invoice: Row, day: date, window: Window, rng: Random
) -> None:
    behaviour = customer.role.behaviour
    due = _amount(invoice["amount"] if invoice["open_amount"] is None else invoice["open_amount"])
    if rng.randint(1, 100) <= behaviour.part_share:
        first = (due * rng.randint(30, 70) / 100).quantize(CENT, ROUND_DOWN)
        parts = [(day, first), (day + timedelta(days=rng.randint(25, 45)), due - first)]
    else:
        parts = [(day, due)]
    for paid_on, amount in parts:
        if _is_paid(behaviour, paid_on, window):
            _receive(books, customer, invoice, _working_day(paid_on, window), amount)


def _is_paid(behaviour: Behaviour, day: date, window: Window) -> bool:
    return day <= window.as_of - timedelta(days=behaviour.silent_days)


def _working_day(day: date, window: Window) -> date:
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return min(day, window.as_of)


def _receive(
    books: Books, customer: Customer, invoice: Row | None, day: date, amount: Decimal,
    seller: str = "", currency: str = "",
) -> None:  # fmt: skip
    if invoice is not None:
        seller, currency = str(invoice["selling_company"]), str(invoice["currency"])
        if invoice["open_amount"] is not None:
            invoice["open_amount"] = _amount(invoice["open_amount"]) - amount
            if invoice["open_amount"] == 0:
                invoice["cleared_date"] = day
    number = books.number(seller, "P", day)
    books.payments.append(
        {
            "id": f"pay-{number}",
            **customer.reference,
            "number": number,
            "currency": currency,
            "amount": amount,
            "value_date": day,
            "invoice_number": invoice["number"] if invoice else None,
            "invoice_id": invoice["id"] if invoice else None,
            "selling_company": seller,
        }
    )


def _pay_on_account(
    books: Books, customer: Customer, invoices: list[Row], window: Window, rng: Random
) -> None:
    """Every other month a round sum for the three oldest invoices, named by nobody."""
    for start in range(0, len(invoices) - len(invoices) % 3, 3):
        group = invoices[start : start + 3]
        behaviour = customer.role.behaviour
        day = max(_settlement_day(behaviour, invoice, window, rng) for invoice in group)
        if not _is_paid(behaviour, day, window):
            continue
        total = sum((_amount(invoice["amount"]) for invoice in group), Decimal(0))
        paid = (total / 1000).quantize(Decimal(1), ROUND_DOWN) * 1000
        seller, currency = str(group[0]["selling_company"]), str(group[0]["currency"])
        _receive(books, customer, None, _working_day(day, window), paid, seller, currency)


def _overpay(books: Books, customer: Customer, window: Window, rng: Random) -> None:
    currency = CURRENCY_OF[customer.role.country]
    seller = customer.role.selling_companies[0]
    day = _working_day(window.as_of - timedelta(days=rng.randint(5, 15)), window)
    amount = in_currency(Decimal(customer.turnover) * rng.randint(10, 20) / 100, currency)
    _receive(books, customer, None, day, amount, seller, currency)


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(f"{value!r} is no date")
    return value


def _amount(value: object) -> Decimal:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is no amount")
    return value
