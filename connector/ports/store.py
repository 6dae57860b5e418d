"""What people and money made, plans, journal and leases: the store. One method, one transaction.

Tables cross as Arrow so that nothing loops over parties. Every write that belongs to a run carries
its `Fence`; a store whose lease has moved on raises BusyError instead of writing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

import pyarrow as pa

from connector.domain.change import Change, ChangeKind, ChangeState, Plan
from connector.ports.allowance import AllowancePort, CallUse
from connector.ports.entering import EnteringPort
from connector.ports.orders import OrdersPort
from connector.ports.rollout import RolloutPort

LAST_WRITTEN_SCHEMA = pa.schema(
    [
        ("object_name", pa.string()),
        ("record_id", pa.string()),
        ("field", pa.string()),
        ("value", pa.string()),
        ("band", pa.int64()),
        ("altered", pa.bool_()),
        ("held", pa.string()),
        ("stamp", pa.string()),
    ]
)
"""What we last wrote and verified, per record and field; `band` is the decision's band then.

Where the CRM keeps something else than it was given (`altered`), `held` is what it keeps. `stamp`
is when the record was modified last, at the read-back: a later modification by our own API user is
a write that this store has forgotten.
"""

ADOPTED_SCHEMA = pa.schema(
    [
        ("object_name", pa.string()),
        ("record_id", pa.string()),
        ("field", pa.string()),
        ("credit_field", pa.string()),
        ("value", pa.string()),
        ("party_id", pa.string()),
        ("adopted_on", pa.date32()),
        ("review_on", pa.date32()),
    ]
)
"""Limits, grades and holds found in the CRM at first contact: in force until a person decides."""

APPROVED_LIMIT_SCHEMA = pa.schema(
    [
        ("party_id", pa.string()),
        ("selling_company", pa.string()),
        ("state", pa.string()),
        ("amount", pa.decimal128(18, 4)),
        ("currency", pa.string()),
        ("source", pa.string()),
        ("approver", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("review_on", pa.date32()),
    ]
)
"""Approved limits in force. `source`: inherited, policy, person, file."""

PRIOR_SCHEMA = pa.schema(
    [
        ("party_id", pa.string()),
        ("selling_company", pa.string()),
        ("as_of", pa.date32()),
        ("grade", pa.string()),
        ("hold", pa.bool_()),
        ("band", pa.int64()),
        ("proposed_amount", pa.decimal128(18, 4)),
        ("next_review", pa.date32()),
        ("decision_hash", pa.string()),
    ]
)
"""Prior state the engine needs: hysteresis of the hold, last grade, next review, last proposal."""

PRIOR_FLAG_SCHEMA = pa.schema(
    [
        ("party_id", pa.string()),
        ("selling_company", pa.string()),
        ("code", pa.string()),
        ("severity", pa.int64()),
        ("since", pa.date32()),
    ]
)

LINK_SCHEMA = pa.schema(
    [("connection", pa.string()), ("account_id", pa.string()), ("party_id", pa.string())]
)
"""Links that a person confirmed: account to party."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Proof of holding a lease: name, owner and a number that rises with each acquisition."""

    name: str
    owner: str
    number: int


@dataclass(frozen=True, slots=True)
class DecisionSet:
    """A run's decisions: tables by name as in `domain.decision.DECISION_TABLES`.

    `among` are the parties that were decided on, None every party in scope: who of them has no
    decision has left the scope.
    """

    run_id: str
    as_of: date
    policy_hash: str
    tables: Mapping[str, pa.Table]
    among: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event of the journal, before it is chained: which change went into which state.

    `payload` is JSON-able detail: fields sent, vendor code, message, request id.
    """

    change_id: str
    state: ChangeState
    batch_id: str = ""
    record_id: str = ""
    payload: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """A chained event as read back; `hash` covers `previous` and the content."""

    connection: str
    number: int
    at: datetime
    run_id: str
    change_id: str
    state: ChangeState
    batch_id: str
    record_id: str
    payload: Mapping[str, object]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Written:
    """A verified write: the mirror of last written values moves with the VERIFIED event.

    `held` has the fields of which the CRM keeps something else than `values`; `stamp` is when the
    record was modified last (ISO text).
    """

    object_name: str
    record_id: str
    values: Mapping[str, str | None]
    band: int | None = None
    held: Mapping[str, str | None] = field(default_factory=dict)
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class WriteJob:
    """A bulk job that was opened for one batch of changes and is not settled.

    `batch_id` is the one in the journal's SENT events of its rows; `key_field` is set for keyed
    creates.
    """

    job_id: str
    batch_id: str
    object_name: str
    kind: ChangeKind
    key_field: str = ""


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job of the daemon as the store keeps it; every moment in UTC.

    `spec` and `timezone` are its timetable (`domain.timetable`), `anchor` is where the slots of an
    interval start, `seed` what its jitter is drawn from. `next_due` is the slot that has not run
    yet; it moves when a slot has ended, so that a crash in between runs it again. `missed` counts
    slots that never ran.
    """

    name: str
    kind: str
    connection: str
    spec: str
    timezone: str
    misfire: str
    grace_seconds: int
    seed: str
    anchor: datetime
    next_due: datetime
    last_started: datetime | None = None
    last_ended: datetime | None = None
    last_ok: datetime | None = None
    last_outcome: str = ""
    last_error: str = ""
    missed: int = 0


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who holds a lease, since when, and when it ends without a sign of life."""

    name: str
    owner: str
    since: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a connection was last read to its end, and last fully written back; None: never."""

    pulled_at: datetime | None = None
    refreshed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the store keeps it. `summary` is JSON-able; `kind` is what was done."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    as_of: date
    outcome: str
    exit_code: int | None
    summary: Mapping[str, object]
    kind: str = "run"


class StorePort(Protocol):
    """The store; see each group."""

    # the pair of ledger and store
    def bind_ledger(self, ledger_id: str, last_seq: int) -> None:
        """Remember the ledger on first use; StateError for another ledger, or one whose last seq
        lies below what we decided through."""
        ...

    def decided_through(self) -> int:
        """The seq up to which landings are decided (`decided_through_seq`)."""
        ...

    def decided_basis(self) -> Mapping[str, str]:
        """as_of, policy_hash and scope_hash of the decisions in force; empty before the first."""
        ...

    # leases
    def acquire_lease(
        self,
        name: str,
        owner: str,
        now: datetime,
        seconds: int,
        is_dead: Callable[[str], bool] = lambda _owner: False,
    ) -> Fence:
        """Take the lease or raise BusyError naming the holder and since when.

        `is_dead` tells of a holder that it cannot be alive any more: its lease is taken over.
        """
        ...

    def renew_lease(self, fence: Fence, now: datetime, seconds: int) -> None:
        """Prolong; BusyError when it was lost."""
        ...

    def release_lease(self, fence: Fence) -> None:
        """Give it back; does nothing when it was lost."""
        ...

    def lease_holders(self, now: datetime) -> Sequence[LeaseHolder]:
        """Leases that somebody holds at `now`, by name."""
        ...

    # what the engine reads
    def prior_decisions(self) -> pa.Table:
        """PRIOR_SCHEMA."""
        ...

    def prior_flags(self) -> pa.Table:
        """PRIOR_FLAG_SCHEMA."""
        ...

    def approved_limits(self) -> pa.Table:
        """APPROVED_LIMIT_SCHEMA, one row a party and selling company."""
        ...

    def confirmed_links(self) -> pa.Table:
        """LINK_SCHEMA."""
        ...

    def put_approved_limits(self, rows: pa.Table, fence: Fence) -> int:
        """Insert or replace approved limits (APPROVED_LIMIT_SCHEMA); number of rows changed."""
        ...

    # decisions and plans
    def stage_decisions(self, decisions: DecisionSet, fence: Fence) -> int:
        """Write changed decisions invisibly in small commits; number of changed parties."""
        ...

    def commit_run(
        self,
        run_id: str,
        through_seq: int,
        basis: Mapping[str, str],
        plans: Sequence[Plan],
        fence: Fence,
    ) -> None:
        """One transaction: staged decisions become visible, `decided_through` and basis move,
        plans and their changes are stored, older unsent changes of their connections end as
        superseded."""
        ...

    def decision_tables(
        self, party_id: str | None = None, names: Sequence[str] = ()
    ) -> Mapping[str, pa.Table]:
        """Decision tables in force by name (all without `names`), of one party or all."""
        ...

    def save_plan(self, plan: Plan, fence: Fence) -> None:
        """Store the full plan of a connection; its older unsent changes end as superseded."""
        ...

    def open_changes(self, connection: str) -> Sequence[Change]:
        """Changes not at an end, each with its present state, in sending order."""
        ...

    def change_states(
        self, connection: str, change_ids: Sequence[str]
    ) -> Mapping[str, ChangeState]:
        """Present state of those changes that the store knows."""
        ...

    def open_conflicts(self, connection: str) -> Sequence[Change]:
        """Conflicts of the latest plan that wait for a person."""
        ...

    # last written, first contact
    def last_written(self, connection: str) -> pa.Table:
        """LAST_WRITTEN_SCHEMA."""
        ...

    def adopted(self, connection: str) -> pa.Table:
        """ADOPTED_SCHEMA."""
        ...

    def adopt(self, connection: str, rows: pa.Table, fence: Fence) -> int:
        """Remember adopted values (ADOPTED_SCHEMA) that are not known yet; how many were added."""
        ...

    def first_contact(self, connection: str) -> bool:
        """True until a plan was applied on this connection."""
        ...

    def end_first_contact(self, connection: str, plan_id: str, fence: Fence) -> None:
        """A plan was applied: later runs write by themselves."""
        ...

    # journal
    def append_journal(
        self,
        connection: str,
        run_id: str,
        entries: Sequence[JournalEntry],
        written: Sequence[Written],
        at: datetime,
        fence: Fence,
    ) -> None:
        """Chain and store events, and move the mirror of last written values, in one go."""
        ...

    def journal(
        self, connection: str, *, record_id: str = "", limit: int = 100
    ) -> Sequence[JournalEvent]:
        """Latest events first."""
        ...

    def acked_records(self, connection: str, change_ids: Sequence[str]) -> Mapping[str, str]:
        """Record ids that the vendor named when it acknowledged these changes, by change id."""
        ...

    def verify_journal(self, connection: str) -> int:
        """Number of events whose chain holds; StateError at the first that does not."""
        ...

    # what keeps writing in step with the vendor
    def note_job(
        self, connection: str, run_id: str, job: WriteJob, at: datetime, fence: Fence
    ) -> None:
        """Remember a bulk job before anything is given to it."""
        ...

    def open_jobs(self, connection: str) -> Sequence[WriteJob]:
        """Jobs that are not settled, oldest first."""
        ...

    def job_members(self, connection: str, batch_id: str) -> Sequence[str]:
        """Ids of the changes sent under a batch id, in journal order."""
        ...

    def end_job(self, connection: str, job_id: str, fence: Fence) -> None:
        """Forget a job whose rows are settled."""
        ...

    def batch_sizes(self, connection: str) -> Mapping[str, int]:
        """Rows in one call that each object has borne lately; objects never slowed are absent."""
        ...

    def keep_batch_size(self, connection: str, object_name: str, size: int, fence: Fence) -> None:
        """Remember the size for the next run."""
        ...

    def agree(self, connection: str, written: Sequence[Written], fence: Fence) -> None:
        """Move the mirror of last written values for fields that hold our value without a write
        of ours that we know of."""
        ...

    def allowance(self, connection: str) -> AllowancePort:
        """The connection's API calls of the last 24 hours."""
        ...

    def call_use(self, now: datetime) -> Mapping[str, CallUse]:
        """The same as figures, of each connection that sent any."""
        ...

    # what people enter, reserve, release and switch on
    @property
    def entering(self) -> EnteringPort:
        """Facts that people enter by hand."""
        ...

    @property
    def orders(self) -> OrdersPort:
        """Reserved credit and released orders."""
        ...

    @property
    def rollout(self) -> RolloutPort:
        """The stage of each connection."""
        ...

    # runs
    def start_run(self, run_id: str, as_of: date, at: datetime, kind: str = "run") -> None:
        """Record that a run of that kind began."""
        ...

    def end_run(
        self, run_id: str, at: datetime, outcome: str, exit_code: int, summary: Mapping[str, object]
    ) -> None:
        """Record how it ended."""
        ...

    def last_runs(self, limit: int = 10) -> Sequence[RunRecord]:
        """Latest first."""
        ...

    # freshness and the daemon's jobs
    def note_pulled(self, connection: str, at: datetime, fence: Fence) -> None:
        """All feeds of the connection were read to their end."""
        ...

    def note_refreshed(self, connection: str, at: datetime, fence: Fence) -> None:
        """A run that writes to the connection was complete."""
        ...

    def freshness(self) -> Mapping[str, Freshness]:
        """By connection; one that was never read is absent."""
        ...

    def jobs(self) -> Sequence[ScheduledJob]:
        """The daemon's jobs by name."""
        ...

    def keep_job(self, job: ScheduledJob, fence: Fence) -> None:
        """Insert or replace one job."""
        ...

    def drop_jobs(self, names: Sequence[str], fence: Fence) -> None:
        """Forget jobs that the settings no longer name."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...
