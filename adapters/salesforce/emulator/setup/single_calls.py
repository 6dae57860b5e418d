"""The synchronous Metadata API calls: createMetadata, readMetadata, and their siblings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.documents import in_order, is_known_type, read_element
from adapters.salesforce.emulator.setup.inventory import read_document
from adapters.salesforce.emulator.setup.kinds import KINDS, OBJECT_PARTS, file_of
from adapters.salesforce.emulator.setup.makers import Making, make_component
from adapters.salesforce.emulator.setup.packages import Part, split_object
from adapters.salesforce.emulator.setup.permissions import look_as
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.refresh import refresh
from adapters.salesforce.emulator.setup.removals import Going, remove_component
from adapters.salesforce.emulator.setup.soap import XSI, Envelope, SoapFaultError, children

COMPONENTS_MAX = 10
Work = Callable[[], bool]


def change_setup(org: Org, work: Work) -> bool:
    """Do one change of the set-up wholly or not at all; raises SetupError; returns its answer."""
    viewer, schema, components = org.viewer, org.schema.copy(), org.components.copy()
    look_as(org, "")
    try:
        with org.records.transaction():
            answer = work()
            refresh(org)
            return answer
    except SetupError:
        org.schema.take_over(schema)
        org.components.take_over(components)
        refresh(org)
        raise
    finally:
        org.save_components()
        look_as(org, viewer)


def _save_each(org: Org, user_id: str, envelope: Envelope) -> list[dict[str, Any]]:
    elements = children(envelope.call, "metadata")
    _check_count(len(elements))
    results = []
    for element in elements:
        name, created = "", False
        try:
            parts = _read_parts(element)
            name = parts[0].full_name
            _check_presence(org, envelope.operation, parts[0])
            created = change_setup(org, partial(_make, org, user_id, parts))
            result: dict[str, Any] = {"fullName": name, "success": True}
        except SetupError as error:
            result = _failure(name, error)
        if envelope.operation == "upsertMetadata":
            result["created"] = created
        results.append(dict(sorted(result.items())))
    return results


def _make(org: Org, user_id: str, parts: list[Part]) -> bool:
    making = Making(org, user_id, {(part.kind, part.full_name.lower()) for part in parts})
    made = [make_component(making, part) for part in parts]
    return made[0].created


def _read_parts(element: Element) -> list[Part]:
    kind = str(element.get(f"{{{XSI}}}type", "")).rpartition(":")[2]
    if not is_known_type(kind) or (kind not in KINDS and kind not in OBJECT_PARTS.values()):
        raise SetupError(f"Unknown type: {kind}", "INVALID_TYPE")
    if kind in KINDS and (KINDS[kind].is_bundle or KINDS[kind].has_meta_file):
        raise SetupError(f"{kind} is made by deploy() only", "INVALID_TYPE")
    document = read_element(element, kind)
    name = str(document.pop("fullName", ""))
    if not name:
        raise SetupError("Required field is missing: fullName", "REQUIRED_FIELD_MISSING")
    path = file_of(kind, name)
    if kind == "CustomObject":
        return split_object(name, path, document)
    return [Part(kind, name, path, document)]


def _check_presence(org: Org, operation: str, part: Part) -> None:
    there = read_document(org, part.kind, part.full_name) is not None
    if operation == "createMetadata" and there and part.full_name.lower() != "activity":
        text = f"There is already a {part.kind} named {part.full_name}."
        raise SetupError(text, "DUPLICATE_DEVELOPER_NAME")
    if operation == "updateMetadata" and not there:
        text = f"No {part.kind} named: {part.full_name} found"
        raise SetupError(text, "INVALID_CROSS_REFERENCE_KEY")


def _delete_each(org: Org, user_id: str, envelope: Envelope) -> list[dict[str, Any]]:
    kind = envelope.text("type") or envelope.text("metadataType")
    names = _names(envelope)
    going = {(kind, name.lower()) for name in names}
    results: list[dict[str, Any]] = []
    for name in names:
        try:
            change_setup(org, partial(_remove, org, user_id, kind, name, going))
            results.append({"fullName": name, "success": True})
        except SetupError as error:
            results.append(_failure(name, error))
    return results


def _remove(org: Org, user_id: str, kind: str, name: str, going: Going) -> bool:
    return bool(remove_component(org, user_id, kind, name, going))


def _read_each(org: Org, user_id: str, envelope: Envelope) -> dict[str, Any]:
    kind = envelope.text("type") or envelope.text("metadataType")
    if not is_known_type(kind):
        raise SoapFaultError("INVALID_TYPE", f"INVALID_TYPE: Unknown type: {kind}")
    records = []
    for name in _names(envelope):
        document = read_document(org, kind, name)
        if document is None:
            records.append({"@": f' xsi:type="{kind}" xsi:nil="true"'})
        else:
            full = in_order({**document, "fullName": name}, kind)
            records.append({"@": f' xsi:type="{kind}"', **full})
    return {"records": records}


def _names(envelope: Envelope) -> list[str]:
    names = [(item.text or "").strip() for item in children(envelope.call, "fullNames")]
    _check_count(len(names))
    return names


def _check_count(count: int) -> None:
    if count > COMPONENTS_MAX:
        text = f"Too many components: {count}, at most {COMPONENTS_MAX} in one call"
        raise SoapFaultError("LIMIT_EXCEEDED", text)


def _failure(name: str, error: SetupError) -> dict[str, Any]:
    errors = {"message": error.problem, "statusCode": error.code}
    return {"errors": errors, "fullName": name, "success": False}


SINGLE_CALLS: dict[str, Callable[[Org, str, Envelope], Any]] = {
    "createMetadata": _save_each,
    "updateMetadata": _save_each,
    "upsertMetadata": _save_each,
    "deleteMetadata": _delete_each,
    "readMetadata": _read_each,
}
