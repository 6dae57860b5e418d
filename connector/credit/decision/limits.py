"""The approved limit in force, and what is left of it, within that of the group.

A limit has three states: none was ever set, cash only, and unlimited or an amount. A temporary
limit stands in place of the base limit between its dates, both included, and a limit of a group is
looked at with the group.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    day,
    exact_money,
    join_left,
    money,
    plus_days,
    ratio,
    union_all,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.rates import in_base
from connector.credit.policy.document import LimitDoc
from connector.credit.program import Builder

SOURCES = ("person", "file", "inherited", "policy")
"""Whose word counts, strongest first."""

_NO_MONEY = "decimal(18, 4)"


def approved_limits(stage: Builder, facts: Facts, rates: ir.Table) -> ir.Table:
    """The limit in force per (party, selling company), amount in company currency.

    A temporary limit comes first between its dates and never after them (LIM-TEMP); a valid limit
    before an expired one, then person > file > inherited > policy, then the latest start. An
    expired limit is kept for reporting and marked. `base_amount` is the amount without temporary
    limits, from which the next review starts. The total is the limit that names no selling company,
    else what the companies' own limits add up to.
    """
    t = stage.keep("limits_begun", _limit_rows(facts, rates))
    own = _first(t).select(
        "party_id", "selling_company", approved_state=t.state, approved_amount=t.base,
        approved_source=t.source, approved_valid_to=t.valid_to, review_on=t.review_on,
        expired=t.expired, temporary=t.temporary, limit_since=t.valid_from,
    )  # fmt: skip
    base = _first(t.filter(~t.temporary))
    base = base.select("party_id", "selling_company", base_amount=base.base)
    own = stage.keep("own_limits", join_left(own, base, ["party_id", "selling_company"]))
    return union_all([own, _added_up(own)])


def _limit_rows(facts: Facts, rates: ir.Table) -> ir.Table:
    """Limits that have begun, landed and stored, without groups' and temporary ones now over."""
    now = facts.as_of
    a, f = facts["approved"], facts["limit"]
    f = f.filter(ibis.coalesce(f.kind, "base") != "group")
    columns = ["party_id", "state", "amount", "currency", "valid_from", "valid_to"]
    stored = a.select(
        *columns, "source", "review_on", selling_company=ibis.coalesce(a.selling_company, ""),
        temporary=ibis.literal(False),
    )  # fmt: skip
    landed = f.select(
        *columns, source=ibis.literal("file"), review_on=ibis.null("date"),
        selling_company=ibis.coalesce(f.selling_company, ""),
        temporary=ibis.coalesce(f.kind == "temporary", False),
    )  # fmt: skip
    t = union_all([stored, landed.select(*stored.columns)])
    t = t.filter(t.state != "none", t.valid_from.isnull() | (t.valid_from <= now))
    t = in_base(t.mutate(expired=(t.valid_to < now).fill_null(False)), rates)
    t = t.filter(~(t.temporary & t.expired))
    return t.mutate(
        base=ibis.ifelse(t.state == "amount", convert(t.amount, t.rate), ibis.null(_NO_MONEY)),
        strength=when(*((t.source == s, n) for n, s in enumerate(SOURCES)), otherwise=len(SOURCES)),
        start=ibis.coalesce(t.valid_from, day(date(1900, 1, 1))),
    )


def _first(t: ir.Table) -> ir.Table:
    order = [
        ~t.temporary, t.expired, t.strength, t.start.desc(), t.base, t.state, t.valid_to,
    ]  # fmt: skip
    window = ibis.window(group_by=[t.party_id, t.selling_company], order_by=order)
    return t.mutate(place=ibis.row_number().over(window)).filter(lambda x: x.place == 0)


def _added_up(own: ir.Table) -> ir.Table:
    """Total of parties whose limits all name a selling company."""
    whole = own.filter(own.selling_company == "").select("party_id")
    parts = own.filter(own.selling_company != "").anti_join(whole, "party_id")
    strongest = when(
        (parts.approved_state == "unlimited", 0), (parts.approved_state == "amount", 1), otherwise=2
    )
    summed = (
        parts.mutate(rank=strongest)
        .group_by("party_id")
        .agg(
            rank=lambda x: x.rank.min(),
            approved_amount=money(parts.approved_amount.sum()),
            approved_source=parts.approved_source.min(),
            approved_valid_to=parts.approved_valid_to.min(),
            review_on=parts.review_on.min(),
            expired=parts.expired.any(),
            temporary=parts.temporary.any(),
            limit_since=parts.limit_since.min(),
            base_amount=money(parts.base_amount.sum()),
        )
    )
    state = when(
        (summed.rank == 0, "unlimited"), (summed.rank == 1, "amount"), otherwise="cash_only"
    )
    return summed.select(
        "party_id", selling_company=ibis.literal(""), approved_state=state,
        approved_amount=ibis.ifelse(summed.rank == 1, summed.approved_amount, ibis.null(_NO_MONEY)),
        approved_source=summed.approved_source, approved_valid_to=summed.approved_valid_to,
        review_on=summed.review_on, expired=summed.expired, temporary=summed.temporary,
        limit_since=summed.limit_since, base_amount=summed.base_amount,
    )  # fmt: skip


def availability(t: ir.Table, convention: str) -> dict[str, Any]:
    """`available` and `utilisation` from approved_state, approved_amount, net_exposure,
    collateral and expired (LIM-AVAIL, LIM-TRI).

    Convention A adds collateral to the limit, B takes it off the exposure. No limit: both null.
    Cash only counts as a limit of 0: available is what is owed, utilisation is undefined.
    Unlimited: available null, utilisation 0. A customer in credit uses 0. After expiry nothing is
    available for new orders, while utilisation is still told against the old limit.
    """
    limit = when(
        (t.approved_state == "amount", t.approved_amount),
        (t.approved_state == "cash_only", zero()),
        otherwise=ibis.null(_NO_MONEY),
    )
    collateral = ibis.ifelse(t.approved_state == "amount", t.collateral, zero())
    if convention == "A":
        effective, exposure = limit + collateral, t.net_exposure
    else:
        effective, exposure = limit, t.net_exposure - collateral
    available = money(effective - exposure)
    available = ibis.ifelse(t.expired, ibis.least(available, zero()), available)
    used = ratio(ibis.greatest(money(exposure), zero()), money(effective))
    unlimited = t.approved_state == "unlimited"
    return {
        "available": ibis.ifelse(unlimited, ibis.null(_NO_MONEY), available),
        "utilisation": ibis.ifelse(unlimited, ibis.literal(0).cast("decimal(18, 10)"), used),
    }


def within_group(own: Any, group_available: Any) -> Any:
    """What a member may use: the smaller of its own headroom and the group's (LIM-GROUP).

    No own limit and an unlimited one leave the group's; cash only stays without credit, because
    its own headroom is never above 0.
    """
    return ibis.least(own, group_available)


def headroom(t: ir.Table, convention: str) -> dict[str, Any]:
    """`available` within the group's limit, and `utilisation` of the party's own."""
    found = availability(t, convention)
    return {**found, "available": within_group(found["available"], t.group_available)}


def grant(parties: ir.Table, limited: ir.Table, rule: LimitDoc, as_of: Any, way: str) -> ir.Table:
    """Parties with the limits that the policy itself approves, and what is available then.

    A proposal up to `auto_approve_up_to` becomes the approved limit (source policy) of a party
    that has none, or whose granted one has expired. The score stays as it was before the grant.
    """
    if rule.auto_approve_up_to is None:
        return parties
    asked = limited.select(*_KEY, "proposed_state", "proposed_amount")
    t = parties.left_join(asked, _KEY)
    lapsed = (t.approved_state == "none") | ((t.approved_source == "policy") & t.expired)
    most = exact_money(rule.auto_approve_up_to)
    small = (t.proposed_state == "amount") & (t.proposed_amount <= most)
    granted = lapsed & small & (t.selling_company == "")
    until = plus_days(as_of, ibis.literal(rule.valid_days))
    changes = {
        "approved_state": ibis.ifelse(granted, "amount", t.approved_state),
        "approved_amount": ibis.ifelse(granted, t.proposed_amount, t.approved_amount),
        "approved_source": ibis.ifelse(granted, "policy", t.approved_source),
        "approved_valid_to": ibis.ifelse(granted, until, t.approved_valid_to),
        "expired": t.expired & ~granted,
    }
    t = t.select(**{name: changes.get(name, t[name]) for name in parties.columns})
    return t.mutate(**headroom(t, way))


_KEY = ["party_id", "selling_company"]


def agency_limits(facts: Facts, rates: ir.Table) -> ir.Table:
    """A bureau's recommended maximum in company currency."""
    a = in_base(facts["agency"], rates)
    amounts = a.mutate(base=convert(a.amount, a.rate))
    return amounts.group_by("party_id").agg(agency_amount=amounts.base.min())


def join_approved(t: ir.Table, approved: ir.Table) -> ir.Table:
    """Add the approved limit; state `none` and `expired` false where there is none."""
    t = t.left_join(approved, ["party_id", "selling_company"])
    return t.select(
        *[name for name in t.columns if not name.endswith("_right") and name not in _FILLED],
        approved_state=ibis.coalesce(t.approved_state, "none"),
        expired=ibis.coalesce(t.expired, False),
        temporary=ibis.coalesce(t.temporary, False),
    )


_FILLED = ("approved_state", "expired", "temporary")
