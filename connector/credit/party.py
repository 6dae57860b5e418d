"""The party table: one row a (party, selling company) with every metric.

Built in stages: additive sums per document kind, rolled up to the total over selling companies,
joined to the parties in scope, then ratios, limit in force and availability.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import reduce

import ibis
import ibis.expr.types as ir

from connector.credit import behaviour, exposure, limits, receivables, settlement, turnover
from connector.credit.expressions import day, days_between, join_left, money, per_unit, ratio, union_all
from connector.credit.facts import Facts, Stage
from connector.credit.policy import PolicyDoc
from connector.credit.receivables import roll_up

KEY = ["party_id", "selling_company"]
_DATES = ("oldest_due_date", "first_sale")


@dataclass(frozen=True)
class Book:
    """What later stages read: the party table and the documents behind it."""

    parties: ir.Table
    items: ir.Table
    seen: ir.Table
    cash: ir.Table
    credits: ir.Table
    receivables: ir.Table


def build_book(stage: Stage, facts: Facts, policy: PolicyDoc, as_of: date, currency: str) -> Book:
    """Settle, age, add up and join; see the module."""
    now = day(as_of)
    rates = stage.keep("rates", receivables.rates_at(facts, currency, now))
    settled = settlement.settle(stage, facts, policy, now)
    edges = policy.ageing.buckets
    items = stage.keep("items", receivables.open_items(settled.invoices, rates, currency, now, edges))
    seen = stage.keep("seen", behaviour.observations(settled, rates, currency))
    sums = {
        "open": receivables.receivable_sums(items, edges, policy.ageing.grace_days),
        "orders": exposure.order_sums(facts, rates, currency, now, policy.exposure.horizon_days),
        "deliveries": exposure.delivery_sums(facts, rates, currency, now),
        "unposted": exposure.unposted_sums(facts, rates, currency, now),
        "cash": exposure.cash_sums(settled, rates, currency),
        "credits": exposure.credit_sums(settled, rates, currency),
        "paid": behaviour.payment_sums(seen, now, policy.windows),
        "sales": turnover.sales_sums(settled, rates, currency, as_of, policy.windows),
    }
    kept = {name: stage.keep(f"sums_{name}", table) for name, table in sums.items()}
    spine = stage.keep("spine", party_rows(facts, kept))
    wide = stage.keep("wide", _joined(spine, kept))
    approved = stage.keep("limits", limits.approved_limits(facts, rates, currency, as_of))
    agency = limits.agency_limits(facts, rates, currency)
    wide = join_left(limits.join_approved(wide, approved), agency, ["party_id"])
    wide = stage.keep("exposed", _metrics(wide, policy, as_of))
    wide = turnover.turnover_metrics(wide, as_of, policy.windows)
    wide = behaviour.payment_metrics(wide, policy.windows)
    parties = stage.keep("parties", _with_prior(wide, facts))
    by_currency = receivables.receivables_by_currency(items, edges)
    in_scope = spine.select("party_id").distinct()
    return Book(
        parties, items, seen, settled.cash, settled.credits,
        by_currency.semi_join(in_scope, "party_id").order_by("party_id", "selling_company", "currency"),
    )  # fmt: skip


def party_rows(facts: Facts, sums: dict[str, ir.Table]) -> ir.Table:
    """Each party in scope with its total row, and a row for each selling company if it has several."""
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
    p = p.group_by("party_id").agg(
        party_kind=p.party_kind.min(),
        terms_days=p.terms_days.min(),
        customer_since=p.customer_since.min(),
    )
    t = join_left(keys, p, ["party_id"])
    return t.mutate(party_kind=ibis.coalesce(t.party_kind, "company"))


def _joined(spine: ir.Table, sums: dict[str, ir.Table]) -> ir.Table:
    rolled = []
    for name, table in sums.items():
        part = roll_up(table, smallest=_DATES)
        if "items_without_rate" in part.columns:
            part = part.rename({f"without_rate_{name}": "items_without_rate"})
        rolled.append(part)
    wide = reduce(lambda left, right: join_left(left, right, KEY), rolled, spine)
    plain = ("terms_days", "customer_since", "party_kind", *KEY, *_DATES)
    filled = {
        name: ibis.coalesce(wide[name], ibis.literal(0).cast(wide[name].type()))
        for name in wide.columns
        if name not in plain
    }
    lost = [name for name in wide.columns if name.startswith("without_rate_")]
    wide = wide.mutate(**filled)
    return wide.mutate(items_without_rate=sum((wide[name] for name in lost), start=ibis.literal(0)))


def _metrics(t: ir.Table, policy: PolicyDoc, as_of: date) -> ir.Table:
    """Exposure, ratios of the receivables, the limit in force and its use (AGE-1, EXP-1)."""
    t = exposure.gross_and_net(t, policy.exposure)
    t = t.mutate(
        overdue_ratio=ratio(t.overdue, t.open_receivables),
        overdue_ratio_undisputed=ratio(
            t.overdue_undisputed, money(t.open_receivables - t.disputed)
        ),
        overdue_ratio_past_grace=ratio(t.overdue_past_grace, t.open_receivables),
        dispute_ratio=ratio(t.disputed, t.open_receivables),
        unapplied_ratio=ratio(money(t.unapplied_cash + t.open_credit_notes), t.open_receivables),
        average_days_past_due=per_unit(t.all_late_days_amount, t.overdue),
        oldest_overdue_days=oldest_overdue_days(t, as_of),
        collateral=ibis.literal(0).cast("decimal(18, 4)"),
    )
    return limits.availability(t, policy.exposure.collateral)


def oldest_overdue_days(t: ir.Table, as_of: date) -> object:
    """Days past due of the oldest undisputed item; 0 when nothing is late; null without history."""
    days = ibis.greatest(days_between(day(as_of), t.oldest_due_date), 0)
    known = (t.paid_items > 0) | (t.open_items > 0)
    return ibis.ifelse(known, ibis.coalesce(days, 0), ibis.null("int64"))


def _with_prior(t: ir.Table, facts: Facts) -> ir.Table:
    p = facts["prior"]
    prior = p.select(
        *KEY, prior_grade=p.grade, prior_hold=p.hold, prior_next_review=p.next_review
    )
    return join_left(t, prior, KEY)
