"""The party table: one row a (party, selling company) with every metric.

Built in stages: additive sums per document kind, rolled up to the total over selling companies,
joined to the parties in scope, then ratios, limit in force and availability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.decision import limits
from connector.credit.expressions import union_all
from connector.credit.facts import Facts
from connector.credit.metrics import (
    behaviour,
    bills,
    bureau,
    conduct,
    disputes,
    events,
    exposure,
    group,
    guarantees,
    headroom,
    insurance,
    lines_of_business,
    loss,
    provision,
    receivables,
    references,
    reminders,
    security,
    statements,
    terms,
    turnover,
)
from connector.credit.metrics.breakdowns import ageing_rows, breakdown_rows
from connector.credit.metrics.grace import with_grace
from connector.credit.metrics.instalments import open_parts, payments_by_part, with_part_days
from connector.credit.metrics.rates import rates_at
from connector.credit.metrics.receivables import roll_up
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.document import PolicyDoc
from connector.credit.portfolio import shares
from connector.credit.program import Builder
from connector.credit.settlement import matching as settlement
from connector.credit.settlement.documents import DOCUMENT_KEY

KEY = ["party_id", "selling_company"]
_KNOWN_PARTY = (
    "party_kind", "terms_days", "customer_since", "group_id", "country", "industry", "region",
)  # fmt: skip

AREAS: tuple[Area, ...] = (
    receivables.AREA,
    bills.AREA,
    exposure.AREA,
    guarantees.AREA,
    insurance.AREA,
    security.AREA,
    statements.AREA,
    bureau.AREA,
    references.AREA,
    events.AREA,
    group.AREA,
    headroom.AREA,
    turnover.AREA,
    behaviour.AREA,
    loss.AREA,
    provision.AREA,
    terms.AREA,
    lines_of_business.AREA,
    conduct.AREA,
    reminders.AREA,
    shares.AREA,
)
"""Every area of metrics, in the order in which their columns are added: a later one may read what
an earlier one made."""


@dataclass(frozen=True)
class Book:
    """What later stages read: the party table and the documents behind it.

    `breakdowns` are the tables of BREAKDOWN by dimension; together they are put out. `documents`
    are those that areas know, by kind of evidence.
    """

    parties: ir.Table
    items: ir.Table
    seen: ir.Table
    cash: ir.Table
    receivables: ir.Table
    breakdowns: Mapping[str, ir.Table]
    documents: Mapping[str, ir.Table]


def build_book(stage: Builder, facts: Facts, policy: PolicyDoc) -> Book:
    """Settle, age, add up and join; see the module."""
    rates = stage.keep("rates", rates_at(facts))
    settled = settlement.settle(stage, facts, policy)
    edges = policy.ageing.buckets
    quarrels = disputes.disputes_of(stage, facts, settled.invoices)
    invoices = disputes.with_disputes(settled.invoices, quarrels)
    invoices = open_parts(invoices, settled.parts)
    items = receivables.open_items(invoices, rates, facts.as_of, edges)
    items = stage.keep("items", with_grace(items, facts, policy.ageing))
    pieces = payments_by_part(settled.applied, settled.invoices, settled.parts)
    watched = behaviour.observations(settled, rates)
    watched = with_part_days(watched, stage.keep("pieces", pieces))
    watched = watched.anti_join(disputes.quarrelled(quarrels), list(DOCUMENT_KEY))
    seen = stage.keep("seen", watched)
    bench = Workbench(stage, facts, policy, rates, settled, items, seen)
    sums = {name: table for area in AREAS for name, table in area.sums(bench).items()}
    kept = {name: stage.keep(f"sums_{name}", table) for name, table in sums.items()}
    spine = stage.keep("spine", party_rows(facts, kept))
    wide = stage.keep("wide", _joined(spine, kept, facts, limits.agency_limits(facts, rates)))
    approved = stage.keep("approved", limits.approved_limits(stage, facts, rates))
    parties = limits.join_approved(wide, approved)
    of_party = {name: table for area in AREAS for name, table in area.of_party(bench).items()}
    for name, table in of_party.items():
        found = stage.keep(f"party_{name}", table)
        parties = parties.left_join(found, "party_id").drop("party_id_right")
    for area in AREAS:
        parties = area.extend(parties, bench)
        columns = area.columns(parties, bench)
        if columns:
            parties = stage.keep(f"with_{area.name}", parties.mutate(**columns))
    monthly = [name for name in parties.columns if name.startswith(("sales_m", "aged_m"))]
    parties = stage.keep("parties", parties.drop(*monthly))
    by_currency = receivables.receivables_by_currency(items, edges)
    inside = by_currency.semi_join(spine.select("party_id").distinct(), "party_id")
    broken = {"ageing": ageing_rows(parties, edges)}
    keys = spine.select(*KEY)
    for area in AREAS:
        for dimension, table in area.breakdowns(bench).items():
            rows = breakdown_rows(dimension, table, keys)
            broken[dimension] = stage.keep(f"broken_by_{dimension}", rows)
    papers = {kind: table for area in AREAS for kind, table in area.documents(bench).items()}
    owed = stage.keep("by_currency", inside)
    return Book(parties, items, seen, settled.cash, owed, broken, papers)


def party_rows(facts: Facts, sums: dict[str, ir.Table]) -> ir.Table:
    """Each party in scope with its total row, and one a selling company if it has several."""
    s = facts["scope"]
    s = s.filter(s.in_scope).select("party_id").distinct()
    sellers = union_all([t.select("party_id", "seller") for t in sums.values()])
    sellers = sellers.filter(sellers.seller != "").distinct()
    many = sellers.group_by("party_id").agg(n=sellers.count(), sole_company=sellers.seller.min())
    sellers = sellers.semi_join(many.filter(many.n > 1), "party_id").semi_join(s, "party_id")
    keys = union_all(
        [
            s.select("party_id", selling_company=ibis.literal("")),
            sellers.select("party_id", selling_company=sellers.seller),
        ]
    )
    p = facts["party"]
    p = p.group_by("party_id").agg(**{name: p[name].min() for name in _KNOWN_PARTY})
    t = keys.left_join(p, "party_id").drop("party_id_right")
    t = t.left_join(many.filter(many.n == 1), "party_id")
    return t.select(
        *KEY,
        *[name for name in _KNOWN_PARTY if name != "party_kind"],
        "sole_company",
        party_kind=ibis.coalesce(t.party_kind, "company"),
    )


def _joined(spine: ir.Table, sums: dict[str, ir.Table], facts: Facts, agency: ir.Table) -> ir.Table:
    """Spine with all sums beside each other; a party without documents of a kind has 0."""
    prior = facts["prior"].select(*KEY, "grade", "hold", "next_review")
    prior = prior.rename(prior_grade="grade", prior_hold="hold", prior_next_review="next_review")
    wide = spine.left_join(prior, KEY).left_join(agency, "party_id")
    columns: dict[str, Any] = {}
    lost = []
    for name, table in sums.items():
        dates = [c for c in table.columns if table[c].type().is_date()]
        part = roll_up(table, smallest=dates)
        shared = {f"{c}__{name}": c for c in (*KEY, "items_without_rate") if c in part.columns}
        part = part.rename(shared)
        same = [wide[c] == part[f"{c}__{name}"] for c in KEY]
        wide = wide.left_join(part, same)
        columns |= {c: part[c].type() for c in part.columns if c not in shared}
        lost += [c for c in shared if c.startswith("items_without_rate")]
    filled = {
        name: wide[name]
        if kind.is_date()
        else ibis.coalesce(wide[name], ibis.literal(0).cast(kind))
        for name, kind in columns.items()
    }
    missing = sum((ibis.coalesce(wide[name], 0) for name in lost), start=ibis.literal(0))
    kept = [*spine.columns, "prior_grade", "prior_hold", "prior_next_review", "agency_amount"]
    return wide.select(*kept, **filled, items_without_rate=missing.cast("int64"))
