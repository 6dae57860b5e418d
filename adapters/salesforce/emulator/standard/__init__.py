"""The standard objects that the emulated org has from the start."""

from __future__ import annotations

from adapters.salesforce.emulator.fields import system_fields
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.standard.orders import order_objects
from adapters.salesforce.emulator.standard.people import people_objects
from adapters.salesforce.emulator.standard.sales import sales_objects
from adapters.salesforce.emulator.standard.setup import SETUP_OBJECTS, setup_objects

_NEVER_DELETED = {"User", "Profile", "Organization"}


def standard_objects() -> list[ObjectSpec]:
    """Return fresh definitions of all standard objects, each with the system fields."""
    objects = [*people_objects(), *sales_objects(), *order_objects(), *setup_objects()]
    for spec in objects:
        own = dict(spec.fields)
        spec.fields = {}
        spec.add(*system_fields())
        spec.fields.update(own)
        if spec.name in SETUP_OBJECTS or spec.name in _NEVER_DELETED:
            # They are never deleted, or gone when they are: no bin, and no such column.
            del spec.fields["isdeleted"]
    return objects
