"""Which open items are past their days of grace, by the calendar of the customer's country."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import join_left
from connector.credit.facts import Facts
from connector.credit.policy.document import AgeingDoc


def with_grace(items: ir.Table, facts: Facts, rule: AgeingDoc) -> ir.Table:
    """Add `past_grace`: more than the policy's grace late.

    Calendar days: days past due above the grace. Working days: due on or before the day that
    `Inputs.calendars` states for the customer's country, else for unknown countries; without any
    calendar, calendar days.
    """
    late = items.days_past_due > rule.grace_days
    if rule.grace_unit == "calendar_days":
        return items.mutate(past_grace=late)
    days, party = facts["calendar"], facts["party"]
    found = party.select("party_id", country=ibis.coalesce(party.country, ""))
    found = join_left(found, days, ["country"]).group_by("party_id").agg(
        of_country=lambda t: t.last_past_grace.max()
    )  # fmt: skip
    unknown: Any = days.filter(days.country == "").last_past_grace.max().as_scalar()
    t = join_left(items, found, ["party_id"])
    last = ibis.coalesce(t.of_country, unknown)
    past = ibis.ifelse(last.isnull(), t.days_past_due > rule.grace_days, t.due_date <= last)
    return t.mutate(past_grace=past).drop("of_country")
