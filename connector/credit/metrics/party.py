"""The party table: one row a (party, selling company) with every metric.

Built in stages: additive sums per document kind, rolled up to the total over selling companies,
joined to the parties in scope, then ratios, limit in force and availability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.decision import limits
from connector.credit.expressions import days_between, money, per_unit, ratio, union_all
from connector.credit.facts import Facts
from connector.credit.metrics import behaviour, exposure, receivables, turnover
from connector.credit.metrics.receivables import roll_up
from connector.credit.policy.document import PolicyDoc
from connector.credit.program import Builder
from connector.credit.settlement import matching as settlement

KEY = ["party_id", "selling_company"]
_DATES = ("oldest_due_date", "first_sale")
_KNOWN_PARTY = ("party_kind", "terms_days", "customer_since")


@dataclass(frozen=True)
class Book:
    """What later stages read: the party table and the documents behind it."""

    parties: ir.Table
    items: ir.Table
    seen: ir.Table
    cash: ir.Table
    receivables: ir.Table


def build_book(stage: Builder, facts: Facts, policy: PolicyDoc) -> Book:
    """Settle, age, add up and join; see the module."""
    rates = stage.keep("rates", receivables.rates_at(facts))
    settled = settlement.settle(stage, facts, policy)
    edges = policy.ageing.buckets
    items = stage.keep("items", receivables.open_items(settled.invoices, rates, facts.as_of, edges))
    seen = stage.keep("seen", behaviour.observations(settled, rates))
    sums = {
        "open": receivables.receivable_sums(items, edges, policy.ageing.grace_days),
        "orders": exposure.order_sums(facts, rates, policy.exposure.horizon_days),
        "deliveries": exposure.delivery_sums(facts, rates),
        "unposted": exposure.unposted_sums(facts, rates),
        "cash": exposure.cash_sums(settled, rates),
        "credits": exposure.credit_sums(settled, rates),
        "paid": behaviour.payment_sums(seen, facts.as_of, policy.windows),
        "sales": turnover.sales_sums(settled, facts, rates, policy.windows),
    }
    kept = {name: stage.keep(f"sums_{name}", table) for name, table in sums.items()}
    spine = stage.keep("spine", party_rows(facts, kept))
    wide = stage.keep("wide", _joined(spine, kept, facts, limits.agency_limits(facts, rates)))
    approved = stage.keep("approved", limits.approved_limits(facts, rates))
    exposed = stage.keep("exposed", _exposed(wide, approved, policy, facts))
    parties = stage.keep("parties", _with_behaviour(exposed, facts, policy))
    by_currency = receivables.receivables_by_currency(items, edges)
    inside = by_currency.semi_join(spine.select("party_id").distinct(), "party_id")
    return Book(parties, items, seen, settled.cash, stage.keep("by_currency", inside))


def party_rows(facts: Facts, sums: dict[str, ir.Table]) -> ir.Table:
    """Each party in scope with its total row, and one a selling company if it has several."""
    s = facts["scope"]
    s = s.filter(s.in_scope).select("party_id").distinct()
    sellers = union_all([t.select("party_id", "seller") for t in sums.values()])
    sellers = sellers.filter(sellers.seller != "").distinct()
    many = sellers.group_by("party_id").agg(n=sellers.count())
    sellers = sellers.semi_join(many.filter(many.n > 1), "party_id").semi_join(s, "party_id")
    keys = union_all(
        [
            s.select("party_id", selling_company=ibis.literal("")),
            sellers.select("party_id", selling_company=sellers.seller),
        ]
    )
    p = facts["party"]
    p = p.group_by("party_id").agg(**{name: p[name].min() for name in _KNOWN_PARTY})
    t = keys.left_join(p, "party_id")
    return t.select(
        *KEY, "terms_days", "customer_since", party_kind=ibis.coalesce(t.party_kind, "company")
    )


def _joined(spine: ir.Table, sums: dict[str, ir.Table], facts: Facts, agency: ir.Table) -> ir.Table:
    """Spine with all sums beside each other; a party without documents of a kind has 0."""
    prior = facts["prior"].select(*KEY, "grade", "hold", "next_review")
    prior = prior.rename(prior_grade="grade", prior_hold="hold", prior_next_review="next_review")
    wide = spine.left_join(prior, KEY).left_join(agency, "party_id")
    columns: dict[str, Any] = {}
    lost = []
    for name, table in sums.items():
        part = roll_up(table, smallest=_DATES)
        shared = {f"{c}__{name}": c for c in (*KEY, "items_without_rate") if c in part.columns}
        part = part.rename(shared)
        same = [wide[c] == part[f"{c}__{name}"] for c in KEY]
        wide = wide.left_join(part, same)
        columns |= {c: part[c].type() for c in part.columns if c not in shared}
        lost += [c for c in shared if c.startswith("items_without_rate")]
    filled = {
        name: wide[name]
        if name in _DATES
        else ibis.coalesce(wide[name], ibis.literal(0).cast(kind))
        for name, kind in columns.items()
    }
    missing = sum((ibis.coalesce(wide[name], 0) for name in lost), start=ibis.literal(0))
    kept = [*spine.columns, "prior_grade", "prior_hold", "prior_next_review", "agency_amount"]
    return wide.select(*kept, **filled, items_without_rate=missing.cast("int64"))


def _zero(kind: Any) -> Any:
    return ibis.literal(0).cast(kind)


def _exposed(wide: ir.Table, approved: ir.Table, policy: PolicyDoc, facts: Facts) -> ir.Table:
    """Exposure, ratios of the receivables, the limit in force and its use (AGE-1, EXP-1)."""
    t = limits.join_approved(wide, approved)
    t = t.mutate(
        **exposure.gross_and_net(t, policy.exposure),
        overdue_ratio=ratio(t.overdue, t.open_receivables),
        overdue_ratio_undisputed=ratio(
            t.overdue_undisputed, money(t.open_receivables - t.disputed)
        ),
        overdue_ratio_past_grace=ratio(t.overdue_past_grace, t.open_receivables),
        dispute_ratio=ratio(t.disputed, t.open_receivables),
        unapplied_ratio=ratio(money(t.unapplied_cash + t.open_credit_notes), t.open_receivables),
        average_days_past_due=per_unit(t.all_late_days_amount, t.overdue),
        oldest_overdue_days=oldest_overdue_days(t, facts.as_of),
        collateral=ibis.literal(0).cast("decimal(18, 4)"),
    )
    return t.mutate(**limits.availability(t, policy.exposure.collateral))


def oldest_overdue_days(t: ir.Table, as_of: Any) -> Any:
    """Days past due of the oldest undisputed item; 0 when nothing is late; null without history."""
    days = ibis.greatest(days_between(as_of, t.oldest_due_date), 0)
    known = (t.paid_items > 0) | (t.open_items > 0)
    return ibis.ifelse(known, ibis.coalesce(days, 0), ibis.null("int64"))


def _with_behaviour(t: ir.Table, facts: Facts, policy: PolicyDoc) -> ir.Table:
    t = t.mutate(
        **turnover.turnover_columns(t, facts, policy.windows),
        **behaviour.payment_columns(t),
    )
    sums = [name for name in t.columns if name.startswith("sales_m")]
    return t.mutate(
        dbt_trend=behaviour.trend(t.dbt_recent, t.dbt_before, t.recent_items, policy.windows),
        yearly_sales=turnover.yearly_pace(t.sales_year, t.customer_age_days),
    ).drop(*sums)
