"""Record types: rows of RecordType, and the lookup on the object that has them."""

from __future__ import annotations

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import lookup
from adapters.salesforce.emulator.org import Org


def add_record_type(org: Org, type_id: str, object_name: str, name: str, label: str) -> None:
    """Add or replace a record type of an object and give the object its lookup."""
    spec = org.schema.stored(object_name)
    if spec is not None and "recordtypeid" not in spec.fields:
        spec.add(lookup("RecordTypeId", "RecordType", label="Record Type ID"))
    stamp, user = org.stamp(), org.settings.human
    old = org.records.get("RecordType", type_id)
    row: Row = {
        "CreatedDate": stamp,
        "CreatedById": user,
        **(old or {}),
        "Id": type_id,
        "IsDeleted": False,
        "Name": label,
        "DeveloperName": name,
        "SobjectType": object_name,
        "IsActive": True,
        "LastModifiedDate": stamp,
        "LastModifiedById": user,
        "SystemModstamp": stamp,
    }
    with org.records.transaction():
        org.records.put("RecordType", type_id, row)


def types_of(org: Org, object_name: str) -> list[Row]:
    """Return the record types of an object."""
    rows = org.records.table("RecordType").values()
    return [row for row in rows if row.get("SobjectType") == object_name]
