"""What the set-up commands print: the plan by step and kind, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.cli.render import table
from connector.domain.texts import say
from connector.ports.setup import PENDING, SetupItem, Step

if TYPE_CHECKING:
    from connector.cli.session import Session
    from connector.service.installing import SetupReport

_STEPS = {
    Step.CREATE: "create",
    Step.CHANGE: "change",
    Step.REMOVE: "remove",
    Step.SAME: "same",
    Step.KEPT: "kept",
    Step.LEFT_OUT: "left out",
    Step.BLOCKED: "blocked",
}


def show(here: Session, report: SetupReport, command: str) -> None:
    """The plan, and the next command or what became of it."""
    _show_pending(here, report)
    for item in report.plan.items:
        if item.message:
            _tell_item(here, item)
    same = sum(1 for item in report.plan.items if item.step is Step.SAME)
    if same:
        here.tell("Already as it should be: {n}.", n=same)
    if report.applied:
        _show_outcomes(here, report)
    elif report.plan.pending:
        _tell_next(here, report, command)
    else:
        here.tell("There is nothing to do on {name}.", name=report.connection)


def _show_pending(here: Session, report: SetupReport) -> None:
    groups: dict[tuple[Step, str, str], list[str]] = {}
    for item in report.plan.pending:
        place, name = _split(item.name)
        groups.setdefault((item.step, item.kind, place), []).append(name)
    if not groups:
        return
    made = table(here, "step", "kind", "on", ">number", "names", title="Set-up")
    for (step, kind, place), names in sorted(groups.items(), key=lambda g: PENDING.index(g[0][0])):
        told = here.say(_STEPS[step]), kind, place, str(len(names)), ", ".join(sorted(names))
        made.add_row(*told)
    here.print(made)


def _split(name: str) -> tuple[str, str]:
    """What a thing hangs on (a permission set, an object), and its name there."""
    for sign in (": ", "."):
        place, found, rest = name.partition(sign)
        if found:
            return place, rest
    return "", name


def _tell_item(here: Session, item: SetupItem) -> None:
    here.print(f"  {here.say(_STEPS[item.step])}: {item.kind} {item.name}")
    here.print(f"      {here.say(item.message, **item.params)}")
    if item.next_step:
        here.print(f"      → {here.say(item.next_step, **item.params)}")


def _tell_next(here: Session, report: SetupReport, command: str) -> None:
    holding = sum(1 for item in report.plan.pending if item.step is Step.REMOVE and item.data)
    if holding:
        here.tell("{n} of them store values: what stands in them in all records goes with them.",
                  n=holding)  # fmt: skip
    if report.plan.blocked:
        here.tell("Waits for a person: {n}.", n=len(report.plan.blocked))
    here.tell("Nothing was changed on {name}. To do it: {command}", name=report.connection,
              command=command)  # fmt: skip


def _show_outcomes(here: Session, report: SetupReport) -> None:
    done = len(report.outcomes) - len(report.refused)
    here.tell("Done on {name}: {n} of {all}.", name=report.connection, n=done,
              all=len(report.outcomes))  # fmt: skip
    for outcome in report.refused:
        if outcome.detail:
            here.print(f"  {outcome.item.kind} {outcome.item.name}: {outcome.detail}")
    if report.refused and not done:
        here.tell("The CRM refused it as a whole; nothing was changed.")
    if report.plan.blocked:
        here.tell("Waits for a person: {n}.", n=len(report.plan.blocked))


def as_json(report: SetupReport) -> dict[str, Any]:
    """The report for programs."""
    return {
        "connection": report.connection,
        "applied": report.applied,
        "plan": [_item_as_json(item) for item in report.plan.items],
        "outcomes": [
            {"kind": o.item.kind, "name": o.item.name, "done": o.done, "detail": o.detail}
            for o in report.outcomes
        ],
    }


def _item_as_json(item: SetupItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "name": item.name,
        "step": item.step.value,
        "message": say(item.message, "en", **item.params),
        "next_step": say(item.next_step, "en", **item.params),
        "data": item.data,
    }
