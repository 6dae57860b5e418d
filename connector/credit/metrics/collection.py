"""How much of what could be collected was collected, and how old what is left stands.

Both look back from the valuation date over the policy's sales window, with receivables of earlier
days rebuilt from the documents: what was invoiced by then and settled only later, or not at all.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    money,
    per_unit,
    plus_days,
    ratio,
    union_all,
    zero,
)
from connector.credit.facts import MONTHS
from connector.credit.metrics.behaviour import BIG
from connector.credit.metrics.disputes import disputes_of, quarrelled
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.turnover import month_number
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.settlement.documents import DOCUMENT_KEY


def aged_sums(items: ir.Table, as_of: Any) -> ir.Table:
    """Σ age × open amount per (party, seller) by the invoices' months, in company currency.

    `aged_m0` is the month of the valuation date, `aged_m1` the one before; age counts from the
    invoice date. Invoices older than twelve months have no sales to be set against and stay out.
    """
    age = days_between(as_of, items.invoice_date).cast("int32")
    weighted = items.base.cast("decimal(24, 4)") * age
    month = month_number(as_of) - month_number(items.invoice_date)
    months = {
        f"aged_m{number}": weighted.sum(where=month == number).fill_null(0).cast(BIG)
        for number in range(MONTHS)
    }
    return items.group_by("party_id", seller=items.seller).agg(**months)


def true_dso(t: ir.Table, receivable: Any) -> Any:
    """Σ over open invoices of age × open amount ÷ credit sales of the invoice's own month, in days.

    Published as a collections metric of Oracle Receivables (vector DSO-TRUE). It grows without
    bound while old items remain. Months without credit sales (all credited) are left out like
    those out of reach; 0 when nothing is owed, null when no open invoice lies within reach.

    The metric dso_true.
    """
    parts = [
        per_unit(t[f"aged_m{number}"], ibis.greatest(t[f"sales_m{number}"], zero()))
        for number in range(MONTHS)
    ]
    known = ibis.coalesce(*parts).notnull()
    total = sum((ibis.coalesce(part, zero()) for part in parts), start=zero())
    aged = sum((t[f"aged_m{number}"] for number in range(MONTHS)), start=zero().cast(BIG)) > 0
    value = ibis.ifelse(known & aged, money(total), ibis.null("decimal(18, 4)"))
    return ibis.ifelse(receivable <= 0, zero(), value)


def earlier_receivables(bench: Workbench) -> ir.Table:
    """Receivables as they stood earlier, per (party, seller), in company currency.

    `receivables_before`: at the begin of the sales window; `receivables_earlier`: `change_days` of
    the disputes ago. Each is the open amount of invoices dated by then plus what was settled on
    them afterwards, credit notes included.
    """
    as_of, items, seen = bench.as_of, bench.items, bench.seen
    parts = [
        items.select("party_id", "seller", "base", "invoice_date", settled_on=ibis.null("date")),
        seen.select("party_id", "seller", "base", "invoice_date", "settled_on"),
        _unobserved(bench),
    ]
    t = union_all(parts)
    aggregates = {}
    days = {
        "receivables_before": bench.policy.windows.sales_days,
        "receivables_earlier": bench.policy.behaviour.disputes.change_days,
    }
    longest = plus_days(as_of, ibis.literal(-max(days.values())))
    t = t.filter(t.settled_on.isnull() | (t.settled_on > longest))
    for name, ago in days.items():
        then = plus_days(as_of, ibis.literal(-ago))
        counts = (t.invoice_date <= then) & (t.settled_on.isnull() | (t.settled_on > then))
        aggregates[name] = money(ibis.coalesce(t.base.sum(where=counts), zero()))
    return t.group_by("party_id", "seller").agg(**aggregates)


def _unobserved(bench: Workbench) -> ir.Table:
    """Applications that tell nothing about payment: credit notes, payments of disputed invoices."""
    a, i = bench.settled.applied, bench.settled.invoices
    disputed = i.filter(i.disputed).select(*DOCUMENT_KEY)
    disputes = disputes_of(bench.stage, bench.facts, i)
    disputed = union_all([disputed, quarrelled(disputes)]).distinct()
    quiet = union_all(
        [
            a.filter(a.entity != "payment"),
            a.filter(a.entity == "payment").semi_join(disputed, list(DOCUMENT_KEY)),
        ]
    )
    dates = i.select(*DOCUMENT_KEY, "currency", "seller", "invoice_date")
    t = in_base(quiet.inner_join(dates, list(DOCUMENT_KEY)), bench.rates)
    found = t.mutate(base=convert(t.applied, t.rate))
    return found.select("party_id", "seller", "base", "invoice_date", "settled_on")


def cei(before: Any, sales: Any, receivable: Any, current: Any) -> Any:
    """Collection effectiveness index as a fraction, 1 = all that was collectable was collected.

    (beginning receivables + credit sales − ending receivables) ÷ (beginning receivables + credit
    sales − ending receivables not yet due), plain period form (vector CEI-1). Null when nothing
    was collectable.

    The metric collection_index over the policy's sales window.
    """
    collectable = money(before + sales - current)
    collected = money(before + sales - receivable)
    return ratio(collected, ibis.greatest(collectable, zero()))


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    return {"aged": aged_sums(bench.items, bench.as_of), "earlier": earlier_receivables(bench)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    current = money(t.open_receivables - t.overdue)
    return {
        "dso_true": true_dso(t, t.open_receivables),
        "collection_index": cei(t.receivables_before, t.sales_recent, t.open_receivables, current),
    }


AREA = Area("collection", sums=_sums, columns=_columns)
