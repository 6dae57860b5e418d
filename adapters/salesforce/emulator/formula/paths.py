"""Finds the fields that a formula names: of the record, of its parents, of set-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.formula.kinds import (
    BOOLEAN,
    NUMBER,
    Evaluate,
    Moment,
    Typed,
    from_row,
    kind_of,
)
from adapters.salesforce.emulator.formula.parse import FormulaError
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.setup.permissions import has_permission

STEPS_MAX = 10  # Salesforce Help: a formula can span ten relationships


@dataclass(slots=True)
class PathFinder:
    """Resolves the paths of one formula on one object; `uses` collects what it reads."""

    org: Org
    spec: ObjectSpec
    zero_for_blank: bool = False
    uses: set[tuple[str, str]] = field(default_factory=set)

    def find(self, text: str) -> Typed:
        """Return type and reader of a path; raises FormulaError."""
        head, *rest = text.split(".")
        special = _SPECIAL.get(head.lower())
        if special is not None:
            return special(self, text, rest)
        if head.startswith("$") or ":" in text:
            raise FormulaError(f"Field {text} does not exist. Check spelling.")
        return self._field(text, [head, *rest])

    def _field(self, text: str, parts: list[str]) -> Typed:
        owner, steps = self.spec, list[str]()
        if len(parts) - 1 > STEPS_MAX:
            raise FormulaError(f"Field {text} spans more than {STEPS_MAX} relationships.")
        for part in parts[:-1]:
            link = _link(owner, part)
            parent = None if link is None else self.org.schema.stored(link.reference_to[0])
            if link is None or parent is None:
                raise FormulaError(f"Field {text} does not exist. Check spelling.")
            self.uses.add((owner.name.lower(), link.name.lower()))
            steps.append(link.name)
            owner = parent
        item = self._item(owner, parts[-1], text)
        if not steps:
            return Typed(kind_of(item), self._own_reader(item), item)
        return Typed(kind_of(item), self._parent_reader(steps, item))

    def _item(self, owner: ObjectSpec, name: str, text: str) -> FieldSpec:
        item = owner.fields.get(name.lower())
        if item is None or item.type == "address":
            raise FormulaError(f"Field {text} does not exist. Check spelling.")
        if item.is_long_text:
            raise FormulaError(f"You cannot use long text area fields in formulas: {text}")
        self.uses.add((owner.name.lower(), item.name.lower()))
        return item

    def _own_reader(self, item: FieldSpec) -> Evaluate:
        read = self.value_of(item)
        return lambda moment: read(moment.row)

    def _parent_reader(self, steps: list[str], item: FieldSpec) -> Evaluate:
        read, org = self.value_of(item), self.org

        def evaluate(moment: Moment) -> Any:
            row: Row | None = moment.row
            for name in steps:
                target = None if row is None else row.get(name)
                spec = org.schema.by_id(target) if target else None
                row = org.records.get(spec.name, target) if spec and target else None
            return None if row is None else read(row)

        return evaluate

    def value_of(self, item: FieldSpec) -> Callable[[Row], Any]:
        """Return a reader of a field's value from a row of its object."""
        zero = self.zero_for_blank and kind_of(item) == NUMBER

        def read(row: Row) -> Any:
            stored = row.get(item.name) if item.compute is None else item.compute(row)
            value = from_row(item, stored)
            return Decimal(0) if value is None and zero else value

        return read

    def _setup(self, text: str, rest: list[str]) -> Typed:
        spec = self.org.schema.stored(rest[0]) if len(rest) == 2 else None
        if spec is None or not spec.custom_setting:
            raise FormulaError(f"Field {text} does not exist. Check spelling.")
        item = self._item(spec, rest[1], text)
        read, org, name = self.value_of(item), self.org, spec.name

        def evaluate(moment: Moment) -> Any:
            found = setting_for(org, name, item.name)
            return None if found is None else read(found)

        return Typed(kind_of(item), evaluate)

    def _user(self, text: str, rest: list[str]) -> Typed:
        spec = self.org.schema.stored("User")
        if spec is None or len(rest) != 1:
            raise FormulaError(f"Field {text} does not exist. Check spelling.")
        item = self._item(spec, rest[0], text)
        read, org = self.value_of(item), self.org

        def evaluate(moment: Moment) -> Any:
            row = org.records.get("User", org.viewer)
            return None if row is None else read(row)

        return Typed(kind_of(item), evaluate)

    def _permission(self, text: str, rest: list[str]) -> Typed:
        name = rest[0] if len(rest) == 1 else ""
        if self.org.components.find("CustomPermission", name) is None:
            raise FormulaError(f"Field {text} does not exist. Check spelling.")
        org = self.org
        return Typed(BOOLEAN, lambda moment: has_permission(org, org.viewer, name))


def setting_for(org: Org, name: str, field_name: str) -> Row | None:
    """Return the record of a custom setting whose value counts for the user of the call.

    Each field comes from the lowest level that has it: user, profile, organisation.
    """
    user = org.records.get("User", org.viewer) or {}
    owners = [org.viewer, user.get("ProfileId"), org.org_id]
    rows = [row for row in org.records.table(name).values() if not row.get("IsDeleted")]
    for owner in owners:
        for row in rows:
            if owner and row.get("SetupOwnerId") == owner and row.get(field_name) is not None:
                return row
    return None


def _link(owner: ObjectSpec, relationship: str) -> FieldSpec | None:
    wanted = relationship.lower()
    return next(
        (
            item
            for item in owner.fields.values()
            if item.type == "reference" and item.relationship.lower() == wanted
        ),
        None,
    )


_SPECIAL: dict[str, Callable[[PathFinder, str, list[str]], Typed]] = {
    "$setup": PathFinder._setup,
    "$user": PathFinder._user,
    "$permission": PathFinder._permission,
}
