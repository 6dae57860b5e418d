"""Answers `/services/async/<version>/job…`."""

from __future__ import annotations

import re
from typing import Any

from adapters.emulatorkit.wire import Call
from adapters.salesforce.emulator.bulk.csv_text import write_line
from adapters.salesforce.emulator.bulk_v1.batch_jobs import AsyncError, AsyncJob, Batch
from adapters.salesforce.emulator.bulk_v1.batch_work import work
from adapters.salesforce.emulator.bulk_v1.forms import (
    read_job_body,
    speaks_json,
    write_info,
    write_list,
)
from adapters.salesforce.emulator.context import Answer
from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.ids import make_id, to_18
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.permissions import look_as
from adapters.salesforce.emulator.writes import external_key

ASYNC_PATH = re.compile(r"/services/async/(\d+\.\d)/(job(?:/.*)?)\Z", re.IGNORECASE)
OPERATIONS = ("insert", "update", "upsert", "delete", "query", "queryAll")
CONTENT_TYPES = ("CSV", "JSON")
NOTHING_FOUND = "Records not found for this query"


def serve_async(org: Org, call: Call, version: str, tail: str) -> Answer:
    """Answer a call; every error is one object with HTTP 400."""
    try:
        user_id = org.use_session(call.headers.get("x-sfdc-session", ""))
        if user_id is None:
            raise AsyncError("InvalidSessionId", "Invalid session id")
        low, high = org.settings.first_version, org.settings.last_version
        if not low <= float(version) <= high:
            raise AsyncError("InvalidVersion", f"Invalid version: {version}")
        if not org.spend_call():
            raise AsyncError("ExceededQuota", "TotalRequests Limit exceeded.")
        look_as(org, user_id)
        with org.records.transaction():
            return _route(org, call, version, user_id, tail.split("/")[1:])
    except AsyncError as error:
        info = {"exceptionCode": error.code, "exceptionMessage": error.message}
        return write_info("error", info, as_json=speaks_json(call), status=400)


def _route(org: Org, call: Call, version: str, user_id: str, parts: list[str]) -> Answer:
    if not parts:
        return _create(org, call, version, user_id)
    job = org.async_jobs.get(to_18(parts[0]) or "")
    if job is None:
        raise AsyncError("InvalidJob", f"Unable to find job {parts[0]}")
    match [part.lower() for part in parts[1:]]:
        case []:
            return _serve_job(call, job)
        case ["batch"]:
            return _serve_batches(org, call, job)
    batch = job.batches.get(to_18(parts[2]) or "") if parts[1].lower() == "batch" else None
    if batch is None:
        raise AsyncError("InvalidBatch", f"Unable to find batch in job {parts[0]}")
    in_json = job.content_type == "JSON"
    match [part.lower() for part in parts[3:]]:
        case []:
            _poll(org, job, batch)
            return write_info("batchInfo", batch.info(), as_json=in_json)
        case ["request"]:
            return _raw(batch.request, job)
        case ["result"]:
            return _list_results(job, batch)
        case ["result", _]:
            return _write_rows(job, batch)
    raise AsyncError("InvalidUrl", "The resource does not exist")


def _create(org: Org, call: Call, version: str, user_id: str) -> Answer:
    if call.method != "POST":
        raise AsyncError("InvalidUrl", "Jobs are made with POST")
    body = read_job_body(call)
    operation, content_type = body.get("operation"), str(body.get("contentType") or "XML")
    spec = org.schema.find(str(body.get("object", "")))
    if operation not in OPERATIONS:
        raise AsyncError("InvalidJob", f"Operation {operation!r} is not served here")
    if spec is None:
        raise AsyncError("InvalidJob", f"Unable to find object: {body.get('object')}")
    if content_type not in CONTENT_TYPES:
        raise AsyncError("InvalidJob", f"Content type {content_type!r} is not served here")
    external_id = ""
    if operation == "upsert":
        try:
            external_id = external_key(spec, str(body.get("externalIdFieldName") or "")).name
        except ApiError as error:
            raise AsyncError("InvalidJob", error.message) from None
    org.serials["750"] += 1
    job_id = make_id("750", org.serials["750"])
    job = AsyncJob(
        job_id, str(operation), spec.name, content_type, version, user_id, org.stamp(), external_id
    )
    org.async_jobs[job_id] = job
    return write_info("jobInfo", job.info(), as_json=speaks_json(call), status=201)


def _serve_job(call: Call, job: AsyncJob) -> Answer:
    if call.method == "POST":
        state = read_job_body(call).get("state")
        if state not in {"Closed", "Aborted"} or job.state == "Aborted":
            raise AsyncError("InvalidJobState", f"Job is {job.state}; it cannot become {state}")
        job.state = str(state)
        for batch in job.batches.values():
            if state == "Aborted" and batch.state == "Queued":
                batch.state = "Not Processed"
    return write_info("jobInfo", job.info(), as_json=speaks_json(call))


def _serve_batches(org: Org, call: Call, job: AsyncJob) -> Answer:
    in_json = job.content_type == "JSON"
    if call.method == "GET":
        infos = [batch.info() for batch in job.batches.values()]
        return write_list("batchInfoList", "batchInfo", infos, as_json=in_json)
    if job.state != "Open":
        raise AsyncError("InvalidJobState", f"Job is {job.state}; it takes no more batches")
    now, book = org.clock.timestamp(), org.jobs
    try:
        book.spend(book.batches, 1, org.settings.bulk_batches, now, "ApiBatchItems")
    except ApiError as error:
        raise AsyncError("ExceededQuota", error.message) from None
    org.serials["751"] += 1
    stamp = org.stamp()
    batch_id = make_id("751", org.serials["751"])
    batch = Batch(batch_id, job.id, call.body, call.number, stamp, stamp)
    job.batches[batch_id] = batch
    return write_info("batchInfo", batch.info(), as_json=in_json, status=201)


def _poll(org: Org, job: AsyncJob, batch: Batch) -> None:
    if batch.state not in {"Queued", "InProgress"}:
        return
    batch.polls += 1
    batch.state = "InProgress"
    if batch.polls >= org.settings.bulk_polls:
        work(org, job, batch)


def _list_results(job: AsyncJob, batch: Batch) -> Answer:
    if batch.state != "Completed":
        raise AsyncError("InvalidBatch", f"Batch is {batch.state}; it has no results")
    if job.is_query:
        result_id = "752" + batch.id[3:]
        return write_list("result-list", "result", [result_id], as_json=job.content_type == "JSON")
    if job.content_type == "JSON":
        return Answer(200, batch.results)
    lines = [write_line(["Id", "Success", "Created", "Error"], "COMMA")]
    lines += [write_line(_outcome_cells(result), "COMMA") for result in batch.results]
    return _raw(("\n".join(lines) + "\n").encode(), job)


def _outcome_cells(result: dict[str, Any]) -> list[str]:
    errors = [f"{e['statusCode']}:{e['message']}:--" for e in result["errors"]]
    marks = ["true" if result.get(name) else "false" for name in ("success", "created")]
    return [result.get("id") or "", *marks, "".join(errors)]


def _write_rows(job: AsyncJob, batch: Batch) -> Answer:
    if job.content_type == "JSON":
        return Answer(200, batch.results)
    if not batch.results:
        return _raw(NOTHING_FOUND.encode(), job)
    lines = [write_line(row, "COMMA") for row in [batch.columns, *batch.results]]
    return _raw(("\n".join(lines) + "\n").encode(), job)


def _raw(content: bytes, job: AsyncJob) -> Answer:
    kind = "application/json" if job.content_type == "JSON" else "text/csv"
    return Answer(200, headers={"content-type": f"{kind};charset=UTF-8"}, content=content)
