"""What is owed in other currencies, and what of it stems from exchange rates alone.

A limit was set at the rates of its day. What the same open items are worth more since then is no
new business, so it is told apart, and a hold need not begin for it.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, money, zero
from connector.credit.facts import Facts
from connector.credit.metrics.workbench import Area, Workbench
from connector.domain.decision import TOTAL


def foreign_items(items: ir.Table, facts: Facts) -> ir.Table:
    """Open amounts per party and currency but the company's own; `base` in company currency."""
    t = items.filter(items.currency != facts.moment.currency.as_scalar(), items.base.notnull())
    return t.group_by("party_id", "currency", "rate").agg(
        open=money(t.open.sum()), base=money(t.base.sum())
    )


def currency_moves(foreign: ir.Table, approved: ir.Table, facts: Facts) -> ir.Table:
    """One row a party that owes in other currencies.

    foreign_receivables = Σ open items in other currencies, company currency. rate_change_part = Σ
    open × (rate of the valuation date − rate of the day from which the limit in force counts); null
    without such a day, or without a rate of it for any of the currencies (credit policy practice:
    the exchange-rate part of an exposure is reported apart).
    """
    whole = approved.filter(approved.selling_company == TOTAL)
    t = foreign.left_join(whole.select("party_id", "limit_since"), "party_id")
    fx = facts["fx"].filter(facts["fx"].rate.notnull())
    then = fx.group_by("currency", "rate_date").agg(rate_then=fx.rate.max())
    t = t.left_join(then, [t.currency == then.currency, t.limit_since == then.rate_date])
    moved = money(t.base - convert(t.open, t.rate_then))
    known = t.mutate(moved=moved, unknown=moved.isnull())
    found = known.group_by("party_id").agg(
        foreign_receivables=money(known.base.sum()),
        moved=money(known.moved.sum()),
        unknown=known.unknown.any(),
    )
    return found.select(
        "party_id",
        "foreign_receivables",
        rate_change_part=ibis.ifelse(found.unknown, ibis.null("decimal(18, 4)"), found.moved),
    )


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    foreign = bench.stage.keep("foreign_items", foreign_items(bench.items, bench.facts))
    approved = bench.stage.kept["approved"]
    return {"foreign": currency_moves(foreign, approved, bench.facts)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    """Both stand on the row of the whole party only; who owes nothing abroad has 0."""
    whole = t.selling_company == TOTAL
    none = ibis.null("decimal(18, 4)")
    owed = ibis.coalesce(t.foreign_receivables, zero())
    moved = ibis.ifelse(t.foreign_receivables.isnull(), zero(), t.rate_change_part)
    return {
        "foreign_receivables": ibis.ifelse(whole, owed, none),
        "rate_change_part": ibis.ifelse(whole, moved, none),
    }


AREA = Area("foreign", of_party=_of_party, columns=_columns)
