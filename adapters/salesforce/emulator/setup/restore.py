"""Brings deployed components back after a restart."""

from __future__ import annotations

from adapters.emulatorkit.datafile import DataFile
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.components import Component
from adapters.salesforce.emulator.setup.custom_fields import make_field, object_of_field
from adapters.salesforce.emulator.setup.custom_objects import restore_object
from adapters.salesforce.emulator.setup.refresh import blank, refresh


def restore_components(org: Org, datafile: DataFile | None) -> None:
    """Take over the stored components; only objects and fields change the schema."""
    state = None if datafile is None else datafile.read_setting("components")
    org.components.restore(state or [])
    for component in org.components.of_kind("CustomObject"):
        restore_object(org, component.full_name, component.document)
    for component in org.components.of_kind("CustomField"):
        _restore_field(org, component)
    refresh(org)


def _restore_field(org: Org, component: Component) -> None:
    spec = object_of_field(org, component.full_name)
    old = spec.fields.get(component.name.lower())
    if old is None or old.custom:
        item = make_field(org, component.full_name, component.document)
        if item.calculated:
            item.compute = blank  # compiled with all others once every field is there
        spec.add(item)
