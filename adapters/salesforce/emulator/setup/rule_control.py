"""The control call that installs validation and duplicate rules without a deployment."""

from __future__ import annotations

from typing import Any

from adapters.emulatorkit.wire import ControlError
from adapters.salesforce.emulator.ids import make_id
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.components import Component
from adapters.salesforce.emulator.setup.kinds import file_of
from adapters.salesforce.emulator.setup.makers import Making, make_component
from adapters.salesforce.emulator.setup.packages import Part
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.rules import collect_rules
from adapters.salesforce.emulator.setup.single_calls import change_setup

_VALIDATION = {"object", "name", "formula", "message", "field", "active"}
_DUPLICATES = {"object", "name", "fields", "message", "allow_save"}
_ASK = "Use one of these records?"


def install_rules(org: Org, wish: dict[str, Any]) -> dict[str, Any]:
    """Add or replace the rules of the lists `validation` and `duplicates`; raises ControlError."""
    unknown = set(wish) - {"validation", "duplicates"}
    if unknown:
        raise ControlError(f"rules: unknown keys {sorted(unknown)}; use validation, duplicates")
    for entry in _entries(wish, "validation", _VALIDATION, {"object", "name", "formula"}):
        _add_validation(org, entry)
    for entry in _entries(wish, "duplicates", _DUPLICATES, {"object", "name", "fields"}):
        _add_duplicates(org, entry)
    collect_rules(org)
    org.save_components()
    return {
        "validation": [item.full_name for item in org.components.of_kind("ValidationRule")],
        "duplicates": [item.full_name for item in org.components.of_kind("DuplicateRule")],
    }


def _entries(
    wish: dict[str, Any], section: str, known: set[str], needed: set[str]
) -> list[dict[str, Any]]:
    entries = wish.get(section, [])
    if not isinstance(entries, list):
        raise ControlError(f"rules: {section} must be a list")
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) - known or needed - set(entry):
            raise ControlError(f"rules: {section} needs {sorted(needed)}, takes {sorted(known)}")
    return entries


def _add_validation(org: Org, entry: dict[str, Any]) -> None:
    document = {
        "active": bool(entry.get("active", True)),
        "errorConditionFormula": str(entry["formula"]),
        "errorMessage": str(entry.get("message", "The record breaks a rule.")),
    }
    if entry.get("field"):
        document["errorDisplayField"] = str(entry["field"])
    name = f"{entry['object']}.{entry['name']}"
    part = Part("ValidationRule", name, file_of("ValidationRule", name), document)
    making = Making(org, org.settings.human)
    try:
        change_setup(org, lambda: make_component(making, part).created)
    except SetupError as error:
        raise ControlError(f"rules: {name}: {error.problem}") from None


def _add_duplicates(org: Org, entry: dict[str, Any]) -> None:
    spec = org.schema.stored(str(entry["object"]))
    fields = entry["fields"]
    if spec is None or not isinstance(fields, list) or not fields:
        raise ControlError(f"rules: {entry['name']}: name an object and a list of fields")
    missing = [name for name in fields if str(name).lower() not in spec.fields]
    if missing:
        raise ControlError(f"rules: {entry['name']}: {spec.name} has no field {missing[0]}")
    document = {
        "fields": [spec.fields[str(name).lower()].name for name in fields],
        "message": str(entry.get("message", _ASK)),
        "allow_save": bool(entry.get("allow_save", True)),
    }
    full_name = f"{spec.name}.{entry['name']}"
    org.serials["0Bm"] += 1
    rule_id = make_id("0Bm", org.serials["0Bm"])
    org.components.put(Component("DuplicateRule", full_name, rule_id, document))
