"""The proposed limit computed again for each customer, from the raw items and the policy's figures.

Plain decimals, one customer at a time. Shared with the product: the policy document and the grade
that the decision gave. The sets hold neither approved limits nor bureau reports, so that the step
guard and the agency's maximum never bind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from connector.credit.policy.document import LimitDoc
from tests.scenario.oracle import Item

YEAR = 365
RATES = {"USD": Decimal(1), "CAD": Decimal("0.75")}


@dataclass(frozen=True)
class Proposal:
    """Candidates by name in the order of precedence, and the step the least is rounded down to."""

    candidates: dict[str, Decimal]
    step: Decimal

    @property
    def binding(self) -> str:
        return min(self.candidates, key=lambda name: self.candidates[name])

    @property
    def least(self) -> Decimal:
        return self.candidates[self.binding]


def yearly_sales(items: list[Item], as_of: date) -> Decimal:
    """What was invoiced in the 365 days up to `as_of`, in USD."""
    first = as_of - timedelta(days=YEAR)
    known = [item for item in items if first < issued(item) <= as_of]
    return sum((item.amount * RATES[item.currency] for item in known), Decimal(0))


def issued(item: Item) -> date:
    """An estimated issue date never lies after the payment."""
    return item.issued if item.cleared is None else min(item.issued, item.cleared)


def propose(
    items: list[Item], as_of: date, grade: str, terms: int, portfolio: Decimal, rule: LimitDoc
) -> Proposal:
    """The proposal for one customer; its first invoice must have been issued by `as_of`."""
    age = (as_of - min(issued(item) for item in items)).days
    pace = yearly_sales(items, as_of) * YEAR / max(min(age, YEAR), 30)
    assert rule.methods.need
    assert rule.methods.score_band
    need_rule, band = rule.methods.need, rule.methods.score_band
    need = pace * (terms + need_rule.tolerance_days) / YEAR
    by_score = pace * Decimal(band.base_months_of_sales or 0) / 12 * band.multipliers[grade]
    weights = need_rule.weight + band.weight
    blend = (need * need_rule.weight + by_score * band.weight) / weights
    candidates = {"blend": blend}
    if rule.caps.need is not None:
        candidates["need"] = need * rule.caps.need
    if rule.caps.appetite_share is not None:
        candidates["appetite"] = portfolio * rule.caps.appetite_share
    least = min(candidates.values())
    step = max((s for s in rule.steps if s.from_amount <= least), key=lambda s: s.from_amount).step
    return Proposal(candidates, step)
