"""Look ahead: what is left of the limit once the open opportunities become orders."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.decision import limits
from connector.credit.expressions import convert, money, plus_days, zero
from connector.credit.facts import Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.behaviour import OpportunitiesDoc
from connector.domain.decision import TOTAL


def coming_opportunities(facts: Facts, rates: ir.Table, rule: OpportunitiesDoc) -> ir.Table:
    """Open opportunities that close within the horizon, with `base` and its `weighted` part.

    A close date in the past is a forgotten entry and does not count; nor does one that is won,
    which comes as an order. With `weigh: probability` an unknown probability counts in full:
    unknown is not 0.
    """
    o = facts["opportunity"]
    last = plus_days(facts.as_of, ibis.literal(rule.horizon_days))
    open_ = ~ibis.coalesce(o.closed, False) & ~ibis.coalesce(o.won, False)
    o = o.filter(open_, o.close_date >= facts.as_of, o.close_date <= last, o.amount > 0)
    o = in_base(o, rates)
    o = o.mutate(base=convert(o.amount, o.rate))
    if rule.weigh == "full":
        return o.mutate(weighted=o.base)
    share = ibis.coalesce(o.probability, 1).cast("decimal(18, 10)")
    return o.mutate(weighted=convert(o.base, ibis.least(ibis.greatest(share, 0), 1)))


def opportunity_sums(coming: ir.Table) -> ir.Table:
    """Count and weighted amount per party, in company currency.

    The metrics opportunities and opportunity_amount; null for a party without any.
    """
    return coming.group_by("party_id").agg(
        opportunities=coming.count(),
        opportunity_amount=money(ibis.coalesce(coming.weighted.sum(), zero())),
    )


def ahead_columns(t: ir.Table, convention: str) -> dict[str, Any]:
    """`exposure_ahead` and `utilisation_ahead`: as if the coming opportunities were owed.

    An opportunity names no selling company, so rows of single companies have none.
    """
    whole = t.selling_company == TOTAL
    coming = ibis.coalesce(t.opportunity_amount, zero())
    ahead = money(t.net_exposure + coming)
    there = SimpleNamespace(
        approved_state=t.approved_state, approved_amount=t.approved_amount,
        collateral=t.collateral, expired=t.expired, net_exposure=ahead,
    )  # fmt: skip
    used = limits.availability(there, convention)["utilisation"]
    return {
        "exposure_ahead": ibis.ifelse(whole, ahead, ibis.null("decimal(18, 4)")),
        "utilisation_ahead": ibis.ifelse(whole, used, ibis.null("decimal(18, 10)")),
    }


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    rule = bench.policy.behaviour.opportunities
    return {"opportunities": opportunity_sums(coming_opportunities(bench.facts, bench.rates, rule))}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    return ahead_columns(t, bench.policy.exposure.collateral)


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """The opportunities that count, the largest first."""
    rule = bench.policy.behaviour.opportunities
    o = coming_opportunities(bench.facts, bench.rates, rule)
    shown = paper_rows(o, "opportunity", o.weighted, number=o["name"], due_date=o.close_date)
    return {"opportunities": shown}


AREA = Area("opportunities", of_party=_of_party, columns=_columns, documents=_documents)
