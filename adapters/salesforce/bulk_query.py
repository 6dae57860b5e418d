"""A query by the Bulk API: a job is made, waited for, and its results are read page by page.

The job outlives the process: who knows its id and the locator of a page reads on from there.
Source: Bulk API 2.0 and Bulk API Developer Guide, "Query": results are kept for seven days; the
header Sforce-Locator names the next page and is `null` or absent on the last one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.salesforce.bulk_rows import Shape, split_rows
from adapters.salesforce.errors import Call, shorten, translate_nonsense
from adapters.salesforce.jobs import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PAUSE_GROWTH,
    STILL_RUNNING,
    JobInfo,
    Jobs,
)
from adapters.salesforce.retries import TOO_SLOW
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError, TransientError

REST_PAGE = 2000
RESULT_PAGE = 50_000
RESULT_PAGE_LEAST = 1000
PORTION = 5000  # rows handed on at a time, so that a page is never held as records as a whole
_TIMED_OUT = ("timeout", "timed out", "retried more than", "too long")


class BulkRefusedError(Exception):
    """The Bulk API does not take this query, or failed at it: read it through REST."""


@dataclass(frozen=True, slots=True)
class ResultPortion:
    """Rows of a job's results; the page at `locator` is done up to `skip` rows.

    `last` tells that nothing follows.
    """

    rows: Sequence[dict[str, Any]]
    locator: str
    skip: int
    last: bool


def bulk_pays(rows: int, least: int) -> bool:
    """Whether a job takes fewer calls than going on through REST after its first page.

    REST takes ⌈N/2000⌉ calls; a job one to make it, one for 50,000 rows, and polls. A job also
    takes half a minute at least, so below `least` rows (0: always) REST is as quick.
    """
    if least <= 0 or rows < least:
        return False
    return 3 + math.ceil(rows / RESULT_PAGE) < math.ceil(rows / REST_PAGE) - 1


class BulkQuery:
    """One job and its results. `subject` is the object, for a person."""

    def __init__(self, session: SalesforceSession, jobs: Jobs, subject: str) -> None:
        self._session = session
        self._jobs = jobs
        self._subject = subject
        self._page_rows = RESULT_PAGE

    def begin(self, soql: str, *, deleted_too: bool) -> str:
        """Make the job; its id. BulkRefusedError when the Bulk API does not take the query."""
        request = {
            "operation": "queryAll" if deleted_too else "query",
            "query": soql,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        try:
            return self._jobs.create(request, self._subject).id
        except RefusedError as error:
            # REST has answered this very query, so what is refused is the way.
            raise BulkRefusedError(error.code) from None

    def wait(self, job_id: str) -> Iterator[JobInfo | None]:
        """The job at each look, last the ended one; None when it is gone.

        TransientError with code JOB_STILL_RUNNING after `bulk_wait` seconds.
        """
        clock = self._session.clock
        ends = clock.monotonic() + self._session.options.bulk_wait
        pause = FIRST_PAUSE
        while True:
            job = self._jobs.look(job_id, self._subject)
            yield job
            if job is None or job.ended:
                return
            if clock.monotonic() + pause > ends:
                raise TransientError(
                    "Salesforce still works on the bulk job {job}.",
                    code=STILL_RUNNING,
                    where=self._subject,
                    next_step="Run again later: it goes on with this job.",
                    job=job_id,
                )
            clock.sleep(pause)
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)

    def expect_complete(self, job: JobInfo) -> int:
        """Rows of a job that ended well.

        TransientError with code QUERY_TIMEOUT when it took too long; BulkRefusedError when it
        failed otherwise.
        """
        if job.state == "JobComplete":
            if job.processed is None:
                raise BulkRefusedError("the job does not tell its rows")
            return job.processed
        if job.state == "Aborted":
            raise TransientError(
                "Somebody aborted the bulk job {job}.",
                code="JOB_ABORTED",
                where=self._subject,
                next_step="Run again; a new job is then made.",
                job=job.id,
            )
        if any(words in job.error.lower() for words in _TIMED_OUT):
            raise TransientError(
                "Salesforce is busy: {detail}",
                code=min(TOO_SLOW),
                where=self._subject,
                next_step="Nothing was changed; it is tried again.",
                detail=shorten(job.error),
            )
        raise BulkRefusedError(job.error)

    def read(
        self, job_id: str, shape: Shape, locator: str = "", skip: int = 0
    ) -> Iterator[ResultPortion]:
        """The results from a place on, in portions; the last one may be empty."""
        call = self._session.name_call("read", self._subject, repeatable=True)
        following: str | None = locator
        while following is not None:
            locator = following
            rows, following = self._fetch(job_id, shape, locator, call)
            if following is not None and skip >= len(rows):
                skip -= len(rows)  # pages were larger when the place was noted
                continue
            for start in range(skip, max(len(rows), skip + 1), PORTION):
                end = min(start + PORTION, len(rows))
                last = following is None and end >= len(rows)
                yield ResultPortion(_shape(rows[start:end], shape, call), locator, end, last)
            skip = 0

    def _fetch(
        self, job_id: str, shape: Shape, locator: str, call: Call
    ) -> tuple[list[list[str]], str | None]:
        """The cells of one page and the locator of the next; a short or cut page is read again."""
        for attempt in (1, 2):
            try:
                cells, told, following = self._ask(job_id, shape, locator, call)
            except TransientError:
                if attempt == 2:
                    raise
                self._page_rows = max(RESULT_PAGE_LEAST, self._page_rows // 4)
                continue
            if told is None or told == len(cells) or attempt == 2:
                break
        return cells, following

    def _ask(
        self, job_id: str, shape: Shape, locator: str, call: Call
    ) -> tuple[list[list[str]], int | None, str | None]:
        params = {"maxRecords": str(self._page_rows)}
        if locator:
            params["locator"] = locator
        path = f"jobs/query/{job_id}/results"
        try:
            answer = self._session.carry_csv("GET", path, call, params=params)
        except RefusedError as error:
            # Results are given under the job's own API version only, and not for ever.
            raise BulkRefusedError(error.code) from None
        cells = split_rows(answer.content, shape, call)
        told = answer.headers.get("Sforce-NumberOfRecords", "")
        following = answer.headers.get("Sforce-Locator") or "null"
        return (
            cells,
            int(told) if told.isdecimal() else None,
            None if following == "null" else following,
        )


def _shape(rows: Sequence[list[str]], shape: Shape, call: Call) -> list[dict[str, Any]]:
    try:
        return shape.read(rows)
    except (ValueError, ArithmeticError):
        raise translate_nonsense(call, "a value is not of its field's type") from None
