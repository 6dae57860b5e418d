"""`DjangoStore`: the store port, one method one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import pyarrow as pa
from django.db import IntegrityError, connections

from connector.domain.change import Change, ChangeState, Plan
from connector.errors import StateError
from connector.ports.allowance import AllowancePort, CallUse
from connector.ports.entering import EnteringPort
from connector.ports.orders import OrdersPort
from connector.ports.rollout import RolloutPort
from connector.ports.store import (
    DecisionSet,
    Fence,
    Freshness,
    JournalEntry,
    JournalEvent,
    LeaseHolder,
    RunRecord,
    ScheduledJob,
    WriteJob,
    Written,
)
from connector.store import (
    journal,
    leases,
    limits,
    pacing,
    plans,
    queries,
    scheduling,
    seam,
    staging,
)
from connector.store.entering import StoredEntering
from connector.store.failures import translated
from connector.store.leases import writing
from connector.store.models import ConnectionState, Run
from connector.store.orders import StoredOrders
from connector.store.rollout import StoredRollout
from connector.store.rows import in_portions


class DjangoStore:
    """A store in one database, reached through Django's connection `alias`.

    Threads may share it: Django gives each its own connection. Open one with
    `connector.store.opening.open_store`; methods are described in `StorePort`.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias

    # the pair of ledger and store

    def bind_ledger(self, ledger_id: str, last_seq: int) -> None:
        with writing(self.alias):
            seam.bind_ledger(self.alias, ledger_id, last_seq)

    def decided_through(self) -> int:
        with translated(self.alias):
            return queries.decided_through(self.alias)

    def decided_basis(self) -> Mapping[str, str]:
        with translated(self.alias):
            return queries.decided_basis(self.alias)

    # leases

    def acquire_lease(
        self,
        name: str,
        owner: str,
        now: datetime,
        seconds: int,
        is_dead: Callable[[str], bool] = lambda _owner: False,
    ) -> Fence:
        return leases.acquire(self.alias, name, owner, now, seconds, is_dead)

    def renew_lease(self, fence: Fence, now: datetime, seconds: int) -> None:
        leases.renew(self.alias, fence, now, seconds)

    def release_lease(self, fence: Fence) -> None:
        leases.release(self.alias, fence)

    def lease_holders(self, now: datetime) -> Sequence[LeaseHolder]:
        with translated(self.alias):
            return scheduling.lease_holders(self.alias, now)

    # what the engine reads

    def prior_decisions(self) -> pa.Table:
        with translated(self.alias):
            return queries.prior_decisions(self.alias)

    def prior_flags(self) -> pa.Table:
        with translated(self.alias):
            return queries.prior_flags(self.alias)

    def approved_limits(self) -> pa.Table:
        with translated(self.alias):
            return queries.approved_limits(self.alias)

    def confirmed_links(self) -> pa.Table:
        with translated(self.alias):
            return queries.confirmed_links(self.alias)

    def put_approved_limits(self, rows: pa.Table, fence: Fence) -> int:
        with writing(self.alias, fence):
            return limits.put_approved_limits(self.alias, rows)

    # decisions and plans

    def stage_decisions(self, decisions: DecisionSet, fence: Fence) -> int:
        with translated(self.alias):
            return staging.stage(self.alias, decisions, fence)

    def commit_run(
        self,
        run_id: str,
        through_seq: int,
        basis: Mapping[str, str],
        plans: Sequence[Plan],
        fence: Fence,
    ) -> None:
        with writing(self.alias, fence):
            staging.make_visible(self.alias, run_id, through_seq, json.dumps(dict(basis)))
            self._save_plans(plans)

    def decision_tables(
        self, party_id: str | None = None, names: Sequence[str] = ()
    ) -> Mapping[str, pa.Table]:
        with translated(self.alias):
            return queries.decision_tables(self.alias, party_id, names)

    def save_plan(self, plan: Plan, fence: Fence) -> None:
        with writing(self.alias, fence):
            self._save_plans([plan])

    def _save_plans(self, intended: Sequence[Plan]) -> None:
        for plan in intended:
            plans.save(self.alias, plan)

    def open_changes(self, connection: str) -> Sequence[Change]:
        with translated(self.alias):
            return plans.open_changes(self.alias, connection)

    def change_states(
        self, connection: str, change_ids: Sequence[str]
    ) -> Mapping[str, ChangeState]:
        with translated(self.alias):
            return plans.change_states(self.alias, connection, change_ids)

    def open_conflicts(self, connection: str) -> Sequence[Change]:
        with translated(self.alias):
            return plans.open_conflicts(self.alias, connection)

    # last written, first contact

    def last_written(self, connection: str) -> pa.Table:
        with translated(self.alias):
            return queries.last_written(self.alias, connection)

    def adopted(self, connection: str) -> pa.Table:
        with translated(self.alias):
            return queries.adopted(self.alias, connection)

    def adopt(self, connection: str, rows: pa.Table, fence: Fence) -> int:
        with writing(self.alias, fence):
            return limits.adopt(self.alias, connection, rows)

    def first_contact(self, connection: str) -> bool:
        with translated(self.alias):
            return queries.first_contact(self.alias, connection)

    def end_first_contact(self, connection: str, plan_id: str, fence: Fence) -> None:
        with writing(self.alias, fence):
            states = ConnectionState.objects.using(self.alias)
            states.get_or_create(connection=connection)
            states.filter(connection=connection, first_plan="").update(first_plan=plan_id)

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
        with writing(self.alias, fence):
            journal.append(self.alias, connection, run_id, entries, at)
            journal.mirror(self.alias, connection, written)

    def journal(
        self, connection: str, *, record_id: str = "", limit: int = 100
    ) -> Sequence[JournalEvent]:
        with translated(self.alias):
            return journal.read(self.alias, connection, record_id, limit)

    def acked_records(self, connection: str, change_ids: Sequence[str]) -> Mapping[str, str]:
        with translated(self.alias):
            return journal.acked_records(self.alias, connection, change_ids)

    def verify_journal(self, connection: str) -> int:
        with translated(self.alias):
            return journal.verify(self.alias, connection)

    def erase_payloads(self, connection: str, record_id: str, fence: Fence) -> int:
        """Erase the details of a record's events (a person's right to it); the chain still holds.

        Returns the number of events erased. Not part of `StorePort`.
        """
        with writing(self.alias, fence):
            return journal.erase_payloads(self.alias, connection, record_id)

    # what keeps writing in step with the vendor

    def note_job(
        self, connection: str, run_id: str, job: WriteJob, at: datetime, fence: Fence
    ) -> None:
        with writing(self.alias, fence):
            pacing.note_job(self.alias, connection, run_id, job, at)

    def open_jobs(self, connection: str) -> Sequence[WriteJob]:
        with translated(self.alias):
            return pacing.open_jobs(self.alias, connection)

    def job_members(self, connection: str, batch_id: str) -> Sequence[str]:
        with translated(self.alias):
            return pacing.job_members(self.alias, connection, batch_id)

    def end_job(self, connection: str, job_id: str, fence: Fence) -> None:
        with writing(self.alias, fence):
            pacing.end_job(self.alias, connection, job_id)

    def batch_sizes(self, connection: str) -> Mapping[str, int]:
        with translated(self.alias):
            return pacing.batch_sizes(self.alias, connection)

    def keep_batch_size(self, connection: str, object_name: str, size: int, fence: Fence) -> None:
        with writing(self.alias, fence):
            pacing.keep_batch_size(self.alias, connection, object_name, size)

    def agree(self, connection: str, written: Sequence[Written], fence: Fence) -> None:
        for portion in in_portions(written):
            with writing(self.alias, fence):
                journal.mirror(self.alias, connection, portion)

    def allowance(self, connection: str) -> AllowancePort:
        return pacing.StoredAllowance(self.alias, connection)

    def call_use(self, now: datetime) -> Mapping[str, CallUse]:
        with translated(self.alias):
            return pacing.call_use(self.alias, now)

    # what people enter, reserve, release and switch on

    @property
    def entering(self) -> EnteringPort:
        return StoredEntering(self.alias)

    @property
    def orders(self) -> OrdersPort:
        return StoredOrders(self.alias)

    @property
    def rollout(self) -> RolloutPort:
        return StoredRollout(self.alias)

    # runs

    def start_run(self, run_id: str, as_of: date, at: datetime, kind: str = "run") -> None:
        with translated(self.alias):
            try:
                Run.objects.using(self.alias).create(
                    run_id=run_id, started_at=at, as_of=as_of, kind=kind
                )
            except IntegrityError as error:
                raise StateError(
                    "Run {run_id} is recorded already.",
                    next_step="Give every run an id of its own.",
                    run_id=run_id,
                ) from error

    def end_run(
        self, run_id: str, at: datetime, outcome: str, exit_code: int, summary: Mapping[str, object]
    ) -> None:
        text = json.dumps(dict(summary), default=str)
        with translated(self.alias):
            ended = Run.objects.using(self.alias).filter(run_id=run_id)
            if not ended.update(ended_at=at, outcome=outcome, exit_code=exit_code, summary=text):
                raise StateError(
                    "Run {run_id} ended but was never recorded as started.",
                    next_step="Start the run before it ends.",
                    run_id=run_id,
                )

    def last_runs(self, limit: int = 10) -> Sequence[RunRecord]:
        with translated(self.alias):
            return queries.last_runs(self.alias, limit)

    # freshness and the daemon's jobs

    def note_pulled(self, connection: str, at: datetime, fence: Fence) -> None:
        with writing(self.alias, fence):
            scheduling.note_pulled(self.alias, connection, at)

    def note_refreshed(self, connection: str, at: datetime, fence: Fence) -> None:
        with writing(self.alias, fence):
            scheduling.note_refreshed(self.alias, connection, at)

    def freshness(self) -> Mapping[str, Freshness]:
        with translated(self.alias):
            return scheduling.freshness(self.alias)

    def jobs(self) -> Sequence[ScheduledJob]:
        with translated(self.alias):
            return scheduling.jobs(self.alias)

    def keep_job(self, job: ScheduledJob, fence: Fence) -> None:
        with writing(self.alias, fence):
            scheduling.keep_job(self.alias, job)

    def drop_jobs(self, names: Sequence[str], fence: Fence) -> None:
        with writing(self.alias, fence):
            scheduling.drop_jobs(self.alias, names)

    def close(self) -> None:
        connections[self.alias].close()
