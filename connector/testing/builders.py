"""Small builders for tests: descriptions of a CRM's objects, a mapping document, decision tables.

`account_object` and the others describe objects of a `MemoryCrm`; `mapping_text` is the document
that fits them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.decision import DECISION_TABLES, TOTAL
from connector.domain.entities import Kind
from connector.ports.crm import FieldInfo, ObjectInfo
from connector.ports.facts import table_schema
from connector.testing.crm import ID, MODIFIED_AT, MODIFIED_BY, STAMP, SYSTEM_FIELDS

ADAPTER = "memory"
_VENDOR_TYPES = {Kind.TEXT: "string", Kind.MONEY: "currency", Kind.FLAG: "boolean"}


def field_info(name: str, kind: Kind = Kind.TEXT, **more: Any) -> FieldInfo:
    """A field that may be written; `more` as in `FieldInfo`."""
    usual = {"label": name, "vendor_type": _VENDOR_TYPES.get(kind, kind.value),
             "createable": True, "updateable": True}  # fmt: skip
    return FieldInfo(name=name, kind=kind, **{**usual, **more})


def object_info(name: str, *fields: FieldInfo) -> ObjectInfo:
    """An object with the system fields and the given ones."""
    kinds = (Kind.TEXT, Kind.TIMESTAMP, Kind.TEXT, Kind.TIMESTAMP)
    system = [
        field_info(n, kind, createable=False, updateable=False)
        for n, kind in zip(SYSTEM_FIELDS, kinds, strict=True)
    ]
    return ObjectInfo(name, name, {info.name: info for info in (*system, *fields)})


def credit_field_name(credit_field: str) -> str:
    """The vendor field of a credit field in these builders: `limit_state` → `LimitState`."""
    return "".join(word.capitalize() for word in credit_field.split("_"))


def account_object(credit_fields: Sequence[str] = tuple(CREDIT_FIELDS)) -> ObjectInfo:
    """Accounts: name, number, owner and terms, and a field for each credit field."""
    own = (
        field_info("Name"), field_info("Number"), field_info("OwnerId"),
        field_info("Terms", Kind.COUNT), field_info("Registration"), field_info("Country"),
    )  # fmt: skip
    credit = [
        field_info(
            credit_field_name(name),
            CREDIT_FIELDS[name].kind,
            scale=CREDIT_FIELDS[name].scale,
            precision=18 if CREDIT_FIELDS[name].kind in (Kind.MONEY, Kind.QUANTITY) else 0,
        )
        for name in credit_fields
    ]
    return object_info("Account", *own, *credit)


def invoice_object() -> ObjectInfo:
    """Invoices with their account, amounts and dates."""
    return object_info(
        "Invoice",
        field_info("AccountId"), field_info("Number"), field_info("Currency"),
        field_info("Amount", Kind.MONEY, scale=2), field_info("Open", Kind.MONEY, scale=2),
        field_info("Issued", Kind.DATE), field_info("Due", Kind.DATE),
    )  # fmt: skip


def user_object() -> ObjectInfo:
    """Users: name and whether they are active."""
    return object_info("User", field_info("Name"), field_info("Active", Kind.FLAG))


def task_object(keyed: bool = True) -> ObjectInfo:
    """Tasks; `keyed` with a unique external-id field for the key of an alert."""
    key = [field_info("Key", external_id=True, unique=True)] if keyed else []
    return object_info(
        "Task",
        field_info("Subject", length=255), field_info("Text"), field_info("AccountId"),
        field_info("OwnerId"), field_info("Due", Kind.DATE), *key,
    )  # fmt: skip


def mapping_text(
    *,
    credit_fields: Sequence[str] = tuple(CREDIT_FIELDS),
    owners: Mapping[str, str] | None = None,
    feeds: Mapping[str, Mapping[str, object]] | None = None,
    task: bool = True,
) -> str:
    """A mapping document (JSON, which is YAML) for the objects of this module.

    `owners` by credit field (ours, theirs, ask); `feeds` replaces keys of a feed, by its name.
    """
    entities: dict[str, dict[str, object]] = {
        "account": {
            "object": "Account",
            "fields": {
                "name": "Name", "account_number": "Number", "owner_id": "OwnerId",
                "registration_no": {"path": "Registration", "optional": True},
                "country": {"path": "Country", "optional": True}, "terms_days": "Terms",
            },
        },
        "user": {"object": "User", "fields": {"name": "Name", "active": "Active"}},
        "invoice": {
            "object": "Invoice",
            "fields": {
                "account_key": "AccountId", "number": "Number", "currency": "Currency",
                "amount": "Amount", "open_amount": "Open", "invoice_date": "Issued",
                "due_date": "Due",
            },
        },
    }  # fmt: skip
    for name, entity in entities.items():
        entity |= {"id": ID, "stamp": STAMP, **(feeds or {}).get(name, {})}
    document: dict[str, object] = {"mapping": "memory", "adapter": ADAPTER, "entities": entities}
    if credit_fields:
        fields = {
            name: {"field": credit_field_name(name), "owner": (owners or {}).get(name, "ours")}
            for name in credit_fields
        }
        document["write"] = {
            "account": {"object": "Account", "modified_by": MODIFIED_BY,
                        "modified_at": MODIFIED_AT, "fields": fields}
        }  # fmt: skip
    if task:
        slots = {"subject": "Subject", "text": "Text", "account": "AccountId",
                 "owner": "OwnerId", "due": "Due"}  # fmt: skip
        document["task"] = {"object": "Task", "key": "Key", "key_in": "Subject", "fields": slots}
    return json.dumps(document)


def invoice_values(
    account_id: str, number: str, amount: int | str, **more: object
) -> dict[str, object]:
    """An open invoice of an account, due 30 days after its issue on 2026-01-05."""
    return {
        "AccountId": account_id, "Number": number, "Currency": "EUR", "Amount": Decimal(amount),
        "Open": Decimal(amount), "Issued": "2026-01-05", "Due": "2026-02-04", **more,
    }  # fmt: skip


def decision_row(party_id: str, **cells: object) -> dict[str, object]:
    """A decision of a sound customer; `cells` replace columns of `domain.decision.DECISION`."""
    row: dict[str, object] = {
        "party_id": party_id, "selling_company": TOTAL, "as_of": date(2026, 3, 2),
        "currency": "EUR", "party_kind": "company", "score": Decimal(80),
        "coverage": Decimal("0.9"), "grade": "A", "colour": "green", "hold": False,
        "gross_exposure": Decimal(100), "net_exposure": Decimal(100),
        "open_receivables": Decimal(100), "overdue": Decimal(0), "approved_state": "none",
        "proposed_state": "amount", "proposed_amount": Decimal(1000), "band": 0,
        "next_review": date(2026, 9, 1),
    }  # fmt: skip
    row |= cells
    row.setdefault("decision_hash", json.dumps(row, default=str, sort_keys=True))
    return row


def flag_row(party_id: str, code: str = "over_limit", **cells: object) -> dict[str, object]:
    """An open flag of a warning's severity since 2026-03-01."""
    return {"party_id": party_id, "selling_company": TOTAL, "code": code, "severity": 2,
            "since": date(2026, 3, 1), "params": "{}", **cells}  # fmt: skip


def breakdown_row(
    party_id: str, member: str, place: int, amount: str, **cells: object
) -> dict[str, object]:
    """A bucket of a party's ageing."""
    return {"party_id": party_id, "selling_company": TOTAL, "dimension": "ageing",
            "member": member, "place": place, "amount": Decimal(amount), **cells}  # fmt: skip


def decision_tables(
    decisions: Sequence[Mapping[str, object]], **others: Sequence[Mapping[str, object]]
) -> dict[str, pa.Table]:
    """Every decision table, from rows; `others` by table name (flag, reason, …)."""
    rows = {"decision": decisions, **others}
    return {
        name: pa.Table.from_pylist(
            [{c: row.get(c) for c in entity.column_names} for row in rows.get(name, ())],
            schema=table_schema(entity),
        )
        for name, entity in DECISION_TABLES.items()
    }


def without_field(info: ObjectInfo, name: str) -> ObjectInfo:
    """The object without one of its fields, as another org may describe it."""
    return replace(info, fields={n: f for n, f in info.fields.items() if n != name})
