"""Bulk API 2.0 jobs, ingest and query alike: create, look at, wait for, close, abort, delete.

Nothing of a job happens before it is closed (`UploadComplete`), so every step up to there may be
repeated; the state tells what became of a step whose answer was lost.
Source: Bulk API 2.0 and Bulk API Developer Guide, "Create a Job", "Get Information About a Job",
"Abort a Job", "Delete a Job": key sets differ by call, counts appear once there is data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adapters.salesforce.errors import Call, CallKind, shorten, translate_nonsense
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.rows import encode_json
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError, TransientError

JobKind = Literal["ingest", "query"]
STILL_RUNNING = "JOB_STILL_RUNNING"

FIRST_PAUSE = 1.0
PAUSE_GROWTH = 1.5
LONGEST_PAUSE = 30.0
WAIT_AT_MOST = 3600.0
"""Seconds: the pauses between two polls grow to half a minute; who waits gives up after an hour."""

_STATES = frozenset({"Open", "UploadComplete", "InProgress", "JobComplete", "Failed", "Aborted"})
_ENDED = frozenset({"JobComplete", "Failed", "Aborted"})
_GONE = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED", "HTTP_404", "INVALIDJOB"})


@dataclass(frozen=True, slots=True)
class JobInfo:
    """One job as Salesforce describes it; `processed` counts rows and includes `failed` ones.

    The counts are None before there is data; `error` is the reason of a failed job.
    """

    id: str
    state: str
    object_name: str
    operation: str
    processed: int | None = None
    failed: int | None = None
    error: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen: complete, failed or aborted."""
        return self.state in _ENDED

    @property
    def waits_for_data(self) -> bool:
        """Whether the job was not closed, so that no row of it was touched."""
        return self.state == "Open"


def parse_job(body: object, call: Call) -> JobInfo:
    """A job from an answer's body; TransientError when it is not built as it should be."""
    if not isinstance(body, dict):
        raise translate_nonsense(call, "the job is no object")
    state = str(body.get("state") or "")
    try:
        job_id = to_long_id(str(body.get("id") or ""))
        processed = _read_count(body.get("numberRecordsProcessed"))
        failed = _read_count(body.get("numberRecordsFailed"))
    except ValueError:
        raise translate_nonsense(call, "the job's id or counts cannot be read") from None
    if state not in _STATES:
        raise translate_nonsense(call, f"a job is in the unknown state {shorten(state)!r}")
    return JobInfo(
        id=job_id,
        state=state,
        object_name=str(body.get("object") or ""),
        operation=str(body.get("operation") or ""),
        processed=processed,
        failed=failed,
        error=shorten(str(body.get("errorMessage") or "")),
    )


class Jobs:
    """The ingest or the query jobs of one session.

    Creating and closing count as calls of `kind` (`write` for ingest, `read` for query), looking
    as `poll`. Each call raises what `SalesforceSession` raises; none leaves an outcome open.
    """

    def __init__(self, session: SalesforceSession, kind: JobKind) -> None:
        self._session = session
        self._path = f"jobs/{kind}"
        self._call_kind: CallKind = "write" if kind == "ingest" else "read"

    def create(self, request: Mapping[str, object], object_name: str) -> JobInfo:
        """A job by the keys of the guide; one whose answer was lost is left empty behind."""
        call = self._name(self._call_kind, object_name)
        body = encode_json(dict(request))
        return parse_job(self._session.ask("POST", self._path, call, body=body), call)

    def look(self, job_id: str, subject: str = "") -> JobInfo | None:
        """The job at this moment; None when Salesforce keeps it no longer."""
        call = self._name("poll", subject)
        try:
            return parse_job(self._session.ask("GET", self._address(job_id), call), call)
        except RefusedError as error:
            if error.code in _GONE:
                return None
            raise

    def wait(
        self,
        job_id: str,
        subject: str = "",
        *,
        meanwhile: Callable[[JobInfo], None] = lambda _job: None,
        at_most: float = WAIT_AT_MOST,
    ) -> JobInfo | None:
        """Poll until the job ended; None when it is gone.

        `meanwhile` is called after each look. TransientError with code JOB_STILL_RUNNING after
        `at_most` seconds: the job goes on and can be waited for again.
        """
        clock = self._session.clock
        ends = clock.monotonic() + at_most
        pause = FIRST_PAUSE
        while True:
            job = self.look(job_id, subject)
            if job is None or job.ended:
                return job
            meanwhile(job)
            if clock.monotonic() + pause > ends:
                raise TransientError(
                    "Salesforce still works on the bulk job {job}.",
                    code=STILL_RUNNING,
                    where=subject,
                    next_step="Run again later: it goes on with this job.",
                    job=job_id,
                )
            clock.sleep(pause)
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)

    def close(self, job_id: str, subject: str = "") -> JobInfo:
        """All data is uploaded: Salesforce may begin."""
        return self._set_state(job_id, "UploadComplete", self._call_kind, subject)

    def abort(self, job_id: str, subject: str = "") -> JobInfo:
        """Stop the job; rows that were worked on stay as they are."""
        return self._set_state(job_id, "Aborted", "poll", subject)

    def delete(self, job_id: str, subject: str = "") -> None:
        """Remove an ended job and its results."""
        call = self._name("poll", subject)
        self._session.ask("DELETE", self._address(job_id), call)

    def _set_state(self, job_id: str, state: str, kind: CallKind, subject: str) -> JobInfo:
        call = self._name(kind, subject)
        body = encode_json({"state": state})
        answer: Any = self._session.ask("PATCH", self._address(job_id), call, body=body)
        return parse_job(answer, call)

    def _name(self, kind: CallKind, subject: str) -> Call:
        return self._session.name_call(kind, subject or "bulk job", repeatable=True)

    def _address(self, job_id: str) -> str:
        return f"{self._path}/{to_long_id(job_id)}"


def _read_count(value: object) -> int | None:
    return None if value is None else int(str(value))
