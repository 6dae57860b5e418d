"""When a customer is looked at again, and who may approve the limit."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import exact_money, plus_days, when
from connector.credit.policy.document import PolicyDoc
from connector.credit.policy.procedure import AuthorityDoc


def next_review(t: ir.Table, policy: PolicyDoc, as_of: Any) -> Any:
    """Earliest of the cycle, the limit's own dates and the collateral's end (vector REV-1).

    The cycle's date is carried from the prior decision while it is not due and the grade is the
    same, so it stands still. The limit's dates are its expiry less the lead, and the review date
    of a limit that was taken over from the CRM. A date in the past stays: the review is overdue.
    """
    fresh = plus_days(as_of, cycle_days(t, policy))
    same = t.prior_grade.identical_to(t.grade) & (t.prior_next_review > as_of)
    by_cycle = ibis.ifelse(ibis.coalesce(same, False), t.prior_next_review, fresh)
    by_expiry = plus_days(t.approved_valid_to, ibis.literal(-policy.limit.expiry_lead_days))
    dates = [by_cycle, by_expiry, t.review_on]
    if "guarantees_next_expiry" in t.columns:
        lead = ibis.literal(-policy.review.collateral_lead_days)
        dates.append(plus_days(t.guarantees_next_expiry, lead))
    return ibis.least(*dates).cast("date")


def cycle_days(t: ir.Table, policy: PolicyDoc) -> Any:
    """Days from one review to the next by grade; large customers those of the next worse grade."""
    days = [band.review_days for band in policy.grades]
    plain = _by_grade(t, policy, days)
    line = policy.review.shorter_above
    if line is None:
        return plain
    limit = ibis.ifelse(t.approved_state == "amount", t.approved_amount, 0).cast("decimal(18, 4)")
    large = (ibis.coalesce(limit, 0) > exact_money(line)) | (t.net_exposure > exact_money(line))
    sooner = [min(first, second) for first, second in zip(days, [*days[1:], days[-1]], strict=True)]
    return ibis.ifelse(ibis.coalesce(large, False), _by_grade(t, policy, sooner), plain)


def _by_grade(t: ir.Table, policy: PolicyDoc, days: list[int]) -> Any:
    bands = zip(policy.grade_names, days, strict=True)
    return when(
        *((t.grade == grade, ibis.literal(n)) for grade, n in bands),
        otherwise=ibis.literal(policy.unrated_review_days),
    )


def approving_role(
    authority: AuthorityDoc, group_limit: Decimal | None, reasons: Collection[str] = ()
) -> str | None:
    """The role that may approve, by the resulting total limit of the group (vector AUTH-1).

    The total counts, not the increase: many small steps do not add up to what nobody approved.
    None as `group_limit` is an unlimited one, for the last level. `reasons`, names of
    `policy.procedure.RAISING`: any of those the policy raises for lifts the decision by one level,
    once. None when the policy has no levels: then every person with the right to approve may.
    """
    levels = authority.levels
    if not levels:
        return None
    places = [
        place
        for place, level in enumerate(levels)
        if level.up_to is None or (group_limit is not None and group_limit <= level.up_to)
    ]
    lifted = bool(set(reasons) & set(authority.raise_for))
    return levels[min(places[0] + lifted, len(levels) - 1)].role
