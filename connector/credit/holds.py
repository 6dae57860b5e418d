"""From score and flags to what a person sees: hold, colour, write band and next review."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import day, join_left, plus_days, when
from connector.credit.flags import FLAGS
from connector.credit.policy import BandDoc, PolicyDoc
from connector.domain.decision import AMBER, GREEN, GREY, RED

KEY = ("party_id", "selling_company")


def with_flags(t: ir.Table, flags: ir.Table, policy: PolicyDoc) -> ir.Table:
    """Add `flag_holds`, `worst` (highest severity, 0 = none) and per flag its severity."""
    holding = [
        (flags.code == code) & (flags.severity >= least) for code, least in policy.hold.flags.items()
    ]
    holds: Any = ibis.literal(False)
    for condition in holding:
        holds = holds | condition
    found = flags.mutate(holds=holds).group_by(*KEY).agg(
        flag_holds=lambda x: x.holds.any(),
        worst=flags.severity.max(),
        **{f"flag_{code}": flags.severity.max(where=flags.code == code) for code in FLAGS},
    )
    t = join_left(t, found, list(KEY))
    return t.mutate(
        flag_holds=ibis.coalesce(t.flag_holds, False), worst=ibis.coalesce(t.worst, 0)
    )


def limit_holds(used: Any, held_before: Any, above: Any, release_below: Any) -> Any:
    """Hold above one line, release below a lower one, keep in between (HOLD-HYST)."""
    keeps = held_before & (used >= release_below)
    return ibis.coalesce((used > above) | keeps, False)


def decide_hold(t: ir.Table, policy: PolicyDoc) -> ir.Table:
    """Add `hold` and `limit_hold`. Cash only with anything owed holds; natural persons never."""
    rule = policy.hold
    before = ibis.coalesce(t.prior_hold, False)
    by_use = limit_holds(t.utilisation, before, rule.above, rule.release_below)
    no_credit = (t.approved_state != "none") & t.utilisation.isnull() & (t.net_exposure > 0)
    by_grade = ibis.coalesce(t.grade.isin(list(rule.grades)), False)
    person = t.party_kind == "natural_person"
    t = t.mutate(limit_hold=by_use | no_credit)
    return t.mutate(hold=(t.limit_hold | by_grade | t.flag_holds) & ~person)


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
        (ibis.coalesce(t.utilisation >= x, False).cast("int64") for x in rule.utilisation),
        start=ibis.literal(0, type="int64"),
    )
    late = sum(
        (ibis.coalesce(t.overdue_ratio >= x, False).cast("int64") for x in rule.overdue_ratio),
        start=ibis.literal(0, type="int64"),
    )
    return used * 100 + late


def next_review(t: ir.Table, policy: PolicyDoc, as_of: date) -> Any:
    """Earliest of the grade's cycle and the limit's own dates (REV-1).

    The cycle's date is carried from the prior decision while it is not due and the grade is the
    same, so it stands still. The limit's dates are its expiry less the lead, and the review date
    of a limit that was taken over from the CRM.
    """
    cycle = when(
        *((t.grade == band.grade, ibis.literal(band.review_days)) for band in policy.grades),
        otherwise=ibis.literal(policy.unrated_review_days),
    )
    fresh = plus_days(day(as_of), cycle)
    same = t.prior_grade.identical_to(t.grade) & (t.prior_next_review > day(as_of))
    by_cycle = ibis.ifelse(ibis.coalesce(same, False), t.prior_next_review, fresh)
    lead = ibis.literal(-policy.limit.expiry_lead_days)
    by_expiry = plus_days(t.approved_valid_to, lead)
    return ibis.least(by_cycle, by_expiry, t.review_on).cast("date")
