"""Permission sets and what hangs on them, custom permissions, record types."""

from __future__ import annotations

from adapters.salesforce.emulator.fields import FieldSpec, flag, lookup, pick, read_only, text
from adapters.salesforce.emulator.schema import ObjectSpec

SETUP_OBJECTS = (
    "PermissionSet",
    "ObjectPermissions",
    "FieldPermissions",
    "PermissionSetAssignment",
    "SetupEntityAccess",
    "CustomPermission",
    "RecordType",
)
OBJECT_RIGHTS = (
    "PermissionsCreate",
    "PermissionsRead",
    "PermissionsEdit",
    "PermissionsDelete",
    "PermissionsViewAllRecords",
    "PermissionsModifyAllRecords",
)


def setup_objects() -> list[ObjectSpec]:
    """Return the objects through which set-up is read and written as records."""
    return [
        _permission_set(),
        _object_permissions(),
        _field_permissions(),
        _assignment(),
        _entity_access(),
        _custom_permission(),
        _record_type(),
    ]


def _parent(children: str) -> FieldSpec:
    return lookup(
        "ParentId",
        "PermissionSet",
        nillable=False,
        updateable=False,
        child_relationship=children,
        on_delete="cascade",
    )


def _permission_set() -> ObjectSpec:
    spec = ObjectSpec("PermissionSet", "Permission Set", "0PS")
    spec.add(
        text("Name", 80, nillable=False, name_field=True, unique=True),
        text("Label", 80, nillable=False),
        text("Description"),
        text("NamespacePrefix", 15),
        lookup("ProfileId", "Profile", updateable=False),
        read_only(flag("IsOwnedByProfile")),
        read_only(flag("IsCustom", default=True)),
        flag("HasActivationRequired"),
        read_only(pick("Type", "Regular", "Profile", "Standard", default="Regular")),
    )
    return spec


def _object_permissions() -> ObjectSpec:
    spec = ObjectSpec("ObjectPermissions", "Object Permissions", "110")
    spec.add(
        _parent("ObjectPerms"),
        text("SobjectType", 40, nillable=False, updateable=False),
        *(flag(name) for name in OBJECT_RIGHTS),
    )
    return spec


def _field_permissions() -> ObjectSpec:
    spec = ObjectSpec("FieldPermissions", "Field Permissions", "01k")
    spec.add(
        _parent("FieldPerms"),
        text("SobjectType", 40, nillable=False, updateable=False),
        text("Field", 255, nillable=False, updateable=False),
        flag("PermissionsRead"),
        flag("PermissionsEdit"),
    )
    return spec


def _assignment() -> ObjectSpec:
    spec = ObjectSpec("PermissionSetAssignment", "Permission Set Assignment", "0Pa")
    spec.updateable = False
    spec.add(
        lookup(
            "PermissionSetId",
            "PermissionSet",
            nillable=False,
            updateable=False,
            child_relationship="Assignments",
            on_delete="cascade",
        ),
        lookup("AssigneeId", "User", nillable=False, updateable=False),
        read_only(flag("IsActive", default=True)),
    )
    return spec


def _entity_access() -> ObjectSpec:
    spec = ObjectSpec("SetupEntityAccess", "Setup Entity Access", "0J0")
    spec.updateable = False
    spec.add(
        _parent("SetupEntityAccessItems"),
        lookup(
            "SetupEntityId",
            "CustomPermission",
            nillable=False,
            updateable=False,
            on_delete="cascade",
        ),
        read_only(pick("SetupEntityType", "CustomPermission", default="CustomPermission")),
    )
    return spec


def _custom_permission() -> ObjectSpec:
    spec = ObjectSpec("CustomPermission", "Custom Permission", "0CP")
    spec.createable = spec.updateable = spec.deletable = False
    spec.add(
        text("DeveloperName", 80, nillable=False, name_field=True),
        text("MasterLabel", 80),
        text("Description"),
        text("NamespacePrefix", 15),
    )
    return spec


def _record_type() -> ObjectSpec:
    spec = ObjectSpec("RecordType", "Record Type", "012")
    spec.createable = spec.updateable = spec.deletable = False
    spec.add(
        text("Name", 80, nillable=False, name_field=True),
        text("DeveloperName", 80, nillable=False),
        text("SobjectType", 40, nillable=False),
        text("Description"),
        text("NamespacePrefix", 15),
        flag("IsActive", default=True),
    )
    return spec
