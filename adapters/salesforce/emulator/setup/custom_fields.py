"""Custom fields: from the metadata of a CustomField to a field of the schema, and back."""

from __future__ import annotations

import re
from typing import Any

from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.setup.documents import Document
from adapters.salesforce.emulator.setup.problems import SetupError

LABEL_MAX = 40
NAME_MAX = 40
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c\Z")
_TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Html": "textarea",
    "EncryptedText": "encryptedstring",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "boolean",
    "Date": "date",
    "DateTime": "datetime",
    "Time": "time",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Lookup": "reference",
    "MasterDetail": "reference",
    "Hierarchy": "reference",
    "Url": "url",
    "Email": "email",
    "Phone": "phone",
    "AutoNumber": "string",
}
_NUMBERS = {"Number", "Currency", "Percent"}
_CHOICES = {"Picklist", "MultiselectPicklist"}
_LINKS = {"Lookup", "MasterDetail", "Hierarchy"}
_KEYS = {"Text", "Number", "Email", "AutoNumber"}
FORMULA_TYPES = {"Text", "Number", "Currency", "Percent", "Checkbox", "Date", "DateTime", "Time"}
SETTING_TYPES = {
    *_NUMBERS,
    "Text",
    "TextArea",
    "Checkbox",
    "Date",
    "DateTime",
    "Email",
    "Phone",
    "Url",
}
FORMULA_TEXT_MAX = 1300  # characters of a formula's text (Metadata API guide, CustomField)
_LENGTHS = {"Text": (1, 255), "EncryptedText": (1, 175), "LongTextArea": (256, 131_072)}
_LENGTHS["Html"] = _LENGTHS["LongTextArea"]
_ON_DELETE = {"SetNull": "clear", "Restrict": "restrict", "Cascade": "cascade"}


def object_of_field(org: Org, full_name: str) -> ObjectSpec:
    """Return the object that a field such as `Account.X__c` belongs to; raises SetupError.

    Custom fields of Activity live on Task.
    """
    owner = full_name.partition(".")[0]
    spec = org.schema.stored("Task" if owner.lower() == "activity" else owner)
    if spec is None or "." not in full_name:
        text = f"Entity Enumeration Or ID: bad value for restricted picklist field: {owner}"
        raise SetupError(text, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    return spec


def make_field(org: Org, full_name: str, document: Document) -> FieldSpec:
    """Return the field that a CustomField describes; raises SetupError."""
    spec = object_of_field(org, full_name)
    name = full_name.partition(".")[2]
    _check_name(name)
    kind = document.get("type")
    if kind is None:
        raise SetupError("Required field is missing: type", "REQUIRED_FIELD_MISSING")
    if kind not in _TYPES:
        raise SetupError(f"The emulator has no fields of type {kind}", "INVALID_TYPE")
    label = document.get("label")
    if not label:
        raise SetupError("Required field is missing: label", "REQUIRED_FIELD_MISSING")
    if len(label) > LABEL_MAX:
        text = f"Label: data value too large: {label} (max length={LABEL_MAX})"
        raise SetupError(text, "STRING_TOO_LONG")
    if spec.custom_setting and (kind not in SETTING_TYPES or "formula" in document):
        raise SetupError(f"A custom setting cannot have a field of type {kind}")
    formula = document.get("formula")
    if formula is not None:
        more = _formula_options(kind, document)
    else:
        more = _options(org, name, kind, document)
    field = FieldSpec(
        name,
        _TYPES[kind],
        label,
        nillable=not document.get("required", False) and kind != "MasterDetail",
        custom=True,
        external_id=document.get("externalId", False),
        unique=document.get("unique", False),
        case_sensitive=document.get("caseSensitive", False),
        help_text=document.get("inlineHelpText", ""),
        **more,
    )
    field.guarded = field.is_permissionable and not spec.custom_setting
    _check_key(kind, field)
    return field


def check_change(old: FieldSpec, new: FieldSpec) -> None:
    """Refuse changes of type that would lose values; raises SetupError."""
    if old.calculated is not new.calculated:
        raise SetupError(f"Cannot change {new.name} between a formula and a field with values")
    texts = {"string", "textarea"}
    numbers = {"double", "currency", "percent"}
    same = old.type == new.type or any({old.type, new.type} <= kinds for kinds in (texts, numbers))
    if not same:
        text = f"Cannot change the type of field {new.name} from {old.type} to {new.type}"
        raise SetupError(text)


def describe_as_metadata(spec: FieldSpec) -> Document:
    """Return CustomField metadata for a field that was not deployed but is there."""
    if spec.type == "textarea":
        kind = "LongTextArea" if spec.is_long_text else "TextArea"
    else:
        known = {value: key for key, value in reversed(_TYPES.items())}
        kind = "Number" if spec.type == "int" else known.get(spec.type, "Text")
    document: Document = {"label": spec.label, "type": kind}
    if kind in _NUMBERS:
        document |= {"precision": spec.precision, "scale": spec.scale}
    if kind in _LENGTHS:
        document["length"] = spec.length
    if kind == "LongTextArea":
        document["visibleLines"] = 3
    if kind == "Checkbox":
        document["defaultValue"] = str(bool(spec.default)).lower()
    if kind in _CHOICES:
        values = [{"fullName": v, "default": spec.default == v, "label": v} for v in spec.values]
        definition = {"sorted": False, "value": values}
        document["valueSet"] = {"restricted": spec.restricted, "valueSetDefinition": definition}
    if kind == "Lookup":
        document |= {
            "referenceTo": spec.reference_to[0],
            "relationshipName": spec.child_relationship.removesuffix("__r"),
        }
    if kind in _KEYS:
        document |= {"externalId": spec.external_id, "unique": spec.unique}
    if spec.formula:
        document["formula"] = spec.formula
    if not spec.formula and kind != "Checkbox":
        document["required"] = not spec.nillable
    return document


def _check_name(name: str) -> None:
    if not _NAME.match(name) or len(name) > NAME_MAX + 3:
        raise SetupError(
            "The Custom Field Name can only contain alphanumeric characters and underscores. It "
            "must begin with a letter, be at most 40 characters long, not end with an underscore "
            f"or contain two consecutive underscore characters, and end in __c: {name}",
            "INVALID_FIELD_NAME",
        )


def _formula_options(kind: str, document: Document) -> dict[str, Any]:
    if kind not in FORMULA_TYPES:
        raise SetupError(f"Fields of type {kind} cannot have a formula")
    for wrong in ("required", "externalId", "unique", "defaultValue"):
        if document.get(wrong):
            raise SetupError(f"Cannot specify '{wrong}' for a formula field")
    more: dict[str, Any] = {
        "calculated": True,
        "formula": document["formula"],
        "zero_for_blank": document.get("formulaTreatBlanksAs") == "BlankAsZero",
    }
    if kind in _NUMBERS:
        more |= _number_options(kind, document)
    if kind == "Text":
        more["length"] = FORMULA_TEXT_MAX
    return more


def _options(org: Org, name: str, kind: str, document: Document) -> dict[str, Any]:
    if kind in _NUMBERS:
        return _number_options(kind, document)
    if kind in _LENGTHS:
        return {"length": _length(kind, document)}
    if kind == "TextArea":
        return {"length": 255}
    if kind == "Checkbox":
        default = _need(document, "defaultValue", kind)
        if str(default) not in {"true", "false"}:
            raise SetupError(f"Field {name} has an invalid default value: {default}")
        return {"default": default == "true"}
    if kind in _CHOICES:
        return _choice_options(document, kind)
    if kind in _LINKS:
        return _link_options(org, name, kind, document)
    if kind == "AutoNumber":
        return {
            "auto_number": True,
            "display_format": document.get("displayFormat", "{0}"),
            "length": 30,
        }
    return {}


def _number_options(kind: str, document: Document) -> dict[str, Any]:
    precision, scale = _need(document, "precision", kind), _need(document, "scale", kind)
    if not 1 <= precision <= 18:
        raise SetupError(f"Precision must be between 1 and 18, it is {precision}")
    if not 0 <= scale <= precision:
        raise SetupError(f"Scale must be between 0 and the precision ({precision}), it is {scale}")
    return {"precision": precision, "scale": scale}


def _length(kind: str, document: Document) -> int:
    length: int = _need(document, "length", kind)
    low, high = _LENGTHS[kind]
    if not low <= length <= high:
        text = f"Length of a {kind} field must be between {low} and {high}, it is {length}"
        raise SetupError(text, "NUMBER_OUTSIDE_VALID_RANGE")
    if kind in {"LongTextArea", "Html"}:
        _need(document, "visibleLines", kind)
    return length


def _choice_options(document: Document, kind: str) -> dict[str, Any]:
    value_set = _need(document, "valueSet", kind)
    definition = value_set.get("valueSetDefinition")
    if definition is None:
        raise SetupError("The emulator has no global value sets: give a valueSetDefinition")
    values = definition.get("value", [])
    names = [value.get("fullName") for value in values]
    if not names or not all(names):
        text = f"Must specify at least one value for a CustomField of type {kind}"
        raise SetupError(text, "REQUIRED_FIELD_MISSING")
    twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if twice is not None:
        raise SetupError(f"Duplicate value in picklist: {twice}", "DUPLICATE_VALUE")
    default = next((v["fullName"] for v in values if v.get("default")), None)
    options: dict[str, Any] = {
        "values": tuple(names),
        "restricted": value_set.get("restricted", False),
    }
    return options if default is None else {**options, "default": default}


def _link_options(org: Org, name: str, kind: str, document: Document) -> dict[str, Any]:
    wanted = _need(document, "referenceTo", kind)
    target = org.schema.stored(wanted)
    if target is None:
        text = f"referenceTo value of '{wanted}' does not resolve to a valid sObject type"
        raise SetupError(text, "INVALID_FIELD")
    constraint = document.get("deleteConstraint", "SetNull")
    if kind == "Lookup" and document.get("required") and constraint == "SetNull":
        constraint = document.get("deleteConstraint") or "Restrict"
        if constraint == "SetNull":
            raise SetupError("Must specify 'Restrict' or 'Cascade' for a required lookup")
    children = document.get("relationshipName")
    return {
        "length": 18,
        "reference_to": (target.name,),
        "relationship": name.removesuffix("__c") + "__r",
        "child_relationship": f"{children}__r" if children else "",
        "on_delete": "cascade" if kind == "MasterDetail" else _ON_DELETE[constraint],
    }


def _check_key(kind: str, field: FieldSpec) -> None:
    if (field.external_id or field.unique) and kind not in _KEYS:
        wrong = "externalId" if field.external_id else "unique"
        raise SetupError(f"Cannot specify '{wrong}' for a CustomField of type {kind}")


def _need(document: Document, name: str, kind: str) -> Any:
    value = document.get(name)
    if value is None:
        text = f"Must specify '{name}' for a CustomField of type {kind}"
        raise SetupError(text, "REQUIRED_FIELD_MISSING")
    return value
