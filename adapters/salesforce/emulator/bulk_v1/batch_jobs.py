"""Jobs and their batches (Bulk API Developer Guide, JobInfo and BatchInfo)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class AsyncError(Exception):
    """A call is refused; the answer is one object with code and message, status 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(slots=True)
class Batch:
    """One batch: what was sent, and what came of it; `results` are rows or outcomes."""

    id: str
    job_id: str
    request: bytes
    call: int
    created: str
    stamp: str
    state: str = "Queued"
    message: str = ""
    processed: int = 0
    failed: int = 0
    polls: int = 0
    columns: list[str] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)

    def info(self) -> dict[str, Any]:
        """Return the batchInfo."""
        info: dict[str, Any] = {
            "id": self.id,
            "jobId": self.job_id,
            "state": self.state,
            "createdDate": self.created,
            "systemModstamp": self.stamp,
            "numberRecordsProcessed": self.processed,
            "numberRecordsFailed": self.failed,
            "totalProcessingTime": 0,
            "apiActiveProcessingTime": 0,
            "apexProcessingTime": 0,
        }
        return {**info, "stateMessage": self.message} if self.message else info


@dataclass(slots=True)
class AsyncJob:
    """One job and its batches by id; `content_type` is CSV or JSON."""

    id: str
    operation: str
    object: str
    content_type: str
    version: str
    user_id: str
    created: str
    external_id: str = ""
    state: str = "Open"
    batches: dict[str, Batch] = field(default_factory=dict)

    @property
    def is_query(self) -> bool:
        """Whether the batches are queries."""
        return self.operation in {"query", "queryAll"}

    def info(self) -> dict[str, Any]:
        """Return the jobInfo."""
        batches = list(self.batches.values())
        counts = {state: sum(1 for b in batches if b.state == state) for state in _STATES}
        info: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user_id,
            "createdDate": self.created,
            "systemModstamp": max([self.created, *(batch.stamp for batch in batches)]),
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": self.content_type,
            "numberBatchesQueued": counts["Queued"],
            "numberBatchesInProgress": counts["InProgress"],
            "numberBatchesCompleted": counts["Completed"],
            "numberBatchesFailed": counts["Failed"],
            "numberBatchesTotal": len(batches),
            "numberRecordsProcessed": sum(batch.processed for batch in batches),
            "numberRetries": 0,
            "apiVersion": float(self.version),
            "numberRecordsFailed": sum(batch.failed for batch in batches),
            "totalProcessingTime": 0,
            "apiActiveProcessingTime": 0,
            "apexProcessingTime": 0,
        }
        return {**info, "externalIdFieldName": self.external_id} if self.external_id else info


_STATES = ("Queued", "InProgress", "Completed", "Failed")
