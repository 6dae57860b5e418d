"""Changes of the schema by control call: objects, fields, visibility, switches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from adapters.salesforce.emulator.fields import FieldSpec, flag, number, owner, pick, text
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.person_accounts import enable_person_accounts
from adapters.salesforce.emulator.schema import ObjectSpec

ORDER_OBJECTS = ("Order", "OrderItem")
_SECTIONS = {
    "objects",
    "hide",
    "show",
    "read_only",
    "writable",
    "remove_fields",
    "remove_objects",
    "orders_enabled",
    "currencies",
    "person_accounts",
}
_FIELD_KEYS = {item.name for item in fields(FieldSpec)} - {
    "parts",
    "hidden",
    "read_only",
    "guarded",
    "compute",
    "uses",
}
_OBJECT_KEYS = {
    "name",
    "label",
    "label_plural",
    "prefix",
    "fields",
    "createable",
    "updateable",
    "deletable",
    "name_type",
    "name_format",
}


class SchemaError(Exception):
    """The schema document is wrong; the text says where."""


def change_schema(org: Org, document: dict[str, Any]) -> None:
    """Apply a schema document; raises SchemaError (what came before the wrong part stays).

    Sections: `objects` (added, or their fields added and replaced), `hide` and `show`
    (field-level security, `Object.Field`), `read_only` and `writable`, `remove_fields`,
    `remove_objects`, `orders_enabled`, `currencies` (ISO code to rate, the
    corporate one first: makes the org multi-currency), `person_accounts`. Fields of the
    object `Activity` go to Task.
    """
    unknown = set(document) - _SECTIONS
    if unknown:
        raise SchemaError(f"schema: unknown keys {sorted(unknown)}; use {sorted(_SECTIONS)}")
    touched: set[str] = set()
    for entry in _list(document, "objects"):
        touched.add(_apply_object(org, entry).name)
    for section, attribute, value in (
        ("hide", "hidden", True),
        ("show", "hidden", False),
        ("read_only", "read_only", True),
        ("writable", "read_only", False),
    ):
        for spec, item in _named_fields(org, document, section):
            setattr(item, attribute, value)
            touched.add(spec.name)
    for spec, item in _named_fields(org, document, "remove_fields"):
        del spec.fields[item.name.lower()]
        org.records.drop_index(spec.name, item.name)
        touched.add(spec.name)
    for name in _list(document, "remove_objects"):
        org.schema.remove(str(name))
        touched.add(str(name))
    touched |= _switch(org, document)
    for name in touched:
        org.schema_changed[name] = org.stamp()


def _switch(org: Org, document: dict[str, Any]) -> set[str]:
    touched: set[str] = set()
    if "orders_enabled" in document:
        for name in ORDER_OBJECTS:
            spec = org.schema.stored(name)
            if spec is not None:
                spec.enabled = bool(document["orders_enabled"])
                touched.add(name)
    if "currencies" in document:
        touched |= _make_multi_currency(org, document["currencies"])
    if document.get("person_accounts"):
        enable_person_accounts(org)
        touched |= {"Account", "RecordType"}
    return touched


def _make_multi_currency(org: Org, rates: Any) -> set[str]:
    """Give every object with money a currency, and the org its list of currencies."""
    if not isinstance(rates, dict) or not rates:
        raise SchemaError('schema: currencies must be an object such as {"EUR": 1, "USD": 1.1}')
    codes = list(rates)
    touched = {
        spec.name
        for spec in org.schema
        if any(item.type == "currency" for item in spec.fields.values())
    }
    types = ObjectSpec("CurrencyType", "Currency Type", "01L", deletable=False)
    types.add(
        text("IsoCode", 3, nillable=False, name_field=True),
        number("ConversionRate", 18, 6, nillable=False),
        FieldSpec("DecimalPlaces", "int", nillable=False, default=2),
        flag("IsActive", default=True),
        flag("IsCorporate"),
    )
    if org.schema.stored("CurrencyType") is None:
        org.schema.add(types)
    org.currencies = tuple(codes)
    for name in touched:
        spec = org.schema.stored(name)
        if spec is not None:
            add_currency(org, spec)
    return {*touched, "CurrencyType"}


def add_currency(org: Org, spec: ObjectSpec) -> None:
    """Give an object with money its currency, when the org has several."""
    codes = org.currencies
    if not codes or spec.custom_setting:
        return
    spec.add(
        pick(
            "CurrencyIsoCode",
            *codes,
            restricted=True,
            default=codes[0],
            nillable=False,
            label="Currency ISO Code",
        )
    )
    _give_currency(org, spec.name, codes[0])


def _give_currency(org: Org, name: str, code: str) -> None:
    """Give records from before the switch the corporate currency, without touching stamps."""
    with org.records.transaction():
        for record_id, row in list(org.records.table(name).items()):
            if row.get("CurrencyIsoCode") is None:
                org.records.put(name, record_id, {**row, "CurrencyIsoCode": code})


def _apply_object(org: Org, entry: Any) -> ObjectSpec:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise SchemaError("schema: each object needs a name")
    unknown = set(entry) - _OBJECT_KEYS
    if unknown:
        raise SchemaError(f"schema: object {entry['name']}: unknown keys {sorted(unknown)}")
    name = "Task" if entry["name"].lower() == "activity" else entry["name"]
    spec = org.schema.stored(name)
    if spec is None:
        spec = _new_object(org, entry)
    for item in entry.get("fields", []):
        spec.add(_read_field(spec, item))
        org.records.drop_index(spec.name, str(item["name"]))
    org.index_keys(spec)
    return spec


def _new_object(org: Org, entry: dict[str, Any]) -> ObjectSpec:
    name: str = entry["name"]
    label = entry.get("label") or name.removesuffix("__c").replace("_", " ")
    custom = name.endswith("__c")
    spec = ObjectSpec(
        name,
        label,
        entry.get("prefix", ""),
        label_plural=entry.get("label_plural", ""),
        custom=custom,
        createable=entry.get("createable", True),
        updateable=entry.get("updateable", True),
        deletable=entry.get("deletable", True),
    )
    auto = bool(entry.get("name_format"))
    name_field = FieldSpec(
        "Name",
        "string",
        f"{label} Name",
        80,
        auto_number=auto,
        display_format=entry.get("name_format", ""),
        name_field=True,
    )
    # The name of a custom record is its id when nobody gives one.
    spec.add(owner(), name_field)
    try:
        org.schema.add(spec)
    except ValueError as error:
        raise SchemaError(str(error)) from None
    allow_tasks(org, spec)
    return spec


def allow_tasks(org: Org, spec: ObjectSpec) -> None:
    """Let tasks be about records of a custom object."""
    task = org.schema.stored("Task")
    what = task.fields.get("whatid") if task is not None else None
    if what is not None and spec.custom and spec.name not in what.reference_to:
        what.reference_to = (*what.reference_to, spec.name)


def _read_field(spec: ObjectSpec, item: Any) -> FieldSpec:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise SchemaError(f"schema: {spec.name}: each field needs a name")
    given = dict(item)
    visible = given.pop("visible", True)
    if "required" in given:
        given["nillable"] = not given.pop("required")
    for key in ("values", "reference_to"):
        if key in given:
            given[key] = (given[key],) if isinstance(given[key], str) else tuple(given[key])
    unknown = set(given) - _FIELD_KEYS
    if unknown:
        raise SchemaError(f"schema: {spec.name}.{item['name']}: unknown keys {sorted(unknown)}")
    given.setdefault("custom", given["name"].endswith("__c"))
    if given.get("type") == "reference":
        stem = given["name"].removesuffix("__c")
        given.setdefault(
            "relationship", stem + "__r" if given["custom"] else stem.removesuffix("Id")
        )
        given.setdefault("on_delete", "clear")
        given["length"] = 18
    try:
        field = FieldSpec(**given)
    except (TypeError, ValueError) as error:
        raise SchemaError(f"schema: {spec.name}.{item['name']}: {error}") from None
    field.hidden = not visible
    return field


def _named_fields(
    org: Org, document: dict[str, Any], section: str
) -> Iterator[tuple[ObjectSpec, FieldSpec]]:
    for path in _list(document, section):
        object_name, _, field_name = str(path).partition(".")
        spec = org.schema.stored(object_name)
        item = spec.fields.get(field_name.lower()) if spec is not None else None
        if spec is None or item is None:
            raise SchemaError(f"schema: {section}: there is no field {path}")
        yield spec, item


def _list(document: dict[str, Any], section: str) -> list[Any]:
    value = document.get(section, [])
    if not isinstance(value, list):
        raise SchemaError(f"schema: {section} must be a list")
    return value
