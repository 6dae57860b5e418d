"""Custom objects and custom settings: from their metadata to objects of the schema."""

from __future__ import annotations

import re

from adapters.salesforce.emulator.fields import FieldSpec, lookup, owner, text
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.schema_changes import allow_tasks
from adapters.salesforce.emulator.setup.documents import Document
from adapters.salesforce.emulator.setup.problems import SetupError

_OBJECT_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c\Z")


def restore_object(org: Org, name: str, document: Document) -> bool:
    """Bring an object into the schema as its metadata says; returns whether it is new."""
    spec = org.schema.stored(name)
    if spec is None and name.lower() != "activity":
        spec = _new_object(name, document)
        org.schema.add(spec)
        if spec.custom_setting:
            org.index_keys(spec)
        else:
            allow_tasks(org, spec)
        return True
    if spec is not None and spec.custom:
        spec.label = document.get("label", spec.label)
        spec.label_plural = document.get("pluralLabel", spec.label_plural)
    return False


def _new_object(name: str, document: Document) -> ObjectSpec:
    if not _OBJECT_NAME.match(name):
        text_ = f"Entity Enumeration Or ID: bad value for restricted picklist field: {name}"
        raise SetupError(text_, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    setting = document.get("customSettingsType")
    if setting == "List":
        raise SetupError("The emulator has hierarchical custom settings only")
    needed = ["label"] if setting else ["label", "pluralLabel", "nameField", "sharingModel"]
    for element in needed:
        if element not in document:
            raise SetupError(f"Required field is missing: {element}", "REQUIRED_FIELD_MISSING")
    if setting and document.get("visibility") not in {None, "Public", "Protected"}:
        raise SetupError("Visibility of a custom setting is Public or Protected")
    label: str = document["label"]
    spec = ObjectSpec(name, label, "", label_plural=document.get("pluralLabel", ""), custom=True)
    spec.add(_name_field(label, document.get("nameField")))
    if setting:
        spec.custom_setting = True
        spec.searchable = False
        spec.add(_setup_owner())
    else:
        spec.guarded = True
        spec.add(owner())
    return spec


def _name_field(label: str, document: Document | None) -> FieldSpec:
    if document is None:
        return text("Name", 80, name_field=True, label=f"{label} Name")
    kind = document.get("type")
    if kind not in {"Text", "AutoNumber"}:
        raise SetupError("Must specify a nameField of type Text or AutoNumber")
    return text(
        "Name",
        80,
        name_field=True,
        label=document.get("label", f"{label} Name"),
        auto_number=kind == "AutoNumber",
        display_format=document.get("displayFormat", ""),
    )


def _setup_owner() -> FieldSpec:
    return lookup(
        "SetupOwnerId",
        "Organization",
        "Profile",
        "User",
        label="Location",
        relationship="SetupOwner",
        nillable=False,
        defaulted_on_create=True,
        unique=True,
        updateable=False,
    )
