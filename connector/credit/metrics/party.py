"""The party table: one row a (party, selling company) with every metric.

Built in stages: additive sums per document kind, rolled up to the total over selling companies,
beside each other for the parties in scope, then ratios, limit in force and availability. The table
is a sheet: what each step adds is kept by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    foreign,
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
from connector.credit.metrics.workbench import Area, Workbench, unchanged
from connector.credit.policy.document import PolicyDoc
from connector.credit.portfolio import shares
from connector.credit.program import Builder
from connector.credit.settlement import matching as settlement
from connector.credit.settlement.documents import DOCUMENT_KEY
from connector.credit.sheet import ROW, Sheet

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
    foreign.AREA,
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

    sheet: Sheet
    items: ir.Table
    seen: ir.Table
    derived: ir.Table
    cash: ir.Table
    receivables: ir.Table
    breakdowns: Mapping[str, ir.Table]
    documents: Mapping[str, ir.Table]

    @property
    def parties(self) -> ir.Table:
        """The party table with all that was added so far."""
        return self.sheet.table


def build_book(stage: Builder, facts: Facts, policy: PolicyDoc) -> Book:
    """Settle, age, add up and join; see the module."""
    rates = stage.keep("rates", rates_at(facts))
    settled = settlement.settle(stage, facts, policy)
    edges = policy.ageing.buckets
    quarrels = disputes.disputes_of(stage, facts, settled.invoices)
    invoices = disputes.with_disputes(settled.open_invoices, quarrels)
    invoices = open_parts(invoices, settled.parts)
    items = receivables.open_items(invoices, rates, facts.as_of, edges)
    items = stage.keep("items", with_grace(items, facts, policy.ageing))
    pieces = payments_by_part(
        settled.applied, settled.invoices, settled.open_invoices, settled.parts
    )
    watched = behaviour.observations(settled, rates, facts.as_of, policy)
    watched = with_part_days(watched, stage.keep("pieces", pieces))
    watched = watched.anti_join(disputes.quarrelled(quarrels), list(DOCUMENT_KEY))
    seen = stage.keep("seen", watched)
    bench = Workbench(stage, facts, policy, rates, settled, items, seen)
    sums = {name: table for area in AREAS for name, table in area.sums(bench).items()}
    kept = {name: stage.keep(f"sums_{name}", table) for name, table in sums.items()}
    spine = stage.keep("spine", party_rows(facts, kept))
    sheet = Sheet(stage, "parties", "spine")
    _add_sums(sheet, stage, kept)
    _add_known(sheet, stage, facts, rates)
    for name, table in [pair for area in AREAS for pair in area.of_party(bench).items()]:
        stage.keep(f"party_{name}", table)
        sheet.adopt(f"party_{name}", ("party_id",))
    for area in AREAS:
        if area.extend is not unchanged:
            wider = area.extend(sheet.table, bench)
            fresh = [name for name in wider.columns if name not in sheet.table.columns]
            stage.keep(f"beside_{area.name}", wider.select(ROW, *fresh))
            sheet.adopt(f"beside_{area.name}", (ROW,), whole=True)
        sheet.add(f"with_{area.name}", area.columns(sheet.table, bench))
    parties = sheet.table
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
    return Book(sheet, items, seen, settled.derived, settled.cash, owed, broken, papers)


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
        **{ROW: ibis.row_number().over(ibis.window(order_by=[t[name] for name in KEY]))},
        party_kind=ibis.coalesce(t.party_kind, "company"),
    )


def _add_sums(sheet: Sheet, stage: Builder, sums: Mapping[str, ir.Table]) -> None:
    """All sums beside each other; a party without documents of a kind has 0."""
    lost = []
    for name, table in sums.items():
        dates = [c for c in table.columns if table[c].type().is_date()]
        part = roll_up(table, smallest=dates)
        if "items_without_rate" in part.columns:
            lost.append(f"{name}_without_rate")
            part = part.rename({lost[-1]: "items_without_rate"})
        stage.keep(f"rolled_{name}", part)
        sheet.adopt(f"rolled_{name}", KEY, counted=True)
    missing = sum((sheet.table[name] for name in lost), start=ibis.literal(0))
    sheet.add("without_rate", {"items_without_rate": missing.cast("int64")})


def _add_known(sheet: Sheet, stage: Builder, facts: Facts, rates: ir.Table) -> None:
    """What was decided before, what a bureau recommends, and the limit in force."""
    prior = facts["prior"].select(*KEY, "grade", "hold", "next_review")
    prior = prior.rename(prior_grade="grade", prior_hold="hold", prior_next_review="next_review")
    stage.keep("prior_state", prior)
    sheet.adopt("prior_state", KEY)
    stage.keep("agency_limits", limits.agency_limits(facts, rates))
    sheet.adopt("agency_limits", ("party_id",))
    approved = stage.keep("approved", limits.approved_limits(stage, facts, rates))
    keys = sheet.table.select(ROW, *KEY)
    stage.keep("in_force", limits.join_approved(keys, approved))
    sheet.adopt("in_force", (ROW,), whole=True)
