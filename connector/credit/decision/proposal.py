"""The limit that the engine proposes: weighted methods, caps, country, step guard, rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.decision.rating import country_class
from connector.credit.expressions import (
    convert,
    exact,
    exact_money,
    money,
    per_unit,
    ratio,
    when,
    zero,
)
from connector.credit.metrics.turnover import YEAR_DAYS
from connector.credit.policy.document import CapsDoc, PolicyDoc, ScoreBandDoc, StepDoc
from connector.credit.policy.rating import CountriesDoc

_NO_MONEY = "decimal(18, 4)"


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


def limit_methods(t: ir.Table, policy: PolicyDoc) -> dict[str, tuple[Any, Decimal]]:
    """The policy's methods as (amount, weight) by name; unknown where a party lacks the facts."""
    given, terms = policy.limit.methods, policy.ageing.default_terms_days
    methods: dict[str, tuple[Any, Decimal]] = {}
    if given.need:
        methods["need"] = (need(t, given.need.tolerance_days, terms), given.need.weight)
    if given.score_band:
        methods["score_band"] = (_score_band(t, given.score_band), given.score_band.weight)
    if given.agency:
        methods["agency"] = (_agency(t), given.agency.weight)
    if given.net_worth:
        rule = given.net_worth
        methods["net_worth"] = (_share_of(t.tangible_net_worth, rule.share), rule.weight)
    if given.working_capital:
        part = given.working_capital
        methods["working_capital"] = (_share_of(t.working_capital, part.share), part.weight)
    if given.references:
        methods["references"] = (t.reference_limit, given.references.weight)
    return methods


def _score_band(t: ir.Table, band: ScoreBandDoc) -> Any:
    """The grade's multiplier × a base amount, or × so many months of sales."""
    factor = when(
        *((t.grade == grade, exact(f)) for grade, f in band.multipliers.items()),
        otherwise=ibis.null("decimal(18, 10)"),
    )
    if band.base_amount is not None:
        return convert(exact_money(band.base_amount), factor)
    months = exact((band.base_months_of_sales or Decimal(0)) / 12)
    pace = ibis.ifelse(t.yearly_sales > 0, t.yearly_sales, ibis.null(_NO_MONEY))
    return convert(convert(pace, months), factor)


def _agency(t: ir.Table) -> Any:
    """The least maximum that a bureau recommends, wherever the report came from."""
    return ibis.least(t.agency_amount, t.bureau_limit)


def _share_of(amount: Any, share: Decimal) -> Any:
    """Part of an amount of the statement; unknown when that is not above 0 (LIM-METHODS)."""
    return convert(ibis.ifelse(amount > 0, amount, ibis.null(_NO_MONEY)), exact(share))


def country_factor(country: Any, rule: CountriesDoc) -> Any:
    """What a limit is multiplied with for its country's class; 1 for an unknown class (CTRY-1)."""
    found = country_class(country, rule)
    branches = [(found == number, exact(rule.factor_of(number))) for number in range(8)]
    return when(*branches, otherwise=exact(Decimal(1)))


PROPOSAL_INPUT = (
    "party_id", "selling_company", "grade", "terms_days", "yearly_sales", "agency_amount",
    "approved_state", "base_amount", "portfolio_sales", "country", "bureau_limit",
    "tangible_net_worth", "working_capital", "reference_limit", "group_limit",
)  # fmt: skip
"""What a proposal rests on."""


def propose(t: ir.Table, policy: PolicyDoc) -> ir.Table:
    """Add proposed_state, proposed_amount, binding_cap, limit_coverage and every candidate.

    min(blend of the methods, caps), lowered for the country, then the step guard, rounded down.
    Grades that only buy for cash get `cash_only`; unrated parties, too little coverage, or nothing
    to go by get `manual`.
    """
    rule = policy.limit
    insured = () if rule.caps.unsecured_appetite is None else ("insured_limit",)
    t = t.select(*PROPOSAL_INPUT, *insured)
    methods = limit_methods(t, policy)
    t = t.mutate(**{f"method_{name}": column for name, (column, _) in methods.items()})
    held = {name: (t[f"method_{name}"], weight) for name, (_, weight) in methods.items()}
    mixed, coverage = blend(held)
    t = t.mutate(
        limit_blend=mixed,
        limit_coverage=coverage,
        **{f"cap_{name}": column for name, column in _caps(t, rule.caps).items()},
        cap_step=step_guard(t.base_amount, rule.max_up_pct),
    )
    t = _bounded(t, policy.countries)
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


def _bounded(t: ir.Table, countries: CountriesDoc) -> ir.Table:
    """Add limit_least and the name of what set it."""
    caps = [name for name in t.columns if name.startswith("cap_") and name != "cap_step"]
    least, name = smallest({"blend": t.limit_blend, **{c.removeprefix("cap_"): t[c] for c in caps}})
    t = t.mutate(uncut=least, binding_cap=name)
    if countries.classes:
        factor = country_factor(t.country, countries)
        lowered = factor < exact(Decimal(1))
        t = t.mutate(
            uncut=convert(t.uncut, factor),
            binding_cap=ibis.ifelse(lowered, "country", t.binding_cap),
        )
    rises = ibis.coalesce(t.cap_step < t.uncut, False)
    return t.mutate(
        limit_least=ibis.least(t.uncut, t.cap_step),
        binding_cap=ibis.ifelse(rises, "step", t.binding_cap),
    ).drop("uncut")


def insured_cap(insured: Any, appetite: Decimal) -> Any:
    """Insured limit + what we risk beyond it (LIM-INSCAP)."""
    return money(insured + exact_money(appetite))


def _caps(t: ir.Table, caps: CapsDoc) -> dict[str, Any]:
    found: dict[str, Any] = {"group": t.group_limit}
    if caps.need is not None and "method_need" in t.columns:
        found["need"] = convert(t.method_need, exact(caps.need))
    if caps.agency is not None:
        found["agency"] = convert(_agency(t), exact(caps.agency))
    if caps.appetite_share is not None:
        share = convert(t.portfolio_sales, exact(caps.appetite_share))
        found["appetite"] = ibis.ifelse(t.portfolio_sales > 0, share, ibis.null(_NO_MONEY))
    if caps.own_equity is not None and caps.own_equity_share is not None:
        found["own_equity"] = exact_money(caps.own_equity * caps.own_equity_share)
    if caps.unsecured_appetite is not None:
        insured = ibis.coalesce(t.insured_limit, zero())
        found["insured"] = insured_cap(insured, caps.unsecured_appetite)
    return found
