"""What ingest and query jobs share: reading a new job's body, listing jobs."""

from __future__ import annotations

import re
from typing import Any

from adapters.salesforce.emulator.bulk.jobs import Job
from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.ids import make_id

LIST_PAGE = 1000


def new_job(request: Request, kind: str, body: dict[str, Any], operations: tuple[str, ...]) -> Job:
    """Return an open job that is not kept yet; raises ApiError for an unknown operation."""
    org = request.org
    operation = read_choice(body, "operation", operations, "")
    org.serials["750"] += 1
    stamp = org.stamp()
    return Job(
        id=make_id("750", org.serials["750"]),
        kind=kind,
        operation=operation,
        object="",
        api_version=request.version,
        user_id=request.user_id,
        created=stamp,
        created_at=org.clock.timestamp(),
        stamp=stamp,
    )


def read_choice(body: dict[str, Any], name: str, choices: tuple[str, ...], default: str) -> str:
    """Return the member of `body` in the spelling of `choices`; raises ApiError INVALIDJOB."""
    value = body.get(name) or default
    found = next((choice for choice in choices if choice.lower() == str(value).lower()), None)
    if found is None:
        message = f"InvalidJob : {name} must be one of {', '.join(choices)}, not {value!r}"
        raise ApiError(400, "INVALIDJOB", message)
    return found


def list_jobs(request: Request, kind: str) -> Answer:
    """Answer `GET /jobs/ingest` or `GET /jobs/query`: newest last, 1,000 a page."""
    wanted = request.query.get("jobType", "")
    own = "V2Ingest" if kind == "ingest" else "V2Query"
    jobs = [job for job in request.org.jobs.jobs.values() if job.kind == kind]
    if wanted and wanted.lower() != own.lower():
        jobs = []
    start = read_count(request.query.get("queryLocator", "0"))
    if start is None:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    page = jobs[start : start + LIST_PAGE]
    after = start + len(page)
    done = after >= len(jobs)
    url = f"{request.data_path}/jobs/{kind}?queryLocator={after}"
    records = [{**job.info(), "jobType": own} for job in page]
    return Answer(200, {"done": done, "records": records, "nextRecordsUrl": None if done else url})


def read_count(text: str) -> int | None:
    """Return a whole number from a URL, or None when it is none that counts rows."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def check_version(request: Request, job: Job) -> None:
    """Refuse to give results under another API version than the job's; raises ApiError 409."""
    if float(job.api_version) != float(request.version):
        message = f"The job was made with API version {job.api_version}; use it for the results"
        raise ApiError(409, "VERSION_MISMATCH", message)
