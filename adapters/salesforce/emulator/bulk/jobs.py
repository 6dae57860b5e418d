"""The jobs of an org: their states, their data, their limits and the faults scripted for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.salesforce.emulator.errors import ApiError, missing_resource
from adapters.salesforce.emulator.ids import to_18

KEPT_SECONDS = 7 * 86_400  # jobs and their results are kept for seven days
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
FAULT_ACTIONS = (
    "fail",  # the job ends as Failed with `message` after `after` rows
    "abort",  # somebody else aborts the job after `after` rows
    "skip",  # the job ends as JobComplete, the rows after `after` stay unprocessed
    "stall",  # the job stays InProgress for ever after `after` rows
    "strip_headers",  # results come without Sforce-Locator and Sforce-NumberOfRecords
)


@dataclass(slots=True)
class BulkFault:
    """What goes wrong with the next jobs that match: `times` jobs, those of `object` and `kind`.

    `kind` is `ingest` or `query`; empty criteria fit all. `after` counts rows.
    """

    action: str
    kind: str = ""
    object: str = ""
    operation: str = ""
    after: int = 0
    message: str = "InternalServerError : Retried more than 20 times"
    times: int = 1

    def __post_init__(self) -> None:
        if self.action not in FAULT_ACTIONS:
            raise ValueError(f"bulk fault action must be one of {', '.join(FAULT_ACTIONS)}")

    def fits(self, job: Job) -> bool:
        """Say whether this fault is meant for a job."""
        return (
            self.times > 0
            and self.kind in ("", job.kind)
            and self.operation in ("", job.operation)
            and self.object.lower() in ("", job.object.lower())
        )


@dataclass(slots=True)
class Job:
    """One job. `lines` hold result rows as CSV text without line end; counts are of rows.

    `call` is the number of the API call that closed the upload; the writes of the
    job are logged under it. `source` yields the rows still to be worked on.
    """

    id: str
    kind: str
    operation: str
    object: str
    api_version: str
    user_id: str
    created: str
    created_at: float
    external_id: str = ""
    delimiter: str = "COMMA"
    line_ending: str = "LF"
    query: str = ""
    data_path: str = ""
    state: str = "Open"
    stamp: str = ""
    closed_at: float = 0.0
    call: int = 0
    polls: int = 0
    total: int = 0
    processed: int = 0
    failed: int = 0
    message: str = ""
    content: bytes | None = None
    columns: list[str] = field(default_factory=list)
    source: Iterator[list[str]] | None = field(default=None, repr=False)
    successful_lines: list[str] = field(default_factory=list, repr=False)
    failed_lines: list[str] = field(default_factory=list, repr=False)
    unprocessed_lines: list[str] = field(default_factory=list, repr=False)
    seen: set[str] = field(default_factory=set, repr=False)
    fault: BulkFault | None = None

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens to the job."""
        return self.state in ENDED

    def info(self, *, short: bool = False) -> dict[str, Any]:
        """Return the JobInfo of a create or PATCH answer; `short` leaves the CSV form out."""
        info: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user_id,
            "createdDate": self.created,
            "systemModstamp": self.stamp,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.api_version),
        }
        if self.external_id:
            info["externalIdFieldName"] = self.external_id
        if short:
            return info
        if self.kind == "ingest" and self.state == "Open":
            info["contentUrl"] = f"services/data/v{self.api_version}/jobs/ingest/{self.id}/batches"
        return {**info, "lineEnding": self.line_ending, "columnDelimiter": self.delimiter}

    def full_info(self) -> dict[str, Any]:
        """Return the JobInfo of a poll."""
        query = self.kind == "query"
        info = {**self.info(), "jobType": "V2Query" if query else "V2Ingest"}
        if query or self.state != "Open":
            info["numberRecordsProcessed"] = self.processed
        if not query and self.state != "Open":
            info["numberRecordsFailed"] = self.failed
        info["retries"] = 0
        info["totalProcessingTime"] = self.processed // 10
        if query:
            info["isPkChunkingSupported"] = True
        else:
            info["apiActiveProcessingTime"] = self.processed // 20
            info["apexProcessingTime"] = 0
        if self.message:
            info["errorMessage"] = self.message
        return info


@dataclass(slots=True)
class JobBook:
    """All jobs by id, the faults for jobs to come, and what the last 24 hours used up."""

    jobs: dict[str, Job] = field(default_factory=dict)
    faults: list[BulkFault] = field(default_factory=list)
    batches: Counter[int] = field(default_factory=Counter)
    query_jobs: Counter[int] = field(default_factory=Counter)

    def add(self, job: Job) -> None:
        """Keep a new job and give it the first fault that fits."""
        job.fault = next((fault for fault in self.faults if fault.fits(job)), None)
        if job.fault is not None:
            job.fault.times -= 1
        self.jobs[job.id] = job

    def find(self, kind: str, job_id: str, now: float) -> Job:
        """Return a job by its 15- or 18-character id; raises ApiError 404."""
        for key, old in list(self.jobs.items()):
            if now - old.created_at > KEPT_SECONDS:
                del self.jobs[key]
        job = self.jobs.get(to_18(job_id) or "")
        if job is None or job.kind != kind:
            raise missing_resource()
        return job

    def spend(self, used: Counter[int], count: int, limit: int, now: float, what: str) -> None:
        """Take `count` out of a rolling 24 hours' allowance; raises ApiError LIMIT_EXCEEDED."""
        if used_in_24_hours(used, now) + count > limit:
            raise ApiError(400, "LIMIT_EXCEEDED", f"{what} Limit exceeded.")
        used[int(now // 3600)] += count


def used_in_24_hours(used: Counter[int], now: float) -> int:
    """Return what a counter by hour holds for the last 24 hours, and forget what is older."""
    hour = int(now // 3600)
    for old in [key for key in used if key <= hour - 24]:
        del used[old]
    return used.total()


def wrong_state(job: Job, wish: str) -> ApiError:
    """The job is not in a state that allows this."""
    return ApiError(400, "INVALIDJOBSTATE", f"Job {job.id} is {job.state}: it cannot {wish}")
