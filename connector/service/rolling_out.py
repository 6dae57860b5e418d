"""Roll-out: where a connection stands, what a step would do before it is taken, and the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from connector.domain.change import Plan
from connector.domain.rollout import STAGES, Stage
from connector.errors import InputError, RefusedError, StateError
from connector.ports.rollout import RolloutStep
from connector.service.entering import Author
from connector.service.office import Office
from connector.sync.desk import Connection, Desk
from connector.sync.rollout import Load, holds_of_ours, open_episodes, stage_of, weigh
from connector.sync.rules import rules_of
from connector.sync.run import plan_connection
from connector.sync.wording import word


@dataclass(frozen=True, slots=True)
class Standing:
    """The stage of a connection, and who moved it when and why, latest first."""

    connection: str
    stage: Stage
    steps: Sequence[RolloutStep]


@dataclass(frozen=True, slots=True)
class Preview:
    """What the next run would write after a step: records, and what it means for each owner.

    `baseline` counts the open flags that will make no task because they are true already.
    """

    connection: str
    before: Stage
    after: Stage
    records: int
    baseline: int
    loads: Sequence[Load]


def show_stage(office: Office, name: str) -> Standing:
    """Where the connection stands; InputError for one that is not written to."""
    _written(office, name)
    return Standing(
        name, stage_of(office.store, office.house, name), office.store.rollout.steps(name)
    )


def parse_stage(text: str) -> Stage:
    """The stage of that name; InputError naming them all."""
    if text not in STAGES:
        raise InputError(
            "{text} is not a stage.",
            next_step="Stages are {known}.",
            text=text[:40],
            known=", ".join(STAGES),
        )
    return Stage(text)


def preview_step(office: Office, name: str, stage: Stage) -> Preview:
    """What a step to `stage` would do, from the decisions in force. Nothing is kept or written."""
    connection = _written(office, name)
    with office.desk() as desk:
        tables = _decisions(office)
        before = stage_of(office.store, office.house, name)
        baseline = _baseline(office, tables, before, stage)
        if not stage.writes:
            return Preview(name, before, stage, 0, 0, ())
        plan = plan_connection(desk, connection, office.policy, tables, stage, baseline)
        return Preview(
            name, before, stage, plan.counts.planned,
            baseline.num_rows if baseline is not None else 0, weigh(desk, connection, plan),
        )  # fmt: skip


def take_step(office: Office, name: str, stage: Stage, author: Author) -> Standing:
    """Move a connection to a stage; the next run writes accordingly.

    RefusedError for a step that changes nothing, and for one to `observe` while holds of ours
    stand in the CRM: nobody would take them off.
    """
    connection = _written(office, name)
    with office.desk() as desk:
        before = stage_of(office.store, office.house, name)
        if before is stage:
            raise RefusedError(
                "{name} is at the stage {stage} already.",
                next_step="Nothing was changed.",
                name=name,
                stage=stage.value,
            )
        _refuse_left_holds(desk, connection, stage)
        baseline = None
        if stage.notifies and not before.notifies:
            baseline = _baseline(office, _decisions(office), before, stage)
        step = RolloutStep(name, stage, author.who, author.why, office.clock.now())
        office.store.rollout.move(step, baseline)
    return show_stage(office, name)


def refuse_outdated(office: Office, connection: Connection, plan: Plan) -> None:
    """RefusedError for a plan that the connection's stage does not let through: one to be observed
    only, or one that was made before the last step."""
    steps = office.store.rollout.steps(connection.name)
    if not stage_of(office.store, office.house, connection.name).writes:
        raise RefusedError(
            "{name} is only observed at its stage of the roll-out. Nothing was written.",
            next_step="Move it on with `creditflag rollout {name} --to show`.",
            name=connection.name,
        )
    if steps and plan.created_at < steps[0].at:
        raise RefusedError(
            "The plan was made before {name} was moved to the stage {stage}. Nothing was written.",
            next_step="Run again: it makes a plan that fits the stage.",
            name=connection.name,
            stage=steps[0].stage.value,
        )


def _written(office: Office, name: str) -> Connection:
    connection = office.connect(name)
    if connection.target is None:
        raise InputError(
            "Nothing is ever written to {name}, so there is nothing to roll out.",
            next_step="Name a connection that is written to: {known}.",
            name=name,
            known=", ".join(office.writing_names) or "none",
        )
    return connection


def _decisions(office: Office) -> dict[str, pa.Table]:
    if not office.store.decided_basis():
        raise StateError(
            "Nothing has been decided yet.",
            where=str(office.folder),
            next_step="Run `creditflag run` first.",
        )
    tables = dict(office.store.decision_tables())
    tables["wording"] = word(tables, office.language)
    return tables


def _baseline(
    office: Office, tables: Mapping[str, pa.Table], before: Stage, after: Stage
) -> pa.Table | None:
    """Flags that are true now and make no task, when the step switches tasks on."""
    if before.notifies or not after.notifies:
        return None
    return open_episodes(tables["flag"], rules_of(office.policy).alerts)


def _refuse_left_holds(desk: Desk, connection: Connection, stage: Stage) -> None:
    left = 0 if stage.writes else holds_of_ours(desk, connection)
    if left:
        raise RefusedError(
            "{count} accounts of {name} are on hold because of us; observed only, they would stay "
            "so.",
            next_step="Move to show first and run: that takes the holds off. Then move to observe.",
            count=left,
            name=connection.name,
        )
