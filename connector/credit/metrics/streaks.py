"""Days in a row on which much of the limit was used, from what was decided on each day."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import days_between, exact
from connector.credit.facts import Facts
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.behaviour import StreakDoc
from connector.domain.decision import TOTAL


def high_days_before(facts: Facts, rule: StreakDoc) -> ir.Table:
    """Observed days before the valuation date above the line, since the last one below it.

    One row a party; the figures of the whole party count. A day without decision, or without a
    limit to measure against, was not observed: it neither counts nor breaks. One observed day at
    or below the line breaks (vector EWI-UTIL).
    """
    u = facts["usage"]
    ago = days_between(facts.as_of, u.day)
    u = u.filter(u.selling_company == TOTAL, ago > 0, ago <= rule.reach_days)
    u = u.filter(u.utilisation.notnull())
    u = u.group_by("party_id", "day").agg(used=u.utilisation.min())
    low = u.filter(u.used <= exact(rule.above))
    low = low.group_by("party_id").agg(last_low=low.day.max())
    t = u.left_join(low, "party_id").drop("party_id_right")
    t = t.filter(t.last_low.isnull() | (t.day > t.last_low))
    return t.group_by("party_id").agg(high_days_before=t.count(), high_since=t.day.min())


def streak_columns(t: ir.Table, as_of: Any, rule: StreakDoc) -> dict[str, Any]:
    """`high_use_days`: observed days in a row above the line, the valuation date included.

    0 when not above it today, null when there is no limit to measure against. `high_use_since` is
    the first of those days.
    """
    above = t.utilisation > exact(rule.above)
    days = ibis.coalesce(t.high_days_before, 0) + 1
    counted = ibis.ifelse(above, days, 0)
    whole = t.selling_company == TOTAL
    since = ibis.coalesce(t.high_since, as_of)
    return {
        "high_use_days": ibis.ifelse(
            t.utilisation.notnull() & whole, counted, ibis.null("int64")
        ).cast("int64"),
        "high_use_since": ibis.ifelse(above & whole, since, ibis.null("date")),
    }


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    rule = bench.policy.behaviour.streak
    return {"streak": high_days_before(bench.facts, rule)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return streak_columns(t, bench.as_of, bench.policy.behaviour.streak)


AREA = Area("streaks", of_party=_of_party, columns=_columns)
