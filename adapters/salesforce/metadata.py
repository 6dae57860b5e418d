"""Generates the source files of the app that rest on the catalogue of credit fields.

    python -m adapters.salesforce.metadata        writes them into app/; a test compares

Formats: Metadata API Developer Guide ("CustomField", "PermissionSet", "ListView", "CompactLayout",
"CustomObjectTranslation") and Salesforce DX Developer Guide ("Source Format"). Hand-written parts
of the app, the Lightning components, are left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from adapters.salesforce.custom_fields import (
    CREDIT_FIELD_NAMES,
    HEARTBEAT,
    MARKER,
    CustomField,
    credit_fields,
    formula_fields,
    list_all,
    task_key,
)

APP = Path(__file__).parent / "app"
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
READER, INTEGRATION, OVERRIDE = "CreditFlag_Reader", "CreditFlag_Integration", "CreditFlag_Override"
ORDER_OVERRIDE = "CreditFlag_Order_Override"
PERMISSION_SETS = {
    READER: ("CreditFlag Reader", f"May see the credit fields. {MARKER}"),
    INTEGRATION: (
        "CreditFlag Integration",
        f"For the user by which creditflag reads and writes. {MARKER}",
    ),
}
"""Label and description by name."""
USER_PERMISSIONS = ("ApiEnabled", "EditTask", "ViewAllUsers")
"""System permissions that the integration user needs; some editions know not all of them."""
MAIN = "force-app/main/default"
ORDER_HOLD = "order-hold/main/default"
CHINESE = "chinese/main/default"
_CREDIT = CREDIT_FIELD_NAMES
_DRAWN = ("objects", "permissionsets", "customPermissions", "objectTranslations")

Tree = Mapping[str, object]
"""Elements of a metadata document by tag: texts, truth values, numbers, trees, lists of these."""


def field_settings(field: CustomField) -> dict[str, object]:
    """What the Metadata and Tooling APIs want to know about a field, beside its name."""
    settings: dict[str, object] = {"description": field.description}
    if field.help:
        settings["inlineHelpText"] = field.help
    if field.formula:
        settings |= {"formula": field.formula, "formulaTreatBlanksAs": "BlankAsBlank"}
    elif field.type == "Checkbox":
        settings["defaultValue"] = "false"
    elif field.type == "Text":
        settings |= {"externalId": field.key, "unique": field.key, "length": field.length}
    elif field.type == "LongTextArea":
        settings |= {"length": field.length, "visibleLines": 3}
    elif field.type == "Picklist":
        settings["valueSet"] = _value_set(field)
    if field.key:
        settings["caseSensitive"] = True
    if field.type in ("Currency", "Number"):
        settings |= {"precision": field.precision, "scale": field.scale}
    settings |= {"label": field.label, "type": field.type}
    return dict(sorted(settings.items()))


def _value_set(field: CustomField) -> Tree:
    return {
        "restricted": True,
        "valueSetDefinition": {
            "sorted": False,
            "value": [
                {"fullName": choice.value, "default": False, "label": choice.label_en}
                for choice in field.choices
            ],
        },
    }


def generate() -> dict[str, str]:
    """Every generated file of the app: text by path below `app/`."""
    files = {
        f"{MAIN}/objects/{field.object_name}/fields/{field.name}.field-meta.xml": to_xml(
            "CustomField", {"fullName": field.name, **field_settings(field)}
        )
        for field in list_all()
    }
    files |= _heartbeat() | _list_views() | _compact_layouts() | _permission_sets()
    files |= _order_hold() | _translations()
    return dict(sorted(files.items()))


def _heartbeat() -> dict[str, str]:
    tree = {
        "customSettingsType": "Hierarchy",
        "description": f"How old the credit figures of this org are. {MARKER}",
        "enableFeeds": False,
        "label": "CreditFlag Heartbeat",
        "visibility": "Public",
    }
    path = f"{MAIN}/objects/{HEARTBEAT}/{HEARTBEAT}.object-meta.xml"
    return {path: to_xml("CustomObject", tree)}


def _list_views() -> dict[str, str]:
    light, hold = _CREDIT["colour"], _CREDIT["hold"]
    views = (
        ("CreditFlag_On_Hold", "Credit: on hold", hold, "equals", "1"),
        ("CreditFlag_Red", "Credit: red", light, "equals", "red"),
        ("CreditFlag_Amber", "Credit: amber", light, "equals", "amber"),
        ("CreditFlag_Review_Due", "Credit: review due", _CREDIT["next_review"], "lessOrEqual",
         "NEXT_N_DAYS:14"),
    )  # fmt: skip
    columns = ["ACCOUNT.NAME", "Credit_Flag_Icon__c"]
    columns += [
        _CREDIT[key]
        for key in ("colour", "grade", "limit", "exposure", "available", "overdue", "next_review")
    ]
    return {
        f"{MAIN}/objects/Account/listViews/{name}.listView-meta.xml": to_xml(
            "ListView",
            {
                "fullName": name,
                "columns": columns,
                "filterScope": "Everything",
                "filters": {"field": field, "operation": operation, "value": value},
                "label": label,
            },
        )
        for name, label, field, operation, value in views
    }


def _compact_layouts() -> dict[str, str]:
    keys = ("colour", "grade", "hold", "limit", "available", "oldest_due_date", "next_review")
    name = "CreditFlag_Account"
    tree = {
        "fullName": name,
        "fields": ["Name", "Credit_Flag_Icon__c", *(_CREDIT[key] for key in keys)],
        "label": "Credit",
    }
    path = f"{MAIN}/objects/Account/compactLayouts/{name}.compactLayout-meta.xml"
    return {path: to_xml("CompactLayout", tree)}


def _permission_sets() -> dict[str, str]:
    written = [*credit_fields(), task_key()]
    shown = [*credit_fields(), *formula_fields()]
    reader = {
        "customSettingAccesses": {"enabled": True, "name": HEARTBEAT},
        "description": PERMISSION_SETS[READER][1],
        "fieldPermissions": _field_permissions(shown, editable=False),
        "hasActivationRequired": False,
        "label": PERMISSION_SETS[READER][0],
    }
    integration = {
        "customSettingAccesses": {"enabled": True, "name": HEARTBEAT},
        "description": PERMISSION_SETS[INTEGRATION][1],
        "fieldPermissions": sorted(
            [
                *_field_permissions(written, editable=True),
                *_field_permissions(formula_fields(), editable=False),
            ],
            key=lambda entry: str(entry["field"]),
        ),
        "hasActivationRequired": False,
        "label": PERMISSION_SETS[INTEGRATION][0],
        "objectPermissions": [
            _object_permission("Account", edits=True),
            _object_permission("Opportunity"),
            _object_permission("Order"),
        ],
        "userPermissions": [{"enabled": True, "name": name} for name in USER_PERMISSIONS],
    }
    return {
        f"{MAIN}/permissionsets/{name}.permissionset-meta.xml": to_xml("PermissionSet", tree)
        for name, tree in ((READER, reader), (INTEGRATION, integration))
    } | {
        f"{MAIN}/customPermissions/{OVERRIDE}.customPermission-meta.xml": to_xml(
            "CustomPermission",
            {
                "description": f"May activate orders of accounts on credit hold. {MARKER}",
                "isLicensed": False,
                "label": "CreditFlag Override",
            },
        )
    }


def _field_permissions(fields: Sequence[CustomField], *, editable: bool) -> list[dict[str, object]]:
    names = sorted(permission_name(field) for field in fields)
    return [{"editable": editable, "field": name, "readable": True} for name in names]


def permission_name(field: CustomField) -> str:
    """The field as permissions name it: those of Activity are given on Task."""
    owner = "Task" if field.object_name == "Activity" else field.object_name
    return f"{owner}.{field.name}"


def _object_permission(name: str, *, edits: bool = False) -> Tree:
    return {
        "allowCreate": False,
        "allowDelete": False,
        "allowEdit": edits,
        "allowRead": True,
        "modifyAllRecords": False,
        "object": name,
        "viewAllRecords": True,
    }


def _order_hold() -> dict[str, str]:
    """The validation rule that holds orders, which an org opts into, and who may pass it."""
    name = "CreditFlag_Order_Hold"
    rule = {
        "fullName": name,
        "active": True,
        "description": f"Orders of accounts on credit hold cannot be activated. {MARKER}",
        "errorConditionFormula": (
            "AND(\n  ISCHANGED(Status),\n"
            '  ISPICKVAL(Status, "Activated"),\n'
            f"  Account.{_CREDIT['hold']},\n"
            f"  NOT($Permission.{OVERRIDE})\n)"
        ),
        "errorDisplayField": "Status",
        "errorMessage": "This account is on credit hold, so its order cannot be activated. The "
        "credit panel of the account says why; credit control can release it.",
    }
    passing = {
        "customPermissions": {"enabled": True, "name": OVERRIDE},
        "description": f"For those who may activate orders in spite of a credit hold. {MARKER}",
        "hasActivationRequired": False,
        "label": "CreditFlag Order Override",
    }
    return {
        f"{ORDER_HOLD}/objects/Order/validationRules/{name}.validationRule-meta.xml": to_xml(
            "ValidationRule", rule
        ),
        f"{ORDER_HOLD}/permissionsets/{ORDER_OVERRIDE}.permissionset-meta.xml": to_xml(
            "PermissionSet", passing
        ),
    }


def _translations() -> dict[str, str]:
    """Chinese labels, help texts and picklist values, a folder that only an org with Chinese takes.

    Activity is left out: its one field is read by programs only.
    """
    files: dict[str, str] = {}
    for field in list_all():
        if field.object_name == "Activity":
            continue
        folder = f"{CHINESE}/objectTranslations/{field.object_name}-zh_CN"
        tree: dict[str, object] = {"help": field.help_zh} if field.help_zh else {}
        tree |= {"label": field.label_zh, "name": field.name}
        if field.choices:
            tree["picklistValues"] = [
                {"masterLabel": choice.label_en, "translation": choice.label_zh}
                for choice in field.choices
            ]
        files[f"{folder}/{field.name}.fieldTranslation-meta.xml"] = to_xml(
            "CustomFieldTranslation", tree
        )
        files[f"{folder}/{field.object_name}-zh_CN.objectTranslation-meta.xml"] = to_xml(
            "CustomObjectTranslation", {}
        )
    return files


def to_xml(root: str, tree: Tree) -> str:
    """A metadata document as the vendor's tools write it: four spaces, tags in the order given."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<{root} xmlns="{NAMESPACE}">']
    return "\n".join([*lines, *_elements(tree, 1), f"</{root}>", ""])


def _elements(tree: Tree, depth: int) -> list[str]:
    lines: list[str] = []
    indent = "    " * depth
    for tag, value in tree.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                lines += [f"{indent}<{tag}>", *_elements(item, depth + 1), f"{indent}</{tag}>"]
            else:
                text = str(item).lower() if isinstance(item, bool) else escape(str(item))
                lines.append(f"{indent}<{tag}>{text}</{tag}>")
    return lines


def list_generated() -> list[str]:
    """Paths of the files below `app/` that lie where generated ones belong."""
    folders = [APP / name / sub for name in (MAIN, ORDER_HOLD, CHINESE) for sub in _DRAWN]
    found = [path for folder in folders for path in folder.rglob("*-meta.xml")]
    return sorted(path.relative_to(APP).as_posix() for path in found)


def main() -> None:
    """Write the generated files, and remove generated ones that are no longer drawn."""
    files = generate()
    for name in list_generated():
        if name not in files:
            (APP / name).unlink()
    for name, text in files.items():
        path = APP / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(files)} files written", file=sys.stderr)


if __name__ == "__main__":
    main()
