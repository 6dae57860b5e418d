"""What commands print for people: tables and sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.table import Table

from connector.cli.session import Session
from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.change import ChangeState
from connector.domain.texts import say_error
from connector.ports.heartbeat import WRITTEN
from connector.service.summary import grades, summarise_plan

if TYPE_CHECKING:
    from connector.mapping.check import Finding
    from connector.ports.crm import ObjectInfo
    from connector.ports.store import JournalEvent
    from connector.service.checking import Check
    from connector.service.explaining import Explained
    from connector.sync.apply import ApplyReport
    from connector.sync.intake import Intake
    from connector.sync.land import FeedReport
    from connector.sync.push import PushReport
    from connector.sync.rollout import Load
    from connector.sync.run import RunReport

MOST_LINES = 20
MOST_QUIET = 12
"""Of more feeds than these, those that brought nothing are only counted."""


def table(here: Session, *heads: str, title: str = "") -> Table:
    """A table with translated heads; heads that begin with > are right-aligned."""
    made = Table(title=here.say(title) if title else None, title_justify="left", box=None,
                 header_style="bold", pad_edge=False)  # fmt: skip
    for head in heads:
        made.add_column(
            here.say(head.lstrip(">")), justify="right" if head.startswith(">") else "left",
            overflow="fold",
        )  # fmt: skip
    return made


def _counts(feed: FeedReport) -> tuple[int, ...]:
    return (feed.records, feed.new, feed.changed, feed.re_read, feed.deleted, feed.cleared,
            feed.skipped, feed.problems)  # fmt: skip


def show_feeds(here: Session, feeds: Sequence[FeedReport]) -> None:
    """What each feed brought; of many, only those that brought something."""
    busy = [f for f in feeds if any(_counts(f))]
    shown = busy if len(feeds) > MOST_QUIET else feeds
    made = table(here, "feed", ">records", ">new", ">changed", ">known", ">deleted", ">cleared",
                 ">left out", ">problems", title="Read")  # fmt: skip
    for f in shown:
        made.add_row(f"{f.connection}.{f.feed}", *map(str, _counts(f)))
    if shown:
        here.print(made)
    if len(shown) < len(feeds):
        here.tell("{n} feeds brought nothing.", n=len(feeds) - len(shown))
    for f in feeds:
        if f.duplicates:
            here.tell("{feed}: {n} exact duplicates are kept: {names}", feed=f.feed,
                      n=len(f.duplicates), names=_some(f.duplicates))  # fmt: skip
    for f in feeds:
        if f.incomplete:
            here.tell(
                "{feed}: the source no longer knows all that was deleted since the last pull; all "
                "ids are compared.", feed=f"{f.connection}.{f.feed}",
            )  # fmt: skip
    if any(f.problems for f in feeds):
        here.tell("Rows with problems are quarantined; `creditflag status` lists them.")


def show_intake(here: Session, intake: Intake) -> None:
    """What was read, what the census found, and what changed at the source."""
    show_feeds(here, intake.feeds)
    for found in intake.census:
        if found.skipped:
            here.tell("Census of {feed}: left out, because API calls are short.",
                      feed=f"{found.connection}.{found.feed}")  # fmt: skip
        else:
            here.tell(
                "Census of {feed}: {listed} ids; {late} records found late, {ghosts} gone, "
                "{orphans} name an account that is not there.",
                feed=f"{found.connection}.{found.feed}", listed=found.listed,
                late=found.late_found, ghosts=found.ghosts, orphans=found.orphans,
            )  # fmt: skip
    for change in intake.drift[:MOST_LINES]:
        here.tell(
            DRIFT_TEXTS[change.kind], object=change.object_name, before=change.before,
            after=change.after, field=change.field or here.say("the object itself"),
        )  # fmt: skip
        if change.feeds:
            here.tell(
                "  Not read until the mapping is corrected or says drift {kind}: adopt – {feeds}",
                kind=change.kind, feeds=", ".join(change.feeds),
            )  # fmt: skip


DRIFT_TEXTS = {
    "added": "Changed at the source: {object} is there again.",
    "removed": "Changed at the source: {object}, {field}: removed, or hidden from the API user.",
    "renamed": "Changed at the source: {object}, {field}: probably renamed to {after}.",
    "type": "Changed at the source: {object}, {field}: type {before} became {after}.",
    "scale": "Changed at the source: {object}, {field}: digits {before} became {after}.",
    "length": "Changed at the source: {object}, {field}: length {before} became {after}.",
    "choices": "Changed at the source: {object}, {field}: choices {before} became {after}.",
    "permission": "Changed at the source: {object}, {field}: create, update {before} became "
    "{after}.",
    "calculated": "Changed at the source: {object}, {field}: calculated {before} became {after}.",
}


def show_run(here: Session, report: RunReport) -> None:
    """The story of a run, step by step, and the next command when it waits."""
    show_intake(here, report.intake)
    if report.scope is not None:
        scope = report.scope
        inside = ", ".join(f"{here.say(k)} {v}" for k, v in scope.included.items())
        outside = ", ".join(f"{here.say(k)} {v}" for k, v in scope.excluded.items())
        here.tell("In scope: {n} parties ({counts})", n=scope.in_scope, counts=inside or "–")
        here.tell("Out of scope: {n} parties ({counts})", n=scope.out_of_scope,
                  counts=outside or "–")  # fmt: skip
    if report.linked is not None and report.linked.unlinked:
        here.tell("{n} documents name an account that is not known; they are kept and count for "
                  "nobody until it is.", n=sum(report.linked.unlinked.values()))  # fmt: skip
    moved = report.linked.moved if report.linked is not None else None
    if moved is not None and moved.num_rows:
        here.tell("{n} accounts belong to another party than last time; limits approved for the "
                  "old party do not follow.", n=moved.num_rows)  # fmt: skip
    if report.decided is not None:
        if report.decided.changed is None:
            here.tell("Decisions: nothing that decides has changed since the last run.")
        else:
            spread = ", ".join(f"{g}: {n}" for g, n in grades(report).items())
            here.tell("Decisions: {n} changed; grades {spread}", n=report.decided.changed,
                      spread=spread or "–")  # fmt: skip
        if report.decided.among is not None and report.scope is not None:
            here.tell("{n} of {all} parties were decided on; nothing that decides about the others "
                      "has changed since the last run.", n=report.decided.among,
                      all=report.scope.in_scope)  # fmt: skip
    show_plan_counts(here, report)
    for name in report.observed:
        here.tell("{connection} is only observed at its stage of the roll-out; nothing is written.",
                  connection=name)  # fmt: skip
    for name, push in report.pushes.items():
        show_push(here, name, push)
    if not report.pushes and not report.plan_files:
        here.tell("Nothing to write: 0 write calls.")
    _show_waiting(here, report)
    for name, told in report.heartbeats.items():
        if told != WRITTEN:
            here.tell("The heartbeat on {name} was not written: {reason}", name=name, reason=told)
    calls = {n: ", ".join(f"{k} {v}" for k, v in c.items()) for n, c in report.calls.items()}
    for name, text in calls.items():
        here.tell("API calls on {name}: {calls}", name=name, calls=text or "0")


def show_plan_counts(here: Session, report: RunReport) -> None:
    """Where every record ended, and what causes the writes."""
    made = table(here, "connection", ">records", ">unchanged", ">within tolerance", ">to write",
                 ">tasks", ">conflicts", title="Plan")  # fmt: skip
    for plan in report.plans:
        n = summarise_plan(plan)
        made.add_row(plan.connection, *map(str, (
            n["records"], n["unchanged"], n["within_tolerance"], n["planned"], n["tasks"],
            n["conflicts"],
        )))  # fmt: skip
    here.print(made)
    for plan in report.plans:
        for row in plan.unwritable[:MOST_LINES]:
            here.tell("Left out: {field} of {record} cannot hold our value: {reason}.",
                      field=row.field, record=row.record_id, reason=row.reason)  # fmt: skip
        causes = summarise_plan(plan)["causes"]
        if causes:
            here.tell("Why records are written: {causes}",
                      causes=_causes(here, causes))  # fmt: skip
        for change in [c for c in plan.changes if c.conflicts][:MOST_LINES]:
            for f in change.conflicts:
                here.tell(
                    "Conflict: {label}, {field}: we wrote {base}, the CRM holds {theirs} "
                    "(changed by {who}), our value is {ours}: {rule}.",
                    label=change.label, field=f.field, base=f.base or "–", theirs=f.theirs or "–",
                    ours=f.ours or "–", who=change.modified_by or "?",
                    rule=here.say(_RULES[f.owner.value]),
                )  # fmt: skip


_RULES = {
    "ours": "written again",
    "theirs": "theirs stays",
    "ask": "waits for a person, nothing is written",
}


def _show_waiting(here: Session, report: RunReport) -> None:
    for finding in report.findings if report.plan_files else []:
        here.tell(finding.message, **finding.params)
    for plan in report.plans:
        show_compared(here, plan.connection, plan.adopted)
        show_loads(here, report.loads.get(plan.connection, ()))
    for name, path in report.plan_files.items():
        here.tell("Nothing was written to {name}. Read the plan, then apply it:", name=name)
        here.tell("  creditflag apply --plan {path}", path=path)


def show_loads(here: Session, loads: Sequence[Load]) -> None:
    """What a plan means for the owners of accounts, before it happens."""
    if not loads:
        return
    made = table(here, "owner", ">tasks", ">accounts on hold", ">open orders", ">not invoiced")
    for load in loads[:MOST_LINES]:
        amounts = ", ".join(
            f"{Decimal(amount):,.2f} {code}" for code, amount in load.amounts.items()
        )
        made.add_row(
            load.owner or "–", str(load.tasks), str(load.held), str(load.orders), amounts or "–"
        )
    here.print(made)
    if len(loads) > MOST_LINES:
        here.tell("and {n} more owners; --json has all", n=len(loads) - MOST_LINES)


def show_compared(here: Session, name: str, rows: Sequence[Mapping[str, str | None]]) -> None:
    """Values found in the CRM and adopted, with ours beside them."""
    if not rows:
        return
    here.tell("{n} values found on {name} are adopted as they are (inherited):", n=len(rows),
              name=name)  # fmt: skip
    made = table(here, "account", "field", ">in the CRM", ">ours", "review by")
    for row in rows[:MOST_LINES]:
        made.add_row(row["account"], row["credit_field"], row["theirs"], row["ours"] or "–",
                     row["review_on"])  # fmt: skip
    here.print(made)


def show_push(here: Session, name: str, push: PushReport) -> None:
    """How many changes ended where, and the first refusals in the vendor's words."""
    ended = ", ".join(f"{here.say(str(s))} {n}" for s, n in push.ended.items())
    here.tell("Written to {name} in {calls} calls: {ended}", name=name, calls=push.calls,
              ended=ended or "0")  # fmt: skip
    for change, outcome in push.refusals[:MOST_LINES]:
        here.tell("  {label} ({record}): {code} {message}", label=change.label,
                  record=change.record_id or change.key, code=outcome.code,
                  message=outcome.message)  # fmt: skip


def show_apply(here: Session, report: ApplyReport) -> None:
    """What became of a plan."""
    show_push(here, report.plan.connection, report.pushed)
    if report.moved:
        here.tell("{n} changes were refused: their records changed since the plan was made. The "
                  "next run plans them anew.", n=len(report.moved))  # fmt: skip
        for change in report.moved[:MOST_LINES]:
            here.print(f"  {change.label} ({change.record_id})")
    if report.pushed[ChangeState.VERIFIED]:
        here.tell("From now on `creditflag run` writes to {name} by itself.",
                  name=report.plan.connection)  # fmt: skip


def show_object(here: Session, info: ObjectInfo) -> None:
    """An object's fields as an admin needs them."""
    made = table(here, "field", "label", "type", "writable", "required", "remarks",
                 title=f"{info.name} ({info.label})")  # fmt: skip
    for f in sorted(info.fields.values(), key=lambda f: f.name):
        remarks = [w for w, on in (("external id", f.external_id), ("unique", f.unique),
                                   ("calculated", f.calculated)) if on]  # fmt: skip
        size = f"({f.length})" if f.length else f"({f.precision},{f.scale})" if f.precision else ""
        writable, required = (here.say("yes" if on else "no") for on in (f.updateable, f.required))
        made.add_row(f.name, f.label, f.vendor_type + size, writable, required, ", ".join(remarks))
    here.print(made)


def object_as_json(info: ObjectInfo) -> dict[str, Any]:
    """The description for programs."""
    from dataclasses import asdict

    return {
        "name": info.name,
        "label": info.label,
        "fields": [asdict(f) for f in info.fields.values()],
    }


def show_findings(
    here: Session, name: str, findings: Sequence[Finding], connection: str = ""
) -> None:
    """Errors first, then warnings; what to do behind each."""
    here.tell("Mapping of {name}:", name=name)
    wrong = [f for f in findings if f.level != "ok"]
    for f in sorted(wrong, key=lambda f: f.level):
        here.print(f"  {here.say(f.level)}: {here.say(f.message, **f.params)}")
        if f.next_step:
            here.print(f"      → {here.say(f.next_step, **f.params)}")
    fine = sum(1 for f in findings if f.level == "ok")
    here.tell("{fine} fields fit, {errors} errors, {warnings} warnings.", fine=fine,
              errors=sum(1 for f in wrong if f.level == "error"),
              warnings=sum(1 for f in wrong if f.level == "warning"))  # fmt: skip
    if any(str(f.params.get("path", "")).startswith(("write.", "task.")) for f in wrong):
        here.tell("Missing credit fields and rights can be created from here: {command}",
                  command=f"creditflag fields {connection or name} --plan")  # fmt: skip


def show_checks(here: Session, checks: Sequence[Check]) -> None:
    """Doctor's findings."""
    for check in checks:
        found = say_error(check.error, here.language) if check.error else check.found
        here.print(f"{'✓' if check.well else '✗'} {check.name}: {found}")


def show_status(here: Session, content: Mapping[str, Any]) -> None:
    """Runs, jobs, connections, conflicts and problems."""
    made = table(here, "run", "what", "started", "as of", "outcome", ">exit", title="Last runs")
    for r in content["runs"]:
        made.add_row(r["run"], r["kind"], r["started"], r["as_of"], r["outcome"],
                     str(r["exit_code"]))  # fmt: skip
    here.print(made)
    _show_jobs(here, content)
    for c in content["connections"]:
        state = "in service"
        if not c["writes"]:
            state = "read only"
        elif c["stage"] == "observe":
            state = "only observed"
        elif c["first_contact"]:
            state = "waits for its first plan to be applied"
        here.tell("{name}: {state}, {open} open changes, {conflicts} conflicts", name=c["name"],
                  state=here.say(state), open=c["open_changes"],
                  conflicts=len(c["conflicts"]))  # fmt: skip
        if c["writes"] and c["stage"] in ("show", "notify"):
            here.tell("  Stage of the roll-out: {stage}", stage=c["stage"])
        if c["calls"]["allowed"] is not None:
            here.tell("  API calls in 24 hours: {used} of {allowed}", **c["calls"])
        if c["stale"]:
            here.tell("  not fresh: last read {pulled}, last refreshed {refreshed}",
                      pulled=c["pulled_at"] or "–", refreshed=c["refreshed_at"] or "–")  # fmt: skip
        for conflict in c["conflicts"][:MOST_LINES]:
            for f in conflict["fields"]:
                here.print(f"  {conflict['label']}: {f['field']} {f['base']} → {f['theirs']} "
                           f"({conflict['modified_by']}) ≠ {f['ours']}")  # fmt: skip
    for d in content["drift"]:
        here.print(f"  {d['since']} {d['connection']}")
        here.tell(
            DRIFT_TEXTS[d["kind"]], object=d["object_name"], before=d["before"],
            after=d["after"], field=d["field"] or here.say("the object itself"),
        )  # fmt: skip
    problems = content["problems"]
    if problems:
        made = table(here, "where", "field", "reason", title="Quarantined rows")
        for p in problems[:MOST_LINES]:
            made.add_row(p["where_from"], p["field"] or "", p["reason"])
        here.print(made)
        if len(problems) > MOST_LINES:
            here.tell("and {n} more; --json lists all", n=len(problems) - MOST_LINES)


def _show_jobs(here: Session, content: Mapping[str, Any]) -> None:
    """What the daemon does next, and whether there is one."""
    if content["jobs"]:
        made = table(here, "job", "when", "due", "outcome", ">missed", title="Jobs")
        for job in content["jobs"]:
            made.add_row(job["name"], job["when"], job["next_due"], job["last_outcome"] or "–",
                         str(job["missed"]))  # fmt: skip
        here.print(made)
        for job in content["jobs"]:
            if job["last_error"]:
                here.print(f"  {job['name']}: {job['last_error']}")
    for lease in content["leases"]:
        here.tell("The lease {name} is held by {owner} since {since}.", **lease)


def show_explanation(here: Session, explained: Explained) -> None:
    """Why a party has its decision."""
    for line in explained.lines:
        here.print(line)


def show_journal(here: Session, events: Sequence[JournalEvent]) -> None:
    """Events, latest first."""
    made = table(here, ">event", "at", "state", "record", "change", "detail")
    for e in events:
        made.add_row(str(e.number), e.at.isoformat(timespec="seconds"), here.say(str(e.state)),
                     e.record_id, e.change_id[:8], _detail(e.payload))  # fmt: skip
    here.print(made)


def event_as_json(event: JournalEvent) -> dict[str, Any]:
    """A journal event for programs."""
    from dataclasses import asdict

    return asdict(event)


def _causes(here: Session, causes: Mapping[str, int]) -> str:
    labels = {
        name: field.label_zh if here.language == "zh" else field.label_en
        for name, field in CREDIT_FIELDS.items()
    }
    return ", ".join(f"{labels.get(name, name)} {n}" for name, n in causes.items())


def _detail(payload: Mapping[str, object]) -> str:
    fields = payload.get("fields")
    if isinstance(fields, Mapping):
        return ", ".join(f"{k}={v}" for k, v in fields.items())[:200]
    return " ".join(str(v) for v in payload.values() if v)[:200]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown}, …"
