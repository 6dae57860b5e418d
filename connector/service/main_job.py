"""The main job and its parts as use cases: run, pull, plan, apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from connector.domain.change import Plan
from connector.errors import EXIT_BUG, CreditflagError
from connector.logs import get_logger
from connector.service.checking import refuse_unfit_targets
from connector.service.office import Office
from connector.service.summary import summarise_run
from connector.sync.apply import ApplyReport, apply_plan
from connector.sync.desk import Connection, Desk
from connector.sync.land import FeedReport
from connector.sync.plan_file import read_plan, write_plan
from connector.sync.pull import pull_connection
from connector.sync.push import Progress
from connector.sync.run import RunReport, Tell, Way, decide_and_plan, publish, run, silent


def run_main_job(
    office: Office,
    as_of: date | None = None,
    tell: Tell = silent,
    accept_shrunk_lists: bool = False,
) -> RunReport:
    """The whole pass, recorded in the store with its outcome."""
    connections = office.connect_all()
    refuse_unfit_targets(office, connections)
    with office.desk(as_of, accept_shrunk_lists) as desk, _recorded(office, desk) as finish:
        report = run(desk, _way(office, connections), tell)
        finish(report)
    return report


def pull_only(office: Office, tell: Tell = silent) -> list[FeedReport]:
    """Pull and land every feed; decide and write nothing."""
    connections = office.connect_all()
    with office.desk() as desk:
        feeds: list[FeedReport] = []
        for connection in connections:
            tell("pull", connection.name)
            feeds += pull_connection(desk, connection, lambda *a: tell("page", *a))
        desk.ledger.publish(office.snapshots)
    return feeds


def plan_only(
    office: Office, as_of: date | None = None, out: Path | None = None, tell: Tell = silent
) -> RunReport:
    """Decide and plan from what is landed, without pulling and without writing to any CRM.

    `out` receives the plan as a file; with several targets, one file each with the connection's
    name in front.
    """
    connections = office.connect_all()
    refuse_unfit_targets(office, connections)
    with office.desk(as_of) as desk, _recorded(office, desk) as finish:
        report = RunReport(run_id=desk.run_id, as_of=desk.as_of.isoformat())
        way = _way(office, connections, write=False)
        decide_and_plan(desk, way, report, tell)
        publish(desk, way, tell)
        for plan in report.plans:
            if out is not None and plan.to_write:
                path = out if len(report.plans) == 1 else out.with_name(
                    f"{plan.connection}-{out.name}"
                )  # fmt: skip
                write_plan(plan, path)
        finish(report)
    return report


def apply_file(office: Office, path: Path, progress: Progress | None = None) -> ApplyReport:
    """Apply a plan file that a person has read."""
    plan: Plan = read_plan(path)
    connection = office.connect(plan.connection)
    with office.desk(plan.as_of) as desk:
        report = apply_plan(desk, connection, plan, progress)
        desk.ledger.publish(office.snapshots)
    return report


def _way(office: Office, connections: Sequence[Connection], write: bool = True) -> Way:
    return Way(
        connections=connections,
        policy=office.policy,
        plans_folder=office.plans,
        snapshots_folder=office.snapshots,
        write=write,
    )


@contextmanager
def _recorded(office: Office, desk: Desk) -> Iterator[Callable[[RunReport], None]]:
    """Record start and end of a run; an error is recorded with its exit code and goes on up."""
    log = get_logger(run=desk.run_id)
    log.info("run_started")
    office.store.start_run(desk.run_id, desk.as_of, office.clock.now())

    def finish(report: RunReport) -> None:
        log.info("run_ended", outcome="ok", code=report.exit_code)
        office.store.end_run(
            desk.run_id, office.clock.now(), "ok", report.exit_code, summarise_run(report)
        )

    try:
        yield finish
    except CreditflagError as error:
        log.error("run_ended", outcome=type(error).__name__, error=str(error))
        office.store.end_run(
            desk.run_id, office.clock.now(), type(error).__name__, error.exit_code,
            {"error": str(error)},
        )  # fmt: skip
        raise
    except Exception as error:
        office.store.end_run(desk.run_id, office.clock.now(), type(error).__name__, EXIT_BUG, {})
        raise
