"""The components that were deployed or made by Tooling: what they are and where they are kept."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.salesforce.emulator.setup.documents import Document


@dataclass(slots=True)
class Component:
    """One piece of metadata. `files` holds the raw files of bundles and static resources."""

    kind: str
    full_name: str
    component_id: str
    document: Document = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    created_at: str = ""
    created_by: str = ""
    changed_at: str = ""
    changed_by: str = ""

    @property
    def owner(self) -> str:
        """The object that a field, rule or view belongs to; empty for others."""
        return self.full_name.partition(".")[0] if "." in self.full_name else ""

    @property
    def name(self) -> str:
        """The name without the object before it."""
        return self.full_name.rpartition(".")[2]

    def state(self) -> dict[str, Any]:
        """Return a JSON value that `from_state` reads."""
        files = {name: base64.b64encode(body).decode() for name, body in self.files.items()}
        return {
            "kind": self.kind,
            "full_name": self.full_name,
            "component_id": self.component_id,
            "document": self.document,
            "files": files,
            "created": [self.created_at, self.created_by],
            "changed": [self.changed_at, self.changed_by],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Component:
        """Return the component of a stored state."""
        files = {name: base64.b64decode(body) for name, body in state["files"].items()}
        return cls(
            state["kind"],
            state["full_name"],
            state["component_id"],
            state["document"],
            files,
            *state["created"],
            *state["changed"],
        )


class ComponentBook:
    """All components by kind and name, the name in any case.

    `loose_ids` are those of set-up that was not deployed, such as fields that a
    control call installed.
    """

    def __init__(self) -> None:
        self._components: dict[tuple[str, str], Component] = {}
        self.loose_ids: dict[tuple[str, str], str] = {}

    def __iter__(self) -> Iterator[Component]:
        return iter(list(self._components.values()))

    def find(self, kind: str, full_name: str) -> Component | None:
        """Return a component, or None."""
        return self._components.get((kind, full_name.lower()))

    def put(self, component: Component) -> None:
        """Add or replace a component."""
        self._components[(component.kind, component.full_name.lower())] = component

    def remove(self, kind: str, full_name: str) -> Component | None:
        """Remove a component and return it."""
        return self._components.pop((kind, full_name.lower()), None)

    def of_kind(self, kind: str) -> list[Component]:
        """Return all components of a kind in the order of their making."""
        return [item for item in self._components.values() if item.kind == kind]

    def copy(self) -> ComponentBook:
        """Return a copy that puts and removals do not touch (components are never changed)."""
        book = ComponentBook()
        book._components = dict(self._components)
        return book

    def take_over(self, other: ComponentBook) -> None:
        """Become what another book is."""
        self._components = other._components

    def state(self) -> list[dict[str, Any]]:
        """Return a JSON value that `restore` reads."""
        return [item.state() for item in self._components.values()]

    def restore(self, state: list[dict[str, Any]]) -> None:
        """Take over a stored state."""
        for entry in state:
            self.put(Component.from_state(entry))
