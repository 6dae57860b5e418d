"""A run in JSON-able numbers: what `--json`, `status` and the run history hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from connector.domain.change import Change, ChangeKind, Plan
from connector.domain.decision import TOTAL
from connector.errors import fill

if TYPE_CHECKING:
    from connector.sync.apply import ApplyReport
    from connector.sync.intake import Intake
    from connector.sync.land import FeedReport
    from connector.sync.push import PushReport
    from connector.sync.run import RunReport

MOST_LISTED = 50


def summarise_run(report: RunReport) -> dict[str, Any]:
    """Everything countable about a run.

    `decided` parties whose decision changed, None when nothing was computed; `decided_on` how many
    were decided on (then `coverage` is theirs), None for everybody or nobody.
    """
    return {
        "run": report.run_id,
        "as_of": report.as_of,
        "exit_code": report.exit_code,
        **summarise_intake(report.intake),
        "scope": dict(report.scope.counts) if report.scope else {},
        "unlinked": sum(report.linked.unlinked.values()) if report.linked else 0,
        "decided": report.decided.changed if report.decided else None,
        "decided_on": report.decided.among if report.decided else None,
        "grades": grades(report),
        "coverage": dict(report.decided.coverage) if report.decided else {},
        "plans": [summarise_plan(plan) for plan in report.plans],
        "pushed": {name: summarise_push(push) for name, push in report.pushes.items()},
        "recovered": {str(k): v for k, v in report.recovered.ended.items()},
        "findings": [fill(f.message, f.params) for f in report.findings],
        "stages": {name: stage.value for name, stage in report.stages.items()},
        "loads": {name: [asdict(load) for load in loads] for name, loads in report.loads.items()},
        "plan_files": {name: str(path) for name, path in report.plan_files.items()},
        "calls": {name: dict(counts) for name, counts in report.calls.items()},
        "heartbeats": dict(report.heartbeats),
        "problems": report.problems,
    }


def summarise_intake(intake: Intake) -> dict[str, Any]:
    """What was taken in: counts of each feed, of the census, and changes of the schema."""
    return {
        "feeds": [summarise_feed(feed) for feed in intake.feeds],
        "census": [asdict(report) for report in intake.census],
        "drift": [
            {**asdict(change), "feeds": list(change.feeds)} for change in intake.drift
        ],
    }  # fmt: skip


def summarise_feed(feed: FeedReport) -> dict[str, Any]:
    """One feed's counts; `skipped` names the object that the vendor does not have."""
    return {
        "connection": feed.connection, "feed": feed.feed, "records": feed.records,
        "skipped": feed.skipped, "duplicates": list(feed.duplicates), "new": feed.new,
        "changed": feed.changed, "re_read": feed.re_read, "deleted": feed.deleted,
        "cleared": feed.cleared, "problems": feed.problems,
    }  # fmt: skip


def summarise_plan(plan: Plan) -> dict[str, Any]:
    """Where every record ended in the plan, and why records are written.

    unchanged + within_tolerance + planned + waiting = records; `conflicts` counts the records that
    somebody edited, whether they wait or are written again.
    """
    return {
        "connection": plan.connection,
        "id": plan.id,
        "first_contact": plan.first_contact,
        "records": plan.counts.records,
        "unchanged": plan.counts.unchanged,
        "within_tolerance": plan.counts.within_tolerance,
        "planned": plan.counts.planned,
        "tasks": sum(1 for c in plan.to_write if c.kind is ChangeKind.CREATE),
        "waiting": plan.counts.conflicts,
        "conflicts": len({(c.object_name, c.record_id) for c in plan.changes if c.conflicts}),
        "unwritable": [asdict(row) for row in plan.unwritable[:MOST_LISTED]],
        "causes": causes(plan.to_write),
        "adopted": len(plan.adopted),
    }


def causes(changes: Iterable[Change]) -> dict[str, int]:
    """How many records are written because of each credit field."""
    counter: Counter[str] = Counter()
    for change in changes:
        if change.kind is ChangeKind.UPDATE:
            counter.update({f.credit_field for f in change.fields if f.cause})
    return dict(counter.most_common())


def summarise_push(push: PushReport) -> dict[str, Any]:
    """Ends by state, and the first refusals with the vendor's words."""
    return {
        "ended": {str(state): n for state, n in push.ended.items()},
        "calls": push.calls,
        "refusals": [
            {"record": c.record_id or c.key, "label": c.label, "code": o.code, "message": o.message}
            for c, o in push.refusals[:MOST_LISTED]
        ],
    }


def summarise_apply(report: ApplyReport) -> dict[str, Any]:
    """What became of an applied plan."""
    return {
        "connection": report.plan.connection,
        "plan": report.plan.id,
        "moved": [{"record": c.record_id, "label": c.label} for c in report.moved[:MOST_LISTED]],
        "moved_count": len(report.moved),
        "pushed": summarise_push(report.pushed),
    }


def grades(report: RunReport) -> dict[str, int]:
    """Parties by grade; "-" for those without one."""
    if report.decided is None:
        return {}
    table = report.decided.tables["decision"]
    counter: Counter[str] = Counter(
        grade or "-"
        for grade, seller in zip(
            table["grade"].to_pylist(), table["selling_company"].to_pylist(), strict=True
        )
        if seller == TOTAL
    )
    return dict(sorted(counter.items()))
