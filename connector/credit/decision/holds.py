"""From score and flags to what a person sees: hold, colour and write band."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.decision.review import next_review
from connector.credit.expressions import exact, money, ratio, when, zero
from connector.credit.policy.document import BandDoc, PolicyDoc
from connector.domain.decision import AMBER, GREEN, GREY, RED

KEY = ("party_id", "selling_company")


def flag_sums(flags: ir.Table, policy: PolicyDoc) -> ir.Table:
    """Per (party, selling company): whether a flag holds, and the worst severity."""
    holds: Any = ibis.literal(False)
    for code, least in policy.hold.flags.items():
        holds = holds | ((flags.code == code) & (flags.severity >= least))
    t = flags.mutate(holds=holds)
    return t.group_by(*KEY).agg(flag_holds=t.holds.any(), worst=t.severity.max())


def limit_holds(
    used: Any, held_before: Any, above: Any, release_below: Any, used_then: Any = None
) -> Any:
    """Hold above one line, release below a lower one, keep in between (HOLD-HYST).

    `used_then`: the use that counts for a hold to begin, where it is not `used`.
    """
    keeps = held_before & (used >= release_below)
    begins = (used if used_then is None else used_then) > above
    return ibis.coalesce(begins | keeps, False)


def used_at_rates_then(t: ir.Table, convention: str) -> Any:
    """Utilisation without what exchange rates alone added since the limit began.

    utilisation − `rate_change_part` ÷ (limit, with convention A plus collateral), at least 0; a
    part that is unknown or a gain changes nothing.
    """
    limit = t.approved_amount + (t.collateral if convention == "A" else 0)
    added = ibis.greatest(ibis.coalesce(t.rate_change_part, zero()), zero())
    less = ibis.coalesce(ratio(added, money(limit)), exact(Decimal(0)))
    return ibis.greatest(t.utilisation - less, exact(Decimal(0)))


def decide(
    parties: ir.Table, graded: ir.Table, worst: ir.Table, policy: PolicyDoc, as_of: Any
) -> ir.Table:
    """Hold, limit_hold, colour, band and next_review of each (party, selling company)."""
    parties = parties.select(*KEY, *_FROM_PARTY)
    t = parties.left_join(graded, list(KEY)).left_join(worst, list(KEY))
    t = t.select(
        *KEY, *_FROM_PARTY, "grade", "hard_stop",
        flag_holds=ibis.coalesce(t.flag_holds, False), worst=ibis.coalesce(t.worst, 0),
    )  # fmt: skip
    t = t.mutate(**hold_columns(t, policy))
    return t.select(
        *KEY, "hold", "limit_hold",
        colour=colour(t, policy), band=band(t, policy.band),
        next_review=next_review(t, policy, as_of),
    )  # fmt: skip


_FROM_PARTY = (
    "party_kind", "utilisation", "overdue_ratio", "net_exposure", "approved_state",
    "approved_amount", "approved_valid_to", "collateral", "rate_change_part",
    "review_on", "prior_hold", "prior_grade", "prior_next_review",
)  # fmt: skip


def hold_columns(t: ir.Table, policy: PolicyDoc) -> dict[str, Any]:
    """`hold` and `limit_hold`. Cash only with anything owed holds; natural persons never."""
    rule = policy.hold
    before = ibis.coalesce(t.prior_hold, False)
    then = None if rule.rate_moves else used_at_rates_then(t, policy.exposure.collateral)
    lines = exact(rule.above), exact(rule.release_below)
    by_use = limit_holds(t.utilisation, before, *lines, used_then=then)
    no_credit = (t.approved_state != "none") & t.utilisation.isnull() & (t.net_exposure > 0)
    by_grade = ibis.coalesce(t.grade.isin(list(rule.grades)), False)
    person = t.party_kind == "natural_person"
    by_limit = by_use | no_credit
    return {"limit_hold": by_limit, "hold": (by_limit | by_grade | t.flag_holds) & ~person}


def colour(t: ir.Table, policy: PolicyDoc) -> Any:
    """Red: hold or hard stop. Grey: unrated. Amber: by grade or flag. Green: sell."""
    rule = policy.amber
    return when(
        (t.hold | t.hard_stop.notnull(), RED),
        (t.grade.isnull(), GREY),
        (t.grade.isin(list(rule.grades)) | (t.worst >= rule.severity), AMBER),
        otherwise=GREEN,
    )


def band(t: ir.Table, rule: BandDoc) -> Any:
    """100 × thresholds of utilisation reached + thresholds of the overdue ratio reached."""
    used = sum(
        (ibis.coalesce(t.utilisation >= exact(x), False).cast("int64") for x in rule.utilisation),
        start=ibis.literal(0, type="int64"),
    )
    late = sum(
        (
            ibis.coalesce(t.overdue_ratio >= exact(x), False).cast("int64")
            for x in rule.overdue_ratio
        ),
        start=ibis.literal(0, type="int64"),
    )
    return used * 100 + late
