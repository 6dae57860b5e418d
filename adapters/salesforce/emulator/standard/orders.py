"""Order, OrderItem, Product2, Pricebook2, PricebookEntry."""

from __future__ import annotations

from adapters.salesforce.emulator.fields import (
    FieldSpec,
    address,
    day,
    flag,
    lookup,
    moment,
    money,
    number,
    owner,
    pick,
    read_only,
    text,
)
from adapters.salesforce.emulator.schema import ObjectSpec

ORDER_STATUSES = ("Draft", "Activated")


def order_objects() -> list[ObjectSpec]:
    """Return the objects of orders and the price book."""
    return [_order(), _order_item(), _product(), _pricebook(), _pricebook_entry()]


def _order() -> ObjectSpec:
    spec = ObjectSpec("Order", "Order", "801", label_plural="Orders")
    spec.add(
        owner(),
        lookup(
            "AccountId", "Account", child_relationship="Orders", on_delete="cascade", nillable=False
        ),
        lookup("Pricebook2Id", "Pricebook2", relationship="Pricebook2"),
        lookup("OriginalOrderId", "Order"),
        lookup("OpportunityId", "Opportunity", child_relationship="Orders", on_delete="clear"),
        day("EffectiveDate", nillable=False, label="Order Start Date"),
        day("EndDate", label="Order End Date"),
        flag("IsReductionOrder"),
        pick("Status", *ORDER_STATUSES, nillable=False, restricted=True),
        FieldSpec("Description", "textarea", length=32000),
        lookup("CustomerAuthorizedById", "Contact", relationship="CustomerAuthorizedBy"),
        day("CustomerAuthorizedDate"),
        lookup("BillToContactId", "Contact", relationship="BillToContact"),
        lookup("ShipToContactId", "Contact", relationship="ShipToContact"),
        pick("Type", "New", "Renewal", label="Order Type"),
        *address("Billing"),
        *address("Shipping"),
        text("Name", 80, label="Order Name"),
        day("PoDate", label="PO Date"),
        text("PoNumber", 80, label="PO Number"),
        text("OrderReferenceNumber", 80),
        read_only(moment("ActivatedDate")),
        read_only(lookup("ActivatedById", "User")),
        read_only(
            pick("StatusCode", "Draft", "Activated", "Canceled", "Expired", label="Status Category")
        ),
        text("OrderNumber", 30, auto_number=True, display_format="{00000000}", name_field=True),
        read_only(money("TotalAmount", label="Order Amount")),
    )
    return spec


def _order_item() -> ObjectSpec:
    spec = ObjectSpec("OrderItem", "Order Product", "802", label_plural="Order Products")
    spec.add(
        read_only(lookup("Product2Id", "Product2", relationship="Product2")),
        lookup(
            "OrderId",
            "Order",
            child_relationship="OrderItems",
            on_delete="cascade",
            nillable=False,
            updateable=False,
        ),
        lookup("PricebookEntryId", "PricebookEntry", nillable=False, updateable=False),
        lookup("OriginalOrderItemId", "OrderItem"),
        read_only(number("AvailableQuantity", 18, 2)),
        number("Quantity", 18, 2, nillable=False),
        money("UnitPrice", nillable=False),
        read_only(money("ListPrice")),
        read_only(money("TotalPrice")),
        day("ServiceDate", label="Start Date"),
        day("EndDate"),
        text("Description", label="Line Description"),
        text(
            "OrderItemNumber", 30, auto_number=True, display_format="{0000000000}", name_field=True
        ),
    )
    return spec


def _product() -> ObjectSpec:
    spec = ObjectSpec("Product2", "Product", "01t", label_plural="Products")
    spec.add(
        text("Name", nillable=False, name_field=True, label="Product Name"),
        text("ProductCode"),
        FieldSpec("Description", "textarea", length=4000),
        flag("IsActive", label="Active"),
        pick("Family", "None"),
        text("StockKeepingUnit", 180),
        pick("QuantityUnitOfMeasure", "Each"),
    )
    return spec


def _pricebook() -> ObjectSpec:
    spec = ObjectSpec("Pricebook2", "Price Book", "01s", label_plural="Price Books")
    spec.add(
        text("Name", nillable=False, name_field=True),
        flag("IsActive", label="Active"),
        text("Description"),
        read_only(flag("IsStandard")),
    )
    return spec


def _pricebook_entry() -> ObjectSpec:
    spec = ObjectSpec(
        "PricebookEntry", "Price Book Entry", "01u", label_plural="Price Book Entries"
    )
    spec.add(
        read_only(text("Name", name_field=True)),
        lookup(
            "Pricebook2Id",
            "Pricebook2",
            relationship="Pricebook2",
            nillable=False,
            updateable=False,
            on_delete="cascade",
            child_relationship="PricebookEntries",
        ),
        lookup(
            "Product2Id",
            "Product2",
            relationship="Product2",
            nillable=False,
            updateable=False,
            on_delete="cascade",
            child_relationship="PricebookEntries",
        ),
        money("UnitPrice", nillable=False, label="List Price"),
        flag("IsActive", label="Active"),
        flag("UseStandardPrice"),
        read_only(text("ProductCode")),
    )
    return spec
