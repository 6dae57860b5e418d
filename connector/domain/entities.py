"""The entities the ledger keeps, each a list of typed columns.

This is the one contract between mapping (which produces rows), the ledger (which stores them) and
the credit engine (which reads them). A column is nullable unless `required`; a missing value is
null and never zero.

References to accounts are three columns: `account_connection`, `account_field` and `account_key`.
A CRM's own documents say (its connection, `id`, record id); a row from a file may say (the CRM's
connection, `account_number`, "10023"). `link` resolves them to a party.
"""

from __future__ import annotations

from connector.domain.columns import (
    ACCOUNT_REF,
    CURRENCY,
    SELLER,
    count,
    date_of,
    flag,
    money,
    text,
)
from connector.domain.columns import Column as Column
from connector.domain.columns import Entity as Entity
from connector.domain.columns import Kind as Kind
from connector.domain.credit_file import CREDIT_FILE

ACCOUNT_KEY_FIELDS = ("id", "account_number", "registration_no", "tax_no", "duns", "lei")
PARTY_KINDS = ("company", "sole_trader", "public_body", "natural_person")
LIMIT_STATES = ("none", "cash_only", "unlimited", "amount")
LIMIT_KINDS = ("base", "temporary", "group")
ORDER_STATES = ("draft", "open", "fulfilled", "cancelled")

ACCOUNT = Entity(
    "account",
    (
        text("name", "display name", required=True),
        text("account_number", "number in the ERP"),
        text("party_kind", "company, sole_trader, public_body or natural_person"),
        text("registration_no", "register number, 统一社会信用代码 in China"),
        text("tax_no", "VAT or tax number"),
        text("lei", "legal entity identifier"),
        text("duns", "D-U-N-S number"),
        text("parent_id", "record id of the parent account in the same connection"),
        text("owner_id", "record id of the owning user in the same connection"),
        text("country", "ISO 3166 alpha-2"),
        text("industry", "industry as the source names it"),
        text("region", "sales region"),
        text("currency", "the account's own currency"),
        count("terms_days", "agreed payment terms, net days; null = no terms agreed"),
        date_of("customer_since", "start of the relationship"),
        flag("own_group", "one of our own group's companies"),
        text("merged_into", "surviving record after a merge"),
    ),
)
USER = Entity(
    "user",
    (
        text("name", "display name", required=True),
        text("email", "address"),
        flag("active", "may own records"),
        text("language", "en or zh, if known"),
        text("manager_id", "record id of the manager"),
    ),
)
ORDER = Entity(
    "order",
    (
        *ACCOUNT_REF,
        text("number", "order number", required=True),
        text("state", "draft, open, fulfilled or cancelled", required=True),
        CURRENCY,
        money("amount", "tax-inclusive total", required=True),
        money("uninvoiced_amount", "part not invoiced yet, if the source keeps it"),
        money("prepaid_amount", "prepayments tied to this order"),
        date_of("order_date", "date of the order", required=True),
        date_of("ship_date", "planned shipping date"),
        count("terms_days", "net days of this order"),
        date_of("closed_on", "day it was closed for invoicing"),
        text("owner_id", "record id of the owning user"),
        text("product_line", "product line; null = its lines say, or unassigned"),
        text("region", "region of the sale"),
        text("market", "market or channel"),
        SELLER,
    ),
)
ORDER_LINE = Entity(
    "order_line",
    (
        text("order_id", "record id of the order in the same connection", required=True),
        text("product", "product name or code"),
        Column("quantity", Kind.QUANTITY, "ordered quantity", required=True),
        Column("invoiced_quantity", Kind.QUANTITY, "quantity already invoiced"),
        Column("delivered_quantity", Kind.QUANTITY, "quantity already delivered"),
        text("product_line", "product line"),
        money("unit_price", "tax-inclusive price of one"),
    ),
)
DELIVERY = Entity(
    "delivery",
    (
        *ACCOUNT_REF,
        text("order_number", "order it belongs to"),
        CURRENCY,
        money("unbilled_amount", "delivered, not billed", required=True),
        date_of("delivery_date", "date of delivery", required=True),
        text("number", "delivery note number"),
        SELLER,
    ),
)
INVOICE = Entity(
    "invoice",
    (
        *ACCOUNT_REF,
        text("number", "invoice number", required=True),
        CURRENCY,
        money("amount", "tax-inclusive amount", required=True),
        money("open_amount", "still open, if the source keeps it; null = derive from payments"),
        date_of("invoice_date", "date of issue", required=True),
        date_of("due_date", "contractual due date; null = derived from terms"),
        count("terms_days", "net days of this document"),
        date_of("cleared_date", "day it was cleared, if the source says so"),
        flag("disputed", "in dispute as a whole"),
        money("disputed_amount", "part in dispute"),
        flag("posted", "false = billed but not posted yet; null counts as posted"),
        text("order_number", "order behind it"),
        date_of("delivery_date", "day of delivery"),
        date_of("acceptance_date", "验收: day on which the customer accepted the goods"),
        date_of("bill_of_lading_date", "day of shipment by the bill of lading"),
        money("retention_amount", "质保金: part kept back"),
        date_of("retention_due", "day on which the retention is due"),
        text("product_line", "product line; null = its lines say, or unassigned"),
        text("region", "region of the sale"),
        text("market", "market or channel"),
        SELLER,
    ),
)
CREDIT_NOTE = Entity(
    "credit_note",
    (
        *ACCOUNT_REF,
        text("number", "credit note number", required=True),
        CURRENCY,
        money("amount", "positive amount", required=True),
        money("open_amount", "not yet used, if the source keeps it"),
        date_of("issue_date", "date of issue", required=True),
        text("invoice_number", "invoice it corrects, by number"),
        SELLER,
    ),
)
PAYMENT = Entity(
    "payment",
    (
        *ACCOUNT_REF,
        text("number", "payment number"),
        CURRENCY,
        money("amount", "positive amount received; negative = returned", required=True),
        date_of("value_date", "value date", required=True),
        text("invoice_number", "invoice it names, by number"),
        text("invoice_id", "invoice it names, by record id in the same connection"),
        SELLER,
    ),
)
ALLOCATION = Entity(
    "allocation",
    (
        text("payment_id", "record id of the payment in the same connection", required=True),
        text("invoice_id", "record id of the invoice in the same connection", required=True),
        money("amount", "amount in the invoice's currency", required=True),
        date_of("allocated_on", "day of allocation", required=True),
    ),
)
OPPORTUNITY = Entity(
    "opportunity",
    (
        *ACCOUNT_REF,
        text("name", "name", required=True),
        text("stage", "stage as the source names it"),
        CURRENCY,
        money("amount", "expected amount"),
        date_of("close_date", "expected close"),
        Column("probability", Kind.RATE, "probability that it is won, 0–1"),
        count("terms_days", "terms that the customer asks for"),
        flag("closed", "closed"),
        flag("won", "won"),
        text("owner_id", "record id of the owning user"),
    ),
)
LIMIT = Entity(
    "limit",
    (
        *ACCOUNT_REF,
        text("state", "none, cash_only, unlimited or amount", required=True),
        CURRENCY,
        money("amount", "amount when state is amount"),
        date_of("valid_from", "first day"),
        date_of("valid_to", "last day"),
        text("source", "who set it"),
        text("kind", "base, temporary (in place of the base limit) or group; null = base"),
        SELLER,
    ),
)
FX_RATE = Entity(
    "fx_rate",
    (
        text("currency", "ISO 4217 code", required=True),
        text("quote", "ISO 4217 code of the price, normally the company's currency", True),
        date_of("rate_date", "day of the rate", required=True),
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
        *CREDIT_FILE,
        FX_RATE,
    )
}
"""Every entity by name, in the order in which they are pulled."""
