"""What set-up there is: components that were deployed, and what came another way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.setup.components import Component
from adapters.salesforce.emulator.setup.custom_fields import describe_as_metadata
from adapters.salesforce.emulator.setup.documents import Document, write_file
from adapters.salesforce.emulator.setup.kinds import KINDS, OBJECT_PARTS, file_of
from adapters.salesforce.emulator.setup.makers import new_component_id
from adapters.salesforce.emulator.setup.packages import MANIFEST
from adapters.salesforce.emulator.setup.permission_sets import find_set, read_set
from adapters.salesforce.emulator.setup.permissions import living
from adapters.salesforce.emulator.setup.soap import METADATA, write_xml

_ELEMENTS = {kind: element for element, kind in OBJECT_PARTS.items()}


@dataclass(frozen=True, slots=True)
class Listed:
    """One component in a list: its metadata name, id and stamps."""

    kind: str
    full_name: str
    component_id: str
    created_at: str
    created_by: str
    changed_at: str
    changed_by: str


def owner_name(spec: ObjectSpec, custom: bool) -> str:
    """Return the metadata name of an object: custom fields of Task belong to Activity."""
    return "Activity" if spec.name == "Task" and custom else spec.name


def list_components(org: Org, kind: str) -> list[Listed]:
    """Return all components of a kind."""
    if kind == "CustomField":
        return [
            _listed_field(org, spec, name)
            for spec in org.schema.everything()
            for name in [item.name for item in spec.fields.values() if item.custom]
        ]
    if kind == "CustomObject":
        objects = [spec for spec in org.schema.everything() if spec.enabled]
        return [_listed(org, "CustomObject", spec.name) for spec in objects]
    if kind == "PermissionSet":
        return [
            Listed(
                kind,
                row["Name"],
                row["Id"],
                row["CreatedDate"],
                row["CreatedById"],
                row["LastModifiedDate"],
                row["LastModifiedById"],
            )
            for row in living(org, "PermissionSet")
        ]
    return [_from_component(item) for item in org.components.of_kind(kind)]


def _listed_field(org: Org, spec: ObjectSpec, name: str) -> Listed:
    return _listed(org, "CustomField", f"{owner_name(spec, True)}.{name}")


def _listed(org: Org, kind: str, full_name: str) -> Listed:
    found = org.components.find(kind, full_name)
    if found is not None:
        return _from_component(found)
    key = (kind, full_name.lower())
    known = org.components.loose_ids.get(key)
    if known is None:
        known = org.components.loose_ids[key] = new_component_id(org, kind)
    stamp = org.schema_changed.get(full_name.partition(".")[0], "") or org.stamp()
    human = org.settings.human
    return Listed(kind, full_name, known, stamp, human, stamp, human)


def _from_component(item: Component) -> Listed:
    return Listed(
        item.kind,
        item.full_name,
        item.component_id,
        item.created_at,
        item.created_by,
        item.changed_at,
        item.changed_by,
    )


def read_document(org: Org, kind: str, full_name: str) -> Document | None:
    """Return a component's metadata, or None when there is none."""
    if kind == "PermissionSet":
        row = find_set(org, full_name)
        return None if row is None else read_set(org, row)
    found = org.components.find(kind, full_name)
    if found is not None:
        return dict(found.document)
    owner, _, name = full_name.partition(".")
    spec = org.schema.stored("Task" if owner == "Activity" else owner)
    if spec is None:
        return None
    if kind == "CustomObject":
        return {"label": spec.label, "pluralLabel": spec.label_plural} if spec.custom else {}
    item = spec.fields.get(name.lower()) if kind == "CustomField" else None
    return None if item is None or not item.custom else describe_as_metadata(item)


def build_package(
    org: Org, members: dict[str, list[str]], version: str
) -> tuple[dict[str, bytes], list[tuple[str, str, str]], list[tuple[str, str]]]:
    """Return the files of a retrieve, (kind, name, file) of each part, and what is missing."""
    files: dict[str, bytes] = {}
    objects: dict[str, Document] = {}
    listed: list[tuple[str, str, str]] = []
    messages: list[tuple[str, str]] = []
    found: dict[str, list[str]] = {}
    for kind, name in _expand(org, members):
        document = read_document(org, kind, name)
        path = file_of(kind, name)
        if document is None:
            text = f"Entity of type '{kind}' named '{name}' cannot be found"
            messages.append((f"unpackaged/{MANIFEST}", text))
            continue
        found.setdefault(kind, []).append(name)
        listed.append((kind, name, path))
        if kind == "CustomObject":
            objects.setdefault(name, {}).update(document | _parts_of(org, name))
        elif kind in _ELEMENTS:
            owner, _, part = name.partition(".")
            entries = objects.setdefault(owner, {}).setdefault(_ELEMENTS[kind], [])
            if not any(entry["fullName"] == part for entry in entries):
                entries.append({"fullName": part, **document})
        else:
            files |= _own_files(org, kind, name, path, document)
    for name, document in objects.items():
        files[file_of("CustomObject", name)] = write_file(document, "CustomObject")
    files[MANIFEST] = write_manifest(found, version)
    return files, listed, messages


def write_manifest(members: dict[str, list[str]], version: str) -> bytes:
    """Return a package.xml."""
    types = [{"members": sorted(names), "name": kind} for kind, names in sorted(members.items())]
    value: dict[str, Any] = {"@": f' xmlns="{METADATA}"', "types": types, "version": version}
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + write_xml("Package", value)).encode()


def _expand(org: Org, members: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Name what `*` stands for: all of a kind, of objects the custom ones, of parts none."""
    wanted: list[tuple[str, str]] = []
    for kind, names in members.items():
        for name in names:
            if name != "*":
                wanted.append((kind, name))
            elif kind not in _ELEMENTS:
                every = [item.full_name for item in list_components(org, kind)]
                if kind == "CustomObject":
                    every = [one for one in every if one.endswith("__c")]
                wanted += [(kind, one) for one in every]
    return list(dict.fromkeys(wanted))


def _parts_of(org: Org, owner: str) -> Document:
    document: Document = {}
    for kind, element in _ELEMENTS.items():
        parts = []
        for item in list_components(org, kind):
            if item.full_name.partition(".")[0].lower() == owner.lower():
                content = read_document(org, kind, item.full_name) or {}
                parts.append({"fullName": item.full_name.partition(".")[2], **content})
        if parts:
            document[element] = parts
    return document


def _own_files(org: Org, kind: str, name: str, path: str, document: Document) -> dict[str, bytes]:
    component = org.components.find(kind, name)
    raw = {} if component is None else component.files
    if KINDS[kind].is_bundle:
        return {f"{path}/{file}": body for file, body in raw.items()}
    if KINDS[kind].has_meta_file:
        body = next(iter(raw.values()), b"")
        return {path: body, f"{path}-meta.xml": write_file(document, kind)}
    return {path: write_file(document, kind)}
