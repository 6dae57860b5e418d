"""Credit sales by window and month, and the family of days sales outstanding."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    day,
    days_between,
    money,
    per_unit,
    union_all,
    zero,
)
from connector.credit.policy import WindowsDoc
from connector.credit.receivables import in_base
from connector.credit.settlement import Settled

MONTHS = 12
YEAR_DAYS = 365


def months_back(as_of: date, count: int = MONTHS) -> list[tuple[date, date]]:
    """First and last day of the month of `as_of` (up to that day) and of the months before it."""
    months = []
    first, last = as_of.replace(day=1), as_of
    for _ in range(count):
        months.append((first, last))
        last = first - timedelta(days=1)
        first = last.replace(day=1)
    return months


def sales_sums(
    settled: Settled, rates: ir.Table, currency: str, as_of: date, windows: WindowsDoc
) -> ir.Table:
    """Credit sales less credit notes issued, tax-inclusive, per (party, seller).

    `sales_recent` and `sales_year` are trailing windows, `sales_m0` the month of `as_of` so far,
    `sales_m1` the month before, and so on.
    """
    i, c = settled.invoices, settled.credits
    rows = union_all(
        [
            i.select("party_id", "currency", "seller", on=i.invoice_date, amount=i.amount),
            c.select("party_id", "currency", "seller", on=c.issue_date, amount=money(-c.amount)),
        ]
    )
    rows = in_base(rows, rates, currency)
    rows = rows.mutate(base=convert(rows.amount, rows.rate))

    def total(condition: Any) -> Any:
        return money(ibis.coalesce(rows.base.sum(where=condition), zero()))

    def window(days: int) -> Any:
        return total(rows.on > day(as_of - timedelta(days=days)))

    months = {
        f"sales_m{number}": total((rows.on >= day(first)) & (rows.on <= day(last)))
        for number, (first, last) in enumerate(months_back(as_of))
    }
    return rows.group_by("party_id", seller=rows.seller).agg(
        sales_recent=window(windows.sales_days),
        sales_year=window(YEAR_DAYS),
        first_sale=rows.on.min(),
        **months,
    )


def turnover_metrics(t: ir.Table, as_of: date, windows: WindowsDoc) -> ir.Table:
    """DSO standard, countback and best possible, and average days delinquent.

    The day window and the sales window are the same; a customer younger than the window has both
    clipped to its age (DSO-NEWCUST). No sales with receivables gives null (`no_sales_in_window`
    is its note), no receivables gives 0.
    """
    began = ibis.least(t.customer_since, t.first_sale)
    t = t.mutate(customer_age_days=ibis.greatest(days_between(day(as_of), began), 0))
    window = ibis.least(ibis.coalesce(t.customer_age_days, windows.sales_days), windows.sales_days)
    t = t.mutate(window_days=ibis.greatest(window, 1))
    current = money(t.open_receivables - t.overdue)
    t = t.mutate(
        dso=dso(t.open_receivables, t.sales_recent, t.window_days),
        dso_best=dso(current, t.sales_recent, t.window_days),
        dso_countback=countback(t, t.open_receivables, as_of),
    )
    return t.mutate(average_days_delinquent=(t.dso - t.dso_best).cast("decimal(18, 4)"))


def dso(receivable: Any, sales: Any, days: Any) -> Any:
    """Receivable ÷ credit sales × days, in days (DSO-STD, DSO-BEST, DSO-NEWCUST)."""
    days = days.cast("int32")
    value = per_unit(receivable.cast("decimal(24, 4)") * days, ibis.greatest(sales, zero()))
    return ibis.ifelse(receivable <= 0, zero(), value)


def countback(t: ir.Table, receivable: Any, as_of: date) -> Any:
    """Countback DSO: months of sales from the latest back until the receivable is used up.

    Each month gives its days in full or, the last one, pro rata (DSO-COUNTBACK). Receivables
    beyond twelve months of sales stop there. Null without any sales.
    """
    used: Any = zero()
    days: Any = ibis.literal(0).cast("float64")
    any_sales: Any = zero()
    for number, (first, last) in enumerate(months_back(as_of)):
        sales = ibis.greatest(t[f"sales_m{number}"], zero())
        left = (receivable - used).cast("float64")
        share = ibis.least(left / sales.cast("float64").nullif(0), 1.0)
        share = ibis.ifelse(left <= 0, 0.0, ibis.coalesce(share, 1.0))
        days = days + share * ((last - first).days + 1)
        used = used + sales
        any_sales = any_sales + sales
    value = days.round(4).cast("decimal(18, 4)")
    value = ibis.ifelse(any_sales > 0, value, ibis.null("decimal(18, 4)"))
    return ibis.ifelse(receivable <= 0, zero(), value)


def yearly_pace(t: ir.Table) -> Any:
    """Sales of the last year, scaled up for a customer that is younger (at least 30 days)."""
    days = ibis.least(ibis.coalesce(t.customer_age_days, YEAR_DAYS), YEAR_DAYS)
    days = ibis.greatest(days, 30).cast("int32")
    return per_unit(t.sales_year.cast("decimal(24, 4)") * YEAR_DAYS, days)

