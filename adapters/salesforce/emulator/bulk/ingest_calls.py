"""`/jobs/ingest`: create, upload, close or abort, poll, results, delete, list."""

from __future__ import annotations

from math import ceil
from typing import Any

from adapters.salesforce.emulator.bulk import progress
from adapters.salesforce.emulator.bulk.csv_text import DELIMITERS, LINE_ENDINGS, write_header
from adapters.salesforce.emulator.bulk.jobs import Job, wrong_state
from adapters.salesforce.emulator.bulk.listing import (
    check_version,
    list_jobs,
    new_job,
    read_choice,
)
from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError, missing_resource, wrong_method
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.writes import external_key

UPLOAD_MAX = 100 * 1000 * 1000  # bytes of raw CSV; 150 MB in base64
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_RESULTS = frozenset({"successfulresults", "failedresults", "unprocessedrecords"})
_CSV = "text/csv;charset=UTF-8"


def serve_ingest(request: Request, rest: list[str]) -> Answer:
    """Answer a call below `/jobs/ingest`."""
    if not rest:
        if request.method == "GET":
            return list_jobs(request, "ingest")
        if request.method != "POST":
            raise wrong_method(request.method)
        return _create(request)
    job = request.org.jobs.find("ingest", rest[0], request.org.clock.timestamp())
    if len(rest) == 1:
        return _serve_job(request, job)
    if len(rest) == 2 and rest[1].lower() == "batches":
        return _upload(request, job)
    if len(rest) == 2 and rest[1].lower() in _RESULTS:
        return _results(request, job, rest[1].lower())
    raise missing_resource()


def _create(request: Request) -> Answer:
    body = request.json_object()
    job = new_job(request, "ingest", body, OPERATIONS)
    spec = request.org.schema.find(str(body.get("object", "")))
    if spec is None:
        message = f"InvalidJob : Unable to find object: {body.get('object')}"
        raise ApiError(400, "INVALIDJOB", message)
    job.object = spec.name
    read_choice(body, "contentType", ("CSV",), "CSV")
    if job.operation == "upsert":
        job.external_id = _external_id(spec, body)
    if job.operation == "hardDelete" and not request.org.settings.bulk_hard_delete:
        message = (
            "hardDelete operation requires special user profile permission, "
            "please contact your system administrator"
        )
        raise ApiError(400, "FEATURENOTENABLED", message)
    job.delimiter = read_choice(body, "columnDelimiter", tuple(DELIMITERS), "COMMA")
    job.line_ending = read_choice(body, "lineEnding", tuple(LINE_ENDINGS), "LF")
    request.org.jobs.add(job)
    return Answer(200, job.info())


def _external_id(spec: ObjectSpec, body: dict[str, Any]) -> str:
    name = body.get("externalIdFieldName")
    if not name:
        message = (
            f"InvalidJob : External ID was blank for {spec.name}. An External ID must be "
            "specified for upsert."
        )
        raise ApiError(400, "INVALIDJOB", message)
    try:
        return external_key(spec, str(name)).name
    except ApiError:
        message = (
            f"InvalidJob : Field name provided, {name} does not match an External ID, "
            f"Salesforce Id, or indexed field for {spec.name}"
        )
        raise ApiError(400, "INVALIDJOB", message) from None


def _serve_job(request: Request, job: Job) -> Answer:
    if request.method == "GET":
        progress.poll(request.org, job)
        return Answer(200, job.full_info())
    if request.method == "PATCH":
        return _change_state(request, job)
    if request.method == "DELETE":
        if job.state in {"Open", "InProgress"}:
            raise wrong_state(job, "be deleted")
        del request.org.jobs.jobs[job.id]
        return Answer(204)
    raise wrong_method(request.method)


def _upload(request: Request, job: Job) -> Answer:
    if request.method != "PUT":
        raise wrong_method(request.method)
    kind = request.call.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "text/csv":
        raise ApiError(415, "INVALID_CONTENT_TYPE", f"The upload must be text/csv, not {kind}")
    if job.state != "Open":
        raise wrong_state(job, "take data")
    if job.content is not None:
        message = (
            f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the "
            "current Job then create a new Job and make sure you only do 'PUT' once on a given Job."
        )
        raise ApiError(400, "INVALIDJOBSTATE", message)
    if len(request.call.body) > UPLOAD_MAX:
        message = f"The data is larger than {UPLOAD_MAX} bytes; use more jobs"
        raise ApiError(413, "EXCEEDED_MAX_SIZE_REQUEST", message)
    job.content = request.call.body
    return Answer(201)


def _change_state(request: Request, job: Job) -> Answer:
    wish = request.json_object().get("state")
    org, now = request.org, request.org.clock.timestamp()
    if wish == "Aborted":
        if job.is_ended:
            raise wrong_state(job, "be aborted")
        progress.abort(org, job)
    elif wish == "UploadComplete":
        if job.state != "Open" or job.content is None:
            why = "be closed" if job.state != "Open" else "be closed before data was uploaded"
            raise wrong_state(job, why)
        batches = max(ceil(job.content.count(b"\n") / progress.BATCH_ROWS), 1)
        org.jobs.spend(org.jobs.batches, batches, org.settings.bulk_batches, now, "ApiBatchItems")
        progress.submit(org, job, request.call.number)
        job.stamp = org.stamp()
    else:
        raise ApiError(400, "INVALIDJOBSTATE", f"A job cannot be set to {wish!r}")
    return Answer(200, job.info(short=True))


def _results(request: Request, job: Job, which: str) -> Answer:
    if request.method != "GET":
        raise wrong_method(request.method)
    check_version(request, job)
    if not job.is_ended:
        raise wrong_state(job, "give results yet")
    own, lines = {
        "successfulresults": (["sf__Id", "sf__Created"], job.successful_lines),
        "failedresults": (["sf__Id", "sf__Error"], job.failed_lines),
        "unprocessedrecords": ([], job.unprocessed_lines),
    }[which]
    end = LINE_ENDINGS[job.line_ending]
    text = end.join([write_header(own, job.columns, job.delimiter), *lines]) + end
    return Answer(200, headers={"content-type": _CSV}, content=text.encode())
