"""Concentration of the book by dimension (vector CON-1).

Share = amount ÷ total of the dimension; HHI = Σ share²; effective names = 1 ÷ HHI. A customer in
credit counts 0 and does not make others look smaller, at group level neither: what one company of a
group has to its credit does not pay for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    RATE,
    RATIO_DIGITS,
    exact,
    money,
    per_unit,
    union_all,
    when,
    zero,
)
from connector.credit.policy.portfolio import ConcentrationDoc
from connector.credit.program import Builder
from connector.domain.decision import TOTAL
from connector.domain.portfolio import BASES, DIMENSIONS

UNASSIGNED = ""
"""Member for what says nothing about the dimension."""

_BASE_COLUMNS = {
    "exposure": "net_exposure", "unsecured": "unsecured_exposure", "sales": "sales_year",
}  # fmt: skip
_TOPS = (1, 3, 10)
_SHARE_DIGITS = 10
_KEY = ("dimension", "base")


def find_concentration(
    stage: Builder, parties: ir.Table, breakdowns: Mapping[str, ir.Table], rule: ConcentrationDoc
) -> dict[str, ir.Table]:
    """The tables of `domain.portfolio` by name, in the order of dimensions, bases and places."""
    members = stage.keep("members", members_of(parties, breakdowns))
    judged = stage.keep("shares", judge_shares(placed_members(members), rule))
    found = {"portfolio": key_figures(judged), "concentration": listed_members(judged, rule)}
    return {
        name: t.order_by(*_KEY, *(["place"] if "place" in t.columns else []))
        for name, t in found.items()
    }


def members_of(parties: ir.Table, breakdowns: Mapping[str, ir.Table]) -> ir.Table:
    """Amounts by dimension and member: columns dimension, member and one for each base.

    `parties`: the party table with `sole_company`, the selling company of a party that has but
    one. `breakdowns`: what the parties' figures consist of, by dimension; what they do not say of
    a base is 0.
    """
    whole = parties.filter(parties.selling_company == TOTAL)
    by = {
        "party": whole.party_id, "group": ibis.coalesce(whole.group_id, whole.party_id),
        "country": whole.country, "industry": whole.industry, "customer_region": whole.region,
    }  # fmt: skip
    found = [_added(whole, dimension, member, _BASE_COLUMNS) for dimension, member in by.items()]
    found.append(_by_company(parties))
    same = {"exposure": "exposure", "sales": "sales"}
    for dimension, rows in sorted(breakdowns.items()):
        if dimension in DIMENSIONS:
            t = rows.filter(rows.selling_company == TOTAL)
            found.append(_added(t, dimension, t.member, same))
    return union_all(found)


def _added(t: ir.Table, dimension: str, member: Any, columns: Mapping[str, str]) -> ir.Table:
    amounts = {base: _positive(t[columns[base]]) if base in columns else zero() for base in BASES}
    t = t.select(member=ibis.coalesce(member, UNASSIGNED), **amounts)
    found = t.group_by("member").agg(**{base: money(t[base].sum()) for base in BASES})
    return found.select("member", *BASES, dimension=ibis.literal(dimension))


def _positive(amount: Any) -> Any:
    return money(ibis.greatest(ibis.coalesce(amount, zero()), zero()))


def _by_company(parties: ir.Table) -> ir.Table:
    """By selling company; what a party owes none of several companies is unassigned."""
    columns = {base: parties[name] for base, name in _BASE_COLUMNS.items()}
    t = parties.select("party_id", "selling_company", "sole_company", **columns)
    whole = t.selling_company == TOTAL
    rest = t.group_by("party_id").agg(
        sole_company=t.sole_company.max(),
        companies=t.count(where=~whole),
        **{b: money(ibis.ifelse(whole, t[b], -t[b]).sum()) for b in BASES},
    )
    left = rest.select(
        member=ibis.ifelse(rest.companies == 0, rest.sole_company, ibis.null("string")),
        **{base: rest[base] for base in BASES},
    )
    own = t.filter(t.selling_company != TOTAL)
    own = own.select(member=own.selling_company, **{base: own[base] for base in BASES})
    both = union_all([left, own])
    return _added(both, "selling_company", both.member, {base: base for base in BASES})


def placed_members(members: ir.Table) -> ir.Table:
    """One row a (dimension, base, member) with amount above 0: amount, total, share and place.

    Shares have ten digits, so that the many small names of a large book are not lost; equal amounts
    are placed by name.
    """
    long = union_all(
        [
            members.select("dimension", "member", base=ibis.literal(base), amount=members[base])
            for base in BASES
        ]
    )
    long = long.filter(long.amount > 0)
    totals = long.group_by(*_KEY).agg(total=money(long.amount.sum()))
    t = long.inner_join(totals, list(_KEY))
    share = t.amount.cast("float64") / t.total.cast("float64").nullif(0)
    order = ibis.window(group_by=list(_KEY), order_by=[t.amount.desc(), t.member])
    return t.mutate(
        share=share.round(_SHARE_DIGITS).cast(RATE), place=ibis.row_number().over(order) + 1
    )


def judge_shares(placed: ir.Table, rule: ConcentrationDoc) -> ir.Table:
    """Add `limit_share` and `breach`: a share above what the policy permits.

    Who is unassigned breaches nothing.
    """
    limits = [
        ((placed.dimension == x.dimension) & (placed.base == x.base), exact(x.most))
        for x in rule.limits
    ]
    limit = when(*limits, otherwise=ibis.null(RATE)) if limits else ibis.null(RATE)
    t = placed.mutate(limit_share=limit.cast(RATE))
    beyond = (t.share > t.limit_share) & (t.member != UNASSIGNED)
    return t.mutate(breach=ibis.coalesce(beyond, False))


def key_figures(judged: ir.Table) -> ir.Table:
    """One row a (dimension, base): members, total, HHI, effective names, top shares, breaches.

    HHI is added up from exact squares of the shares and rounded last, so it is repeatable.
    """
    t = judged.mutate(square=(judged.share * judged.share).cast("decimal(38, 20)"))
    tops = {f"top{n}_share": t.share.sum(where=t.place <= n) for n in _TOPS}
    t = t.group_by(*_KEY).agg(
        members=t.count(), total=t.total.max(), concentration=t.square.sum().cast("float64"),
        breaches=t.count(where=t.breach), **tops,
    )  # fmt: skip
    names = t.members.cast("float64")
    evenly = 1.0 / names.nullif(0)
    normalised = (t.concentration - evenly) / (1.0 - evenly).nullif(0)
    return t.select(
        *_KEY, "members", "total", "breaches",
        hhi=t.concentration.round(RATIO_DIGITS).cast(RATE),
        effective_names=per_unit(ibis.literal(1.0), t.concentration),
        normalised_hhi=normalised.round(RATIO_DIGITS).cast(RATE),
        **{name: t[name].cast("float64").round(RATIO_DIGITS).cast(RATE) for name in tops},
    )  # fmt: skip


def listed_members(judged: ir.Table, rule: ConcentrationDoc) -> ir.Table:
    """The largest members of each (dimension, base), and all that are beyond their limit."""
    return judged.filter((judged.place <= rule.shown) | judged.breach)
