"""The org's objects: standard ones, and what the caller adds."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

from adapters.salesforce.emulator.fields import FieldSpec, system_fields
from adapters.salesforce.emulator.ids import BASE62


@dataclass(slots=True)
class ObjectSpec:
    """One object with its fields by lower-case name, in the order of definition.

    A `guarded` object is `hidden` from a user until a permission set lets the user read it.
    """

    name: str
    label: str
    prefix: str
    fields: dict[str, FieldSpec] = field(default_factory=dict)
    label_plural: str = ""
    custom: bool = False
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    mergeable: bool = False
    searchable: bool = True
    enabled: bool = True
    custom_setting: bool = False
    guarded: bool = False
    hidden: bool = False

    def add(self, *specs: FieldSpec) -> None:
        """Add or replace fields."""
        for spec in specs:
            self.fields[spec.name.lower()] = spec

    def field(self, name: str) -> FieldSpec | None:
        """Return a field that the API user can see; the name in any case."""
        spec = self.fields.get(name.lower())
        return None if spec is None or spec.hidden else spec

    def visible(self) -> list[FieldSpec]:
        """Return the fields that the API user can see."""
        return [spec for spec in self.fields.values() if not spec.hidden]

    def parent(self, relationship: str) -> FieldSpec | None:
        """Return the visible lookup with this relationship name, in any case."""
        wanted = relationship.lower()
        for spec in self.fields.values():
            if spec.relationship.lower() == wanted and spec.type == "reference" and not spec.hidden:
                return spec
        return None

    @property
    def name_field(self) -> FieldSpec | None:
        """The field that names a record in lists."""
        return next((spec for spec in self.fields.values() if spec.name_field), None)


def _copy_object(spec: ObjectSpec) -> ObjectSpec:
    twin = copy.copy(spec)
    # What a field holds is replaced, never changed in place.
    twin.fields = {name: copy.copy(item) for name, item in spec.fields.items()}
    return twin


class SchemaBook:
    """All objects by lower-case name."""

    def __init__(self, objects: list[ObjectSpec]) -> None:
        self._objects = {spec.name.lower(): spec for spec in objects}
        self._by_prefix = {spec.prefix: spec for spec in objects}

    def __iter__(self) -> Iterator[ObjectSpec]:
        return iter([spec for spec in self._objects.values() if spec.enabled and not spec.hidden])

    def everything(self) -> list[ObjectSpec]:
        """Return all objects, also those switched off or hidden from the user."""
        return list(self._objects.values())

    def copy(self) -> SchemaBook:
        """Return a copy that later changes do not touch."""
        return SchemaBook([_copy_object(spec) for spec in self._objects.values()])

    def take_over(self, other: SchemaBook) -> None:
        """Become what another book is: undoes changes, for whoever holds this one."""
        self._objects, self._by_prefix = other._objects, other._by_prefix

    def find(self, name: str) -> ObjectSpec | None:
        """Return an enabled object by its name in any case."""
        spec = self._objects.get(name.lower())
        return spec if spec is not None and spec.enabled and not spec.hidden else None

    def stored(self, name: str) -> ObjectSpec | None:
        """Return an object by name even when it is switched off."""
        return self._objects.get(name.lower())

    def by_id(self, record_id: str) -> ObjectSpec | None:
        """Return the object whose key prefix an id has."""
        spec = self._by_prefix.get(record_id[:3])
        return spec if spec is not None and spec.enabled else None

    def add(self, spec: ObjectSpec) -> None:
        """Add an object; a custom one gets a prefix and the system fields."""
        if not spec.prefix:
            spec.prefix = self._free_prefix()
        for system in system_fields():
            spec.fields.setdefault(system.name.lower(), system)
        self._objects[spec.name.lower()] = spec
        self._by_prefix[spec.prefix] = spec

    def remove(self, name: str) -> None:
        """Remove an object from the schema."""
        spec = self._objects.pop(name.lower(), None)
        if spec is not None:
            del self._by_prefix[spec.prefix]

    def children(self, parent: str) -> list[tuple[ObjectSpec, FieldSpec]]:
        """Return the lookups of all objects that point to `parent`."""
        return [
            (spec, item)
            for spec in self
            for item in spec.visible()
            if item.type == "reference" and parent in item.reference_to
        ]

    def _free_prefix(self) -> str:
        used = {spec.prefix for spec in self._objects.values()}
        for first in BASE62:
            for second in BASE62:
                if (prefix := f"a{first}{second}") not in used:
                    return prefix
        raise ValueError("no key prefix is left for another custom object")
