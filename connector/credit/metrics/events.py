"""Public events about a customer: court, register, sanctions, press."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import MONEY, days_between, union_all
from connector.credit.facts import Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.document import HardStopsDoc
from connector.credit.policy.rating import EventsDoc

SEVERE = 3
NOTICE = 1


def events_in_force(facts: Facts) -> ir.Table:
    """Events that have begun and are not over. One without a first day counts as begun."""
    e = facts["event"]
    now = facts.as_of
    begun = e.since.isnull() | (e.since <= now)
    over = ibis.coalesce(e.ended_on <= now, False)
    return e.filter(begun, ~over)


def severity_of(t: ir.Table, rule: EventsDoc) -> Any:
    """3 for the kinds that the policy calls severe, else what the source says, else 1; 1–3."""
    own = ibis.least(ibis.greatest(ibis.coalesce(t.severity, NOTICE), NOTICE), SEVERE)
    severe = t.kind.isin(list(rule.severe))
    return ibis.ifelse(severe, ibis.literal(SEVERE, type="int64"), own.cast("int64"))


def event_figures(events: ir.Table, rule: EventsDoc, as_of: Any) -> ir.Table:
    """Per party: events in force, the worst severity and the day it began (EW12).

    Court and press events fade after `memory_days`; the severe kinds count until they are over.

    events is a count, event_severity 1 notice, 2 warning, 3 severe, event_since the latest day of
    one of the worst; all null when nothing is in force.
    """
    severity = severity_of(events, rule)
    t = events.mutate(worth=severity)
    age = ibis.coalesce(days_between(as_of, t.since), 0)
    t = t.filter(t.kind.isin(list(rule.severe)) | (age <= rule.memory_days))
    worst = t.group_by("party_id").agg(events=t.count(), event_severity=t.worth.max())
    of_worst = t.inner_join(worst.select("party_id", "event_severity"), "party_id")
    of_worst = of_worst.filter(of_worst.worth == of_worst.event_severity)
    since = of_worst.group_by("party_id").agg(event_since=of_worst.since.max())
    return worst.left_join(since, "party_id").drop("party_id_right")


def stops_in_force(facts: Facts, events: ir.Table, rule: HardStopsDoc) -> ir.Table:
    """Per party: how many of the policy's hard stops are in force, null for none.

    Findings and public events count; what the statement shows has a flag of its own.
    """
    now = facts.as_of
    s = facts["hard_stop"].select("party_id", "code", "since")
    s = s.filter(s.since.isnull() | (s.since <= now)).select("party_id", "code")
    s = union_all([s, events.select("party_id", code=events.kind)])
    s = s.filter(s.code.isin(list(rule.codes)))
    return s.group_by("party_id").agg(stops_in_force=s.code.nunique().cast("int64"))


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    found = events_in_force(bench.facts)
    return {
        "events": event_figures(found, bench.policy.events, bench.as_of),
        "stops_in_force": stops_in_force(bench.facts, found, bench.policy.hard_stops),
    }


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Events in force, the worst first; their kind stands in place of a number."""
    e = events_in_force(bench.facts)
    worst = severity_of(e, bench.policy.events)
    shown = paper_rows(
        e, "event", worst, number=e.kind, amount=ibis.null(MONEY), currency=ibis.null("string")
    )
    return {"event": shown}


AREA = Area("events", of_party=_of_party, documents=_documents)
