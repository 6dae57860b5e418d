"""From the party table to the verdict: score, grade, proposed limit, flags, hold, colour."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from connector.credit.decision import (
    action,
    holds,
    limits,
    offer,
    proposal,
    rating,
    scorecard,
)
from connector.credit.expressions import join_left, money, union_all
from connector.credit.facts import Facts
from connector.credit.flags import FLAGS, flag_module
from connector.credit.flags.conditions import find_condition
from connector.credit.flags.finding import FlagContext, no_findings
from connector.credit.metrics import loss
from connector.credit.metrics.party import KEY, Book
from connector.credit.policy.document import PolicyDoc
from connector.credit.program import Builder
from connector.domain.decision import TOTAL


@dataclass(frozen=True)
class Verdict:
    """Decided parties (wide), their flags, and the hard stops that count."""

    parties: ir.Table
    flags: ir.Table
    stops: ir.Table
    portfolio: ir.Table


def judge(stage: Builder, facts: Facts, book: Book, policy: PolicyDoc) -> Verdict:
    """Score, grade, propose, flag, hold."""
    sheet, p = book.sheet, book.parties
    stops = stage.keep("stops", scorecard.counted_stops(facts, p, policy.hard_stops))
    first = scorecard.first_stop(stops, policy.hard_stops)
    scored = stage.keep("scored", scorecard.score(p, policy.scorecard))
    graded = scored.left_join(first, "party_id").select(*scored.columns, "hard_stop")
    graded = scorecard.grade(graded, policy.grades, policy.hard_stops)
    graded = stage.keep("graded", rating.settle_grade(graded, p, policy))
    p = sheet.adopt("graded", KEY, whole=True)
    portfolio = stage.keep("portfolio", portfolio_sales(p, facts))
    asked = p.select(*[name for name in _ASKED if name in p.columns]).cross_join(portfolio)
    limited = stage.keep("limited", proposal.propose(asked, policy))
    p = sheet.adopt("limited", KEY, whole=True)
    way = policy.exposure.collateral
    granted = limits.grant(p.select(*_GRANT), limited, policy.limit, facts.as_of, way)
    stage.keep("granted", offer.make_offer(granted, graded, policy.offer))
    p = sheet.adopt("granted", KEY, whole=True, replace=_GRANT)
    flags = raise_flags(stage, p, book, facts, policy)
    worst = stage.keep("worst", holds.flag_sums(flags, policy))
    held = stage.keep("held", holds.decide(p, graded, worst, policy, facts.as_of))
    p = sheet.adopt("held", KEY, whole=True)
    stage.keep("acted", _actions(p, graded, held, flags, stops, policy))
    p = sheet.adopt("acted", KEY, whole=True)
    p = sheet.add("loss", loss.loss_columns(p, policy.loss))
    return Verdict(p, flags, stops, portfolio)


_ASKED = (*proposal.PROPOSAL_INPUT, "insured_limit")
_GRANT = (
    *KEY, "approved_state", "approved_amount", "approved_source", "approved_valid_to", "expired",
    "net_exposure", "collateral", "group_available", "available", "utilisation",
)  # fmt: skip
"""What a grant by the policy reads and may change."""


def _actions(
    p: ir.Table, graded: ir.Table, held: ir.Table, flags: ir.Table, stops: ir.Table,
    policy: PolicyDoc,
) -> ir.Table:  # fmt: skip
    """What the policy's table of actions says of each party."""
    known = p.select(*KEY, "unsecured_exposure", "terms_days", "allowed_terms_days")
    t = known.inner_join(graded.select(*KEY, "grade", "hard_stop"), KEY)
    t = t.inner_join(held.select(*KEY, "hold", "colour", "next_review"), KEY)
    return action.choose_action(t, flags, stops, policy.offer.actions)


def portfolio_sales(t: ir.Table, facts: Facts) -> ir.Table:
    """One row: a year's credit sales of everybody in scope, unless the moment states them."""
    whole = t.filter(t.selling_company == TOTAL)
    total = ibis.coalesce(ibis.greatest(whole.sales_year, 0).sum(), 0).cast("decimal(18, 4)")
    given = facts.moment.portfolio_sales.as_scalar()
    rest = facts.moment.rest_sales.as_scalar()
    return whole.aggregate(found=total).select(
        portfolio_sales=lambda x: ibis.coalesce(given, money(x.found + rest))
    )


def raised_flags(policy: PolicyDoc) -> list[str]:
    """Codes of the flags that the policy switches on; one that it does not name is off."""
    shipped = [code for code in FLAGS if code in policy.flags and policy.flags[code].enabled]
    return [*shipped, *(condition.flag for condition in policy.raised_conditions)]


def raise_flags(
    stage: Builder, t: ir.Table, book: Book, facts: Facts, policy: PolicyDoc
) -> ir.Table:
    """All enabled flags; `since` is carried while the flag has been up, else it is today."""
    found = []
    for code in [name for name in raised_flags(policy) if name in FLAGS]:
        context = FlagContext(t, book.items, policy.flags[code], facts.as_of, policy)
        found.append(stage.keep(f"flag_{code}", flag_module(code).find(context)))
    for condition in policy.raised_conditions:
        found.append(stage.keep(f"flag_{condition.flag}", find_condition(t, condition)))
    flags = union_all(found) if found else no_findings(t)
    prior = facts["prior_flag"]
    prior = prior.group_by(*KEY, "code").agg(prior_since=prior.since.min())
    flags = join_left(flags, prior, [*KEY, "code"])
    since = ibis.coalesce(flags.prior_since, facts.as_of)
    return stage.keep("flags", flags.mutate(since=since).drop("prior_since"))
