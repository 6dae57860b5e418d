"""One rate a currency for the whole book, so that every amount is converted alike."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import join_left, union_all
from connector.credit.facts import Facts


def rates_at(facts: Facts) -> ir.Table:
    """One rate a currency for the whole book: that of the valuation date, to company currency."""
    fx, moment = facts["fx"], facts.moment
    own = moment.select("currency", rate=ibis.literal(1).cast("decimal(18, 10)"))
    fx = fx.filter(fx.rate_date == facts.as_of, fx.rate.notnull())
    found = fx.group_by("currency").agg(rate=fx.rate.max())
    return union_all([found.anti_join(own, "currency"), own])


def in_base(table: ir.Table, rates: ir.Table) -> ir.Table:
    """Add `rate` to company currency, 1 for itself, null when there is none."""
    return join_left(table, rates, ["currency"])
