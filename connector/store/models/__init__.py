"""The store's tables, by what they are about."""

from connector.store.models.decisions import Decision, DecisionFlag
from connector.store.models.entering import FactRevisionRow
from connector.store.models.orders import ReleaseRow, ReservationRow
from connector.store.models.pacing import BatchSize, CallHour, WriteJobRow
from connector.store.models.people import ApprovedLimit, ConfirmedLink
from connector.store.models.rollout import BaselineFlag, RolloutStepRow
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
    "BaselineFlag",
    "BatchSize",
    "CallHour",
    "ConfirmedLink",
    "ConnectionState",
    "Decision",
    "DecisionFlag",
    "FactRevisionRow",
    "JournalRow",
    "LastWritten",
    "Lease",
    "PlanRow",
    "PlannedChange",
    "ReleaseRow",
    "ReservationRow",
    "RolloutStepRow",
    "Run",
    "ScheduledJobRow",
    "Seam",
    "WriteJobRow",
]
