"""Turns rows in our own terms into Salesforce records and loads them into an emulator.

The rows are mappings of the columns of `domain.entities`, by entity name. The org has one currency:
orders and opportunities must come in it. Every record is stamped on the day it happened and never
after the evening before `as_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from adapters.emulatorkit.client import EmulatorControl
from adapters.salesforce.custom_fields import CREDIT_FIELD_NAMES
from adapters.salesforce.demo_schema import schema_for_demo

SourceRow = Mapping[str, object]
Rows = Mapping[str, Sequence[SourceRow]]
Json = dict[str, Any]
CHUNK = 5000  # records a control call, so that bodies stay bounded
_NOON, _EVENING = time(12, tzinfo=UTC), time(18, tzinfo=UTC)
_COUNTRY_NAMES = {"CN": "China", "DE": "Germany", "US": "United States", "GB": "United Kingdom"}
_LANGUAGES = {"zh": ("zh_CN", "zh_CN"), "en": ("en_US", "en_US")}
# The org's own status and Salesforce's category of it, by state.
_ORDER_STATUS = {
    "draft": ("Draft", "Draft"),
    "open": ("Activated", "Activated"),
    "fulfilled": ("Fulfilled", "Activated"),
    "cancelled": ("Cancelled", "Canceled"),
}


@dataclass(slots=True)
class SeedReport:
    """What was loaded: Salesforce ids by (entity, row id), and records by object."""

    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def id_of(self, entity: str, row_id: object) -> str:
        """Salesforce id of a row; KeyError when it was not loaded."""
        return self.ids[entity, str(row_id)]

    def maybe_id(self, entity: str, row_id: object) -> str | None:
        """Salesforce id of a row that may be None or unknown."""
        return self.ids.get((entity, str(row_id)))


def seed_emulator(
    control: EmulatorControl,
    rows: Rows,
    as_of: date,
    crm_values: Mapping[str, Mapping[str, object]] | None = None,
) -> SeedReport:
    """Load rows known at the end of `as_of`, with the schema they need.

    `crm_values` are values that the CRM's credit fields already hold, by account row id. Afterwards
    the emulator's clock runs on from the evening of `as_of`.
    """
    control.apply_schema(schema_for_demo())
    control.set_clock(datetime.combine(as_of - timedelta(days=1), _EVENING), frozen=True)
    loader = _Loader(control, as_of, crm_values or {})
    loader.load("user", "User", rows, loader.user)
    for generation in _generations(rows.get("account", ())):
        loader.load("account", "Account", {"account": generation}, loader.account)
    loader.load("opportunity", "Opportunity", rows, loader.opportunity)
    loader.load_price_book(rows.get("order_line", ()))
    loader.load("order", "Order", rows, loader.order)
    loader.load("order_line", "OrderItem", rows, loader.order_line)
    loader.load("invoice", "Invoice__c", rows, loader.invoice)
    loader.load("credit_note", "Credit_Note__c", rows, loader.credit_note)
    loader.load("payment", "Payment__c", rows, loader.payment)
    control.set_clock(datetime.combine(as_of, _EVENING), frozen=False)
    return loader.report


def _generations(accounts: Sequence[SourceRow]) -> Iterable[list[SourceRow]]:
    """Accounts in groups: those without a parent, then those whose parents came before."""
    left, known = list(accounts), {None}
    while left:
        ready = [row for row in left if row.get("parent_id") in known]
        if not ready:
            raise ValueError(f"account {left[0]['id']} names a parent that is not there")
        yield ready
        known.update(row["id"] for row in ready)  # type: ignore[misc]  # ids are text
        left = [row for row in left if row["id"] not in known]


@dataclass(slots=True)
class _Loader:
    """Makes records of rows and remembers the ids they got."""

    control: EmulatorControl
    as_of: date
    crm_values: Mapping[str, Mapping[str, object]]
    report: SeedReport = field(default_factory=SeedReport)
    price_book: str | None = None
    products: dict[str, tuple[str, str]] = field(default_factory=dict)

    def load(
        self, entity: str, object_name: str, rows: Rows, make: Callable[[SourceRow], Json]
    ) -> None:
        """Load all rows of an entity as records of an object, chunk by chunk."""
        source = rows.get(entity, ())
        for start in range(0, len(source), CHUNK):
            chunk = source[start : start + CHUNK]
            records = [_jsonable(make(row)) for row in chunk]
            ids = self.control.seed(object_name, records)
            named = zip(chunk, ids, strict=True)
            self.report.ids.update({(entity, str(row["id"])): new for row, new in named})
        self.report.counts[object_name] = self.report.counts.get(object_name, 0) + len(source)

    def load_price_book(self, lines: Sequence[SourceRow]) -> None:
        """Entries of the standard price book for each product that an order line names."""
        products = sorted({str(line["product"]) for line in lines if line.get("product")})
        if not products:
            return
        stamps = self._stamps(None)
        books = self.control.records("Pricebook2", deleted=False)
        self.price_book = next(book["Id"] for book in books if book.get("IsStandard"))
        named = [{"Name": name, "IsActive": True, **stamps} for name in products]
        ids = self.control.seed("Product2", named)
        entries = [
            {"Pricebook2Id": self.price_book, "Product2Id": product, "UnitPrice": 1.0,
             "IsActive": True, **stamps}
            for product in ids
        ]  # fmt: skip
        seeded = self.control.seed("PricebookEntry", entries)
        self.products = dict(zip(products, zip(ids, seeded, strict=True), strict=True))

    # -- one record each ---------------------------------------------------------------

    def user(self, row: SourceRow) -> Json:
        language, locale = _LANGUAGES.get(str(row.get("language")), _LANGUAGES["en"])
        return {
            "Username": row["email"],
            "Email": row["email"],
            "LastName": row["name"],
            "Alias": str(row["id"])[-8:],
            "IsActive": row.get("active", True),
            "LanguageLocaleKey": language,
            "LocaleSidKey": locale,
            **self._stamps(None),
        }

    def account(self, row: SourceRow) -> Json:
        record = {
            "Name": row["name"],
            "AccountNumber": row.get("account_number"),
            "ParentId": self.report.maybe_id("account", row.get("parent_id")),
            "OwnerId": self.report.maybe_id("user", row.get("owner_id")),
            "BillingCountryCode": row.get("country"),
            "BillingCountry": _COUNTRY_NAMES.get(str(row.get("country")), row.get("country")),
            "Industry": row.get("industry"),
            "DunsNumber": row.get("duns"),
            "Party_Kind__c": row.get("party_kind"),
            "Own_Group__c": bool(row.get("own_group")),
            "Registration_Number__c": row.get("registration_no"),
            "Tax_Number__c": row.get("tax_no"),
            "LEI__c": row.get("lei"),
            "Region__c": row.get("region"),
            "Customer_Since__c": row.get("customer_since"),
            "Payment_Terms_Days__c": row.get("terms_days"),
            **self._stamps(row.get("customer_since")),
        }
        for name, value in self.crm_values.get(str(row["id"]), {}).items():
            record[CREDIT_FIELD_NAMES[name]] = value
        return record

    def opportunity(self, row: SourceRow) -> Json:
        return {
            "Name": row["name"],
            "AccountId": self._account_id(row),
            "OwnerId": self.report.maybe_id("user", row.get("owner_id")),
            "StageName": row["stage"],
            "Amount": row["amount"],
            "CloseDate": row["close_date"],
            "IsClosed": bool(row.get("closed")),
            "IsWon": bool(row.get("won")),
            **self._stamps(None),
        }

    def order(self, row: SourceRow) -> Json:
        status, category = _ORDER_STATUS[str(row["state"])]
        return {
            "AccountId": self._account_id(row),
            "Pricebook2Id": self.price_book,
            "OrderNumber": row["number"],
            "Status": status,
            "StatusCode": category,
            "EffectiveDate": row["order_date"],
            "TotalAmount": row["amount"],
            "Uninvoiced_Amount__c": row.get("uninvoiced_amount"),
            "Ship_Date__c": row.get("ship_date"),
            "Selling_Company__c": row.get("selling_company"),
            **self._stamps(row["order_date"]),
        }

    def order_line(self, row: SourceRow) -> Json:
        quantity, price = Decimal(str(row["quantity"])), Decimal(str(row["unit_price"]))
        product, entry = self.products.get(str(row.get("product")), (None, None))
        return {
            "OrderId": self.report.id_of("order", row["order_id"]),
            "PricebookEntryId": entry,
            "Product2Id": product,
            "Description": row.get("product"),
            "Quantity": quantity,
            "UnitPrice": price,
            "TotalPrice": quantity * price,
            "Invoiced_Quantity__c": row.get("invoiced_quantity"),
            **self._stamps(None),
        }

    def invoice(self, row: SourceRow) -> Json:
        return {
            "Name": row["number"],
            "Account__c": self._account_id(row),
            "Amount__c": row["amount"],
            "Open_Amount__c": row.get("open_amount"),
            "Currency__c": row["currency"],
            "Invoice_Date__c": row["invoice_date"],
            "Due_Date__c": row.get("due_date"),
            "Cleared_Date__c": row.get("cleared_date"),
            "Disputed__c": bool(row.get("disputed")),
            "Order_Number__c": row.get("order_number"),
            "Selling_Company__c": row.get("selling_company"),
            **self._stamps(row.get("cleared_date") or row["invoice_date"]),
        }

    def credit_note(self, row: SourceRow) -> Json:
        return {
            "Name": row["number"],
            "Account__c": self._account_id(row),
            "Amount__c": row["amount"],
            "Open_Amount__c": row.get("open_amount"),
            "Currency__c": row["currency"],
            "Issue_Date__c": row["issue_date"],
            "Invoice_Number__c": row.get("invoice_number"),
            "Selling_Company__c": row.get("selling_company"),
            **self._stamps(row["issue_date"]),
        }

    def payment(self, row: SourceRow) -> Json:
        return {
            "Name": row.get("number"),
            "Account__c": self._account_id(row),
            "Amount__c": row["amount"],
            "Paid_Date__c": row["value_date"],
            "Invoice__c": self.report.maybe_id("invoice", row.get("invoice_id")),
            "Currency__c": row["currency"],
            "Selling_Company__c": row.get("selling_company"),
            **self._stamps(row["value_date"]),
        }

    def _account_id(self, row: SourceRow) -> str:
        return self.report.id_of("account", row["account_key"])

    def _stamps(self, day: object) -> Json:
        """System stamps of a record that came on `day`, at the latest the evening before."""
        latest = datetime.combine(self.as_of - timedelta(days=1), _EVENING)
        moment = datetime.combine(day, _NOON) if isinstance(day, date) else latest
        text = min(moment, latest).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return {"CreatedDate": text, "LastModifiedDate": text, "SystemModstamp": text}


def _jsonable(record: Mapping[str, object]) -> Json:
    """The record as JSON takes it: no empty fields, numbers as floats, dates as texts."""
    return {name: _plain(value) for name, value in record.items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value
