"""One pass over the way of data: recover, pull, link, adopt, decide, plan, guard, push, publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from connector.credit.policy.document import PolicyDoc, policy_hash
from connector.domain.change import Change, ChangeState, Plan
from connector.domain.rollout import Stage
from connector.errors import EXIT_OK, EXIT_PARTIAL, EXIT_WAITS, BudgetError
from connector.sync.adopt import adopt, compare_adopted
from connector.sync.alerts import AlertRule, plan_alerts
from connector.sync.approve import approve
from connector.sync.crash import crash_point
from connector.sync.decide import Decided, decide_run
from connector.sync.desk import Connection, Desk
from connector.sync.drift import list_blocked, tell_blocked
from connector.sync.enrich import EnrichReport, enrich
from connector.sync.entered import land_entered
from connector.sync.guard import GuardFinding, judge, measure_shift
from connector.sync.heartbeat import beat
from connector.sync.intake import Intake, take_in_connection
from connector.sync.land import FeedReport
from connector.sync.link import LinkReport, link
from connector.sync.plan import Mirrors, PlanFrame, assemble, plan_updates
from connector.sync.push import PushReport, push
from connector.sync.reconcile import tell_unreconciled
from connector.sync.recovery import recover
from connector.sync.reservations import end_arrived
from connector.sync.rollout import Load, limit_holds, stage_of, weigh, yield_holds
from connector.sync.rules import rules_of
from connector.sync.scope import ScopeReport

Tell = Callable[..., None]
"""Progress: called with a step's name and, for long steps, how far it has come."""


def silent(*_what: object) -> None:
    """Progress that nobody watches."""


@dataclass
class RunReport:
    """Everything a run has to say; CLI and console render it."""

    run_id: str
    as_of: str
    intake: Intake = field(default_factory=Intake)
    linked: LinkReport | None = None
    enriched: EnrichReport = field(default_factory=EnrichReport)
    scope: ScopeReport | None = None
    decided: Decided | None = None
    plans: list[Plan] = field(default_factory=list)
    pushes: dict[str, PushReport] = field(default_factory=dict)
    recovered: PushReport = field(default_factory=PushReport)
    findings: list[GuardFinding] = field(default_factory=list)
    plan_files: dict[str, Path] = field(default_factory=dict)
    calls: dict[str, Mapping[str, int]] = field(default_factory=dict)
    heartbeats: dict[str, str] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    loads: dict[str, list[Load]] = field(default_factory=dict)

    @property
    def observed(self) -> list[str]:
        """Connections to which nothing is written at their stage of the roll-out."""
        return [name for name, stage in self.stages.items() if not stage.writes]

    @property
    def problems(self) -> int:
        """Rows quarantined in this run's feeds, and rows that the CRM refused, undid or altered."""
        unwritten = (
            ChangeState.REJECTED, ChangeState.RETRY, ChangeState.PLANNED, ChangeState.ALTERED,
        )  # fmt: skip
        refused = sum(p[state] for p in self.pushes.values() for state in unwritten)
        unheld = sum(len(plan.unwritable) for plan in self.plans)
        return self.intake.problems + refused + unheld

    @property
    def feeds(self) -> list[FeedReport]:
        """What each feed brought."""
        return self.intake.feeds

    @property
    def exit_code(self) -> int:
        """0 ok, 1 rows quarantined, 5 waits for a person."""
        if self.plan_files:
            return EXIT_WAITS
        return EXIT_PARTIAL if self.problems else EXIT_OK


@dataclass(frozen=True, slots=True)
class Way:
    """What a run does beyond planning: which connections, whether to write, where plans go."""

    connections: Sequence[Connection]
    policy: PolicyDoc
    plans_folder: Path
    snapshots_folder: Path
    write: bool = True


def run(desk: Desk, way: Way, tell: Tell = silent) -> RunReport:
    """The whole pass. Raises what a step raises; whatever was durable until then stays good."""
    report = RunReport(run_id=desk.run_id, as_of=desk.as_of.isoformat())
    take_in(desk, way, report, tell)
    desk.stop.check()
    decide_and_plan(desk, way, report, tell)
    if way.write:
        write_back(desk, way, report, tell)
    publish(desk, way, tell)
    if way.write and not list_blocked(report.intake.drift):
        report.heartbeats = beat(desk, way.connections, {*report.plan_files, *report.observed})
    report.calls = call_counts(way.connections)
    crash_point("before-end-run")
    return report


def take_in(desk: Desk, way: Way, report: RunReport, tell: Tell = silent) -> None:
    """Recover what a crash left, then pull and land every feed."""
    for connection in way.connections:
        if connection.target is not None:
            recover(desk, connection, report.recovered)
    for connection in way.connections:
        tell("pull", connection.name)
        desk.stop.check()
        report.intake.add(take_in_connection(desk, connection, lambda *a: tell("page", *a)))


def decide_and_plan(desk: Desk, way: Way, report: RunReport, tell: Tell = silent) -> None:
    """Link, adopt, decide and plan; decisions, plans and seq end in one store transaction."""
    tell("link")
    report.intake.feeds += land_entered(desk)
    through = desk.ledger.last_seq
    report.linked = link(desk.ledger, desk.store.confirmed_links(), desk.house.truth, desk.run_id)
    crash_point("after-link")
    report.enriched = enrich()
    for connection in way.connections:
        adopt(desk, connection)
    crash_point("after-adopt")
    tell("decide")
    report.decided = decide_run(desk, way.policy)
    report.scope = report.decided.scope
    tell("plan")
    for connection in way.connections:
        if connection.target is not None:
            stage = report.stages[connection.name] = stage_of(
                desk.store, desk.house, connection.name
            )
            tables = report.decided.tables
            report.plans.append(plan_connection(desk, connection, way.policy, tables, stage))
    crash_point("before-commit-run")
    if report.decided.changed is None:
        for plan in report.plans:
            desk.store.save_plan(plan, desk.fence)
    else:
        desk.store.commit_run(desk.run_id, through, report.decided.basis, report.plans, desk.fence)
    crash_point("after-commit-run")
    end_arrived(desk)
    written = [plan for plan in report.plans if report.stages[plan.connection].writes]
    shift = measure_shift(
        [(plan, _named(way, plan.connection).mapping.targets) for plan in written],
        report.decided.scope.in_scope,
    )
    report.findings = [
        *judge(written, shift, desk.guard),
        *tell_blocked(report.intake.drift),
        *tell_unreconciled(desk.ledger, desk.as_of, report.decided.receivables),
    ]


def plan_connection(
    desk: Desk,
    connection: Connection,
    policy: PolicyDoc,
    tables: Mapping[str, pa.Table],
    stage: Stage = Stage.HOLD,
    baseline: pa.Table | None = None,
) -> Plan:
    """The plan of one connection from the decisions in force, as its stage of the roll-out has it.

    `baseline` are flags that make no task, in place of those that the store keeps.
    """
    rules = rules_of(policy)
    tables = limit_holds(tables, stage)
    first = desk.store.first_contact(connection.name)
    mirrors = Mirrors(
        last_written=desk.store.last_written(connection.name),
        adopted=desk.store.adopted(connection.name),
        own_user="" if first else connection.writer.writes_as(),
    )
    frame = PlanFrame(desk.run_id, desk.as_of, desk.clock.now(), policy_hash(policy), rules.quiet)
    targets = yield_holds(connection.mapping.targets, stage)
    compared = plan_updates(desk.ledger, connection.name, targets, tables, mirrors, rules.quiet)
    alerts: list[Change] = []
    if stage.notifies:
        known = desk.store.rollout.baseline(connection.name) if baseline is None else baseline
        alerts = _alerts(desk, connection, tables, mirrors.last_written, rules.alerts, frame, known)
    desk.store.agree(connection.name, compared.agreed, desk.fence)
    adopted = compare_adopted(desk, connection, tables) if first else []
    return assemble(
        connection.name, frame, [*compared.changes, *alerts], compared.counts, first, adopted,
        compared.unwritable,
    )  # fmt: skip


def _alerts(
    desk: Desk,
    connection: Connection,
    tables: Mapping[str, pa.Table],
    last_written: pa.Table,
    rule: AlertRule,
    frame: PlanFrame,
    baseline: pa.Table,
) -> list[Change]:
    target = connection.mapping.task_target
    if target is None:
        return []
    return plan_alerts(
        desk.ledger, connection.name, target, tables, last_written, rule, frame,
        desk.house.language, baseline,
    )  # fmt: skip


def write_back(desk: Desk, way: Way, report: RunReport, tell: Tell = silent) -> None:
    """Push what may go by itself; what must wait for a person becomes a plan file.

    BudgetError after all were tried, when one of them is short of calls: each has its own.
    """
    short: BudgetError | None = None
    for plan in report.plans:
        if plan.connection in report.observed:
            continue
        approval = approve(plan, report.findings, way.plans_folder)
        if approval.plan_file is not None:
            report.plan_files[plan.connection] = approval.plan_file
            report.loads[plan.connection] = weigh(desk, _named(way, plan.connection), plan)
        if approval.changes:
            tell("push", plan.connection, len(approval.changes))
            connection = _named(way, plan.connection)
            try:
                report.pushes[plan.connection] = push(
                    desk, connection, approval.changes, lambda *a: tell("pushed", *a)
                )
            except BudgetError as error:
                short = short or error
    if short is not None:
        raise short


def publish(desk: Desk, way: Way, tell: Tell = silent) -> None:
    """Publish the ledger for readers."""
    tell("publish")
    crash_point("before-publish")
    desk.ledger.publish(way.snapshots_folder)
    crash_point("after-publish")


def call_counts(connections: Sequence[Connection]) -> dict[str, Mapping[str, int]]:
    """API calls made by each connection that writes, by class."""
    return {c.name: c.target.call_counts() for c in connections if c.target is not None}


def _named(way: Way, name: str) -> Connection:
    return next(c for c in way.connections if c.name == name)
