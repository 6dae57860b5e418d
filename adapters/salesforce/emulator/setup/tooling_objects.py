"""The objects that Tooling queries know, with their columns."""

from __future__ import annotations

import re
from collections.abc import Callable

from adapters.salesforce.emulator.fields import FieldSpec, flag, lookup, moment, text
from adapters.salesforce.emulator.schema import ObjectSpec

ENTITY_PREFIX = "4ie"
FIELD_PREFIX = "4fe"
_TEXTS: dict[str, tuple[str, ...]] = {
    "CustomField": ("TableEnumOrId", "EntityDefinitionId", "FullName"),
    "EntityDefinition": ("DeveloperName", "DurableId", "Label", "PluralLabel", "KeyPrefix"),
    "FieldDefinition": ("DeveloperName", "DurableId", "EntityDefinitionId", "Label", "DataType"),
    "ValidationRule": ("EntityDefinitionId", "ErrorMessage", "ErrorDisplayField", "FullName"),
    "LightningComponentBundle": ("MasterLabel", "Description"),
    "CustomObject": (),
}
_MORE: dict[str, Callable[[], list[FieldSpec]]] = {
    "CustomField": lambda: [FieldSpec("Metadata", "textarea", length=131_072)],
    "EntityDefinition": lambda: [
        flag("IsCustomSetting"),
        flag("IsCustomizable"),
        flag("IsQueryable"),
    ],
    "FieldDefinition": lambda: [
        FieldSpec("Length", "int"),
        FieldSpec("Precision", "int"),
        FieldSpec("Scale", "int"),
        flag("IsCalculated"),
        flag("IsNillable"),
    ],
    "ValidationRule": lambda: [flag("Active")],
}
_NAMES = {
    "CustomField": ("DeveloperName", "00N"),
    "CustomObject": ("DeveloperName", "01I"),
    "EntityDefinition": ("QualifiedApiName", ENTITY_PREFIX),
    "FieldDefinition": ("QualifiedApiName", FIELD_PREFIX),
    "ValidationRule": ("ValidationName", "03d"),
    "LightningComponentBundle": ("DeveloperName", "0Rb"),
}
_UNSTAMPED = {"EntityDefinition", "FieldDefinition"}
_WITH_ENTITY = {"CustomField", "FieldDefinition", "ValidationRule"}


def tooling_objects() -> list[ObjectSpec]:
    """Return fresh definitions of all Tooling objects."""
    return [_object(name) for name in _NAMES]


def _object(name: str) -> ObjectSpec:
    name_field, prefix = _NAMES[name]
    spec = ObjectSpec(name, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name), prefix)
    spec.add(
        FieldSpec("Id", "id", length=18),
        text(name_field, name_field=True),
        text("NamespacePrefix", 15),
        *(text(column) for column in _TEXTS[name]),
        *(_MORE[name]() if name in _MORE else []),
    )
    if name in _WITH_ENTITY:
        spec.add(lookup("EntityLink", "EntityDefinition", relationship="EntityDefinition"))
    if name not in _UNSTAMPED:
        spec.add(
            moment("CreatedDate"),
            text("CreatedById", 18),
            moment("LastModifiedDate"),
            text("LastModifiedById", 18),
        )
    return spec
