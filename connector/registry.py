"""Adapters by name: the built-in ones, and those of other packages by entry point.

The only place in `connector` that knows vendors by name.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from connector.errors import SettingsError
from connector.ports.manifest import Manifest

ENTRY_POINT_GROUP = "creditflag.adapters"

BUILT_INS: dict[str, str] = {
    "files": "adapters.files.manifest",
    "salesforce": "adapters.salesforce.manifest",
}
"""Adapter name → module that holds its `MANIFEST`."""

EMULATORS: dict[str, str] = {"salesforce": "adapters.salesforce.emulator"}
"""Adapter name → package of its emulator, started by `creditflag emulator`."""

SEEDS: dict[str, str] = {"salesforce": "adapters.salesforce.seed"}
"""Adapter name → module that turns the demo company into vendor records."""

FILES_ADAPTER = "files"
"""The adapter that reads the forms which people fill in."""

DEMO_ADAPTER = "salesforce"
"""The adapter whose emulator tells the demo's story."""


def adapter_names() -> tuple[str, ...]:
    """Every adapter that can be configured."""
    return tuple(sorted({*BUILT_INS, *(e.name for e in entry_points(group=ENTRY_POINT_GROUP))}))


def load_manifest(name: str) -> Manifest:
    """The manifest of an adapter; SettingsError naming the known ones when there is none."""
    module_name = BUILT_INS.get(name)
    if module_name is None:
        for entry in entry_points(group=ENTRY_POINT_GROUP):
            if entry.name == name:
                module_name = entry.value
                break
    if module_name is None:
        raise SettingsError(
            "There is no adapter {name}.",
            next_step="Known adapters: {known}.",
            name=name,
            known=", ".join(adapter_names()),
        )
    try:
        manifest = getattr(import_module(module_name), "MANIFEST", None)
    except ImportError as error:
        raise SettingsError(
            "The adapter {name} cannot be loaded: {detail}.",
            next_step="Install what it needs, or remove its connection.",
            name=name,
            detail=error,
        ) from None
    if not isinstance(manifest, Manifest):
        raise SettingsError(
            "The module of adapter {name} holds no MANIFEST.",
            next_step="Update or remove the package that announces it.",
            name=name,
        )
    return manifest
