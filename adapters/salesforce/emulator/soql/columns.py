"""Finds the fields that a query names and makes functions that read them from a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lark import Token

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.soql.parse import SoqlError
from adapters.salesforce.emulator.soql.tree import FunctionCall, Operand, Plain
from adapters.salesforce.emulator.times import read_stamp

Reader = Callable[[Row], Any]
PARENT_LEVELS = 5
POLYMORPHIC_FIELDS = {
    "id": FieldSpec("Id", "id"),
    "name": FieldSpec("Name", "string"),
    "type": FieldSpec("Type", "string"),
}
AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
_PASS_THROUGH = frozenset({"CONVERTCURRENCY", "TOLABEL", "FORMAT", "CONVERTTIMEZONE"})


@dataclass(frozen=True, slots=True)
class Column:
    """A resolved field path: `steps` are the lookups on the way, `read` gives the value."""

    spec: FieldSpec
    owner: ObjectSpec
    steps: tuple[FieldSpec, ...]
    read: Reader

    @property
    def key(self) -> str:
        """The path with the schema's own spelling."""
        return ".".join([*(step.relationship for step in self.steps), self.spec.name])


@dataclass(frozen=True, slots=True)
class Scope:
    """The object that a query reads, with the alias its paths may begin with."""

    org: Org
    spec: ObjectSpec
    alias: str = ""

    def column(self, path: Token) -> Column:
        """Resolve a path in any case; raises SoqlError INVALID_FIELD."""
        parts = str(path).split(".")
        names = {self.alias.lower(), self.spec.name.lower()}
        if len(parts) > 1 and parts[0].lower() in names and not self.spec.parent(parts[0]):
            parts = parts[1:]
        if len(parts) - 1 > PARENT_LEVELS:
            message = "field paths can only traverse up to 5 levels of relationships"
            raise SoqlError("INVALID_FIELD", message, path)
        owner, steps = self.spec, list[FieldSpec]()
        for index, part in enumerate(parts[:-1]):
            step = owner.parent(part)
            if step is None:
                raise SoqlError("INVALID_FIELD", _no_relationship(part), path)
            steps.append(step)
            if len(step.reference_to) > 1:
                return self._polymorphic(path, parts[index + 1 :], owner, steps)
            parent = self.org.schema.find(step.reference_to[0])
            if parent is None:
                raise SoqlError("INVALID_FIELD", _no_relationship(part), path)
            owner = parent
        item = owner.field(parts[-1])
        if item is None:
            raise SoqlError("INVALID_FIELD", _no_column(parts[-1], owner.name), path)
        return Column(item, owner, tuple(steps), self._reader(steps, item))

    def _polymorphic(
        self, path: Token, rest: list[str], owner: ObjectSpec, steps: list[FieldSpec]
    ) -> Column:
        item = POLYMORPHIC_FIELDS.get(rest[0].lower()) if len(rest) == 1 else None
        if item is None:
            raise SoqlError("INVALID_FIELD", _no_column(rest[-1], "Name"), path)
        follow = self.follow(steps)
        schema = self.org.schema

        def read(row: Row) -> Any:
            parent = follow(row)
            if parent is None:
                return None
            spec = schema.by_id(parent["Id"])
            if item.name == "Type" or spec is None:
                return None if spec is None else spec.name
            name_field = spec.name_field
            if item.name == "Name":
                return None if name_field is None else parent.get(name_field.name)
            return parent["Id"]

        return Column(item, owner, tuple(steps), read)

    def _reader(self, steps: list[FieldSpec], item: FieldSpec) -> Reader:
        if item.type == "address":
            return self._address_reader(steps, item)
        own = item.compute or stored_value(item.name)
        if not steps:
            return own
        follow = self.follow(steps)

        def read(row: Row) -> Any:
            parent = follow(row)
            return None if parent is None else own(parent)

        return read

    def _address_reader(self, steps: list[FieldSpec], item: FieldSpec) -> Reader:
        follow, parts = self.follow(steps), item.parts

        def read(row: Row) -> Any:
            parent = follow(row)
            return None if parent is None else read_address(parent, parts)

        return read

    def follow(self, steps: list[FieldSpec]) -> Callable[[Row], Row | None]:
        """Return a function from a row to the parent at the end of the lookups."""
        names = [step.name for step in steps]
        org = self.org

        def walk(row: Row) -> Row | None:
            found: Row | None = row
            for name in names:
                target = None if found is None else found.get(name)
                spec = None if target is None else org.schema.by_id(target)
                if spec is None or target is None:
                    return None
                found = org.records.get(spec.name, target)
            return found

        return walk

    def operand(self, operand: Operand) -> tuple[FieldSpec, Reader]:
        """Return type and reader of a field or of a date function; raises SoqlError."""
        if isinstance(operand, Plain):
            column = self.column(operand.path)
            return column.spec, column.read
        return self._function(operand)

    def _function(self, call: FunctionCall) -> tuple[FieldSpec, Reader]:
        if len(call.arguments) != 1:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{call.name}'", call.name)
        spec, read = self.operand(call.arguments[0])
        if call.key in _PASS_THROUGH:
            return spec, read
        convert = _DATE_FUNCTIONS.get(call.key)
        if convert is None or spec.type not in {"date", "datetime"}:
            message = f"Unknown function or function not usable here: {call.name}"
            raise SoqlError("MALFORMED_QUERY", message, call.name)
        kind = "date" if call.key == "DAY_ONLY" else "int"

        def read_part(row: Row) -> Any:
            value = read(row)
            return None if value is None else convert(_moment(value))

        return FieldSpec(str(call.name), kind), read_part


def stored_value(name: str) -> Reader:
    """Return a reader of a stored value."""
    return lambda row: row.get(name)


def read_address(row: Row, parts: dict[str, str]) -> dict[str, Any] | None:
    """Return the compound value of an address, or None when all parts are empty."""
    values = {key: row.get(name) for key, name in parts.items()}
    if not any(values.values()):
        return None
    return {**values, "geocodeAccuracy": None, "latitude": None, "longitude": None}


def _moment(value: str) -> date:
    return read_stamp(value) if "T" in value else date.fromisoformat(value)


def _no_column(name: str, object_name: str) -> str:
    return (
        f"No such column '{name}' on entity '{object_name}'. If you are attempting to use a custom "
        "field, be sure to append the '__c' after the custom field name. Please reference your "
        "WSDL or the describe call for the appropriate names."
    )


def _no_relationship(name: str) -> str:
    return (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a "
        "custom relationship, be sure to append the '__r' after the custom relationship name. "
        "Please reference your WSDL or the describe call for the appropriate names."
    )


def _day_text(value: date) -> str:
    return (value.date() if isinstance(value, datetime) else value).isoformat()


_DATE_FUNCTIONS: dict[str, Callable[[date], Any]] = {
    "CALENDAR_YEAR": lambda d: d.year,
    "CALENDAR_QUARTER": lambda d: (d.month + 2) // 3,
    "CALENDAR_MONTH": lambda d: d.month,
    "FISCAL_YEAR": lambda d: d.year,
    "FISCAL_QUARTER": lambda d: (d.month + 2) // 3,
    "FISCAL_MONTH": lambda d: d.month,
    "DAY_IN_MONTH": lambda d: d.day,
    "DAY_IN_WEEK": lambda d: (d.weekday() + 1) % 7 + 1,
    "DAY_IN_YEAR": lambda d: d.timetuple().tm_yday,
    "DAY_ONLY": _day_text,
}
