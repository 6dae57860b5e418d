"""Groups of companies under one parent: what they owe together, their limit, and trouble in them.

Only the members in scope count: others owe nothing. A group limit is a limit of the kind `group`
on any member; with several the least counts.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, money, zero
from connector.credit.facts import Facts
from connector.credit.metrics.events import SEVERE
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.sheet import ROW

_TOTAL = ""


def group_limits(facts: Facts, rates: ir.Table) -> ir.Table:
    """The limit in force per group, in company currency. An expired one leaves 0 to use."""
    limits, now = facts["limit"], facts.as_of
    g = limits.filter(limits.kind == "group", limits.state == "amount")
    g = g.filter(g.valid_from.isnull() | (g.valid_from <= now))
    g = in_base(g, rates)
    lapsed = ibis.coalesce(g.valid_to < now, False)
    amount = convert(g.amount, g.rate)
    g = g.select("party_id", most=ibis.ifelse(lapsed, zero(), amount), lapsed=lapsed)
    p = facts["party"].select("party_id", "group_id").distinct()
    g = g.inner_join(p, "party_id").filter(lambda x: x.group_id.notnull())
    # A limit in force comes before one that has expired.
    valid = g.group_by("group_id").agg(
        in_force=g.most.min(where=~g.lapsed), expired=g.most.min(where=g.lapsed)
    )
    return valid.select("group_id", group_limit=ibis.coalesce(valid.in_force, valid.expired))


def in_trouble(t: ir.Table, contagion_days: int) -> Any:
    """A member that is long overdue without dispute, or has a severe public event (EW18)."""
    late = t.oldest_overdue_days > contagion_days
    struck = t.event_severity >= SEVERE
    return ibis.coalesce(late, False) | ibis.coalesce(struck, False)


def group_figures(members: ir.Table) -> ir.Table:
    """Per group of the party totals: exposure, members, and members in trouble.

    A member in credit lowers nobody else's exposure.

    group_exposure in company currency, group_members a count.
    """
    owed = ibis.greatest(members.net_exposure, zero())
    return members.group_by("group_id").agg(
        group_exposure=money(owed.sum()),
        group_members=members.count(),
        troubled=members.count(where=members.trouble),
    )


def headroom(t: ir.Table) -> dict[str, Any]:
    """`group_available`: what the group's limit leaves; null without a group limit (LIM-GROUP)."""
    return {"group_available": money(t.group_limit - t.group_exposure)}


def with_groups(t: ir.Table, bench: Workbench) -> ir.Table:
    """Add the group's figures to every row of its members; null for parties without a group.

    group_trouble = members in trouble − the party itself (EW18); group_limit see `group_limits`.
    """
    trouble = in_trouble(t, bench.policy.group.contagion_days)
    m = t.filter(t.group_id.notnull(), t.selling_company == _TOTAL)
    m = m.select("party_id", "group_id", "net_exposure", trouble=trouble)
    found = group_figures(m).left_join(group_limits(bench.facts, bench.rates), "group_id")
    found = found.drop("group_id_right")
    found = bench.stage.keep("groups", found.mutate(**headroom(found)))
    t = t.select(ROW, "group_id", "oldest_overdue_days", "event_severity")
    own = in_trouble(t, bench.policy.group.contagion_days).cast("int64")
    joined = t.left_join(found, "group_id").drop("group_id_right")
    others = joined.troubled - own
    return joined.mutate(group_trouble=others).drop("troubled")


AREA = Area("group", extend=with_groups)
