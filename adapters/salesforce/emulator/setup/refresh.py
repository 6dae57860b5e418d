"""Brings what is derived from the set-up up to date after it changed."""

from __future__ import annotations

from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.formula.compile import compile_field, reader_of
from adapters.salesforce.emulator.formula.parse import FormulaError
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.rules import collect_rules


def refresh(org: Org) -> None:
    """Bring indexes, formulas and rules up to date with the schema."""
    for spec in org.schema.everything():
        org.index_keys(spec)
        for item in spec.fields.values():
            if item.compute is not None:
                _recompile(org, spec, item)
    collect_rules(org)


def install_formula(org: Org, spec: ObjectSpec, item: FieldSpec) -> None:
    """Make a formula field compute; raises SetupError when its formula is wrong."""
    try:
        compiled = compile_field(org, spec, item)
    except FormulaError as error:
        raise SetupError(str(error), "FIELD_INTEGRITY_EXCEPTION") from None
    own = (spec.name.lower(), item.name.lower())
    if _reaches(org, compiled.uses, own):
        text = f"Formula of {spec.name}.{item.name} refers to itself, directly or through others"
        raise SetupError(text, "FIELD_INTEGRITY_EXCEPTION")
    item.uses = compiled.uses
    item.compute = reader_of(item, compiled)


def _recompile(org: Org, spec: ObjectSpec, item: FieldSpec) -> None:
    try:
        item.compute = reader_of(item, compile_field(org, spec, item))
    except FormulaError:
        item.compute = blank  # a field that it reads was taken away by a control call


def blank(row: dict[str, object]) -> None:
    """Give what a formula gives whose fields are not there."""
    return None


def _reaches(org: Org, uses: frozenset[tuple[str, str]], goal: tuple[str, str]) -> bool:
    seen, waiting = set[tuple[str, str]](), list(uses)
    while waiting:
        path = waiting.pop()
        if path == goal:
            return True
        if path in seen:
            continue
        seen.add(path)
        spec = org.schema.stored(path[0])
        item = None if spec is None else spec.fields.get(path[1])
        if item is not None:
            waiting.extend(item.uses)
    return False
