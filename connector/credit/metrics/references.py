"""What other suppliers grant the customer: trade references."""

from __future__ import annotations

from decimal import Decimal

import ibis.expr.types as ir

from connector.credit.expressions import convert, days_between, per_unit
from connector.credit.facts import Facts
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.rating import ReferencesDoc


def reference_limits(facts: Facts, rates: ir.Table, rule: ReferencesDoc) -> ir.Table:
    """Mean of the limits that referees grant, in company currency; unknown with too few of them.

    References are picked by the customer, so one alone says little. Only those that are neither
    older than the policy allows nor past their own last day count.

    The metric reference_limit = Σ granted limits ÷ their number, company currency.
    """
    r = facts["trade_reference"]
    now = facts.as_of
    age = days_between(now, r.given_on)
    valid = r.valid_to.isnull() | (r.valid_to >= now)
    r = r.filter(age >= 0, age <= rule.max_age_days, valid, r.limit_amount.notnull())
    r = in_base(r, rates)
    r = r.mutate(base=convert(r.limit_amount, r.rate)).filter(lambda x: x.base.notnull())
    t = r.group_by("party_id").agg(total=r.base.sum(), referees=r.referee.nunique())
    t = t.filter(t.referees >= rule.least)
    counts = r.group_by("party_id").agg(n=r.count())
    t = t.inner_join(counts, "party_id")
    return t.select("party_id", reference_limit=per_unit(t.total, t.n))


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    rule = bench.policy.limit.methods.references or ReferencesDoc(weight=Decimal(0))
    return {"references": reference_limits(bench.facts, bench.rates, rule)}


AREA = Area("references", of_party=_of_party)
