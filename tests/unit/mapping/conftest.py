"""Small mappings and pages for the tests of the mapping room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from connector.domain.entities import Kind
from connector.mapping.feeds import Feed, Mapping, combine
from connector.mapping.load import read_document
from connector.mapping.read import MappedPage, ReadContext, map_page
from connector.ports.crm import FieldInfo, ObjectInfo, Page, Record

INVOICE = """
mapping: shop
adapter: anything
entities:
  invoice:
    object: Bill
    id: Id
    stamp: Changed
    fields:
      account_key: Customer
      number: Name
      currency: {path: Currency, default: $currency}
      amount: {path: Amount, transform: decimal}
      open_amount: {path: Open, transform: decimal}
      invoice_date: {path: Issued, transform: date}
      due_date: {path: Due, transform: date}
      terms_days: {path: Terms, transform: terms_days}
      disputed: {path: Disputed, transform: boolean}
"""


def build(text: str) -> Mapping:
    return combine([read_document(text, "shop.yaml")])


def only_feed(text: str) -> Feed:
    return build(text).feeds[0]


def bill(number: int = 1, /, **values: object) -> Record:
    """A bill that maps without a problem, but for the values given."""
    usual: Record = {
        "Id": f"b{number}",
        "Changed": "2026-01-31T10:00:00.000+0000",
        "Customer": "c1",
        "Name": f"R-{number}",
        "Currency": "EUR",
        "Amount": "100.00",
        "Open": "",
        "Issued": "2026-01-10",
        "Due": "2026-02-09",
        "Terms": "",
        "Disputed": "",
    }
    return {**usual, **values}


@pytest.fixture
def read() -> Callable[..., MappedPage]:
    """Map records with the invoice document, or the one given as `text`."""

    def run(records: Sequence[Record], text: str = INVOICE, **page: object) -> MappedPage:
        context = ReadContext("crm", currency="USD", accounts="main")
        return map_page(only_feed(text), Page(records, **page), context)  # type: ignore[arg-type]  # page parts

    return run


def field(name: str, kind: Kind = Kind.TEXT, **details: object) -> FieldInfo:
    """A field that may be read and written, but for the details given."""
    usual: dict[str, object] = {"createable": True, "updateable": True}
    return FieldInfo(name, name, kind, kind.value, **{**usual, **details})  # type: ignore[arg-type]  # details of a field


def thing(name: str, *fields: FieldInfo, **details: object) -> ObjectInfo:
    return ObjectInfo(name, name, {f.name: f for f in fields}, **details)  # type: ignore[arg-type]  # details of an object
