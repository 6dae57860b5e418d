"""A CRM whose updates and upserts go by bulk job, so that the same clauses hold for both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.errors import UnknownOutcomeError
from connector.ports.bulk import BulkPort, JobPhase
from connector.ports.crm import CrmPort, RowOutcome, WriteRow

SUBJECTS_BY_JOB = ("exactness", "writing", "keys", "outcomes")
"""Subjects of clauses that speak of what is written, not of calls and their troubles."""


ONCE_MORE = ("SAME_RECORD_TWICE",)
"""Codes of rows that wait for another call of ours rather than for another way."""


class ByJob:
    """`crm` with `update` and `upsert` by job; `pause` lets a second pass for the vendor.

    Everything else is the CRM's own. Rows that the job leaves out for a passing reason go in a
    batch, as the engine sends them. A row of which the job tells nothing is an unknown outcome.
    """

    def __init__(self, crm: CrmPort, pause: Callable[[float], None]) -> None:
        if not isinstance(crm, BulkPort):
            raise TypeError(f"{type(crm).__name__} writes no jobs")
        self._bulk: BulkPort = crm
        self._crm = crm
        self._pause = pause

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crm, name)

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Set fields of existing records."""
        return self._write(object_name, "", rows)

    def upsert(
        self, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome]:
        """Create or update by a unique external-id field."""
        return self._write(object_name, key_field, rows)

    def _write(
        self, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> list[RowOutcome]:
        if len(rows) > self._crm.batch_size:
            raise ValueError(f"{len(rows)} rows in one call, {self._crm.batch_size} at most")
        outcomes: list[RowOutcome] = []
        while len(outcomes) < len(rows):
            rest = rows[len(outcomes) :]
            fitting = self._bulk.fit_into_job(object_name, key_field, rest)
            outcomes += self._run_job(object_name, key_field, rest[:fitting])
        return outcomes

    def _run_job(
        self, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> list[RowOutcome]:
        bulk = self._bulk
        job = bulk.open_job(object_name, key_field)
        left_out = bulk.load_job(job, object_name, key_field, rows)
        behind = self._send_left_out(object_name, key_field, rows, left_out)
        if len(behind) == len(rows):
            bulk.abort_job(job)
            return [behind[position] for position in range(len(rows))]
        bulk.start_job(job)
        while bulk.look_at_job(job).phase is JobPhase.RUNNING:
            self._pause(1.0)
        told = bulk.read_job(job, object_name, key_field, rows)
        ends = [behind.get(position, outcome) for position, outcome in enumerate(told)]
        if any(end is None for end in ends):
            raise UnknownOutcomeError("The job says nothing of some rows.", code="SILENT")
        return [end for end in ends if end is not None]

    def _send_left_out(
        self,
        object_name: str,
        key_field: str,
        rows: Sequence[WriteRow],
        left_out: Mapping[int, RowOutcome],
    ) -> dict[int, RowOutcome]:
        """Outcomes of the rows that could not go by job, by position."""
        again = [p for p, o in left_out.items() if o.state == "retry" and o.code not in ONCE_MORE]
        if not again:
            return dict(left_out)
        batch = [rows[position] for position in again]
        if key_field:
            outcomes = self._crm.upsert(object_name, key_field, batch)
        else:
            outcomes = self._crm.update(object_name, batch)
        return {**left_out, **dict(zip(again, outcomes, strict=True))}
