"""Field-level security: checks on permission records, and what a user may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.errors import RecordError
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.rights import may_change_setup
from adapters.salesforce.emulator.standard.setup import OBJECT_RIGHTS, SETUP_OBJECTS


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user may do with a field or an object."""

    read: bool = False
    edit: bool = False

    def merged(self, row: Row) -> Grant:
        """Return this with what another permission set adds."""
        read = self.read or bool(row.get("PermissionsRead"))
        return Grant(read, self.edit or bool(row.get("PermissionsEdit")))


def living(org: Org, table: str) -> list[Row]:
    """Return the rows of a table that are not deleted."""
    return [row for row in org.records.table(table).values() if not row.get("IsDeleted")]


def sets_of(org: Org, user_id: str) -> set[str]:
    """Return the ids of the permission sets assigned to a user."""
    rows = living(org, "PermissionSetAssignment")
    return {row["PermissionSetId"] for row in rows if row["AssigneeId"] == user_id}


def has_permission(org: Org, user_id: str, name: str) -> bool:
    """Say whether a user has a custom permission, its name in any case."""
    held = {
        row["SetupEntityId"]
        for row in living(org, "SetupEntityAccess")
        if row["ParentId"] in sets_of(org, user_id)
    }
    return any(
        row["Id"] in held and row["DeveloperName"].lower() == name.lower()
        for row in living(org, "CustomPermission")
    )


def look_as(org: Org, user_id: str) -> None:
    """Show guarded fields and objects as this user's permission sets grant them.

    Without a user everything shows: control calls and set-up see the whole schema.
    """
    org.viewer = user_id
    fields = _grants(org, user_id, "FieldPermissions", "Field")
    objects = _grants(org, user_id, "ObjectPermissions", "SobjectType")
    if user_id:
        _note_change(org, user_id, {**fields, **objects})
    nothing = Grant()
    for spec in org.schema.everything():
        if spec.guarded:
            spec.hidden = bool(user_id) and not objects.get(spec.name.lower(), nothing).read
        for item in spec.fields.values():
            if item.guarded:
                path = f"{spec.name}.{item.name}".lower()
                grant = fields.get(path, nothing) if user_id else Grant(True, True)
                item.hidden, item.read_only = not grant.read, not grant.edit


def _note_change(org: Org, user_id: str, grants: dict[str, Grant]) -> None:
    """Date the descriptions of objects anew of which a user sees more or less than before."""
    known = org.views.get(user_id)
    if known == grants:
        return
    org.views[user_id] = grants
    moved = {
        name for name in {*grants, *(known or {})} if grants.get(name) != (known or {}).get(name)
    }
    for spec in org.schema.everything():
        if any(name.partition(".")[0] == spec.name.lower() for name in moved):
            org.schema_changed[spec.name] = org.stamp()


def _grants(org: Org, user_id: str, table: str, key: str) -> dict[str, Grant]:
    sets, grants = sets_of(org, user_id), dict[str, Grant]()
    for row in living(org, table):
        if row["ParentId"] in sets:
            name = str(row[key]).lower()
            grants[name] = grants.get(name, Grant()).merged(row)
    return grants


def check_setup_write(org: Org, user_id: str, object_name: str) -> None:
    """Raise RecordError when a user without the right writes set-up or custom settings."""
    spec = org.schema.stored(object_name)
    guarded = object_name in SETUP_OBJECTS or (spec is not None and spec.custom_setting)
    if guarded and not may_change_setup(org, user_id):
        message = "insufficient access rights on object id"
        raise RecordError("INSUFFICIENT_ACCESS_OR_READONLY", message)


def check_unassigned(org: Org, object_name: str, record_id: str) -> None:
    """Raise RecordError when a permission set that is to be deleted is assigned to users."""
    if object_name != "PermissionSet":
        return
    held = [r for r in living(org, "PermissionSetAssignment") if r["PermissionSetId"] == record_id]
    if held:
        message = f"The permission set is assigned to {len(held)} users; remove them first"
        raise RecordError("DELETE_FAILED", message)


# --- checks when a permission record is saved ------------------------------------------------


def _field_permission(org: Org, old: Row | None, new: Row) -> None:
    object_name, _, field_name = str(new["Field"]).partition(".")
    spec = org.schema.stored(object_name)
    item = spec.fields.get(field_name.lower()) if spec is not None else None
    if spec is None or item is None or not item.is_permissionable or spec.custom_setting:
        message = f"Field Name: bad value for restricted picklist field: {new['Field']}"
        raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["Field"])
    if str(new["SobjectType"]).lower() != spec.name.lower():
        message = f"Object Type Name: {new['SobjectType']} is not the object of {new['Field']}"
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, ["SobjectType"])
    new["Field"], new["SobjectType"] = f"{spec.name}.{item.name}", spec.name
    if new.get("PermissionsEdit") and (item.calculated or item.auto_number):
        message = f"Field {new['Field']} is not editable: its value is calculated"
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, ["PermissionsEdit"])
    if new.get("PermissionsEdit") and not new.get("PermissionsRead"):
        message = "Editing a field needs the permission to read it"
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, ["PermissionsEdit"])
    _once(org, "FieldPermissions", new, ("ParentId", "Field"))


def _object_permission(org: Org, old: Row | None, new: Row) -> None:
    spec = org.schema.stored(str(new["SobjectType"]))
    if spec is None:
        message = f"bad value for restricted picklist field: {new['SobjectType']}"
        raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["SobjectType"])
    new["SobjectType"] = spec.name
    if not new.get("PermissionsRead") and any(new.get(name) for name in OBJECT_RIGHTS):
        message = "Every object permission needs the permission to read"
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, ["PermissionsRead"])
    _once(org, "ObjectPermissions", new, ("ParentId", "SobjectType"))


def _assignment(org: Org, old: Row | None, new: Row) -> None:
    user = org.records.get("User", str(new["AssigneeId"])) or {}
    if user.get("IsActive") is False:
        message = "A permission set cannot be assigned to an inactive user"
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, ["AssigneeId"])
    _once(org, "PermissionSetAssignment", new, ("PermissionSetId", "AssigneeId"))


def _entity_access(org: Org, old: Row | None, new: Row) -> None:
    _once(org, "SetupEntityAccess", new, ("ParentId", "SetupEntityId"))


def _once(org: Org, table: str, new: Row, keys: tuple[str, ...]) -> None:
    for row in living(org, table):
        if row["Id"] != new["Id"] and all(row[key] == new[key] for key in keys):
            message = (
                f"duplicate value found: <unknown> duplicates value on record with id: {row['Id']}"
            )
            raise RecordError("DUPLICATE_VALUE", message)


PERMISSION_RULES: dict[str, Callable[[Org, Row | None, Row], None]] = {
    "FieldPermissions": _field_permission,
    "ObjectPermissions": _object_permission,
    "PermissionSetAssignment": _assignment,
    "SetupEntityAccess": _entity_access,
}
