"""A run's working place over a CRM in memory, with a real ledger and a real store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.change import Change, ChangeState, Plan, PlanCounts
from connector.ledger import Ledger
from connector.mapping.feeds import combine
from connector.mapping.load import read_document
from connector.ports.store import LINK_SCHEMA, Fence, StorePort
from connector.store.opening import open_store
from connector.sync.desk import Connection, Desk, House
from connector.sync.plan import Mirrors, PlanFrame, Quiet, assemble, plan_updates
from connector.sync.pull import pull_connection
from connector.sync.push import PushReport, push
from connector.sync.recovery import recover
from connector.testing.builders import (
    account_object,
    decision_tables,
    invoice_object,
    mapping_text,
    task_object,
    user_object,
)
from connector.testing.clock import FakeClock
from connector.testing.crm import MemoryCrm

QUIET = Quiet(share=Decimal("0.05"), least=Decimal(10))
WORDING = pa.schema([(n, pa.string()) for n in ("party_id", "reasons", "reason_text")])

ACCOUNT_FIELDS = tuple(CREDIT_FIELDS)


@dataclass
class Workplace:
    """Everything of one connection, `crm`; each `desk` is a run of its own."""

    folder: Path
    clock: FakeClock
    crm: MemoryCrm
    ledger: Ledger
    store: StorePort
    connection: Connection
    fence: Fence
    house: House
    quiet: Quiet = QUIET
    runs: int = 0
    reports: list[PushReport] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.clock.now().date()

    def desk(self) -> Desk:
        """The desk of a new run."""
        self.runs += 1
        return Desk(
            run_id=f"run-{self.runs}", as_of=self.today, ledger=self.ledger, store=self.store,
            clock=self.clock, house=self.house, fence=self.fence,
        )  # fmt: skip

    def reconnect(self, document: str | None = None) -> None:
        """Open the connection again, as the next run does; with another mapping if given."""
        documents = self.connection.documents
        if document is not None:
            documents = combine([read_document(document, "memory.yaml")])
        self.connection = Connection("crm", self.crm, documents, target=self.crm, currency="EUR")

    def take_in(self) -> None:
        """Pull, land and link, a minute after whatever happened before."""
        self.clock.move(seconds=60)
        desk = self.desk()
        pull_connection(desk, self.connection)
        self.ledger.relink(LINK_SCHEMA.empty_table(), {}, desk.run_id)

    def plan(
        self,
        decisions: Sequence[Mapping[str, object]],
        flags: Sequence[Mapping[str, object]] = (),
        wording: Mapping[str, str] | None = None,
        breakdown: Sequence[Mapping[str, object]] = (),
        own_user: str = "integration",
    ) -> Plan:
        """The plan from these decisions, without alert tasks."""
        tables = decision_tables(decisions, flag=flags, breakdown=breakdown)
        tables["wording"] = pa.Table.from_pylist(
            [
                {"party_id": p, "reasons": "[]", "reason_text": t}
                for p, t in (wording or {}).items()
            ],
            schema=WORDING,
        )
        self.runs += 1
        frame = PlanFrame(f"run-{self.runs}", self.today, self.clock.now(), "policy", self.quiet)
        compared = plan_updates(
            self.ledger, "crm", self.connection.mapping.targets, tables,
            Mirrors(self.store.last_written("crm"), self.store.adopted("crm"), own_user),
            self.quiet,
        )  # fmt: skip
        self.store.agree("crm", compared.agreed, self.fence)
        first = self.store.first_contact("crm")
        return assemble("crm", frame, compared.changes, compared.counts, first)

    def push(self, plan: Plan, *, attempts: int = 4) -> PushReport:
        """Save the plan and push what it writes."""
        self.store.save_plan(plan, self.fence)
        desk = self.desk()
        desk.attempts = attempts
        return push(desk, self.connection, plan.to_write)

    def recover(self) -> PushReport:
        """What the next run does first."""
        report = PushReport()
        recover(self.desk(), self.connection, report)
        return report

    def states(self, plan: Plan) -> dict[str, ChangeState]:
        """Present state of a plan's changes by record id or key."""
        known = self.store.change_states("crm", [c.id for c in plan.changes])
        return {c.record_id or c.key: known[c.id] for c in plan.changes}

    def trail(self, change: Change) -> list[ChangeState]:
        """A change's states, oldest first."""
        events = self.store.journal("crm", limit=10_000)
        return [e.state for e in reversed(events) if e.change_id == change.id]

    def held(self, record_id: str, *names: str) -> tuple[object, ...]:
        """What stands in an account now."""
        record = self.crm.records("Account")[record_id]
        return tuple(record.get(name) for name in names)

    def close(self) -> None:
        self.ledger.close()
        with suppress(Exception):
            self.store.close()


def plan_of(*changes: Change, run_id: str = "run-x") -> Plan:
    """A plan made of changes."""
    from connector.testing.clock import START

    counts = PlanCounts(records=len(changes), planned=len(changes))
    return Plan("crm", run_id, START.date(), START, "policy", changes, counts)


def house(**more: object) -> House:
    """A company in euro."""
    usual: dict[str, object] = {
        "company_currency": "EUR", "language": "en", "own_group": (), "order_months": 12,
        "natural_persons": False, "truth": {}, "rates": {},
    }  # fmt: skip
    return House(**{**usual, **more})  # type: ignore[arg-type]  # keywords of a test


def open_workplace(
    folder: Path,
    *,
    credit_fields: Sequence[str] = ACCOUNT_FIELDS,
    owners: Mapping[str, str] | None = None,
    keyed_tasks: bool = True,
    batch_size: int = 200,
    page_size: int = 2_000,
    crm: type[MemoryCrm] = MemoryCrm,
) -> Workplace:
    """A CRM with accounts, users, invoices and tasks; nothing in it yet."""
    clock = FakeClock()
    made = crm(clock, batch_size=batch_size, page_size=page_size)
    for info in (
        account_object(credit_fields), user_object(), invoice_object(), task_object(keyed_tasks),
    ):  # fmt: skip
        made.define(info)
    store = open_store(folder / "state")
    fence = store.acquire_lease("runner", "test:1:1", clock.now(), 10**9)
    ledger = Ledger.open(folder / "ledger")
    text = mapping_text(credit_fields=credit_fields, owners=owners)
    documents = combine([read_document(text, "memory.yaml")])
    connection = Connection("crm", made, documents, target=made, currency="EUR")
    return Workplace(folder, clock, made, ledger, store, connection, fence, house())
