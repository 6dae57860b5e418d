"""The store's tables, by what they are about."""

from connector.store.models.decisions import Decision, DecisionFlag
from connector.store.models.pacing import BatchSize, CallHour, WriteJobRow
from connector.store.models.people import ApprovedLimit, ConfirmedLink
from connector.store.models.running import Lease, Run, ScheduledJobRow, Seam
from connector.store.models.writing import (
    AdoptedValue,
    ConnectionState,
    JournalRow,
    LastWritten,
    PlannedChange,
    PlanRow,
)

__all__ = [
    "AdoptedValue",
    "ApprovedLimit",
    "BatchSize",
    "CallHour",
    "ConfirmedLink",
    "ConnectionState",
    "Decision",
    "DecisionFlag",
    "JournalRow",
    "LastWritten",
    "Lease",
    "PlanRow",
    "PlannedChange",
    "Run",
    "ScheduledJobRow",
    "Seam",
    "WriteJobRow",
]
