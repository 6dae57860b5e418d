"""The approved limit in force, what is left of it, and the limit the engine proposes.

A limit has three states: none was ever set, cash only, and unlimited or an amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    day,
    exact,
    exact_money,
    money,
    per_unit,
    plus_days,
    ratio,
    union_all,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.turnover import YEAR_DAYS
from connector.credit.policy.document import CapsDoc, LimitDoc, StepDoc

SOURCES = ("person", "file", "inherited", "policy")
"""Whose word counts, strongest first."""

_NO_MONEY = "decimal(18, 4)"


def approved_limits(facts: Facts, rates: ir.Table) -> ir.Table:
    """The limit in force per (party, selling company), amount in company currency.

    A valid limit comes before an expired one, then person > file > inherited > policy, then the
    latest start. An expired limit is kept for reporting and marked. The total is the limit that
    names no selling company, else what the companies' own limits add up to.
    """
    now = facts.as_of
    a, f = facts["approved"], facts["limit"]
    columns = ["party_id", "state", "amount", "currency", "valid_from", "valid_to"]
    stored = a.select(
        *columns, "source", "review_on", selling_company=ibis.coalesce(a.selling_company, "")
    )
    landed = f.select(
        *columns, source=ibis.literal("file"), review_on=ibis.null("date"),
        selling_company=ibis.coalesce(f.selling_company, ""),
    )  # fmt: skip
    t = union_all([stored, landed.select(*stored.columns)])
    t = t.filter(t.state != "none", t.valid_from.isnull() | (t.valid_from <= now))
    t = in_base(t.mutate(expired=(t.valid_to < now).fill_null(False)), rates)
    t = t.mutate(
        base=ibis.ifelse(t.state == "amount", convert(t.amount, t.rate), ibis.null(_NO_MONEY)),
        strength=when(*((t.source == s, n) for n, s in enumerate(SOURCES)), otherwise=len(SOURCES)),
        start=ibis.coalesce(t.valid_from, day(date(1900, 1, 1))),
    )
    order = [t.expired, t.strength, t.start.desc(), t.base, t.state, t.valid_to]
    group = [t.party_id, t.selling_company]
    first = ibis.row_number().over(ibis.window(group_by=group, order_by=order))
    t = t.mutate(place=first).filter(lambda x: x.place == 0)
    own = t.select(
        "party_id", "selling_company", approved_state=t.state, approved_amount=t.base,
        approved_source=t.source, approved_valid_to=t.valid_to, review_on=t.review_on,
        expired=t.expired,
    )  # fmt: skip
    return union_all([own, _added_up(own)])


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
        )
    )
    state = when(
        (summed.rank == 0, "unlimited"), (summed.rank == 1, "amount"), otherwise="cash_only"
    )
    return summed.select(
        "party_id", selling_company=ibis.literal(""), approved_state=state,
        approved_amount=ibis.ifelse(summed.rank == 1, summed.approved_amount, ibis.null(_NO_MONEY)),
        approved_source=summed.approved_source, approved_valid_to=summed.approved_valid_to,
        review_on=summed.review_on, expired=summed.expired,
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


def blend(methods: Mapping[str, tuple[Any, Decimal]]) -> tuple[Any, Any]:
    """Weighted mean of the methods that are known, and the share of weight they have.

    Weights of missing methods are spread over the others (LIM-METHODS, LIM-BLEND-MISSING).
    """
    total = sum((weight for _, weight in methods.values()), start=Decimal(0))
    amount: Any = ibis.literal(0).cast("decimal(34, 10)")
    weight: Any = ibis.literal(0).cast("decimal(18, 10)")
    for column, share in methods.values():
        known = ibis.ifelse(column.notnull(), exact(share), ibis.literal(0).cast("decimal(18, 10)"))
        part = convert(ibis.coalesce(column, zero()), known).cast("decimal(34, 10)")
        amount, weight = amount + part, weight + known
    return per_unit(amount, weight), ratio(weight, exact(total))


def smallest(candidates: Mapping[str, Any]) -> tuple[Any, Any]:
    """Least of the known candidates and its name; of equal ones the first named."""
    least = (
        ibis.least(*candidates.values()) if len(candidates) > 1 else next(iter(candidates.values()))
    )
    name = when(*((column == least, label) for label, column in candidates.items()))
    return least, name


def round_down(amount: Any, steps: Sequence[StepDoc]) -> Any:
    """Rounded down to the whole step of the amount's range (LIM-METHODS)."""
    branches = [(amount >= step.from_amount, _floor(amount, step.step)) for step in reversed(steps)]
    return when(*branches, otherwise=zero()).cast(_NO_MONEY)


def _floor(amount: Any, step: Decimal) -> Any:
    return money(amount - amount % exact_money(step))


def step_guard(approved: Any, max_up_pct: Decimal | None) -> Any:
    """Most that one review may propose over an approved amount; null = no bound (LIM-STEP).

    Cuts are never slowed, and a limit of 0 is no yardstick.
    """
    if max_up_pct is None:
        return ibis.null(_NO_MONEY)
    most = convert(approved, exact(1 + max_up_pct))
    return ibis.ifelse(approved > 0, most, ibis.null(_NO_MONEY))


def need(t: ir.Table, tolerance_days: int, default_terms: int) -> Any:
    """A year's sales ÷ 365 × (terms + tolerance days); null without sales (LIM-METHODS)."""
    days = (ibis.coalesce(t.terms_days, default_terms) + tolerance_days).cast("int32")
    pace = ibis.ifelse(t.yearly_sales > 0, t.yearly_sales, ibis.null(_NO_MONEY))
    return per_unit(pace.cast("decimal(24, 4)") * days, ibis.literal(YEAR_DAYS))


def limit_methods(
    t: ir.Table, rule: LimitDoc, default_terms: int
) -> dict[str, tuple[Any, Decimal]]:
    """The policy's methods as (amount, weight) by name."""
    methods: dict[str, tuple[Any, Decimal]] = {}
    given = rule.methods
    if given.need:
        methods["need"] = (need(t, given.need.tolerance_days, default_terms), given.need.weight)
    if given.score_band:
        band = given.score_band
        factor = when(
            *((t.grade == grade, exact(f))
              for grade, f in band.multipliers.items()),
            otherwise=ibis.null("decimal(18, 10)"),
        )  # fmt: skip
        if band.base_amount is not None:
            base = exact_money(band.base_amount)
        else:
            months = exact((band.base_months_of_sales or Decimal(0)) / 12)
            pace = ibis.ifelse(t.yearly_sales > 0, t.yearly_sales, ibis.null(_NO_MONEY))
            base = convert(pace, months)
        methods["score_band"] = (convert(base, factor), band.weight)
    if given.agency:
        methods["agency"] = (t.agency_amount, given.agency.weight)
    return methods


PROPOSAL_INPUT = (
    "party_id", "selling_company", "grade", "terms_days", "yearly_sales", "agency_amount",
    "approved_state", "approved_amount", "portfolio_sales",
)  # fmt: skip
"""What a proposal rests on."""


def propose(t: ir.Table, rule: LimitDoc, default_terms: int) -> ir.Table:
    """Add proposed_state, proposed_amount, binding_cap, limit_coverage and every candidate.

    min(blend of the methods, caps, step guard), rounded down. Grades that only buy for cash get
    `cash_only`; unrated parties, too little coverage, or nothing to go by get `manual`.
    """
    t = t.select(*PROPOSAL_INPUT)
    methods = limit_methods(t, rule, default_terms)
    t = t.mutate(**{f"method_{name}": column for name, (column, _) in methods.items()})
    held = {name: (t[f"method_{name}"], weight) for name, (_, weight) in methods.items()}
    mixed, coverage = blend(held)
    t = t.mutate(
        limit_blend=mixed,
        limit_coverage=coverage,
        **{f"cap_{name}": column for name, column in _caps(t, rule.caps).items()},
        cap_step=step_guard(
            ibis.ifelse(t.approved_state == "amount", t.approved_amount, ibis.null(_NO_MONEY)),
            rule.max_up_pct,
        ),
    )
    caps = [name for name in t.columns if name.startswith("cap_")]
    least, name = smallest({"blend": t.limit_blend, **{c.removeprefix("cap_"): t[c] for c in caps}})
    t = t.mutate(limit_least=least, binding_cap=name)
    rounded = round_down(t.limit_least, rule.steps)
    known = t.grade.notnull() & (t.limit_coverage >= rule.min_coverage) & (rounded > 0)
    state = when(
        (t.grade.isin(list(rule.cash_only_grades)), "cash_only"),
        (t.limit_blend.notnull() & known, "amount"),
        otherwise="manual",
    )
    t = t.mutate(proposed_state=state)
    is_amount = t.proposed_state == "amount"
    return t.mutate(
        proposed_amount=ibis.ifelse(is_amount, rounded, ibis.null(_NO_MONEY)),
        binding_cap=ibis.ifelse(is_amount, t.binding_cap, t.proposed_state),
    )


def _caps(t: ir.Table, caps: CapsDoc) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if caps.need is not None and "method_need" in t.columns:
        found["need"] = convert(t.method_need, exact(caps.need))
    if caps.agency is not None:
        found["agency"] = convert(t.agency_amount, exact(caps.agency))
    if caps.appetite_share is not None:
        share = convert(t.portfolio_sales, exact(caps.appetite_share))
        found["appetite"] = ibis.ifelse(t.portfolio_sales > 0, share, ibis.null(_NO_MONEY))
    return found


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
    return t.mutate(**availability(t, way))


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
    )


_FILLED = ("approved_state", "expired")
