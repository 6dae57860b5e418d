"""The main job and its parts as use cases: run, pull, plan, apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from connector.domain.change import Plan
from connector.errors import EXIT_BUG, EXIT_OK, EXIT_PARTIAL, CreditflagError
from connector.logs import get_logger
from connector.ports.stopping import StopSignal
from connector.service.checking import refuse_unfit_targets
from connector.service.office import Office
from connector.service.rolling_out import refuse_outdated
from connector.service.summary import summarise_apply, summarise_intake, summarise_run
from connector.sync.apply import ApplyReport, apply_plan
from connector.sync.desk import Connection, Desk
from connector.sync.intake import Intake, take_in_connection
from connector.sync.plan_file import read_plan, write_plan
from connector.sync.push import Progress
from connector.sync.rollout import weigh
from connector.sync.run import RunReport, Tell, Way, decide_and_plan, publish, run, silent

Finish = Callable[[int, Mapping[str, object]], None]
"""Called at the good end of a run with its exit code and its summary."""


def run_main_job(
    office: Office,
    as_of: date | None = None,
    tell: Tell = silent,
    accept_shrunk_lists: bool = False,
    only: str = "",
    stop: StopSignal | None = None,
    census: bool = False,
) -> RunReport:
    """The whole pass, recorded in the store with its outcome.

    `only` names the one connection to read and write; decisions rest on all that is landed.
    `census` compares all ids, due or not.
    StoppedError when `stop` was asked for on the way.
    """
    connections = [office.connect(only)] if only else office.connect_all()
    refuse_unfit_targets(office, connections)
    with (
        office.desk(as_of, accept_shrunk_lists, stop, census) as desk,
        _recorded(office, desk, "run") as finish,
    ):
        report = run(desk, _way(office, connections), tell)
        finish(report.exit_code, summarise_run(report))
    return report


def pull_only(
    office: Office,
    tell: Tell = silent,
    only: str = "",
    stop: StopSignal | None = None,
    census: bool = False,
) -> Intake:
    """Pull and land every feed, or those of the connection `only`; decide and write nothing."""
    connections = [office.connect(only)] if only else office.connect_all()
    with (
        office.desk(stop=stop, census=census) as desk,
        _recorded(office, desk, "pull") as finish,
    ):
        intake = Intake()
        for connection in connections:
            tell("pull", connection.name)
            intake.add(take_in_connection(desk, connection, lambda *a: tell("page", *a)))
        desk.ledger.publish(office.snapshots)
        finish(EXIT_PARTIAL if intake.problems else EXIT_OK, summarise_intake(intake))
    return intake


def plan_only(
    office: Office, as_of: date | None = None, out: Path | None = None, tell: Tell = silent
) -> RunReport:
    """Decide and plan from what is landed, without pulling and without writing to any CRM.

    `out` receives the plan as a file; with several targets, one file each with the connection's
    name in front.
    """
    connections = office.connect_all()
    refuse_unfit_targets(office, connections)
    with office.desk(as_of) as desk, _recorded(office, desk, "plan") as finish:
        report = RunReport(run_id=desk.run_id, as_of=desk.as_of.isoformat())
        way = _way(office, connections, write=False)
        decide_and_plan(desk, way, report, tell)
        publish(desk, way, tell)
        for plan in report.plans:
            report.loads[plan.connection] = weigh(desk, office.connect(plan.connection), plan)
            if out is not None and plan.to_write:
                path = out if len(report.plans) == 1 else out.with_name(
                    f"{plan.connection}-{out.name}"
                )  # fmt: skip
                write_plan(plan, path)
        finish(report.exit_code, summarise_run(report))
    return report


def apply_file(office: Office, path: Path, progress: Progress | None = None) -> ApplyReport:
    """Apply a plan file that a person has read."""
    plan: Plan = read_plan(path)
    connection = office.connect(plan.connection)
    refuse_outdated(office, connection, plan)
    with office.desk(plan.as_of) as desk, _recorded(office, desk, "apply") as finish:
        report = apply_plan(desk, connection, plan, progress)
        desk.ledger.publish(office.snapshots)
        finish(report.exit_code, summarise_apply(report))
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
def _recorded(office: Office, desk: Desk, kind: str) -> Iterator[Finish]:
    """Record start and end of a run; an error is recorded with its exit code and goes on up."""
    log = get_logger(run=desk.run_id)
    log.info("run_started", job=kind)
    office.store.start_run(desk.run_id, desk.as_of, office.clock.now(), kind)

    def finish(code: int, summary: Mapping[str, object]) -> None:
        log.info("run_ended", outcome="ok", code=code)
        office.store.end_run(desk.run_id, office.clock.now(), "ok", code, summary)

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
