"""A CRM in memory that also writes by job: rows are applied as the job is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from connector.errors import TransientError
from connector.ports.bulk import UNPROCESSED, JobPhase, JobStatus
from connector.ports.crm import RowOutcome, WriteRow
from connector.testing.crm import MemoryCrm


@dataclass
class Job:
    """A job; `left` rows are never worked on, `mute` ones are not told of in the results."""

    object_name: str
    key_field: str
    rows: list[WriteRow] = field(default_factory=list)
    phase: JobPhase = JobPhase.WAITING
    looks: int = 0
    outcomes: dict[str, RowOutcome] = field(default_factory=dict)


class JobCrm(MemoryCrm):
    """`job_from` rows make a job the better way. `looks` say how many looks a job takes, `most`
    how many rows it works on, `mute` the records of which its results tell nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.jobs: dict[str, Job] = {}
        self.job_from = 1
        self.looks = 2
        self.most = 10**6
        self.mute: set[str] = set()
        self.lost_starts = 0
        self._job_numbers = count(1)

    def prefers_job(self, object_name: str, rows: int) -> bool:
        return rows >= self.job_from

    def fit_into_job(self, object_name: str, key_field: str, rows: Sequence[WriteRow]) -> int:
        return min(len(rows), 50)

    def open_job(self, object_name: str, key_field: str) -> str:
        name = f"JOB{next(self._job_numbers)}"
        self.jobs[name] = Job(object_name, key_field)
        return name

    def load_job(
        self, job_id: str, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Mapping[int, RowOutcome]:
        if (fault := self.script.next_fault("load_job")) is not None:
            fault.raise_before()
        self.jobs[job_id].rows = list(rows)
        return {}

    def start_job(self, job_id: str) -> None:
        self.jobs[job_id].phase = JobPhase.RUNNING
        if self.lost_starts:
            self.lost_starts -= 1
            raise TransientError("No answer came.", code="LOST")

    def look_at_job(self, job_id: str) -> JobStatus:
        job = self.jobs.get(job_id)
        if job is None:
            return JobStatus(JobPhase.GONE)
        if job.phase is JobPhase.RUNNING:
            job.looks += 1
            if job.looks >= self.looks:
                self._work(job)
        return JobStatus(job.phase)

    def abort_job(self, job_id: str) -> None:
        if job_id in self.jobs:
            self.jobs[job_id].phase = JobPhase.ENDED

    def read_job(
        self, job_id: str, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome | None]:
        told = self.jobs[job_id].outcomes
        return [told.get(row.key or row.record_id) for row in rows]

    def _work(self, job: Job) -> None:
        rows, rest = job.rows[: self.most], job.rows[self.most :]
        for row in rows:
            if job.key_field:
                (outcome,) = self.upsert(job.object_name, job.key_field, [row])
            else:
                (outcome,) = self.update(job.object_name, [row])
            if row.record_id not in self.mute:
                job.outcomes[row.key or row.record_id] = outcome
        for row in rest:
            job.outcomes[row.key or row.record_id] = RowOutcome("retry", code=UNPROCESSED)
        job.phase = JobPhase.ENDED
