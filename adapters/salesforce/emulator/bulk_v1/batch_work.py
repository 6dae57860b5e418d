"""Does the work of a batch: runs its query, or writes its records in their order."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.bulk.csv_text import BatchError, read_rows
from adapters.salesforce.emulator.bulk.ingest_rows import NULL
from adapters.salesforce.emulator.bulk.query_rows import text_writer
from adapters.salesforce.emulator.bulk_v1.batch_jobs import AsyncJob, Batch
from adapters.salesforce.emulator.collection_calls import (
    Result,
    create_one,
    delete_one,
    update_one,
    upsert_one,
)
from adapters.salesforce.emulator.errors import ApiError, RecordError
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.soql.run import FlatResult, QueryRun
from adapters.salesforce.emulator.times import read_stamp
from adapters.salesforce.emulator.writes import Writer


def work(org: Org, job: AsyncJob, batch: Batch) -> None:
    """Bring a batch to its end, Completed or Failed."""
    try:
        if job.is_query:
            _run_query(org, job, batch)
        else:
            _write_records(org, job, batch)
        batch.state = "Completed"
    except (ApiError, BatchError) as error:
        batch.state = "Failed"
        reason = f"{error.code}: {error.message}" if isinstance(error, ApiError) else str(error)
        batch.message = f"InvalidBatch : Failed to process query: {reason}"
        if not job.is_query:
            batch.message = reason
    batch.stamp = org.stamp()


def _run_query(org: Org, job: AsyncJob, batch: Batch) -> None:
    data_path = f"/services/data/v{job.version}"
    deleted = job.operation == "queryAll"
    run = QueryRun.begin(org, job.user_id, data_path, include_deleted=deleted)
    flat = run.run_flat(batch.request.decode("utf-8", "replace"))
    if flat.object.lower() != job.object.lower():
        message = (
            f"The root entity of the requested query ({flat.object}) does not match the entity of "
            f"the requested Bulk API Job ({job.object})."
        )
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", message)
    batch.columns = [name for name, _, _ in flat.columns]
    if job.content_type == "JSON":
        batch.results = [_render(flat, row, data_path) for row in flat.rows]
    else:
        cells = [(read, text_writer(spec)) for _, spec, read in flat.columns]
        batch.results = [[write(read(row)) for read, write in cells] for row in flat.rows]
    batch.processed = len(batch.results)


def _render(flat: FlatResult, row: Row, data_path: str) -> dict[str, Any]:
    """Return a row as JSON of this API has it: times are milliseconds since 1970."""
    url = f"{data_path}/sobjects/{flat.object}/{row['Id']}"
    record: dict[str, Any] = {"attributes": {"type": flat.object, "url": url}}
    for name, spec, read in flat.columns:
        value = read(row)
        if value is not None and spec.type == "datetime":
            value = int(read_stamp(value).timestamp() * 1000)
        *parents, last = name.split(".")
        level = record
        for parent in parents:
            level = level.setdefault(parent, {})
        level[last] = value
    return record


def _write_records(org: Org, job: AsyncJob, batch: Batch) -> None:
    spec = org.schema.find(job.object)
    if spec is None:
        raise BatchError(f"InvalidBatch : Unable to find object: {job.object}")
    records = _read_json(batch) if job.content_type == "JSON" else _read_csv(spec, batch)
    writer = Writer(org, job.user_id, "api", batch.call, min(len(records), 200))
    seen: set[str] = set()
    for record in records:
        result = _write_one(org, writer, spec, job, record, seen)
        batch.results.append(result)
        batch.failed += not result["success"]
    batch.processed = len(records)


def _write_one(
    org: Org,
    writer: Writer,
    spec: ObjectSpec,
    job: AsyncJob,
    record: dict[str, Any],
    seen: set[str],
) -> Result:
    try:
        with org.records.transaction():
            result = _dispatch(writer, spec, job, record, seen)
    except RecordError as error:
        return {"id": None, "created": False, **error.as_result()}
    except ApiError as error:
        failure = RecordError(error.code, error.message).as_result()
        return {"id": None, "created": False, **failure}
    return {"created": job.operation == "insert", **result}


def _dispatch(
    writer: Writer, spec: ObjectSpec, job: AsyncJob, record: dict[str, Any], seen: set[str]
) -> Result:
    if job.operation == "insert":
        return create_one(writer, spec, record)
    if job.operation == "update":
        return update_one(writer, spec, record, seen)
    if job.operation == "upsert":
        return upsert_one(writer, spec, job.external_id, record, set())
    given = next((str(value) for key, value in record.items() if key.lower() == "id"), "")
    return delete_one(writer, given, seen)


def _read_json(batch: Batch) -> list[dict[str, Any]]:
    try:
        records = json.loads(batch.request, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise BatchError("InvalidBatch : The batch is not well formed JSON") from None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise BatchError("InvalidBatch : The batch must be a list of records")
    return records


def _read_csv(spec: ObjectSpec, batch: Batch) -> list[dict[str, Any]]:
    first = batch.request.partition(b"\n")[0]
    ending = "CRLF" if first.endswith(b"\r") else "LF"
    rows = read_rows(batch.request, "COMMA", ending)
    names = next(rows, [])
    for name in names:
        if spec.field(name) is None and spec.parent(name.partition(".")[0]) is None:
            raise BatchError(f"InvalidBatch : Field name not found : {name}")
    return [_read_cells(names, cells) for cells in rows]


def _read_cells(names: list[str], cells: list[str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, text in zip(names, cells, strict=True):
        parent, _, key = name.partition(".")
        if text == "":
            continue
        if key:
            record[parent] = {key: text}
        else:
            record[name] = None if text == NULL else text
    return record
