"""The objects and fields that the shipped mapping documents name, as an org would have them."""

from __future__ import annotations

from adapters.salesforce.custom_fields import CustomField, credit_fields, task_key
from connector.domain.entities import PARTY_KINDS

Json = dict[str, object]

ORDER_STATUSES = ("Draft", "Activated", "Fulfilled", "Cancelled")
"""The org's own order statuses; Salesforce ships only the first two."""

_TYPES = {
    "Text": "string",
    "LongTextArea": "textarea",
    "Picklist": "picklist",
    "Number": "double",
    "Currency": "currency",
    "Checkbox": "boolean",
    "Date": "date",
}
"""Type in a describe by the Metadata API's word for it."""


def schema_for_demo() -> Json:
    """The schema document for the emulator's control API: our fields on standard objects, and the
    custom objects Invoice__c, Credit_Note__c and Payment__c."""
    credit = [describe_field(field) for field in credit_fields()]
    return {
        "objects": [
            {"name": "Account", "fields": [*_account_fields(), *credit]},
            {"name": "Order", "fields": _order_fields()},
            {"name": "OrderItem", "fields": [_number("Invoiced_Quantity__c", "Invoiced", 18, 2)]},
            {"name": "Task", "fields": [describe_field(task_key())]},
            {"name": "Invoice__c", "label": "Invoice", "fields": _invoice_fields()},
            {"name": "Credit_Note__c", "label": "Credit note", "fields": _credit_note_fields()},
            {"name": "Payment__c", "label": "Payment", "fields": _payment_fields()},
        ]
    }


def describe_field(field: CustomField) -> Json:
    """One of our custom fields, as the control API takes it."""
    sizes = {"length": field.length, "precision": field.precision, "scale": field.scale}
    more: Json = {name: size for name, size in sizes.items() if size}
    if field.choices:
        more |= {"values": [choice.value for choice in field.choices], "restricted": True}
    if field.key:
        more |= {"external_id": True, "unique": True}
    return _field(field.name, _TYPES[field.type], field.label, **more)


def _account_fields() -> list[Json]:
    return [
        _number("Payment_Terms_Days__c", "Payment terms (days)", 4, 0),
        _text("Registration_Number__c", "Registration number", 40),
        _text("Tax_Number__c", "Tax number", 40),
        _text("LEI__c", "Legal entity identifier", 20),
        _text("Region__c", "Region", 80),
        _field("Customer_Since__c", "date", "Customer since"),
        _text("BillingCountryCode", "Billing country code", 2),
        _field("Party_Kind__c", "picklist", "Party kind", values=list(PARTY_KINDS)),
        _field("Own_Group__c", "boolean", "Own group"),
    ]


def _order_fields() -> list[Json]:
    status = {"values": list(ORDER_STATUSES), "restricted": True, "required": True}
    return [
        _field("Status", "picklist", "Status", **status),
        _money("Uninvoiced_Amount__c", "Not invoiced yet"),
        _field("Ship_Date__c", "date", "Ships on"),
        _text("Selling_Company__c", "Selling company", 20),
    ]


def _invoice_fields() -> list[Json]:
    return [
        _lookup("Account__c", "Account", "Account"),
        _money("Amount__c", "Amount"),
        _money("Open_Amount__c", "Open amount"),
        _text("Currency__c", "Currency", 3),
        _field("Invoice_Date__c", "date", "Invoice date"),
        _field("Due_Date__c", "date", "Due date"),
        _field("Cleared_Date__c", "date", "Cleared on"),
        _field("Disputed__c", "boolean", "Disputed"),
        _text("Order_Number__c", "Order number", 40),
        _text("Selling_Company__c", "Selling company", 20),
    ]


def _credit_note_fields() -> list[Json]:
    return [
        _lookup("Account__c", "Account", "Account"),
        _money("Amount__c", "Amount"),
        _money("Open_Amount__c", "Open amount"),
        _text("Currency__c", "Currency", 3),
        _field("Issue_Date__c", "date", "Issued on"),
        _text("Invoice_Number__c", "Corrects invoice", 80),
        _text("Selling_Company__c", "Selling company", 20),
    ]


def _payment_fields() -> list[Json]:
    return [
        _lookup("Account__c", "Account", "Account"),
        _money("Amount__c", "Amount"),
        _field("Paid_Date__c", "date", "Paid on"),
        _lookup("Invoice__c", "Invoice__c", "Invoice"),
        _text("Currency__c", "Currency", 3),
        _text("Selling_Company__c", "Selling company", 20),
    ]


def _field(name: str, vendor_type: str, label: str, **more: object) -> Json:
    return {"name": name, "type": vendor_type, "label": label, **more}


def _text(name: str, label: str, length: int) -> Json:
    return _field(name, "string", label, length=length)


def _number(name: str, label: str, precision: int, scale: int) -> Json:
    return _field(name, "double", label, precision=precision, scale=scale)


def _money(name: str, label: str) -> Json:
    return _field(name, "currency", label, precision=18, scale=2)


def _lookup(name: str, target: str, label: str) -> Json:
    return _field(name, "reference", label, reference_to=[target])
