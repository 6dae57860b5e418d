"""Open items with days past due, bucket and base amount, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    join_left,
    money,
    union_all,
    when,
    zero,
)
from connector.credit.facts import Facts
from connector.credit.metrics.names import ageing_columns

TOTAL_KEY = ("party_id", "selling_company")


def rates_at(facts: Facts) -> ir.Table:
    """One rate a currency for the whole book: that of the valuation date, to company currency."""
    fx, moment = facts["fx"], facts.moment
    own = moment.select("currency", rate=ibis.literal(1).cast("decimal(18, 10)"))
    fx = fx.filter(fx.rate_date == facts.as_of, fx.rate.notnull())
    found = fx.group_by("currency").agg(rate=fx.rate.max())
    return union_all([found.anti_join(own, "currency"), own])


def in_base(table: ir.Table, rates: ir.Table) -> ir.Table:
    """Add `rate` to company currency, 1 for itself, null when there is none."""
    return join_left(table, rates, ["currency"])


def open_items(invoices: ir.Table, rates: ir.Table, as_of: Any, edges: Sequence[int]) -> ir.Table:
    """Invoices with an open amount: days past due, bucket, disputed part, base amounts (AGE-1).

    `days_past_due` = as_of − due date; 0 on the due date, which is not overdue. Bucket bounds: 30
    belongs to 1–30. An item without rate keeps null base amounts; it is counted, never zero.
    """
    t = in_base(invoices.filter(invoices.open > 0), rates)
    part = ibis.greatest(ibis.least(t.disputed_part, t.open), zero())
    t = t.mutate(
        days_past_due=days_between(as_of, t.due_date),
        disputed_open=money(ibis.ifelse(t.disputed, t.open, part)),
    )
    t = t.mutate(undisputed_open=money(t.open - t.disputed_open), bucket=bucket_of(t, edges))
    return t.mutate(
        base=convert(t.open, t.rate),
        base_disputed=convert(t.disputed_open, t.rate),
    ).mutate(base_undisputed=lambda x: money(x.base - x.base_disputed))


def bucket_of(t: ir.Table, edges: Sequence[int]) -> Any:
    """Name of the ageing column an item belongs to, by its days past due."""
    names = ageing_columns(edges)
    bounds = zip((0, *edges), names, strict=False)
    branches = [(t.days_past_due <= bound, name) for bound, name in bounds]
    return when(*branches, otherwise=names[-1])


def _sum_where(t: ir.Table, amount: Any, condition: Any) -> Any:
    return money(ibis.coalesce(amount.sum(where=condition), zero()))


def receivables_by_currency(items: ir.Table, edges: Sequence[int]) -> ir.Table:
    """Open, overdue, disputed and every ageing bucket in document currency.

    One row a (party, selling company, currency), `selling_company` "" for documents that name none
    and the party has no single one. Sums of this table are what a control total is compared with.
    """
    buckets = {
        name: _sum_where(items, items.open, items.bucket == name) for name in ageing_columns(edges)
    }
    found = items.group_by("party_id", selling_company=items.seller, currency=items.currency).agg(
        open=money(items.open.sum()),
        overdue=_sum_where(items, items.open, items.days_past_due > 0),
        disputed=money(items.disputed_open.sum()),
        **buckets,
    )
    return found.order_by("party_id", "selling_company", "currency")


def receivable_sums(items: ir.Table, edges: Sequence[int], grace_days: int) -> ir.Table:
    """Additive figures of the open items per (party, seller), in company currency.

    `late_days_amount` = Σ undisputed overdue × days past due, for the weighted averages.
    """
    late = items.days_past_due > 0
    days = items.days_past_due.cast("int32")
    weighted = items.base_undisputed.cast("decimal(24, 4)") * days
    every = items.base.cast("decimal(24, 4)") * days
    buckets = {
        name: _sum_where(items, items.base, items.bucket == name) for name in ageing_columns(edges)
    }
    undisputed = items.undisputed_open > 0
    return items.group_by("party_id", seller=items.seller).agg(
        open_receivables=money(ibis.coalesce(items.base.sum(), zero())),
        overdue=_sum_where(items, items.base, late),
        overdue_undisputed=_sum_where(items, items.base_undisputed, late),
        overdue_past_grace=_sum_where(
            items, items.base_undisputed, items.days_past_due > grace_days
        ),
        disputed=money(ibis.coalesce(items.base_disputed.sum(), zero())),
        late_days_amount=weighted.sum(where=late).fill_null(0).cast("decimal(34, 4)"),
        all_late_days_amount=every.sum(where=late).fill_null(0).cast("decimal(34, 4)"),
        late_items=items.count(where=late & undisputed),
        oldest_due_date=items.due_date.min(where=undisputed),
        open_items=items.count(),
        items_without_rate=items.count(where=items.base.isnull()),
        due_date_derived=items.count(where=items.due_basis == "invoice_date"),
        **buckets,
    )


def roll_up(table: ir.Table, smallest: Sequence[str] = ()) -> ir.Table:
    """Rows per (party, seller) plus the total over all sellers, which has selling company "".

    Columns are added up, except those named as `smallest`, of which the least counts.
    """
    columns = [name for name in table.columns if name not in ("party_id", "seller")]
    aggregates = {}
    for name in columns:
        column = table[name]
        if name in smallest:
            aggregates[name] = column.min()
        else:
            aggregates[name] = column.sum().cast(column.type())
    total = table.group_by("party_id").agg(**aggregates)
    total = total.select("party_id", *columns, selling_company=ibis.literal(""))
    own = table.filter(table.seller != "")
    own = own.select("party_id", *columns, selling_company=own.seller)
    return union_all([total, own])
