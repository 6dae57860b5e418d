"""Endpoints for single records: create, read, update, delete, external ids."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.describe import object_flags
from adapters.salesforce.emulator.errors import (
    ApiError,
    RecordError,
    missing_resource,
    wrong_method,
)
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.soql.columns import read_address
from adapters.salesforce.emulator.soql.projection import attributes
from adapters.salesforce.emulator.times import read_http_date, read_stamp
from adapters.salesforce.emulator.writes import SeveralMatchesError, external_key

UPSERT_BODY_FROM = 46.0  # up to v45 an upsert that updated answered 204 without a body
RECENT = 10


def serve_object(request: Request, name: str) -> Answer:
    """`/sobjects/X`: create with POST, a short description with GET."""
    spec = request.object(name)
    if request.method == "POST":
        return _create(request, spec)
    if request.method != "GET":
        raise wrong_method(request.method)
    recent = list(request.org.records.table(spec.name).values())[-RECENT:]
    items = [
        {"attributes": attributes(request.data_path, spec, r["Id"]), "Id": r["Id"]}
        for r in recent
        if not r.get("IsDeleted")
    ]
    return Answer(
        200, {"objectDescribe": object_flags(spec, request.data_path), "recentItems": items}
    )


def serve_row(request: Request, name: str, record_id: str) -> Answer:
    """`/sobjects/X/<id>`."""
    spec = request.object(name)
    try:
        return _serve_known_row(request, spec, record_id)
    except RecordError as error:
        raise error.as_call_error() from None


def serve_external_id(request: Request, name: str, field: str, value: str) -> Answer:
    """`/sobjects/X/<field>/<value>`: read, upsert or delete by external id."""
    spec = request.object(name)
    key = external_key(spec, field)
    writer = request.writer()
    try:
        if _is_patch(request):
            return _upsert(request, spec, field, value)
        found = writer.match(spec, key, value)
        if not found:
            raise _not_found(value)
        if len(found) > 1:
            raise SeveralMatchesError(found)
        return _serve_known_row(request, spec, found[0])
    except SeveralMatchesError as error:
        urls = [f"{request.data_path}/sobjects/{spec.name}/{i}" for i in error.ids]
        return Answer(300, urls)
    except RecordError as error:
        raise error.as_call_error() from None


def render_record(
    request: Request, spec: ObjectSpec, row: Row, names: list[str] | None
) -> dict[str, Any]:
    """Return a record with `attributes` first and the named fields (None: all visible)."""
    out: dict[str, Any] = {"attributes": attributes(request.data_path, spec, row["Id"])}
    if names is None:
        specs = spec.visible()
    else:
        specs = []
        for name in names:
            item = spec.field(name)
            if item is None:
                message = f"No such column '{name}' on sobject of type {spec.name}"
                raise ApiError(400, "INVALID_FIELD", message)
            specs.append(item)
    for item in specs:
        if item.type == "address":
            out[item.name] = read_address(row, item.parts)
        else:
            out[item.name] = row.get(item.name) if item.compute is None else item.compute(row)
    return out


def _create(request: Request, spec: ObjectSpec) -> Answer:
    try:
        record_id = request.writer().create(spec, request.json_object())
    except RecordError as error:
        raise error.as_call_error() from None
    location = f"{request.data_path}/sobjects/{spec.name}/{record_id}"
    return Answer(201, {"id": record_id, "success": True, "errors": []}, {"location": location})


def _serve_known_row(request: Request, spec: ObjectSpec, record_id: str) -> Answer:
    writer = request.writer()
    if request.method == "GET":
        row = _readable(request, spec, record_id)
        not_modified = _check_conditions(request, spec, row)
        if not_modified is not None:
            return not_modified
        wanted = request.query.get("fields")
        names = [part.strip() for part in wanted.split(",")] if wanted else None
        marks = {"etag": _etag(row)} if spec.name == "Account" else {}
        return Answer(200, render_record(request, spec, row, names), marks)
    known = to_18(record_id)
    if known is not None and request.org.records.get(spec.name, known) is None:
        raise missing_resource()
    if _is_patch(request):
        body = request.json_object()
        if any(key.lower() == "id" for key in body):
            message = "The Id field should not be specified in the sobject data."
            raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, ["Id"])
        not_modified = _check_conditions(request, spec, writer.find(spec, record_id))
        if not_modified is None:
            writer.update(spec, record_id, body)
            return Answer(204)
        return not_modified
    if request.method == "DELETE":
        writer.delete(spec, record_id)
        return Answer(204)
    raise wrong_method(request.method)


def _is_patch(request: Request) -> bool:
    """Say whether this is a PATCH, also one that a POST stands for with `_HttpMethod=PATCH`."""
    override = request.query.get("_HttpMethod", "").upper()
    return request.method == "PATCH" or (request.method == "POST" and override == "PATCH")


def _readable(request: Request, spec: ObjectSpec, given: str) -> Row:
    record_id = to_18(given)
    if record_id is None or record_id[:3] != spec.prefix:
        raise _not_found(given)
    row = request.org.records.get(spec.name, record_id)
    if row is None:
        raise missing_resource()
    if row.get("IsDeleted"):
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return row


def _not_found(value: str) -> ApiError:
    message = f"Provided external ID field does not exist or is not accessible: {value}"
    return ApiError(404, "NOT_FOUND", message)


def _etag(row: Row) -> str:
    """Return the mark of an account's state (REST API guide, "Conditional Requests")."""
    digest = hashlib.sha256(repr(sorted(row.items(), key=str)).encode()).hexdigest()
    return f'"{digest[:32]}--gzip"'


def _check_conditions(request: Request, spec: ObjectSpec, row: Row) -> Answer | None:
    """Apply If-(None-)Match on accounts, If-Modified-Since (304) and If-Unmodified-Since (412).

    Dates have whole seconds.
    """
    headers = request.call.headers
    if spec.name == "Account" and not _marks_fit(headers.get("if-match", "*"), row):
        return Answer(412)
    unwanted = headers.get("if-none-match", "")
    if spec.name == "Account" and unwanted and _marks_fit(unwanted, row):
        return Answer(304 if request.method == "GET" else 412)
    changed = read_stamp(row["LastModifiedDate"])
    since = read_http_date(headers.get("if-modified-since", ""))
    if since is not None and request.method == "GET" and changed <= since:
        return Answer(304)
    until = read_http_date(headers.get("if-unmodified-since", ""))
    if until is not None and changed >= until + timedelta(seconds=1):
        return Answer(412)
    return None


def _marks_fit(wanted: str, row: Row) -> bool:
    return wanted.strip() == "*" or _etag(row) in [part.strip() for part in wanted.split(",")]


def _upsert(request: Request, spec: ObjectSpec, field: str, value: str) -> Answer:
    key = external_key(spec, field)
    body = request.json_object()
    for name in body:
        if name.lower() in {key.name.lower(), "id"}:
            message = f"The {key.name} field should not be specified in the sobject data."
            raise ApiError(400, "INVALID_FIELD", message, [key.name])
    update_only = request.query.get("updateOnly", "").lower() == "true"
    record_id, created = request.writer().upsert(spec, key, value, body, update_only=update_only)
    answer = {"id": record_id, "success": True, "errors": [], "created": created}
    if created:
        location = f"{request.data_path}/sobjects/{spec.name}/{record_id}"
        return Answer(201, answer, {"location": location})
    if float(request.version) < UPSERT_BODY_FROM:
        return Answer(204)
    return Answer(200, answer)
