"""Permission sets as metadata: from a document to records and back."""

from __future__ import annotations

from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.errors import RecordError
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.documents import Document
from adapters.salesforce.emulator.setup.permissions import living
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.writes import Writer

_TABLES = ("FieldPermissions", "ObjectPermissions", "SetupEntityAccess")
_OBJECT_RIGHTS = {
    "allowCreate": "PermissionsCreate",
    "allowRead": "PermissionsRead",
    "allowEdit": "PermissionsEdit",
    "allowDelete": "PermissionsDelete",
    "viewAllRecords": "PermissionsViewAllRecords",
    "modifyAllRecords": "PermissionsModifyAllRecords",
}
_AS_RECORDS = {"fieldPermissions", "objectPermissions", "customPermissions"}
_ON_SET = {"label": "Label", "description": "Description"}


def find_set(org: Org, name: str) -> Row | None:
    """Return the permission set of that name, in any case."""
    rows = living(org, "PermissionSet")
    return next((row for row in rows if row["Name"].lower() == name.lower()), None)


def save_set(org: Org, user_id: str, name: str, document: Document) -> tuple[str, bool]:
    """Make or replace a permission set; returns its id and whether it is new.

    What the document does not list the set no longer grants (Metadata API guide,
    PermissionSet: since version 40.0 a deployment replaces the target).
    """
    _check(org, document)
    writer = Writer(org, user_id, "setup")
    found = find_set(org, name)
    values = {key: document.get(element) for element, key in _ON_SET.items()}
    values["HasActivationRequired"] = document.get("hasActivationRequired", False)
    try:
        if found is None:
            set_id = _write(writer, "PermissionSet", {**values, "Name": name})
        else:
            set_id = str(found["Id"])
            if any(found.get(key) != value for key, value in values.items()):
                writer.update(_spec(org, "PermissionSet"), set_id, values)
        _replace_grants(org, writer, set_id, document)
    except RecordError as error:
        raise SetupError(error.message, error.code) from None
    return set_id, found is None


def read_set(org: Org, row: Row) -> Document:
    """Return a permission set as metadata (the parts that are kept as records)."""
    document: Document = {"label": row["Label"]}
    if row.get("Description"):
        document["description"] = row["Description"]
    document["hasActivationRequired"] = bool(row.get("HasActivationRequired"))
    names = {p["Id"]: p["DeveloperName"] for p in living(org, "CustomPermission")}
    grants = {
        table: [r for r in living(org, table) if r["ParentId"] == row["Id"]] for table in _TABLES
    }
    document["fieldPermissions"] = [
        {
            "editable": bool(r.get("PermissionsEdit")),
            "field": r["Field"],
            "readable": bool(r.get("PermissionsRead")),
        }
        for r in sorted(grants["FieldPermissions"], key=lambda r: str(r["Field"]))
    ]
    document["objectPermissions"] = [
        {element: bool(r.get(key)) for element, key in _OBJECT_RIGHTS.items()}
        | {"object": r["SobjectType"]}
        for r in sorted(grants["ObjectPermissions"], key=lambda r: str(r["SobjectType"]))
    ]
    document["customPermissions"] = [
        {"enabled": True, "name": names[r["SetupEntityId"]]}
        for r in grants["SetupEntityAccess"]
        if r["SetupEntityId"] in names
    ]
    kept = org.components.find("PermissionSet", row["Name"])
    rest = {} if kept is None else kept.document
    return {k: v for k, v in document.items() if v != []} | {
        key: value for key, value in rest.items() if key not in _AS_RECORDS and key not in document
    }


def remove_set(org: Org, user_id: str, name: str) -> str:
    """Delete a permission set; refused while users have it; returns its id."""
    found = find_set(org, name)
    if found is None:
        raise SetupError(f"No PermissionSet named: {name} found", "INVALID_CROSS_REFERENCE_KEY")
    try:
        Writer(org, user_id, "setup").delete(_spec(org, "PermissionSet"), found["Id"])
    except RecordError as error:
        raise SetupError(error.message, error.code) from None
    return str(found["Id"])


def _check(org: Org, document: Document) -> None:
    for entry in document.get("fieldPermissions", []):
        path = str(entry["field"])
        item = field_at(org, path)
        if item is None:
            raise SetupError(f"In field: field - no CustomField named {path} found")
        if not item.is_permissionable:
            raise SetupError(f"You cannot deploy to a required field: {path}")
    for entry in document.get("objectPermissions", []):
        if org.schema.stored(str(entry["object"])) is None:
            raise SetupError(f"In field: field - no CustomObject named {entry['object']} found")
    for entry in document.get("customPermissions", []):
        if org.components.find("CustomPermission", str(entry["name"])) is None:
            text = f"In field: customPermission - no CustomPermission named {entry['name']} found"
            raise SetupError(text)
    for entry in document.get("customSettingAccesses", []):
        spec = org.schema.stored(str(entry["name"]))
        if spec is None or not spec.custom_setting:
            raise SetupError(f"In field: name - no CustomObject named {entry['name']} found")


def field_at(org: Org, path: str) -> FieldSpec | None:
    """Return the field of a path such as `Account.X__c`; Activity stands for Task."""
    owner, _, name = path.partition(".")
    spec = org.schema.stored("Task" if owner.lower() == "activity" else owner)
    return None if spec is None else spec.fields.get(name.lower())


def _replace_grants(org: Org, writer: Writer, set_id: str, document: Document) -> None:
    wanted = {
        "FieldPermissions": _field_rows(document),
        "ObjectPermissions": _object_rows(document),
        "SetupEntityAccess": _access_rows(org, document),
    }
    for table, rows in wanted.items():
        there = [row for row in living(org, table) if row["ParentId"] == set_id]
        for row in there:
            if not any(_same(row, values) for values in rows):
                writer.delete(_spec(org, table), row["Id"])
        for values in rows:
            if not any(_same(row, values) for row in there):
                _write(writer, table, {**values, "ParentId": set_id})


def _same(row: Row, values: dict[str, Any]) -> bool:
    return all(row.get(key) == value for key, value in values.items())


def _field_rows(document: Document) -> list[dict[str, Any]]:
    rows = {}
    for entry in document.get("fieldPermissions", []):
        owner, _, name = str(entry["field"]).partition(".")
        owner = "Task" if owner == "Activity" else owner
        readable = entry.get("readable", False) or entry["editable"]
        if readable:
            path = f"{owner}.{name}"
            rows[path.lower()] = {
                "SobjectType": owner,
                "Field": path,
                "PermissionsRead": True,
                "PermissionsEdit": entry["editable"],
            }
    return list(rows.values())


def _object_rows(document: Document) -> list[dict[str, Any]]:
    return [
        {"SobjectType": entry["object"]}
        | {key: entry.get(element, False) for element, key in _OBJECT_RIGHTS.items()}
        for entry in document.get("objectPermissions", [])
    ]


def _access_rows(org: Org, document: Document) -> list[dict[str, Any]]:
    rows = []
    for entry in document.get("customPermissions", []):
        found = org.components.find("CustomPermission", str(entry["name"]))
        if found is not None and entry["enabled"]:
            rows.append({"SetupEntityId": found.component_id})
    return rows


def _write(writer: Writer, table: str, values: dict[str, Any]) -> str:
    return writer.create(_spec(writer.org, table), values)


def _spec(org: Org, name: str) -> Any:
    return org.schema.stored(name)
