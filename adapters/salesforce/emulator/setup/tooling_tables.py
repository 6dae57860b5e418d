"""What Tooling queries read: set-up as rows of CustomField, EntityDefinition and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.context import Request
from adapters.salesforce.emulator.errors import ApiError, wrong_method
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.ids import make_id
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec, SchemaBook
from adapters.salesforce.emulator.setup.inventory import list_components, owner_name, read_document
from adapters.salesforce.emulator.setup.tooling_objects import (
    ENTITY_PREFIX,
    FIELD_PREFIX,
    tooling_objects,
)
from adapters.salesforce.emulator.soql.run import QueryRun

_DATA_TYPES = {
    "string": "Text({length})",
    "textarea": "Long Text Area({length})",
    "double": "Number({whole}, {scale})",
    "currency": "Currency({whole}, {scale})",
    "percent": "Percent({whole}, {scale})",
    "boolean": "Checkbox",
    "date": "Date",
    "datetime": "Date/Time",
    "picklist": "Picklist",
    "multipicklist": "Picklist (Multi-Select)",
    "reference": "Lookup({target})",
    "email": "Email",
    "phone": "Phone",
    "url": "URL({length})",
}


def query_tooling(request: Request) -> dict[str, Any]:
    """Answer `/tooling/query`; raises ApiError with the vendor's texts."""
    soql = request.query.get("q")
    if not soql:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    if request.method != "GET":
        raise wrong_method(request.method)
    shadow = _shadow(request.org)
    path = f"{request.data_path}/tooling"
    run = QueryRun.begin(shadow, request.user_id, path, include_deleted=False)
    result = run.run(soql)
    records = [result.render(row) for row in result.rows]
    if len(records) > 1 and any({"Metadata", "FullName"} & set(record) for record in records):
        message = (
            "When retrieving results with Metadata or FullName fields, the query qualifications "
            f"must specify no more than one row for retrieval. Result size: {len(records)}"
        )
        raise ApiError(400, "MALFORMED_QUERY", message)
    kind = records[0].get("attributes", {}).get("type") if records else None
    return {
        "size": len(records),
        "totalSize": result.total,
        "done": True,
        "queryLocator": None,
        "entityTypeName": kind,
        "records": records,
    }


def table_of(org: Org, name: str) -> list[Row]:
    """Return the rows of one Tooling table."""
    return _TABLES[name](org)


def _shadow(org: Org) -> Org:
    """Return an org whose records are the set-up of another one."""
    shadow = Org("", "", clock=org.clock, schema=SchemaBook(tooling_objects()))
    shadow.org_id = org.org_id
    for name in _TABLES:
        shadow.records.load_bulk(name, [(row["Id"], row) for row in table_of(org, name)])
    return shadow


def _entity_id(name: str) -> str:
    number = int.from_bytes(name.lower().encode()[-6:].rjust(6, b"\0")) + 131 * sum(name.encode())
    return make_id(ENTITY_PREFIX, number)


def _entities(org: Org) -> list[Row]:
    names = [(spec, spec.name) for spec in org.schema.everything() if spec.enabled]
    task = org.schema.stored("Task")
    if task is not None:
        names.append((task, "Activity"))
    return [
        {
            "Id": _entity_id(name),
            "QualifiedApiName": name,
            "DeveloperName": name.removesuffix("__c"),
            "DurableId": _table_name(org, spec, name),
            "Label": spec.label if name == spec.name else name,
            "PluralLabel": spec.label_plural or spec.label + "s",
            "KeyPrefix": spec.prefix,
            "IsCustomSetting": spec.custom_setting,
            "IsCustomizable": True,
            "IsQueryable": True,
        }
        for spec, name in names
    ]


def _table_name(org: Org, spec: ObjectSpec, name: str) -> str:
    """Return an object's name, or for a custom object the id of its definition (15 characters)."""
    if not spec.custom:
        return name
    listed = list_components(org, "CustomObject")
    return next(item.component_id[:15] for item in listed if item.full_name == spec.name)


def _custom_fields(org: Org) -> list[Row]:
    rows = []
    tables: dict[str, str] = {}
    for item in list_components(org, "CustomField"):
        owner, _, name = item.full_name.partition(".")
        spec = org.schema.stored("Task" if owner == "Activity" else owner)
        if spec is None:
            continue
        if owner not in tables:
            tables[owner] = _table_name(org, spec, owner)
        rows.append(
            {
                "Id": item.component_id,
                "DeveloperName": name.removesuffix("__c"),
                "TableEnumOrId": tables[owner],
                "EntityDefinitionId": tables[owner],
                "NamespacePrefix": None,
                "FullName": item.full_name,
                "Metadata": read_document(org, "CustomField", item.full_name),
                "EntityLink": _entity_id(owner),
                **_row_stamps(item),
            }
        )
    return rows


def _row_stamps(item: Any) -> Row:
    return {
        "CreatedDate": item.created_at,
        "CreatedById": item.created_by,
        "LastModifiedDate": item.changed_at,
        "LastModifiedById": item.changed_by,
    }


def _custom_objects(org: Org) -> list[Row]:
    return [
        {
            "Id": item.component_id,
            "DeveloperName": item.full_name.removesuffix("__c"),
            **_row_stamps(item),
        }
        for item in list_components(org, "CustomObject")
        if item.full_name.endswith("__c")
    ]


def _field_definitions(org: Org) -> list[Row]:
    rows = []
    for spec in org.schema.everything():
        if not spec.enabled:
            continue
        table = _table_name(org, spec, spec.name)
        for position, item in enumerate(spec.fields.values()):
            owner = owner_name(spec, item.custom)
            rows.append(
                {
                    "Id": make_id(FIELD_PREFIX, int(_entity_number(spec)) * 1000 + position),
                    "QualifiedApiName": item.name,
                    "DeveloperName": item.name.removesuffix("__c"),
                    "DurableId": f"{table}.{item.name}",
                    "EntityDefinitionId": table,
                    "EntityLink": _entity_id(owner if owner == spec.name else spec.name),
                    "Label": item.label,
                    "DataType": _data_type(item),
                    "Length": item.length,
                    "Precision": item.precision,
                    "Scale": item.scale,
                    "IsCalculated": item.calculated,
                    "IsNillable": item.nillable,
                }
            )
    return rows


def _entity_number(spec: ObjectSpec) -> int:
    return int.from_bytes(spec.prefix.encode())


def _data_type(item: FieldSpec) -> str:
    shape = _DATA_TYPES.get(item.type, item.type.title())
    shown = shape.format(
        length=item.length,
        whole=item.precision - item.scale,
        scale=item.scale,
        target=",".join(item.reference_to),
    )
    return f"Formula ({shown.partition('(')[0]})" if item.calculated else shown


def _rules(org: Org) -> list[Row]:
    rows = []
    for item in org.components.of_kind("ValidationRule"):
        owner, _, name = item.full_name.partition(".")
        spec = org.schema.stored(owner)
        rows.append(
            {
                "Id": item.component_id,
                "ValidationName": name,
                "EntityDefinitionId": owner if spec is None else _table_name(org, spec, owner),
                "EntityLink": _entity_id(owner),
                "ErrorMessage": item.document.get("errorMessage"),
                "ErrorDisplayField": item.document.get("errorDisplayField"),
                "FullName": item.full_name,
                "Active": item.document.get("active", False),
                **_row_stamps(item),
            }
        )
    return rows


def _bundles(org: Org) -> list[Row]:
    return [
        {
            "Id": item.component_id,
            "DeveloperName": item.full_name,
            "MasterLabel": item.document.get("masterLabel", item.full_name),
            "Description": item.document.get("description"),
            **_row_stamps(item),
        }
        for item in org.components.of_kind("LightningComponentBundle")
    ]


_TABLES: dict[str, Callable[[Org], list[Row]]] = {
    "CustomField": _custom_fields,
    "CustomObject": _custom_objects,
    "EntityDefinition": _entities,
    "FieldDefinition": _field_definitions,
    "ValidationRule": _rules,
    "LightningComponentBundle": _bundles,
}
