"""Moves jobs on: UploadComplete, InProgress, then JobComplete, Failed or Aborted."""

from __future__ import annotations

from adapters.salesforce.emulator.bulk import ingest_rows
from adapters.salesforce.emulator.bulk.csv_text import BatchError
from adapters.salesforce.emulator.bulk.jobs import Job
from adapters.salesforce.emulator.bulk.query_rows import keep_result, run_query
from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.permissions import look_as

BATCH_ROWS = 10_000  # rows that the vendor puts into one batch


def submit(org: Org, job: Job, call: int) -> None:
    """Take over a closed upload or a new query for the polls to come."""
    job.state = "UploadComplete"
    job.call, job.closed_at = call, org.clock.timestamp()


def poll(org: Org, job: Job) -> None:
    """Move a job one step on, as time does while a client waits.

    The `bulk_polls`-th poll finds it finished; on the way there rows are worked
    on in proportion, so that an abort half way leaves half of the work done.
    """
    if job.is_ended or job.state == "Open":
        return
    job.polls += 1
    _advance(org, job, min(job.polls / max(org.settings.bulk_polls, 1), 1.0))


def settle(org: Org) -> None:
    """Finish the jobs that nobody asked about for `bulk_seconds` of the emulator's clock."""
    limit = org.clock.timestamp() - org.settings.bulk_seconds
    for job in org.jobs.jobs.values():
        if job.state in {"UploadComplete", "InProgress"} and job.closed_at <= limit:
            with org.records.transaction():
                _advance(org, job, 1.0)


def abort(org: Org, job: Job) -> None:
    """Stop a job: what is written stays, the other rows are unprocessed."""
    if job.kind == "ingest" and job.content is not None and job.source is None:
        ingest_rows.begin(org, job)
        job.message = ""
    ingest_rows.finish(job, "Aborted")
    job.stamp = org.stamp()


def _advance(org: Org, job: Job, part: float) -> None:
    look_as(org, job.user_id)
    try:
        if job.kind == "query":
            _advance_query(org, job, part)
        else:
            _advance_ingest(org, job, part)
    except BatchError as error:
        ingest_rows.fail(job, str(error))
    job.stamp = org.stamp()


def _advance_query(org: Org, job: Job, part: float) -> None:
    fault = job.fault.action if job.fault is not None else ""
    if part < 1.0 or fault == "stall":
        job.state = "InProgress"
        return
    if job.fault is not None and fault in {"fail", "abort"}:
        job.state = "Failed" if fault == "fail" else "Aborted"
        job.message = job.fault.message if fault == "fail" else ""
        return
    try:
        keep_result(job, run_query(org, job))
    except ApiError as error:
        job.state, job.message = "Failed", f"{error.code}: {error.message}"
        return
    job.state = "JobComplete"


def _advance_ingest(org: Org, job: Job, part: float) -> None:
    if job.state == "UploadComplete":
        ingest_rows.begin(org, job)
        if job.is_ended:
            return
        job.state = "InProgress"
    until = int(job.total * part)
    fault = job.fault if job.fault is not None and job.fault.action != "strip_headers" else None
    if fault is not None:
        until = min(until, fault.after)
    ingest_rows.work(org, job, until)
    if fault is None or part < 1.0:
        if part >= 1.0:
            ingest_rows.finish(job, "JobComplete")
        return
    if fault.action == "fail":
        ingest_rows.fail(job, fault.message)
    elif fault.action != "stall":
        ingest_rows.finish(job, "Aborted" if fault.action == "abort" else "JobComplete")
