"""Writing many rows as one job: what a target implements beside `TargetPort` when it can.

A job is opened, given its rows, started, looked at until it ended, and read. Nothing happens to a
record before the job is started, and its state can be asked at any time after, so a caller that
crashed goes on where the job is instead of sending anything twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from connector.ports.crm import RowOutcome, WriteRow


class JobPhase(StrEnum):
    """Where a job is."""

    WAITING = "waiting"  # not started: no record was touched and none will be
    RUNNING = "running"
    ENDED = "ended"  # complete, failed or aborted: its results tell about each row
    GONE = "gone"  # the vendor keeps it no longer: only the records tell


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job at one moment. `processed` counts rows; `reason` is why it failed, in the vendor's
    words, or nothing."""

    phase: JobPhase
    processed: int | None = None
    reason: str = ""


@runtime_checkable
class BulkPort(Protocol):
    """Writes by job: updates by record id (`key_field` empty) and upserts by a unique external id.

    Calls raise VendorError subclasses, SignInError and BudgetError. None but `start_job` may change
    a record, and a lost answer to that one is settled by `look_at_job`.
    """

    def prefers_job(self, object_name: str, rows: int) -> bool:
        """Whether so many rows are better written by a job than in batches."""
        ...

    def fit_into_job(self, object_name: str, key_field: str, rows: Sequence[WriteRow]) -> int:
        """How many of the rows, from the first on, one job takes; at least one."""
        ...

    def open_job(self, object_name: str, key_field: str) -> str:
        """Open a job and name it."""
        ...

    def load_job(
        self, job_id: str, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Mapping[int, RowOutcome]:
        """Give the job its rows. Outcomes of those that cannot go by job, by position."""
        ...

    def start_job(self, job_id: str) -> None:
        """Let the vendor begin."""
        ...

    def look_at_job(self, job_id: str) -> JobStatus:
        """Where the job is now."""
        ...

    def abort_job(self, job_id: str) -> None:
        """Give a job up; what is written stays written."""
        ...

    def read_job(
        self, job_id: str, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome | None]:
        """Outcomes in the order of the rows once the job ended; None for a row of which its
        results tell nothing. A row that was not worked on is `retry` with code UNPROCESSED."""
        ...


UNPROCESSED = "UNPROCESSED"
