"""`/jobs/query`: create, poll, abort, results, delete, list."""

from __future__ import annotations

from adapters.salesforce.emulator.bulk import progress
from adapters.salesforce.emulator.bulk.csv_text import DELIMITERS, LINE_ENDINGS
from adapters.salesforce.emulator.bulk.jobs import Job, wrong_state
from adapters.salesforce.emulator.bulk.listing import (
    check_version,
    list_jobs,
    new_job,
    read_choice,
    read_count,
)
from adapters.salesforce.emulator.bulk.query_rows import cut_page, run_query
from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError, missing_resource, wrong_method

OPERATIONS = ("query", "queryAll")


def serve_query_jobs(request: Request, rest: list[str]) -> Answer:
    """Answer a call below `/jobs/query`."""
    if not rest:
        if request.method == "GET":
            return list_jobs(request, "query")
        if request.method != "POST":
            raise wrong_method(request.method)
        return _create(request)
    job = request.org.jobs.find("query", rest[0], request.org.clock.timestamp())
    if len(rest) == 1:
        return _serve_job(request, job)
    if len(rest) == 2 and rest[1].lower() == "results":
        return _results(request, job)
    raise missing_resource()


def _create(request: Request) -> Answer:
    org = request.org
    body = request.json_object()
    job = new_job(request, "query", body, OPERATIONS)
    job.query = str(body.get("query") or "")
    job.data_path = request.data_path
    read_choice(body, "contentType", ("CSV",), "CSV")
    job.delimiter = read_choice(body, "columnDelimiter", tuple(DELIMITERS), "COMMA")
    job.line_ending = read_choice(body, "lineEnding", tuple(LINE_ENDINGS), "LF")
    # Run once for its errors and its object; the rows are read when the job is worked on.
    job.object = run_query(org, job).object
    refused = org.settings.bulk_refused_objects.lower().replace(" ", "").split(",")
    if job.object.lower() in refused:
        message = f"Entity '{job.object}' is not supported by the Bulk API."
        raise ApiError(400, "INVALIDENTITY", message)
    now = org.clock.timestamp()
    jobs = org.jobs
    jobs.spend(jobs.query_jobs, 1, org.settings.bulk_query_jobs, now, "DailyBulkV2QueryJobs")
    jobs.add(job)
    progress.submit(org, job, request.call.number)
    return Answer(200, job.info())


def _serve_job(request: Request, job: Job) -> Answer:
    if request.method == "GET":
        progress.poll(request.org, job)
        return Answer(200, job.full_info())
    if request.method == "PATCH":
        if request.json_object().get("state") != "Aborted" or job.is_ended:
            raise wrong_state(job, "be changed but to Aborted, and only before it ends")
        progress.abort(request.org, job)
        return Answer(200, job.info())
    if request.method == "DELETE":
        if not job.is_ended:
            raise wrong_state(job, "be deleted before it ends")
        del request.org.jobs.jobs[job.id]
        return Answer(204)
    raise wrong_method(request.method)


def _results(request: Request, job: Job) -> Answer:
    if request.method != "GET":
        raise wrong_method(request.method)
    check_version(request, job)
    if job.state != "JobComplete":
        raise wrong_state(job, "give results")
    page = request.org.settings.bulk_page_rows
    wanted = request.query.get("maxRecords", "") or str(page)
    size = min(read_count(wanted) or 0, page)
    if size < 1:
        raise ApiError(400, "INVALIDJOB", f"maxRecords must be a positive number, not {wanted!r}")
    content, count, after = cut_page(job, request.query.get("locator", ""), size)
    headers = {"content-type": "text/csv;charset=UTF-8"}
    if job.fault is None or job.fault.action != "strip_headers":
        headers |= {"sforce-numberofrecords": str(count), "sforce-locator": after}
    return Answer(200, headers=headers, content=content)
