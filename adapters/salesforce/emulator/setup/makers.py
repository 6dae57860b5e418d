"""Makes or replaces one component of each kind in the org."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.ids import make_id
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.record_types import add_record_type
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.schema_changes import add_currency
from adapters.salesforce.emulator.setup.bundles import check_bundle
from adapters.salesforce.emulator.setup.components import Component
from adapters.salesforce.emulator.setup.custom_fields import (
    check_change,
    make_field,
    object_of_field,
)
from adapters.salesforce.emulator.setup.custom_objects import restore_object
from adapters.salesforce.emulator.setup.documents import check_required
from adapters.salesforce.emulator.setup.kinds import PREFIXES
from adapters.salesforce.emulator.setup.packages import Part
from adapters.salesforce.emulator.setup.permission_sets import save_set
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.refresh import install_formula
from adapters.salesforce.emulator.setup.rules import make_rule

_DEVELOPER_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*\Z")


@dataclass(slots=True)
class Making:
    """Who makes components; `planned` names everything that the same deployment brings."""

    org: Org
    user_id: str
    planned: set[tuple[str, str]] = field(default_factory=set)

    def knows(self, kind: str, name: str) -> bool:
        """Say whether a component is there or comes with this deployment."""
        there = self.org.components.find(kind, name) is not None
        return there or (kind, name.lower()) in self.planned


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a component."""

    component_id: str
    created: bool
    changed: bool


def make_component(making: Making, part: Part) -> Made:
    """Make or replace a component; raises SetupError and then has changed nothing."""
    org = making.org
    old = org.components.find(part.kind, part.full_name)
    same = old is not None and old.document == part.document and old.files == part.files
    maker = _MAKERS.get(part.kind)
    loose = org.components.loose_ids.get((part.kind, part.full_name.lower()), "")
    given = loose if old is None else old.component_id
    made_id, created = given, old is None
    if maker is not None:
        made_id, created = maker(making, part, given)
    if not made_id:
        made_id = new_component_id(org, part.kind)
    stamp = org.stamp()
    org.components.put(
        Component(
            part.kind,
            part.full_name if old is None else old.full_name,
            made_id,
            part.document,
            part.files,
            stamp if old is None else old.created_at,
            making.user_id if old is None else old.created_by,
            old.changed_at if old is not None and same else stamp,
            old.changed_by if old is not None and same else making.user_id,
        )
    )
    return Made(made_id, created, not same)


def new_component_id(org: Org, kind: str) -> str:
    """Return an unused id for a component of a kind."""
    prefix = PREFIXES[kind]
    org.serials[prefix] += 1
    return make_id(prefix, org.serials[prefix])


def _make_object(making: Making, part: Part, given: str) -> tuple[str, bool]:
    org = making.org
    created = restore_object(org, part.full_name, part.document)
    spec = org.schema.stored(part.full_name)
    if spec is not None:
        org.schema_changed[spec.name] = org.stamp()
    return given, created


def _make_field(making: Making, part: Part, given: str) -> tuple[str, bool]:
    org = making.org
    spec = object_of_field(org, part.full_name)
    name = part.full_name.partition(".")[2]
    old = spec.fields.get(name.lower())
    if old is not None and not old.custom:
        return given, False  # settings of a standard field are kept as they came
    new = make_field(org, part.full_name, part.document)
    if old is not None:
        check_change(old, new)
        new.name = old.name
        new.guarded = old.guarded or (new.guarded and not old.is_permissionable)
        new.hidden, new.read_only = old.hidden, old.read_only
    if new.calculated:
        install_formula(org, spec, new)
    spec.add(new)
    if new.type == "currency":
        add_currency(org, spec)
    org.records.drop_index(spec.name, new.name)
    org.index_keys(spec)
    org.schema_changed[spec.name] = org.stamp()
    return given, old is None


def _make_permission_set(making: Making, part: Part, given: str) -> tuple[str, bool]:
    return save_set(making.org, making.user_id, part.full_name, part.document)


def _make_custom_permission(making: Making, part: Part, given: str) -> tuple[str, bool]:
    check_required(part.document, "CustomPermission")
    values = {
        "DeveloperName": part.full_name,
        "MasterLabel": part.document.get("label"),
        "Description": part.document.get("description"),
    }
    return _keep_row(making, "CustomPermission", given, values), not given


def _make_record_type(making: Making, part: Part, given: str) -> tuple[str, bool]:
    parent, _, name = part.full_name.partition(".")
    if making.org.schema.stored(parent) is None:
        raise SetupError(f"In field: object - no CustomObject named {parent} found")
    if not _DEVELOPER_NAME.match(name):
        raise SetupError(f"RecordType name is not valid: {name}", "INVALID_FIELD_NAME")
    record_id = given or new_component_id(making.org, "RecordType")
    add_record_type(making.org, record_id, parent, name, part.document.get("label", name))
    making.org.schema_changed[parent] = making.org.stamp()
    return record_id, not given


def _keep_row(making: Making, table: str, given: str, values: dict[str, Any]) -> str:
    """Store the record by which queries see a component; returns its id."""
    org = making.org
    name = values["DeveloperName"]
    if not _DEVELOPER_NAME.match(str(name)):
        raise SetupError(f"{table} name is not valid: {name}", "INVALID_FIELD_NAME")
    record_id = given or new_component_id(org, table)
    stamp = org.stamp()
    old = org.records.get(table, record_id) or {"CreatedDate": stamp, "CreatedById": making.user_id}
    row: Row = {
        **old,
        **values,
        "Id": record_id,
        "IsDeleted": False,
        "LastModifiedDate": stamp,
        "LastModifiedById": making.user_id,
        "SystemModstamp": stamp,
    }
    org.records.put(table, record_id, row)
    return record_id


def _make_list_view(making: Making, part: Part, given: str) -> tuple[str, bool]:
    spec = _object_of(making, part)
    names = [*part.document.get("columns", [])]
    names += [entry["field"] for entry in part.document.get("filters", [])]
    for name in names:
        bare = str(name).rpartition(".")[2]
        if bare.endswith("__c") and bare.lower() not in spec.fields:
            raise SetupError(f"Could not resolve list view column: {name}")
    return given, not given


def _make_compact_layout(making: Making, part: Part, given: str) -> tuple[str, bool]:
    spec = _object_of(making, part)
    for name in part.document.get("fields", []):
        if str(name).lower() not in spec.fields:
            raise SetupError(f"Invalid field {name} in CompactLayout: it does not exist")
    return given, not given


def _make_validation_rule(making: Making, part: Part, given: str) -> tuple[str, bool]:
    make_rule(making.org, part.full_name, part.document)
    return given, not given


def _make_bundle(making: Making, part: Part, given: str) -> tuple[str, bool]:
    check_bundle(making.org, part.full_name, part.files, making.knows)
    return given, not given


def _make_translation(making: Making, part: Part, given: str) -> tuple[str, bool]:
    language = part.full_name.rpartition("-")[2]
    if language not in making.org.settings.languages.split(","):
        text_ = (
            f"Not available for deploy for this organization: language {language} is not enabled"
        )
        raise SetupError(text_, "INVALID_TYPE")
    owner = part.full_name.rpartition("-")[0]
    spec = making.org.schema.stored("Task" if owner == "Activity" else owner) if owner else None
    if owner and spec is None:
        raise SetupError(f"In field: object - no CustomObject named {owner} found")
    for entry in part.document.get("fields", []):
        if spec is not None and entry["name"].lower() not in spec.fields:
            raise SetupError(f"In field: name - no CustomField named {owner}.{entry['name']} found")
    return given, not given


def _object_of(making: Making, part: Part) -> ObjectSpec:
    owner = part.full_name.partition(".")[0]
    spec = making.org.schema.stored("Task" if owner == "Activity" else owner)
    if spec is None:
        raise SetupError(f"In field: object - no CustomObject named {owner} found")
    return spec


_MAKERS: dict[str, Callable[[Making, Part, str], tuple[str, bool]]] = {
    "CustomObject": _make_object,
    "CustomField": _make_field,
    "CustomPermission": _make_custom_permission,
    "RecordType": _make_record_type,
    "ValidationRule": _make_validation_rule,
    "ListView": _make_list_view,
    "CompactLayout": _make_compact_layout,
    "LightningComponentBundle": _make_bundle,
    "PermissionSet": _make_permission_set,
    "CustomObjectTranslation": _make_translation,
    "Translations": _make_translation,
}
