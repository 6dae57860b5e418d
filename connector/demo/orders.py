"""Orders with their lines, and opportunities, of one account.

The CRM keeps orders of the last half year: invoiced ones (whose invoices name them), the open
order book, partly invoiced ones, drafts and a few cancelled ones. Like its limits they are in the
company's currency, whatever currency the invoices will have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import count
from random import Random

from connector.demo.rates import COMPANY_CURRENCY
from connector.demo.trade import CENT, Books, Customer, Row, Window, in_company_currency

ORDERS_KEPT_DAYS = 183
_PRODUCTS = ("P-100 Pump", "V-220 Valve", "S-310 Sensor", "K-405 Cable set", "F-500 Filter")
_STAGES = ("Prospecting", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review")


@dataclass(slots=True)
class OrderBook:
    """All orders, order lines and opportunities of the company."""

    orders: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    opportunities: list[Row] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def next_number(self) -> str:
        """An order number that never repeats."""
        return f"SO-{next(self._numbers):06d}"


def write_orders(
    book: OrderBook, books: Books, customer: Customer, window: Window, rng: Random
) -> None:
    """Add the account's orders: those behind its recent invoices, then the open ones."""
    own = [row for row in books.invoices if row["account_key"] == customer.account_id]
    for invoice in own:
        issued = invoice["invoice_date"]
        if isinstance(issued, date) and (window.as_of - issued).days <= ORDERS_KEPT_DAYS:
            _order_behind(book, customer, invoice, issued, rng)
    _write_open_orders(book, customer, window, rng)


def _order_behind(
    book: OrderBook, customer: Customer, invoice: Row, issued: date, rng: Random
) -> None:
    """The order of an invoice; one in six of an account with open orders is invoiced in part."""
    amount = in_company_currency(invoice["amount"], str(invoice["currency"]))
    partly = customer.role.orders_months > 0 and rng.random() < 1 / 6
    rest = (amount * rng.randint(20, 60) / 100).quantize(CENT) if partly else None
    ordered_on = issued - timedelta(days=rng.randint(5, 25))
    order = _order(
        book,
        customer,
        "open" if rest else "fulfilled",
        ordered_on,
        amount + (rest or Decimal(0)),
        rest or Decimal("0.00"),
        str(invoice["selling_company"]),
    )
    order["ship_date"] = issued
    invoice["order_number"] = order["number"]
    if rest:
        _lines(book, order, [(amount, True), (rest, False)], rng)
    else:
        _lines(book, order, [(amount, True)], rng)


def _write_open_orders(book: OrderBook, customer: Customer, window: Window, rng: Random) -> None:
    role = customer.role
    left = Decimal(customer.turnover) * Decimal(str(role.orders_months))
    seller = role.selling_companies[0]
    while left > 1000:
        part = min(left, left * rng.randint(35, 100) / 100 + 1000)
        left -= part
        amount = part.quantize(CENT)
        day = window.as_of - timedelta(days=rng.randint(1, 40))
        order = _order(book, customer, "open", day, amount, amount, seller)
        order["ship_date"] = window.as_of + timedelta(days=rng.randint(3, 45))
        _lines(book, order, [(amount, False)], rng)
    for state, chance in (("draft", 0.3), ("cancelled", 0.1)):
        if role.orders_months and rng.random() < chance:
            amount = (Decimal(customer.turnover) * rng.randint(20, 90) / 100).quantize(CENT)
            day = window.as_of - timedelta(days=rng.randint(1, 30))
            uninvoiced = amount if state == "draft" else Decimal("0.00")
            order = _order(book, customer, state, day, amount, uninvoiced, seller)
            _lines(book, order, [(amount, False)], rng)


def _order(
    book: OrderBook, customer: Customer, state: str, day: date, amount: Decimal,
    uninvoiced: Decimal, seller: str,
) -> Row:  # fmt: skip
    number = book.next_number()
    order: Row = {
        "id": f"ord-{number}",
        **customer.reference,
        "number": number,
        "state": state,
        "currency": COMPANY_CURRENCY,
        "amount": amount,
        "uninvoiced_amount": uninvoiced,
        "prepaid_amount": None,
        "order_date": day,
        "ship_date": None,
        "selling_company": seller,
    }
    book.orders.append(order)
    return order


def _lines(book: OrderBook, order: Row, parts: list[tuple[Decimal, bool]], rng: Random) -> None:
    """Lines that add up to the parts; the flag of a part says whether it is invoiced."""
    for amount, invoiced in parts:
        quantity = rng.randint(2, 12)
        price = (amount * 60 / 100 / quantity).quantize(CENT, ROUND_DOWN)
        for pieces, each in ((quantity, price), (1, amount - quantity * price)):
            book.lines.append(
                {
                    "id": f"line-{len(book.lines) + 1:06d}",
                    "order_id": order["id"],
                    "product": rng.choice(_PRODUCTS),
                    "quantity": Decimal(pieces),
                    "invoiced_quantity": Decimal(pieces if invoiced else 0),
                    "unit_price": each,
                }
            )


def exposure(book: OrderBook, books: Books, customer: Customer) -> Decimal:
    """What the account owes and has ordered, in the company's currency at the middle rates."""
    own = {row["id"]: row for row in books.invoices if row["account_key"] == customer.account_id}
    total = Decimal(0)
    for row in own.values():
        left = row["amount"] if row["open_amount"] is None else row["open_amount"]
        total += in_company_currency(left, str(row["currency"]))
    for payment in books.payments:
        invoice = own.get(payment["invoice_id"])
        if invoice is not None and invoice["open_amount"] is None:
            total -= in_company_currency(payment["amount"], str(payment["currency"]))
    orders = (row for row in book.orders if row["account_key"] == customer.account_id)
    waiting = (row for row in orders if row["state"] == "open")
    return total + sum(in_company_currency(row["uninvoiced_amount"], COMPANY_CURRENCY)
                       for row in waiting)  # fmt: skip


def write_opportunities(
    book: OrderBook, customer: Customer, owner_id: str, window: Window, rng: Random
) -> None:
    """Add up to two open opportunities and sometimes a lost one."""
    outcomes = ["open"] * rng.randint(0, 2) + ["lost"] * (rng.random() < 0.3)
    for outcome in outcomes:
        closed = outcome == "lost"
        days = rng.randint(-90, -5) if closed else rng.randint(10, 120)
        share = rng.randint(50, 300)
        book.opportunities.append(
            {
                "id": f"opp-{len(book.opportunities) + 1:05d}",
                **customer.reference,
                "name": f"{rng.choice(_PRODUCTS)} {rng.choice(('extension', 'renewal', 'trial'))}",
                "stage": "Closed Lost" if closed else rng.choice(_STAGES),
                "currency": COMPANY_CURRENCY,
                "amount": (Decimal(customer.turnover) * share / 100).quantize(CENT),
                "close_date": window.as_of + timedelta(days=days),
                "closed": closed,
                "won": False,
                "owner_id": owner_id,
            }
        )
