"""Open items with days past due, bucket and base amount, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    money,
    per_unit,
    ratio,
    union_all,
    when,
    zero,
)
from connector.credit.metrics.labels import ageing_columns
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench

TOTAL_KEY = ("party_id", "selling_company")


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


def receivable_sums(items: ir.Table, edges: Sequence[int]) -> ir.Table:
    """Additive figures of the open items per (party, seller), in company currency.

    `late_days_amount` = Σ undisputed overdue × days past due, for the weighted averages.

    All in company currency, 0 when there are no open items. open_receivables = Σ open amount
    (AGE-1). overdue = the part with days past due > 0; overdue_undisputed the same without what is
    disputed. disputed = Σ disputed part. oldest_due_date: the earliest due date with an undisputed
    part, null without one. open_items, items_without_rate (left out of every sum) and
    due_date_derived (nobody agreed a due date) are counts.
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
        overdue_past_grace=_sum_where(items, items.base_undisputed, items.past_grace),
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


def ratio_columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    """Shares of the receivables that are overdue or disputed, and their age (AGE-1).

    Fractions, null when what they are divided by is 0: overdue_ratio = overdue ÷ open_receivables;
    overdue_ratio_undisputed = overdue_undisputed ÷ (open_receivables − disputed);
    overdue_ratio_past_grace = undisputed overdue beyond the days of grace ÷ open_receivables;
    dispute_ratio = disputed ÷ open_receivables; unapplied_ratio = (unapplied_cash +
    open_credit_notes) ÷ open_receivables. average_days_past_due = Σ overdue amount × days ÷
    overdue, in days; oldest_overdue_days see there.
    """
    undisputed = money(t.open_receivables - t.disputed)
    return {
        "overdue_ratio": ratio(t.overdue, t.open_receivables),
        "overdue_ratio_undisputed": ratio(t.overdue_undisputed, undisputed),
        "overdue_ratio_past_grace": ratio(t.overdue_past_grace, t.open_receivables),
        "dispute_ratio": ratio(t.disputed, t.open_receivables),
        "unapplied_ratio": ratio(money(t.unapplied_cash + t.open_credit_notes), t.open_receivables),
        "average_days_past_due": per_unit(t.all_late_days_amount, t.overdue),
        "oldest_overdue_days": oldest_overdue_days(t, bench.as_of),
    }


def oldest_overdue_days(t: ir.Table, as_of: Any) -> Any:
    """Days past due of the oldest undisputed item; 0 when nothing is late; null without history.

    The metric oldest_overdue_days: valuation date − oldest_due_date in calendar days (EW01).
    """
    days = ibis.greatest(days_between(as_of, t.oldest_due_date), 0)
    known = (t.paid_items > 0) | (t.open_items > 0)
    return ibis.ifelse(known, ibis.coalesce(days, 0), ibis.null("int64"))


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    ageing = bench.policy.ageing
    return {"open": receivable_sums(bench.items, ageing.buckets)}


AREA = Area("receivables", sums=_sums, columns=ratio_columns)
