"""Fields that the org fills in by itself when a record is saved."""

from __future__ import annotations

from collections.abc import Callable

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.errors import RecordError
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.person_accounts import complete_account
from adapters.salesforce.emulator.setup.permissions import PERMISSION_RULES
from adapters.salesforce.emulator.standard.sales import STAGES

_STAGE = {stage[0]: stage for stage in STAGES}
_STATUS_CATEGORIES = {
    "Draft": "Draft",
    "Canceled": "Canceled",
    "Cancelled": "Canceled",
    "Expired": "Expired",
}


def order_category(status: object) -> str:
    """Return the category (StatusCode) of an order status; what is not listed counts as activated.

    In a real org the admin assigns each status to a category.
    """
    return _STATUS_CATEGORIES.get(str(status), "Activated")


def derive(org: Org, object_name: str, old: Row | None, new: Row) -> None:
    """Complete `new` in place before it is stored; raises RecordError on a standard rule."""
    rule = _RULES.get(object_name)
    if rule is not None:
        rule(org, old, new)


def complete_seed(org: Org, object_name: str, row: Row) -> None:
    """Complete a seeded row in place: as `derive`, but an order may begin in any status."""
    if object_name == "Order":
        row.setdefault("StatusCode", order_category(row.get("Status")))
        row.setdefault("TotalAmount", 0.0)
    elif object_name == "OrderItem":
        entry = org.records.get("PricebookEntry", str(row.get("PricebookEntryId"))) or {}
        _price_item(row, entry)
    else:
        derive(org, object_name, None, row)


def roll_up(org: Org, object_name: str, row: Row) -> tuple[str, str, Row] | None:
    """Return table, id and fields of the parent that a saved or deleted row changes."""
    if object_name != "OrderItem":
        return None
    order_id = row["OrderId"]
    total = round(sum(item.get("TotalPrice") or 0.0 for item in _items(org, order_id)), 2)
    order = org.records.get("Order", order_id)
    if order is None or order.get("TotalAmount") == total:
        return None
    return "Order", order_id, {"TotalAmount": total}


def _person(org: Org, old: Row | None, new: Row) -> None:
    del org, old
    new["Name"] = " ".join(x for x in (new.get("FirstName"), new.get("LastName")) if x)


def _opportunity(org: Org, old: Row | None, new: Row) -> None:
    stage = _STAGE.get(new.get("StageName") or "")
    moved = old is None or old.get("StageName") != new.get("StageName")
    if stage is not None and moved:
        if old is not None or new.get("Probability") is None:
            new["Probability"] = float(stage[1])
        new["ForecastCategory"] = new["ForecastCategoryName"] = stage[4]
    if moved and old is not None:
        new["LastStageChangeDate"] = org.stamp()
    new["IsClosed"] = bool(stage and stage[2])
    new["IsWon"] = bool(stage and stage[3])
    amount, chance = new.get("Amount"), new.get("Probability")
    if amount is None or chance is None:
        new.pop("ExpectedRevenue", None)
    else:
        new["ExpectedRevenue"] = round(amount * chance / 100, 2)


def _task(org: Org, old: Row | None, new: Row) -> None:
    closed = new.get("Status") == "Completed"
    if closed and not (old or {}).get("IsClosed"):
        new["CompletedDateTime"] = org.stamp()
    new["IsClosed"] = closed
    new["IsHighPriority"] = new.get("Priority") == "High"
    new["AccountId"] = _account_of(org, new.get("WhatId")) or _account_of(org, new.get("WhoId"))


def _account_of(org: Org, record_id: str | None) -> str | None:
    spec = org.schema.by_id(record_id) if record_id else None
    if spec is None or record_id is None:
        return None
    if spec.name == "Account":
        return record_id
    found = (org.records.get(spec.name, record_id) or {}).get("AccountId")
    return found if isinstance(found, str) else None


def _order(org: Org, old: Row | None, new: Row) -> None:
    category = order_category(new.get("Status"))
    if old is None:
        if category != "Draft":
            message = "Orders can only be created with a status of the Draft category."
            raise RecordError("FAILED_ACTIVATION", message, ["Status"])
        new["StatusCode"] = "Draft"
        new.setdefault("TotalAmount", 0.0)
        return
    was_draft = old.get("StatusCode") == "Draft"
    if new.get("AccountId") != old.get("AccountId") and not was_draft:
        message = "The account of an order can be changed only while the order is a draft."
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, ["AccountId"])
    new["StatusCode"] = category
    if was_draft and category == "Activated":
        if not _items(org, str(new["Id"])):
            message = "An order must have at least one product before it is activated."
            raise RecordError("FAILED_ACTIVATION", message, ["Status"])
        new["ActivatedDate"], new["ActivatedById"] = org.stamp(), new.get("LastModifiedById")


def _items(org: Org, order_id: str) -> list[Row]:
    table = org.records.table("OrderItem")
    items = (table[item_id] for item_id in org.records.find("OrderItem", "OrderId", order_id))
    return [item for item in items if not item.get("IsDeleted")]


def _order_item(org: Org, old: Row | None, new: Row) -> None:
    del old
    order = org.records.get("Order", str(new.get("OrderId"))) or {}
    entry = org.records.get("PricebookEntry", str(new.get("PricebookEntryId"))) or {}
    if not order.get("Pricebook2Id") or order["Pricebook2Id"] != entry.get("Pricebook2Id"):
        message = "The order and the price book entry must have the same price book."
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, ["PricebookEntryId"])
    if not entry.get("IsActive"):
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION", "The price book entry is inactive.", ["PricebookEntryId"]
        )
    _price_item(new, entry)


def _price_item(row: Row, entry: Row) -> None:
    row["Product2Id"], row["ListPrice"] = entry.get("Product2Id"), entry.get("UnitPrice")
    row["TotalPrice"] = round((row.get("Quantity") or 0.0) * (row.get("UnitPrice") or 0.0), 2)


def _pricebook_entry(org: Org, old: Row | None, new: Row) -> None:
    del old
    product = org.records.get("Product2", str(new.get("Product2Id"))) or {}
    new["Name"], new["ProductCode"] = product.get("Name"), product.get("ProductCode")


_RULES: dict[str, Callable[[Org, Row | None, Row], None]] = {
    **PERMISSION_RULES,
    "Account": complete_account,
    "Contact": _person,
    "User": _person,
    "Opportunity": _opportunity,
    "Task": _task,
    "Order": _order,
    "OrderItem": _order_item,
    "PricebookEntry": _pricebook_entry,
}
