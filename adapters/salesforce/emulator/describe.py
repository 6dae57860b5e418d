"""Describe answers: the list of objects, one object, one field."""

from __future__ import annotations

import re
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import NUMERIC, TEXTUAL, FieldSpec
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.record_types import types_of
from adapters.salesforce.emulator.schema import ObjectSpec

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "address": "urn:address",
}


_HTML = re.compile(r"\b(?:IMAGE|HYPERLINK)\s*\(", re.IGNORECASE)


def describe_global(org: Org, data_path: str) -> dict[str, Any]:
    """Answer `GET /sobjects`."""
    objects = sorted(org.schema, key=lambda spec: spec.name)
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [object_flags(spec, data_path) for spec in objects],
    }


def object_flags(spec: ObjectSpec, data_path: str) -> dict[str, Any]:
    """Return the part of an object that describe global and describe share."""
    url = f"{data_path}/sobjects/{spec.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": spec.createable,
        "custom": spec.custom,
        "customSetting": spec.custom_setting,
        "deepCloneable": False,
        "deletable": spec.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": spec.prefix,
        "label": spec.label,
        "labelPlural": spec.label_plural or spec.label + "s",
        "layoutable": True,
        "mergeable": spec.mergeable,
        "mruEnabled": True,
        "name": spec.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": spec.searchable,
        "triggerable": True,
        "undeletable": spec.deletable and "isdeleted" in spec.fields,
        "updateable": spec.updateable,
        "urls": {"describe": url + "/describe", "rowTemplate": url + "/{ID}", "sobject": url},
    }


def describe_object(org: Org, spec: ObjectSpec, data_path: str) -> dict[str, Any]:
    """Answer `GET /sobjects/X/describe`; keys in alphabetical order as real orgs send them."""
    body = {
        **object_flags(spec, data_path),
        "actionOverrides": [],
        "childRelationships": [
            {
                "cascadeDelete": item.on_delete == "cascade",
                "childSObject": child.name,
                "deprecatedAndHidden": False,
                "field": item.name,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": item.child_relationship or None,
                "restrictedDelete": item.on_delete == "restrict",
            }
            for child, item in org.schema.children(spec.name)
        ],
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(item) for item in spec.visible()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [
            *(_record_type(spec, row, data_path) for row in types_of(org, spec.name)),
            _master_record_type(spec, data_path),
        ],
        "searchLayoutable": spec.searchable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [
            {"label": f"All {spec.label_plural or spec.label}", "name": "everything"},
            {"label": f"My {spec.label_plural or spec.label}", "name": "mine"},
        ],
    }
    return dict(sorted(body.items()))


def describe_field(item: FieldSpec) -> dict[str, Any]:
    """Return one field with the full key set of a recorded describe, in alphabetical order."""
    choice = item.type in {"picklist", "multipicklist", "combobox"}
    text = item.type in TEXTUAL
    writable = not item.read_only
    return {
        "aggregatable": item.is_filterable and item.type != "boolean",
        "aiPredictionField": False,
        "autoNumber": item.auto_number,
        "byteLength": item.length * 3 if text else (18 if item.length == 18 else 0),
        "calculated": item.calculated,
        "calculatedFormula": item.formula or None,
        "cascadeDelete": item.on_delete == "cascade",
        "caseSensitive": item.case_sensitive,
        "compoundFieldName": item.compound or None,
        "controllerName": None,
        "createable": item.createable and writable,
        "custom": item.custom,
        "defaultValue": item.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": item.defaulted_on_create,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": item.precision if item.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": item.type == "encryptedstring",
        "externalId": item.external_id,
        "extraTypeInfo": "plaintextarea" if item.type == "textarea" else None,
        "filterable": item.is_filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": item.zero_for_blank,
        "groupable": item.is_groupable,
        "highScaleNumber": False,
        "htmlFormatted": _HTML.search(item.formula) is not None,
        "idLookup": item.is_lookup_key or item.type == "id",
        "inlineHelpText": item.help_text or None,
        "label": item.label,
        "length": item.length if text or item.type in {"id", "reference"} else 0,
        "mask": None,
        "maskType": None,
        "name": item.name,
        "nameField": item.name_field,
        "namePointing": len(item.reference_to) > 1,
        "nillable": item.nillable,
        "permissionable": item.is_permissionable,
        "picklistValues": [_choice(item, value) for value in item.values] if choice else [],
        "polymorphicForeignKey": len(item.reference_to) > 1,
        "precision": item.precision if item.type in NUMERIC - {"int"} else 0,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(item.reference_to),
        "relationshipName": item.relationship or None,
        "relationshipOrder": None,
        "restrictedDelete": item.on_delete == "restrict",
        "restrictedPicklist": item.restricted,
        "scale": item.scale,
        "searchPrefilterable": item.type == "reference",
        "soapType": _SOAP.get(item.type, "xsd:string"),
        "sortable": item.is_sortable,
        "type": item.type,
        "unique": item.unique,
        "updateable": item.updateable and writable,
        "writeRequiresMasterRead": False,
    }


def _choice(item: FieldSpec, value: str) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": item.default == value,
        "label": value,
        "validFor": None,
        "value": value,
    }


def _master_record_type(spec: ObjectSpec, data_path: str) -> dict[str, Any]:
    master = {"Id": "012000000000000AAA", "DeveloperName": "Master", "Name": "Master"}
    return {
        **_record_type(spec, {**master, "IsActive": True}, data_path),
        "defaultRecordTypeMapping": True,
        "master": True,
    }


def _record_type(spec: ObjectSpec, row: Row, data_path: str) -> dict[str, Any]:
    url = f"{data_path}/sobjects/{spec.name}/describe/layouts/{row['Id']}"
    return {
        "active": bool(row.get("IsActive")),
        "available": bool(row.get("IsActive")),
        "defaultRecordTypeMapping": False,
        "developerName": row["DeveloperName"],
        "master": False,
        "name": row["Name"],
        "recordTypeId": row["Id"],
        "urls": {"layout": url},
    }
