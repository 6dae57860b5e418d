"""Receivables, overdue, orders and sales by product line, region, market and currency.

An invoice belongs to the lines of business that its lines name, in proportion to their amounts,
else to those of its head, else to none: the member "" is what is unassigned, and it is shown. Cents
are given to the largest remainders, so that the members of a dimension add up to the customer's
figures. Only customers of whom at least one document names a member are broken down; of the others
everything is unassigned.

`amount` and `overdue` are open receivables, `exposure` these and confirmed orders not invoiced yet,
`sales` credit sales of the last twelve months less credit notes, all in company currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import convert, days_between, join_left, money, union_all, zero
from connector.credit.facts import Facts
from connector.credit.metrics.exposure import counted_orders
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.turnover import YEAR_DAYS
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.settlement.due_dates import DOCUMENT_KEY

KEY = list(DOCUMENT_KEY)
HEAD = ("product_line", "region", "market")
_CENT = 0.01


def business_lines(bench: Workbench) -> ir.Table:
    """The finest breakdown: per (party, seller, product_line, region, market, currency)."""
    facts, mine = bench.facts, assigned_parties(bench)
    kept = bench.stage.keep("line_documents", _documents(bench, mine))
    weights = bench.stage.keep("line_weights", line_weights(facts, mine))
    invoices = facts["invoice"].semi_join(mine, "party_id")
    heads = invoices.select(*KEY, **{name: _named(invoices[name]) for name in HEAD})
    cells = spread(kept, weights, heads)
    group = ["party_id", "seller", *HEAD, "currency"]
    sold = cells.group_by(*group).agg(
        **{n: money(cells[n].sum()) for n in ("amount", "overdue", "sales")}
    )
    orders = counted_orders(facts, bench.rates, bench.policy.exposure.horizon_days)
    orders = orders.semi_join(mine, "party_id")
    orders = orders.mutate(
        **{name: _named(orders[name]) for name in HEAD},
        seller=ibis.coalesce(orders.selling_company, ""),
    )
    ordered = orders.group_by(*group).agg(orders=money(ibis.coalesce(orders.base.sum(), zero())))
    return union_all(
        [
            sold.select(*group, "amount", "overdue", "sales", orders=zero()),
            ordered.select(*group, amount=zero(), overdue=zero(), sales=zero(),
                           orders=ordered.orders),
        ]
    )  # fmt: skip


def _named(column: Any) -> Any:
    return ibis.coalesce(column, "")


def assigned_parties(bench: Workbench) -> ir.Table:
    """Customers of whom a document names a line of business, or is in a foreign currency."""
    facts, asked = bench.facts, bench.policy.lines.dimensions
    named = [name for name in HEAD if name in asked]
    found = []
    for entity in ("invoice", "invoice_line", "order"):
        t = facts[entity]
        for name in named:
            found.append(t.filter(t[name].notnull()).select("party_id"))
    if "currency" in asked:
        own = facts.moment.currency.as_scalar()
        for t in (bench.items, facts["order"], facts["invoice"]):
            found.append(t.filter(t.currency != own).select("party_id"))
    if not found:
        return facts["scope"].select("party_id").limit(0)
    return union_all(found).distinct()


def _documents(bench: Workbench, mine: ir.Table) -> ir.Table:
    """Invoices and credit notes with amount, overdue and sales in company currency.

    A credit note stands with the invoice that it names and settles, else by itself.
    """
    items = bench.items.semi_join(mine, "party_id")
    late = items.days_past_due > 0
    owed = items.group_by(*KEY, "seller", "currency").agg(
        amount=money(ibis.coalesce(items.base.sum(), zero())),
        overdue=money(ibis.coalesce(items.base.sum(where=late), zero())),
    )
    blank = {"amount": zero(), "overdue": zero()}
    rows = [owed.select(*KEY, "seller", "currency", "amount", "overdue", sales=zero())]
    for t in _sold(bench, mine):
        rows.append(t.select(*KEY, "seller", "currency", **blank, sales=t.sales))
    every = union_all([t.select(*rows[0].columns) for t in rows])
    return every.group_by(*KEY, "seller", "currency").agg(
        **{name: money(every[name].sum()) for name in ("amount", "overdue", "sales")}
    )


def _sold(bench: Workbench, mine: ir.Table) -> list[ir.Table]:
    settled, as_of = bench.settled, bench.as_of
    i = in_base(settled.invoices.semi_join(mine, "party_id"), bench.rates)
    i = i.filter(days_between(as_of, i.invoice_date) < YEAR_DAYS, i.rate.notnull())
    i = i.mutate(sales=convert(i.amount, i.rate))
    c = in_base(settled.credits.semi_join(mine, "party_id"), bench.rates)
    c = c.filter(days_between(as_of, c.issue_date) < YEAR_DAYS, c.rate.notnull())
    a = settled.applied
    a = a.filter(a.entity != "payment").group_by(
        "party_id", "entity", connection=a.from_connection, id=a.from_id
    )
    told = a.agg(to=lambda t: t.id.min(), to_connection=lambda t: t.connection.min())
    c = join_left(c, told, [*KEY, "entity"])
    c = c.select(
        "party_id", "seller", "currency", connection=ibis.coalesce(c.to_connection, c.connection),
        id=ibis.coalesce(c.to, c.id), sales=money(-convert(c.amount, c.rate)),
    )  # fmt: skip
    return [i, c]


def line_weights(facts: Facts, mine: ir.Table) -> ir.Table:
    """What an invoice's lines weigh, one row a (document, product line, region, market).

    A line that does not name its member has that of the invoice's head. Lines that add up to
    nothing or less say nothing about the open amount and are left out.
    """
    lines = facts["invoice_line"].semi_join(mine, "party_id")
    lines = lines.select("party_id", "connection", "amount", *HEAD, id=lines.invoice_id)
    i = facts["invoice"].semi_join(lines.select(*KEY).distinct(), KEY)
    i = i.select(*KEY, **{f"head_{name}": i[name] for name in HEAD})
    t = lines.inner_join(i, KEY)
    t = t.mutate(**{name: ibis.coalesce(t[name], t[f"head_{name}"], "") for name in HEAD})
    t = t.group_by(*KEY, *HEAD).agg(weight=money(t.amount.sum()))
    whole = t.weight.sum().over(ibis.window(group_by=[t[name] for name in KEY]))
    return t.mutate(whole=money(whole)).filter(lambda x: x.whole > 0)


def spread(documents: ir.Table, weights: ir.Table, heads: ir.Table) -> ir.Table:
    """Documents with their members: those of their lines, else those of their head, else none."""
    heads = heads.select(*KEY, **{f"head_{name}": heads[name] for name in HEAD})
    t = join_left(join_left(documents, weights, KEY), heads, KEY)
    shared = {name: in_shares(t, name) for name in ("amount", "overdue", "sales")}
    members = {name: ibis.coalesce(t[name], t[f"head_{name}"], "") for name in HEAD}
    return t.select("party_id", "seller", "currency", **members, **shared)


def in_shares(t: ir.Table, figure: str) -> Any:
    """`figure` × weight ÷ whole in cents, the cents left over to the largest remainders.

    What is less than a cent goes to the first of them, so that the parts add up exactly.
    """
    value = t[figure]
    share = value.cast("float64") * t.weight.cast("float64") / t.whole.cast("float64").nullif(0)
    cents = (share / _CENT).floor()
    document = [t[name] for name in (*KEY, "seller", "currency")]
    order = [(share / _CENT - cents).desc(), *(t[name] for name in HEAD)]
    place = ibis.row_number().over(ibis.window(group_by=document, order_by=order))
    floor = money(cents.cast("int64") * ibis.literal(1) / 100)
    left = money(value - floor.sum().over(ibis.window(group_by=document)))
    more = (left.cast("float64") / _CENT).floor().cast("int64")
    extra = ibis.ifelse(place < more, 1, 0)
    rest = ibis.ifelse(place == 0, money(left - money(more / 100)), zero())
    part = money(floor + money(extra / 100) + rest)
    return ibis.ifelse(t.whole.isnull(), value, part)


def _breakdowns(bench: Workbench) -> Mapping[str, ir.Table]:
    asked: Sequence[str] = bench.policy.lines.dimensions
    if not asked:
        return {}
    lines = bench.stage.keep("business_lines", business_lines(bench))
    return {name: by_member(lines, name) for name in asked}


def by_member(lines: ir.Table, dimension: str) -> ir.Table:
    """One row a (party, seller, member) of a dimension that the party's documents name."""
    t = lines.mutate(member=lines[dimension])
    sums = t.group_by("party_id", "seller", "member").agg(
        amount=money(t.amount.sum()),
        overdue=money(t.overdue.sum()),
        exposure=money(t.amount.sum() + t.orders.sum()),
        sales=money(t.sales.sum()),
    )
    something = (sums.amount != 0) | (sums.exposure != 0) | (sums.sales != 0) | (sums.overdue != 0)
    sums = sums.filter(something)
    return sums.semi_join(sums.filter(sums.member != "").select("party_id").distinct(), "party_id")


AREA = Area("lines_of_business", breakdowns=_breakdowns)
