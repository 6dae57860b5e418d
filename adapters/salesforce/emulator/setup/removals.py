"""Removes one component, or refuses because something still uses it."""

from __future__ import annotations

import re

from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.setup.bundles import schema_imports
from adapters.salesforce.emulator.setup.custom_fields import object_of_field
from adapters.salesforce.emulator.setup.permission_sets import remove_set
from adapters.salesforce.emulator.setup.permissions import living
from adapters.salesforce.emulator.setup.problems import SetupError

Going = set[tuple[str, str]]
_ROW_KINDS = {"CustomPermission", "RecordType"}


def remove_component(org: Org, user_id: str, kind: str, full_name: str, going: Going) -> str:
    """Remove a component and return its id; raises SetupError.

    `going` holds kind and lower-case name of everything the same deployment removes:
    what goes too does not keep another component from going.
    """
    if kind == "PermissionSet":
        component_id = remove_set(org, user_id, full_name)
        org.components.remove(kind, full_name)
        return component_id
    if kind == "CustomField":
        return _remove_field(org, full_name, going)
    if kind == "CustomObject":
        return _remove_object(org, full_name, going)
    found = org.components.find(kind, full_name)
    if found is None:
        raise _not_there(kind, full_name)
    if kind in {"LightningComponentBundle", "CustomPermission", "StaticResource"}:
        _refuse_used(org, kind, full_name, going)
    if kind in _ROW_KINDS:
        for row in living(org, "SetupEntityAccess"):
            if row["SetupEntityId"] == found.component_id:
                org.records.remove("SetupEntityAccess", row["Id"])
        org.records.remove(kind, found.component_id)
    org.components.remove(kind, full_name)
    return found.component_id


def _remove_field(org: Org, full_name: str, going: Going) -> str:
    try:
        spec = object_of_field(org, full_name)
    except SetupError:
        raise _not_there("CustomField", full_name) from None
    item = spec.fields.get(full_name.partition(".")[2].lower())
    if item is None:
        raise _not_there("CustomField", full_name)
    if not item.custom:
        text = f"Cannot delete standard field: {full_name}"
        raise SetupError(text, "INSUFFICIENT_ACCESS_OR_READONLY")
    users = [u for u in field_users(org, spec, item.name) if not _goes(u, going)]
    if users:
        names = ", ".join(f"{kind} - {name}" for kind, name in users)
        text = f"This custom field is referenced elsewhere in salesforce.com. {names}"
        raise SetupError(text, "DELETE_FAILED")
    drop_field(org, spec, item.name)
    found = org.components.remove("CustomField", full_name)
    return "" if found is None else found.component_id


def drop_field(org: Org, spec: ObjectSpec, name: str) -> None:
    """Take a field out of the schema with its values and permissions."""
    spec.fields.pop(name.lower(), None)
    org.records.drop_index(spec.name, name)
    for record_id, row in list(org.records.table(spec.name).items()):
        if name in row:
            rest = {key: value for key, value in row.items() if key != name}
            org.records.put(spec.name, record_id, rest)
    path = f"{spec.name}.{name}".lower()
    for row in living(org, "FieldPermissions"):
        if str(row["Field"]).lower() == path:
            org.records.remove("FieldPermissions", row["Id"])
    org.schema_changed[spec.name] = org.stamp()


def field_users(org: Org, spec: ObjectSpec, name: str) -> list[tuple[str, str]]:
    """Return kind and name of what still needs a field: formulas, rules, components."""
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", re.IGNORECASE)
    users: list[tuple[str, str]] = []
    for other in org.schema.everything():
        for item in other.fields.values():
            if item.formula and item.name != name and word.search(item.formula):
                users.append(("CustomField", f"{other.name}.{item.name}"))
    for component in org.components:
        if component.kind == "ValidationRule":
            formula = str(component.document.get("errorConditionFormula", ""))
            shown = component.document.get("errorDisplayField")
            if word.search(formula) or (shown == name and component.owner == spec.name):
                users.append((component.kind, component.full_name))
        if component.kind == "LightningComponentBundle" and any(
            word.search(path) for path in schema_imports(component.files)
        ):
            users.append((component.kind, component.full_name))
    return users


def _remove_object(org: Org, full_name: str, going: Going) -> str:
    spec = org.schema.stored(full_name)
    if spec is None:
        raise _not_there("CustomObject", full_name)
    if not spec.custom:
        text = f"Cannot delete standard object: {full_name}"
        raise SetupError(text, "INSUFFICIENT_ACCESS_OR_READONLY")
    going = going | {("CustomField", f"{spec.name}.{f.name}".lower()) for f in spec.fields.values()}
    users = [
        ("CustomField", f"{other.name}.{item.name}")
        for other in org.schema.everything()
        for item in other.fields.values()
        if spec.name in item.reference_to and other is not spec and other.custom
    ]
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(spec.name)}(?![A-Za-z0-9_])", re.IGNORECASE)
    users += [
        ("CustomField", f"{other.name}.{item.name}")
        for other in org.schema.everything()
        for item in other.fields.values()
        if item.formula and word.search(item.formula)
    ]
    users = [user for user in users if not _goes(user, going)]
    if users:
        names = ", ".join(f"{kind} - {name}" for kind, name in users)
        text = f"This custom object is referenced elsewhere in salesforce.com. {names}"
        raise SetupError(text, "DELETE_FAILED")
    return _drop_object(org, spec)


def _drop_object(org: Org, spec: ObjectSpec) -> str:
    for item in [item for item in spec.fields.values() if item.custom]:
        drop_field(org, spec, item.name)
    for record_id in list(org.records.table(spec.name)):
        org.records.remove(spec.name, record_id)
    for row in living(org, "ObjectPermissions"):
        if row["SobjectType"] == spec.name:
            org.records.remove("ObjectPermissions", row["Id"])
    for component in org.components:
        if component.owner == spec.name:
            org.components.remove(component.kind, component.full_name)
    for other in org.schema.everything():
        for item in other.fields.values():
            if spec.name in item.reference_to:
                kept = tuple(name for name in item.reference_to if name != spec.name)
                item.reference_to = kept
    org.schema.remove(spec.name)
    org.schema_changed[spec.name] = org.stamp()
    found = org.components.remove("CustomObject", spec.name)
    return "" if found is None else found.component_id


def _refuse_used(org: Org, kind: str, name: str, going: Going) -> None:
    needle = {
        "LightningComponentBundle": f"c/{name}",
        "CustomPermission": f"@salesforce/customPermission/{name}",
        "StaticResource": f"@salesforce/resourceUrl/{name}",
    }[kind]
    quoted = re.compile(rf"[\"']{re.escape(needle)}[\"']")
    users = [
        (component.kind, component.full_name)
        for component in org.components.of_kind("LightningComponentBundle")
        if any(quoted.search(body.decode("utf-8", "replace")) for body in component.files.values())
    ]
    if kind == "CustomPermission":
        word = re.compile(rf"\$Permission\.{re.escape(name)}(?![A-Za-z0-9_])", re.IGNORECASE)
        users += [
            (rule.kind, rule.full_name)
            for rule in org.components.of_kind("ValidationRule")
            if word.search(str(rule.document.get("errorConditionFormula", "")))
        ]
    users = [user for user in users if not _goes(user, going)]
    if users:
        names = ", ".join(f"{user} - {used_by}" for user, used_by in users)
        raise SetupError(f"{kind} {name} is in use: {names}", "DELETE_FAILED")


def _goes(user: tuple[str, str], going: Going) -> bool:
    kind, name = user
    owner = name.partition(".")[0].lower()
    return (kind, name.lower()) in going or ("CustomObject", owner) in going


def _not_there(kind: str, full_name: str) -> SetupError:
    return SetupError(f"No {kind} named: {full_name} found", "INVALID_CROSS_REFERENCE_KEY")
