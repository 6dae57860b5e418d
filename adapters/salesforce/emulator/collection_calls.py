"""`/composite/sobjects`: up to 200 records in one call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import (
    ApiError,
    RecordError,
    bad_json,
    malformed_id,
    wrong_method,
)
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.rows import render_record
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.writes import SeveralMatchesError, Writer, external_key

RECORDS_MAX = 200
RETRIEVE_MAX = 2000
CHUNKS_MAX = 10
Result = dict[str, Any]
Step = Callable[[], Result]


class _RolledBackError(Exception):
    """One record of an all-or-none call failed."""


def serve_collection(request: Request) -> Answer:
    """`/composite/sobjects`: create, update, delete."""
    if request.method == "DELETE":
        return _delete(request)
    if request.method not in {"POST", "PATCH"}:
        raise wrong_method(request.method)
    all_or_none, records = _read_records(request)
    specs = _object_of_each(request, records)
    _check_chunks(specs)
    writing = request.method == "PATCH"
    seen: set[str] = set()
    writer = request.writer(len(records))
    steps: list[Step] = [
        partial(update_one, writer, spec, record, seen)
        if writing
        else partial(create_one, writer, spec, record)
        for spec, record in zip(specs, records, strict=True)
    ]
    return Answer(200, _run(request, steps, all_or_none=all_or_none))


def serve_object_collection(request: Request, name: str) -> Answer:
    """`/composite/sobjects/X`: read many by id (GET up to the URL's length, POST up to 2,000)."""
    spec = request.object(name)
    if request.method == "GET":
        ids = [part for part in request.query.get("ids", "").split(",") if part]
        names = [part.strip() for part in request.query.get("fields", "").split(",") if part]
    elif request.method == "POST":
        body = request.json_object()
        ids, names = body.get("ids", []), body.get("fields", [])
        if not isinstance(ids, list) or not isinstance(names, list):
            raise bad_json("ids and fields must be lists")
    else:
        raise wrong_method(request.method)
    if not ids or not names:
        missing = "ids" if not ids else "fields"
        raise ApiError(400, "MISSING_ARGUMENT", f"The {missing} parameter is required")
    if len(ids) > RETRIEVE_MAX:
        raise _too_many(RETRIEVE_MAX)
    return Answer(200, [_retrieve_one(request, spec, given, names) for given in ids])


def serve_upsert_collection(request: Request, name: str, field: str) -> Answer:
    """`PATCH /composite/sobjects/X/<external id field>`."""
    if request.method != "PATCH":
        raise wrong_method(request.method)
    spec = request.object(name)
    key = external_key(spec, field)
    all_or_none, records = _read_records(request)
    for other in _object_of_each(request, records):
        if other is not spec:
            message = "All records of an upsert must be of the type named in the URL"
            raise ApiError(400, "INVALID_FIELD", message)
    doubles = _doubled_keys(records, key.name)
    writer = request.writer(len(records))
    steps: list[Step] = [
        partial(upsert_one, writer, spec, field, record, doubles) for record in records
    ]
    return Answer(200, _run(request, steps, all_or_none=all_or_none))


def _read_records(request: Request) -> tuple[bool, list[dict[str, Any]]]:
    body = request.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise bad_json("The HTTP entity body must have a list of records")
    if len(records) > RECORDS_MAX:
        raise _too_many(RECORDS_MAX)
    return body.get("allOrNone") is True, records


def _too_many(limit: int) -> ApiError:
    message = f"record limit reached. cannot submit more than {limit} records in this call"
    return ApiError(400, "EXCEEDED_MAX_SIZE_REQUEST", message)


def _object_of_each(request: Request, records: list[dict[str, Any]]) -> list[ObjectSpec]:
    specs = []
    for record in records:
        attributes = record.get("attributes")
        name = attributes.get("type") if isinstance(attributes, dict) else None
        if not isinstance(name, str):
            raise bad_json("Each record needs attributes with a type")
        spec = request.org.schema.find(name)
        if spec is None:
            message = f"sObject type '{name}' is not supported."
            raise ApiError(400, "INVALID_TYPE", message)
        specs.append(spec)
    return specs


def _check_chunks(specs: list[ObjectSpec]) -> None:
    chunks = sum(1 for i, spec in enumerate(specs) if i == 0 or specs[i - 1] is not spec)
    if chunks > CHUNKS_MAX:
        message = f"Too many chunks of object types: {chunks}, at most {CHUNKS_MAX}; sort by type"
        raise ApiError(400, "LIMIT_EXCEEDED", message)


def _run(request: Request, steps: list[Step], *, all_or_none: bool) -> list[Result]:
    """Run all steps; with `all_or_none` a failure undoes them and marks the others."""
    results: list[Result] = []
    try:
        with request.org.records.transaction():
            for step in steps:
                try:
                    with request.org.records.transaction():
                        results.append(step())
                except RecordError as error:
                    results.append(error.as_result())
            if all_or_none and not all(result["success"] for result in results):
                raise _RolledBackError
    except _RolledBackError:
        message = (
            "Record rolled back because not all records were valid and the request was using "
            "AllOrNone header"
        )
        undone = RecordError("ALL_OR_NONE_OPERATION_ROLLED_BACK", message).as_result()
        return [undone if result["success"] else result for result in results]
    return results


def create_one(writer: Writer, spec: ObjectSpec, record: dict[str, Any]) -> Result:
    """Create a record of a collection; raises RecordError."""
    if any(key.lower() == "id" for key in record):
        raise RecordError(
            "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"]
        )
    record_id = writer.create(spec, record)
    return {"id": record_id, "success": True, "errors": []}


def update_one(writer: Writer, spec: ObjectSpec, record: dict[str, Any], seen: set[str]) -> Result:
    """Update a record that names its id, once in a call (`seen`); raises RecordError."""
    given = next((value for key, value in record.items() if key.lower() == "id"), None)
    if given is None:
        raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    record_id = to_18(given)
    if record_id is None:
        raise malformed_id(spec.label, given)
    if record_id in seen:
        raise RecordError("DUPLICATE_VALUE", f"duplicate id in list: {record_id}", ["Id"])
    seen.add(record_id)
    fields = {key: value for key, value in record.items() if key.lower() != "id"}
    return {
        "id": writer.update(spec, record_id, fields),
        "success": True,
        "errors": [],
    }


def upsert_one(
    writer: Writer, spec: ObjectSpec, field: str, record: dict[str, Any], doubles: set[Any]
) -> Result:
    """Upsert a record by an external id that must not be among `doubles`; raises RecordError."""
    key = external_key(spec, field)
    value = next((v for name, v in record.items() if name.lower() == key.name.lower()), None)
    fields = {n: v for n, v in record.items() if n.lower() != key.name.lower()}
    if value is None:
        if key.name != "Id":
            message = f"{key.name} not specified"
            raise RecordError("MISSING_ARGUMENT", message, [key.name])
        created_id = writer.create(spec, fields)
        return {"id": created_id, "success": True, "errors": [], "created": True}
    if _folded(value) in doubles:
        message = f"Duplicate external id specified: {value}"
        raise RecordError("DUPLICATE_VALUE", message, [key.name])
    try:
        record_id, created = writer.upsert(spec, key, value, fields)
    except SeveralMatchesError as error:
        message = f"{key.name}: more than one record found for external id field: {error.ids}"
        raise RecordError("DUPLICATE_EXTERNAL_ID", message, [key.name]) from None
    return {"id": record_id, "success": True, "errors": [], "created": created}


def _doubled_keys(records: list[dict[str, Any]], key: str) -> set[Any]:
    seen: set[Any] = set()
    doubles: set[Any] = set()
    for record in records:
        for name, value in record.items():
            if name.lower() == key.lower() and isinstance(value, (str, int)):
                folded = _folded(value)
                (doubles if folded in seen else seen).add(folded)
    return doubles


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else str(value)


def _delete(request: Request) -> Answer:
    ids = [part.strip() for part in request.query.get("ids", "").split(",") if part.strip()]
    if not ids:
        raise ApiError(400, "MISSING_ARGUMENT", "The ids parameter is required")
    if len(ids) > RECORDS_MAX:
        raise _too_many(RECORDS_MAX)
    all_or_none = request.query.get("allOrNone", "").lower() == "true"
    seen: set[str] = set()
    writer = request.writer(len(ids))
    steps: list[Step] = [partial(delete_one, writer, given, seen) for given in ids]
    return Answer(200, _run(request, steps, all_or_none=all_or_none))


def delete_one(writer: Writer, given: str, seen: set[str]) -> Result:
    """Delete a record by id, once in a call (`seen`); raises RecordError."""
    record_id = to_18(given)
    spec = writer.org.schema.by_id(record_id) if record_id else None
    if record_id is None or spec is None:
        raise RecordError("MALFORMED_ID", f"malformed id {given}")
    if record_id in seen:
        raise RecordError("DUPLICATE_VALUE", f"duplicate id in list: {record_id}", ["Id"])
    seen.add(record_id)
    return {"id": writer.delete(spec, record_id), "success": True, "errors": []}


def _retrieve_one(
    request: Request, spec: ObjectSpec, given: object, names: list[str]
) -> dict[str, Any] | None:
    record_id = to_18(given)
    if record_id is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {given}")
    row = request.org.row(spec, record_id)
    return None if row is None else render_record(request, spec, row, names)
