"""What default and delay cost: expected loss, late interest, the cost of carrying overdue items.

Expected loss = probability of default × loss given default × exposure at default. Security lowers
the loss given default of the part it covers; it is never taken off the exposure as well, which
would count it twice.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    DAYS_DIGITS,
    MONEY,
    RATE,
    RATIO_DIGITS,
    convert,
    exact,
    money,
    ratio,
    when,
    zero,
)
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.loss import InterestDoc, LgdDoc, LossDoc

YEAR_DAYS = 365


def pd_over(yearly: Any, days: int) -> Any:
    """Probability of default over so many days: 1 − (1 − yearly)^(days ÷ 365) (EL-TERM)."""
    if days == YEAR_DAYS:
        return yearly.cast(RATE)
    survival = (1 - yearly.cast("float64")) ** (days / YEAR_DAYS)
    return (1 - survival).round(RATIO_DIGITS).cast(RATE)


def exposure_at_default(drawn: Any, limit: Any, undrawn_share: Any) -> Any:
    """Drawn + share × undrawn limit (EL-EAD); without a limit, or above it, what is drawn.

    `drawn` is the net exposure, at least 0.

    The metric exposure_at_default, in company currency.
    """
    owed = ibis.greatest(drawn, zero())
    undrawn = ibis.greatest(money(ibis.coalesce(limit, zero()) - owed), zero())
    return money(owed + convert(undrawn, undrawn_share))


def expected_loss(probability: Any, lgd: Any, ead: Any) -> Any:
    """Probability × loss given default × exposure (EL-1); null when one of them is unknown."""
    return convert(convert(ead, lgd), probability)


def security_lgd(t: ir.Table, ead: Any, rule: LgdDoc) -> Any:
    """Loss given default of the whole: each part of the exposure with that of its security.

    Reads guarantees_effective and insurance_cover; null without exposure.

    The metric loss_given_default, a fraction.
    """
    guaranteed = ibis.least(t.guarantees_effective, ead)
    left = money(ead - guaranteed)
    insured = ibis.least(ibis.coalesce(t.insurance_cover, zero()), left)
    bare = money(left - insured)
    loss = (
        convert(guaranteed, exact(rule.guaranteed))
        + convert(insured, exact(rule.insured))
        + convert(bare, exact(rule.unsecured))
    )
    return ratio(money(loss), ead)


def late_interest(late_days_amount: Any, yearly_rate: Any, basis: int) -> Any:
    """Interest on late payment: Σ overdue amount × days late × yearly rate ÷ basis (INT-1).

    `late_days_amount` is that Σ of amount × days; divided once and rounded to four digits.

    The metric late_interest so far, in company currency; null when no rate is known. Disputed parts
    bear none.
    """
    product = late_days_amount.cast("float64") * yearly_rate.cast("float64")
    return (product / basis).round(DAYS_DIGITS).cast(MONEY)


def carrying_cost(overdue: Any, cost_of_funds: Any) -> Any:
    """A year's cost of financing what is overdue, at its present level (COST-1).

    The metric overdue_carrying_cost, company currency; null when the policy has no cost of funds.
    """
    return convert(overdue, cost_of_funds)


def interest_rate(t: ir.Table, rule: InterestDoc) -> Any:
    """Yearly rate on late payment: the agreed one, else the policy's for the country, else null."""
    default = ibis.null(RATE) if rule.default is None else exact(rule.default)
    stated = when(
        *((t.country == country, exact(rate)) for country, rate in rule.by_country.items()),
        otherwise=default,
    ) if rule.by_country else default  # fmt: skip
    return ibis.coalesce(t.agreed_late_interest, stated)


def agreed_interest(bench: Workbench) -> ir.Table:
    """The interest on late payment that an agreement in force states, the latest one a party."""
    a, now = bench.facts["agreement"], bench.as_of
    a = a.filter(a.late_interest_rate.notnull(), a.valid_from.isnull() | (a.valid_from <= now))
    a = a.filter(a.valid_to.isnull() | (a.valid_to >= now))
    order = [a.valid_from.desc(), a.signed_on.desc(), a.connection, a.id]
    place = ibis.row_number().over(ibis.window(group_by=a.party_id, order_by=order))
    a = a.mutate(place=place)
    return a.filter(a.place == 0).select("party_id", agreed_late_interest=a.late_interest_rate)


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    return {"late_interest": agreed_interest(bench)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    rule = bench.policy.loss
    ead = _ead(t, rule)
    interest, funds = rule.late_interest, rule.cost_of_funds
    return {
        "exposure_at_default": ead,
        "loss_given_default": security_lgd(t, ead, rule.lgd),
        "late_interest": late_interest(
            t.late_days_amount, interest_rate(t, interest), interest.basis
        ),
        "overdue_carrying_cost": ibis.null(MONEY)
        if funds is None
        else carrying_cost(t.overdue, exact(funds)),
    }


def _ead(t: ir.Table, rule: LossDoc) -> Any:
    is_amount = t.approved_state == "amount"
    limit = ibis.ifelse(is_amount, money(t.approved_amount + t.collateral), zero())
    return exposure_at_default(t.net_exposure, limit, exact(rule.undrawn_share))


def loss_columns(t: ir.Table, rule: LossDoc) -> dict[str, Any]:
    """`probability_of_default` and `expected_loss` of graded parties.

    They rest on the grade, so no characteristic of the scorecard may read them. An unrated party,
    or a grade without probability, has neither.
    """
    if not rule.pd_by_grade:
        return {"probability_of_default": ibis.null(RATE), "expected_loss": ibis.null(MONEY)}
    pairs = ((t.grade == grade, exact(pd)) for grade, pd in rule.pd_by_grade.items())
    probability = pd_over(when(*pairs, otherwise=ibis.null(RATE)), rule.horizon_days)
    lgd = ibis.coalesce(t.loss_given_default, ibis.literal(0).cast(RATE))
    return {
        "probability_of_default": probability,
        "expected_loss": expected_loss(probability, lgd, t.exposure_at_default),
    }


AREA = Area("loss", of_party=_of_party, columns=_columns)
