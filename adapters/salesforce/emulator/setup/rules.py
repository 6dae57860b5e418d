"""Validation and duplicate rules: compiled from components, applied to every save."""

from __future__ import annotations

from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.errors import RecordError
from adapters.salesforce.emulator.formula.compile import compile_rule
from adapters.salesforce.emulator.formula.kinds import Moment
from adapters.salesforce.emulator.formula.parse import FormulaError
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.setup.components import Component
from adapters.salesforce.emulator.setup.documents import Document
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.rule_book import DuplicateRule, RuleBook, ValidationRule

MESSAGE_MAX = 255


def make_rule(org: Org, full_name: str, document: Document) -> ValidationRule:
    """Compile a validation rule; raises SetupError."""
    owner, _, name = full_name.partition(".")
    spec = org.schema.stored(owner)
    if spec is None:
        raise SetupError(f"In field: object - no CustomObject named {owner} found")
    for element in ("active", "errorConditionFormula", "errorMessage"):
        if document.get(element) in (None, ""):
            raise SetupError(f"Required field is missing: {element}", "REQUIRED_FIELD_MISSING")
    message = str(document["errorMessage"])
    if len(message) > MESSAGE_MAX:
        text = f"Error Message: data value too large: {message} (max length={MESSAGE_MAX})"
        raise SetupError(text, "STRING_TOO_LONG")
    shown = str(document.get("errorDisplayField") or "")
    if shown and shown.lower() not in spec.fields:
        raise SetupError(f"In field: errorDisplayField - no field named {owner}.{shown} found")
    try:
        compiled = compile_rule(org, spec, str(document["errorConditionFormula"]))
    except FormulaError as error:
        raise SetupError(str(error), "FIELD_INTEGRITY_EXCEPTION") from None
    evaluate = compiled.result.evaluate

    def fails(new: Row, old: Row | None) -> bool:
        try:
            return bool(evaluate(Moment(new, old)))
        except (ArithmeticError, ValueError):
            return False

    return ValidationRule(name, fails, message, shown)


def collect_rules(org: Org) -> None:
    """Compile all active rules of the org anew; one that no longer fits is left out."""
    book = RuleBook()
    for component in org.components.of_kind("ValidationRule"):
        if component.document.get("active"):
            try:
                rule = make_rule(org, component.full_name, component.document)
            except SetupError:
                continue
            book.validation.setdefault(component.owner.lower(), []).append(rule)
    for component in org.components.of_kind("DuplicateRule"):
        book.duplicates.setdefault(component.owner.lower(), []).append(_duplicate(component))
    org.rules = book


def check_rules(org: Org, user_id: str, spec: ObjectSpec, old: Row | None, new: Row) -> None:
    """Raise RecordError for the first validation rule that a save breaks."""
    rules = org.rules.validation.get(spec.name.lower())
    if not rules:
        return
    viewer, org.viewer = org.viewer, user_id
    try:
        for rule in rules:
            if rule.fails(new, old):
                fields = [rule.field_name] if rule.field_name else []
                raise RecordError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)
    finally:
        org.viewer = viewer


def check_duplicates(org: Org, spec: ObjectSpec, new: Row, *, allow_save: bool) -> None:
    """Raise RecordError when a duplicate rule finds other records; `allow_save` may pass it."""
    for rule in org.rules.duplicates.get(spec.name.lower(), []):
        if allow_save and rule.allow_save:
            continue
        found = _alike(org, spec, new, rule)
        if found:
            error = RecordError("DUPLICATES_DETECTED", rule.message)
            error.extra = {"duplicateResut": _result(spec, rule, found)}
            raise error


def _alike(org: Org, spec: ObjectSpec, new: Row, rule: DuplicateRule) -> list[Row]:
    wanted = [_folded(new.get(name)) for name in rule.fields]
    if None in wanted:
        return []
    return [
        row
        for row in org.records.table(spec.name).values()
        if row["Id"] != new["Id"]
        and not row.get("IsDeleted")
        and [_folded(row.get(name)) for name in rule.fields] == wanted
    ]


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _result(spec: ObjectSpec, rule: DuplicateRule, found: list[Row]) -> dict[str, Any]:
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {"attributes": {"type": spec.name}, "Id": row["Id"]},
        }
        for row in found
    ]
    match = {
        "entityType": spec.name,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": records,
        "rule": f"{rule.name}_Match",
        "size": len(records),
        "success": True,
    }
    return {
        "allowSave": rule.allow_save,
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": spec.name,
        "errorMessage": rule.message,
        "matchResults": [match],
    }


def _duplicate(component: Component) -> DuplicateRule:
    document = component.document
    return DuplicateRule(
        component.name, tuple(document["fields"]), document["message"], document["allow_save"]
    )
