"""From the party table to the verdict: score, grade, proposed limit, flags, hold, colour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import import_module

import ibis
import ibis.expr.types as ir

from connector.credit import holds, limits, scorecard
from connector.credit.expressions import day, join_left, union_all
from connector.credit.facts import Facts, Stage
from connector.credit.flags import FLAGS
from connector.credit.flags.finding import FlagContext
from connector.credit.party import KEY, Book
from connector.credit.policy import PolicyDoc
from connector.domain.decision import TOTAL


@dataclass(frozen=True)
class Verdict:
    """Decided parties (wide) and their flags."""

    parties: ir.Table
    flags: ir.Table


def judge(
    stage: Stage, facts: Facts, book: Book, policy: PolicyDoc, as_of: date,
    portfolio: ir.Table | None = None,
) -> Verdict:  # fmt: skip
    """Score, grade, propose, flag, hold. `portfolio` overrules the yearly sales of the whole book."""
    stops = scorecard.hard_stop_of(facts["hard_stop"], policy.hard_stops, day(as_of))
    t = join_left(book.parties, stops, ["party_id"])
    t = stage.keep("scored", scorecard.score(t, policy.scorecard))
    t = stage.keep("graded", scorecard.grade(t, policy.grades, policy.hard_stops))
    if portfolio is None:
        portfolio = stage.keep("portfolio", portfolio_sales(t))
    terms = policy.ageing.default_terms_days
    t = stage.keep("limited", limits.propose(t, policy.limit, terms, portfolio))
    flags = stage.keep("flags", raise_flags(t, book, facts, policy, as_of))
    t = holds.decide_hold(holds.with_flags(t, flags, policy), policy)
    t = stage.keep("held", t)
    t = t.mutate(
        colour=holds.colour(t, policy),
        band=holds.band(t, policy.band),
        next_review=holds.next_review(t, policy, as_of),
    )
    return Verdict(stage.keep("judged", t), flags)


def portfolio_sales(t: ir.Table) -> ir.Table:
    """One row: a year's credit sales of everybody in scope."""
    whole = t.filter(t.selling_company == TOTAL)
    total = ibis.coalesce(ibis.greatest(whole.sales_year, 0).sum(), 0)
    return whole.aggregate(portfolio_sales=total.cast("decimal(18, 4)"))


def raise_flags(
    t: ir.Table, book: Book, facts: Facts, policy: PolicyDoc, as_of: date
) -> ir.Table:
    """All enabled flags; `since` is carried while the flag has been up, else it is today."""
    found = []
    for code in FLAGS:
        rule = policy.flags[code]
        if rule.enabled:
            module = import_module(f"connector.credit.flags.{code}")
            found.append(module.find(FlagContext(t, book.items, rule)))
    if not found:
        nothing = FlagContext(t, book.items, next(iter(policy.flags.values())))
        module = import_module(f"connector.credit.flags.{FLAGS[0]}")
        found = [module.find(nothing).limit(0)]
    flags = union_all(found)
    prior = facts["prior_flag"]
    prior = prior.group_by(*KEY, "code").agg(prior_since=prior.since.min())
    flags = join_left(flags, prior, [*KEY, "code"])
    since = ibis.coalesce(flags.prior_since, day(as_of))
    return flags.mutate(since=since).drop("prior_since")
