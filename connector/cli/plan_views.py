"""A plan for people: as a table and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connector.cli import render
from connector.cli.session import Session
from connector.domain.change import Change, ChangeKind, FieldChange, Plan

if TYPE_CHECKING:
    from connector.sync.run import RunReport

MOST_CHANGES = 40
WIDEST = 60


def show(here: Session, report: RunReport) -> None:
    """Every change, field by field: what the CRM holds → what it would hold."""
    render.show_plan_counts(here, report)
    for finding in report.findings:
        here.tell(finding.message, **finding.params)
    for plan in report.plans:
        render.show_compared(here, plan.connection, plan.adopted)
        render.show_loads(here, report.loads.get(plan.connection, ()))
    show_changes(here, report.plans)


def show_changes(here: Session, plans: Sequence[Plan], most: int = MOST_CHANGES) -> None:
    """The first changes of each plan as a table."""
    for plan in plans:
        made = render.table(here, "account", "field", ">in the CRM", ">ours", "remark")
        for change in plan.changes[:most]:
            for number, item in enumerate(change.fields):
                made.add_row(
                    _title(change) if number == 0 else "", item.field,
                    _short(item.theirs), _short(item.ours), _remark(here, change, item),
                )  # fmt: skip
        here.print(made)
        if len(plan.changes) > most:
            here.tell("and {n} more changes; --json or --out FILE has all",
                      n=len(plan.changes) - most)  # fmt: skip


def as_markdown(here: Session, plans: Sequence[Plan]) -> str:
    """All plans as one Markdown document, every change included."""
    lines: list[str] = []
    for plan in plans:
        lines += [
            f"# {here.say('Plan')} {plan.connection} · {plan.as_of} · {plan.id}",
            "",
            here.say(
                "{records} records: {planned} to write, {unchanged} unchanged, "
                "{tolerance} within tolerance, {conflicts} in conflict.",
                records=plan.counts.records, planned=plan.counts.planned,
                unchanged=plan.counts.unchanged, tolerance=plan.counts.within_tolerance,
                conflicts=plan.counts.conflicts,
            ),
            "",
            f"| {here.say('account')} | {here.say('field')} | {here.say('in the CRM')} "
            f"| {here.say('ours')} | {here.say('remark')} |",
            "|---|---|---:|---:|---|",
        ]  # fmt: skip
        lines += [
            f"| {_cell(_title(change))} | {_cell(item.field)} | {_cell(item.theirs)} "
            f"| {_cell(item.ours)} | {_cell(_remark(here, change, item))} |"
            for change in plan.changes
            for item in change.fields
        ]
        lines.append("")
    return "\n".join(lines)


def _title(change: Change) -> str:
    kind = " +" if change.kind is ChangeKind.CREATE else ""
    return f"{change.label} ({change.object_name}{kind})"


def _remark(here: Session, change: Change, item: FieldChange) -> str:
    if item.edited:
        return here.say("conflict: edited by {who}", who=change.modified_by or "?")
    if change.kind is ChangeKind.CREATE:
        return here.say("new record")
    return "" if item.cause else here.say("goes along")


def _short(text: str | None) -> str:
    if text is None:
        return "–"
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _cell(text: str | None) -> str:
    """Text that cannot break out of a Markdown table cell."""
    if text is None:
        return "–"
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
