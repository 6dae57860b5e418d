"""`POST /composite/tree/X`: records with their children, all or none.

REST API guide, "sObject Tree": 200 records, five levels, five types in one call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError, RecordError, bad_json, wrong_method
from adapters.salesforce.emulator.schema import ObjectSpec

RECORDS_MAX = 200
LEVELS_MAX = 5


class _RefusedError(Exception):
    """One record of the tree failed."""


@dataclass(slots=True)
class _Tree:
    """The running call: what was created and what failed, by reference id."""

    request: Request
    made: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    references: set[str] = field(default_factory=set)


def serve_tree(request: Request, name: str) -> Answer:
    """Create trees of records; the answer names ids by the caller's reference ids."""
    if request.method != "POST":
        raise wrong_method(request.method)
    spec = request.object(name)
    records = _read_records(request.json_object())
    tree = _Tree(request)
    try:
        with request.org.records.transaction():
            for record in records:
                _create(tree, spec, record, "", 1)
            if tree.errors:
                raise _RefusedError
    except _RefusedError:
        return Answer(400, {"hasErrors": True, "results": tree.errors})
    return Answer(201, {"hasErrors": False, "results": tree.made})


def _read_records(body: Any) -> list[dict[str, Any]]:
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise bad_json("The HTTP entity body must have a list of records")
    return records


def _create(tree: _Tree, spec: ObjectSpec, record: dict[str, Any], parent: str, level: int) -> None:
    """Create a record and then its children; `parent` is `<lookup field>=<id>` or empty."""
    reference = _read_reference(tree, spec, record)
    children = {name: value for name, value in record.items() if _is_child_list(value)}
    fields = {name: value for name, value in record.items() if name not in children}
    link, _, parent_id = parent.partition("=")
    if link:
        fields[link] = parent_id
    try:
        record_id = tree.request.writer(RECORDS_MAX).create(spec, fields)
    except RecordError as error:
        failed = error.as_result()["errors"]
        tree.errors.append({"referenceId": reference, "errors": failed})
        return
    tree.made.append({"referenceId": reference, "id": record_id})
    for name, value in children.items():
        child, lookup = _find_child(tree.request, spec, name)
        if level == LEVELS_MAX:
            raise ApiError(400, "LIMIT_EXCEEDED", f"A tree has at most {LEVELS_MAX} levels")
        for inner in _read_records(value):
            _create(tree, child, inner, f"{lookup}={record_id}", level + 1)


def _read_reference(tree: _Tree, spec: ObjectSpec, record: dict[str, Any]) -> str:
    attributes = record.get("attributes")
    if not isinstance(attributes, dict) or not attributes.get("referenceId"):
        raise bad_json("Each record needs attributes with a type and a referenceId")
    if str(attributes.get("type", "")).lower() != spec.name.lower():
        raise ApiError(400, "INVALID_TYPE", f"A record of type {spec.name} is expected here")
    reference = str(attributes["referenceId"])
    if reference in tree.references:
        raise ApiError(400, "INVALID_INPUT", f"Duplicate ReferenceId provided: {reference}")
    tree.references.add(reference)
    if len(tree.references) > RECORDS_MAX:
        raise ApiError(400, "LIMIT_EXCEEDED", f"A tree has at most {RECORDS_MAX} records")
    return reference


def _is_child_list(value: object) -> bool:
    return isinstance(value, dict) and "records" in value


def _find_child(request: Request, spec: ObjectSpec, name: str) -> tuple[ObjectSpec, str]:
    for child, item in request.org.schema.children(spec.name):
        if item.child_relationship.lower() == name.lower():
            return child, item.name
    message = f"No such relationship '{name}' on sobject of type {spec.name}"
    raise ApiError(400, "INVALID_FIELD", message)
