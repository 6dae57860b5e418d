"""The entities the ledger keeps, each a list of typed columns.

This is the one contract between mapping (which produces rows), the ledger (which stores them) and
the credit engine (which reads them). A column is nullable unless `required`; a missing value is
null and never zero.

References to accounts are three columns: `account_connection`, `account_field` and `account_key`.
A CRM's own documents say (its connection, `id`, record id); a row from a file may say (the CRM's
connection, `account_number`, "10023"). `link` resolves them to a party.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a column's values are typed in Arrow and DuckDB."""

    TEXT = "text"
    MONEY = "money"  # DECIMAL(18,4); its currency stands in the row's `currency` column
    RATE = "rate"  # DECIMAL(18,10)
    QUANTITY = "quantity"  # DECIMAL(18,4)
    DATE = "date"
    TIMESTAMP = "timestamp"  # UTC, microseconds
    FLAG = "flag"  # boolean
    COUNT = "count"  # BIGINT


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name, kind, whether a row without it is a problem, and what it means."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of fact with its columns. Its key is (connection, id)."""

    name: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in storage order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when the entity has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def _text(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, meaning, required)


def _money(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, Kind.MONEY, meaning, required)


def _date(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, Kind.DATE, meaning, required)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, Kind.FLAG, meaning)


def _count(name: str, meaning: str) -> Column:
    return Column(name, Kind.COUNT, meaning)


_ACCOUNT_REF = (
    _text("account_connection", "connection whose account is meant", required=True),
    _text("account_field", "id, account_number, registration_no, tax_no, duns or lei", True),
    _text("account_key", "value of that field", required=True),
)
_CURRENCY = _text("currency", "ISO 4217 code of every amount in the row", required=True)
_SELLER = _text("selling_company", "whose receivable it is; null = the only one")

ACCOUNT_KEY_FIELDS = ("id", "account_number", "registration_no", "tax_no", "duns", "lei")
PARTY_KINDS = ("company", "sole_trader", "public_body", "natural_person")
LIMIT_STATES = ("none", "cash_only", "unlimited", "amount")
ORDER_STATES = ("draft", "open", "fulfilled", "cancelled")

ACCOUNT = Entity(
    "account",
    (
        _text("name", "display name", required=True),
        _text("account_number", "number in the ERP"),
        _text("party_kind", "company, sole_trader, public_body or natural_person"),
        _text("registration_no", "register number, 统一社会信用代码 in China"),
        _text("tax_no", "VAT or tax number"),
        _text("lei", "legal entity identifier"),
        _text("duns", "D-U-N-S number"),
        _text("parent_id", "record id of the parent account in the same connection"),
        _text("owner_id", "record id of the owning user in the same connection"),
        _text("country", "ISO 3166 alpha-2"),
        _text("industry", "industry as the source names it"),
        _text("region", "sales region"),
        _text("currency", "the account's own currency"),
        _count("terms_days", "agreed payment terms, net days; null = no terms agreed"),
        _date("customer_since", "start of the relationship"),
        _flag("own_group", "one of our own group's companies"),
        _text("merged_into", "surviving record after a merge"),
    ),
)
USER = Entity(
    "user",
    (
        _text("name", "display name", required=True),
        _text("email", "address"),
        _flag("active", "may own records"),
        _text("language", "en or zh, if known"),
        _text("manager_id", "record id of the manager"),
    ),
)
ORDER = Entity(
    "order",
    (
        *_ACCOUNT_REF,
        _text("number", "order number", required=True),
        _text("state", "draft, open, fulfilled or cancelled", required=True),
        _CURRENCY,
        _money("amount", "tax-inclusive total", required=True),
        _money("uninvoiced_amount", "part not invoiced yet, if the source keeps it"),
        _money("prepaid_amount", "prepayments tied to this order"),
        _date("order_date", "date of the order", required=True),
        _date("ship_date", "planned shipping date"),
        _SELLER,
    ),
)
ORDER_LINE = Entity(
    "order_line",
    (
        _text("order_id", "record id of the order in the same connection", required=True),
        _text("product", "product name or code"),
        Column("quantity", Kind.QUANTITY, "ordered quantity", required=True),
        Column("invoiced_quantity", Kind.QUANTITY, "quantity already invoiced"),
        _money("unit_price", "tax-inclusive price of one"),
    ),
)
DELIVERY = Entity(
    "delivery",
    (
        *_ACCOUNT_REF,
        _text("order_number", "order it belongs to"),
        _CURRENCY,
        _money("unbilled_amount", "delivered, not billed", required=True),
        _date("delivery_date", "date of delivery", required=True),
        _SELLER,
    ),
)
INVOICE = Entity(
    "invoice",
    (
        *_ACCOUNT_REF,
        _text("number", "invoice number", required=True),
        _CURRENCY,
        _money("amount", "tax-inclusive amount", required=True),
        _money("open_amount", "still open, if the source keeps it; null = derive from payments"),
        _date("invoice_date", "date of issue", required=True),
        _date("due_date", "contractual due date; null = derived from terms"),
        _count("terms_days", "net days of this document"),
        _date("cleared_date", "day it was cleared, if the source says so"),
        _flag("disputed", "in dispute as a whole"),
        _money("disputed_amount", "part in dispute"),
        _flag("posted", "false = billed but not posted yet; null counts as posted"),
        _text("order_number", "order behind it"),
        _SELLER,
    ),
)
CREDIT_NOTE = Entity(
    "credit_note",
    (
        *_ACCOUNT_REF,
        _text("number", "credit note number", required=True),
        _CURRENCY,
        _money("amount", "positive amount", required=True),
        _money("open_amount", "not yet used, if the source keeps it"),
        _date("issue_date", "date of issue", required=True),
        _text("invoice_number", "invoice it corrects, by number"),
        _SELLER,
    ),
)
PAYMENT = Entity(
    "payment",
    (
        *_ACCOUNT_REF,
        _text("number", "payment number"),
        _CURRENCY,
        _money("amount", "positive amount received; negative = returned", required=True),
        _date("value_date", "value date", required=True),
        _text("invoice_number", "invoice it names, by number"),
        _text("invoice_id", "invoice it names, by record id in the same connection"),
        _SELLER,
    ),
)
ALLOCATION = Entity(
    "allocation",
    (
        _text("payment_id", "record id of the payment in the same connection", required=True),
        _text("invoice_id", "record id of the invoice in the same connection", required=True),
        _money("amount", "amount in the invoice's currency", required=True),
        _date("allocated_on", "day of allocation", required=True),
    ),
)
OPPORTUNITY = Entity(
    "opportunity",
    (
        *_ACCOUNT_REF,
        _text("name", "name", required=True),
        _text("stage", "stage as the source names it"),
        _CURRENCY,
        _money("amount", "expected amount"),
        _date("close_date", "expected close"),
        _flag("closed", "closed"),
        _flag("won", "won"),
        _text("owner_id", "record id of the owning user"),
    ),
)
LIMIT = Entity(
    "limit",
    (
        *_ACCOUNT_REF,
        _text("state", "none, cash_only, unlimited or amount", required=True),
        _CURRENCY,
        _money("amount", "amount when state is amount"),
        _date("valid_from", "first day"),
        _date("valid_to", "last day"),
        _text("source", "who set it"),
        _SELLER,
    ),
)
FX_RATE = Entity(
    "fx_rate",
    (
        _text("currency", "ISO 4217 code", required=True),
        _text("quote", "ISO 4217 code of the price, normally the company's currency", True),
        _date("rate_date", "day of the rate", required=True),
        Column("rate", Kind.RATE, "1 currency = rate quote", required=True),
    ),
)

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        ACCOUNT,
        USER,
        ORDER,
        ORDER_LINE,
        DELIVERY,
        INVOICE,
        CREDIT_NOTE,
        PAYMENT,
        ALLOCATION,
        OPPORTUNITY,
        LIMIT,
        FX_RATE,
    )
}
"""Every entity by name, in the order in which they are pulled."""
