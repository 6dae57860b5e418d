"""Credit sales by window and month, and the family of days sales outstanding."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    convert,
    days_between,
    money,
    per_unit,
    union_all,
    zero,
)
from connector.credit.facts import MONTHS, Facts
from connector.credit.metrics.rates import in_base
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.document import WindowsDoc
from connector.credit.settlement.matching import Settled

YEAR_DAYS = 365


def month_number(value: Any) -> Any:
    """Months since year 0, so that months can be counted without month differences."""
    return value.year().cast("int32") * 12 + value.month().cast("int32")


def sales_sums(settled: Settled, facts: Facts, rates: ir.Table, windows: WindowsDoc) -> ir.Table:
    """Credit sales less credit notes issued, tax-inclusive, per (party, seller).

    `sales_recent` and `sales_year` are trailing windows, `sales_m0` the month of the valuation
    date so far, `sales_m1` the month before, and so on.

    Company currency; 0 without sales. The windows end on the valuation date, both ends included.
    """
    i, c = settled.invoices, settled.credits
    rows = union_all(
        [
            i.select("party_id", "currency", "seller", on=i.invoice_date, amount=i.amount),
            c.select("party_id", "currency", "seller", on=c.issue_date, amount=money(-c.amount)),
        ]
    )
    rows = in_base(rows, rates)
    rows = rows.select(
        "party_id",
        "seller",
        "on",
        base=convert(rows.amount, rows.rate),
        days_ago=days_between(facts.as_of, rows.on),
        months_ago=month_number(facts.as_of) - month_number(rows.on),
    )

    def total(condition: Any) -> Any:
        return money(ibis.coalesce(rows.base.sum(where=condition), zero()))

    months = {f"sales_m{number}": total(rows.months_ago == number) for number in range(MONTHS)}
    return rows.group_by("party_id", "seller").agg(
        sales_recent=total(rows.days_ago < windows.sales_days),
        sales_year=total(rows.days_ago < YEAR_DAYS),
        first_sale=rows.on.min(),
        **months,
    )


def turnover_columns(t: ir.Table, facts: Facts, windows: WindowsDoc) -> dict[str, Any]:
    """DSO standard, countback and best possible, and average days delinquent.

    The day window and the sales window are the same; a customer younger than the window has both
    clipped to its age (DSO-NEWCUST). No sales with receivables gives null (`no_sales_in_window`
    is its note), no receivables gives 0.

    dso = open_receivables ÷ sales_recent × days of the window (DSO-STD); dso_best the same with
    what is not overdue (DSO-BEST); average_days_delinquent = dso − dso_best; dso_countback see
    `countback`. All in days. customer_age_days = valuation date − the earlier of the stated begin
    and the first sale seen; null when neither is known.
    """
    began = ibis.least(t.customer_since, t.first_sale)
    age = ibis.greatest(days_between(facts.as_of, began), 0)
    window = ibis.least(ibis.coalesce(age, windows.sales_days), windows.sales_days)
    window = ibis.greatest(window, 1)
    standard = dso(t.open_receivables, t.sales_recent, window)
    best = dso(money(t.open_receivables - t.overdue), t.sales_recent, window)
    return {
        "customer_age_days": age,
        "dso": standard,
        "dso_best": best,
        "average_days_delinquent": money(standard - best),
        "dso_countback": countback(t, t.open_receivables, facts.moment),
    }


def dso(receivable: Any, sales: Any, days: Any) -> Any:
    """Receivable ÷ credit sales × days, in days (DSO-STD, DSO-BEST, DSO-NEWCUST)."""
    value = per_unit(
        receivable.cast("decimal(24, 4)") * days.cast("int32"), ibis.greatest(sales, zero())
    )
    return ibis.ifelse(receivable <= 0, zero(), value)


def countback(t: ir.Table, receivable: Any, moment: ir.Table) -> Any:
    """Countback DSO: months of sales from the latest back until the receivable is used up.

    Each month gives its days in full or, the last one, pro rata (DSO-COUNTBACK). Receivables
    beyond twelve months of sales stop there. Null without any sales.
    """
    used: Any = zero()
    days: Any = ibis.literal(0).cast("float64")
    for number in range(MONTHS):
        sales = ibis.greatest(t[f"sales_m{number}"], zero())
        left = (receivable - used).cast("float64")
        share = ibis.least(left / sales.cast("float64").nullif(0), 1.0)
        share = ibis.ifelse(left <= 0, 0.0, ibis.coalesce(share, 1.0))
        days = days + share * moment[f"month_days_{number}"].as_scalar()
        used = money(used + sales)
    value = ibis.ifelse(used > 0, money(days.round(4)), ibis.null("decimal(18, 4)"))
    return ibis.ifelse(receivable <= 0, zero(), value)


def yearly_pace(sales_year: Any, customer_age_days: Any) -> Any:
    """Sales of the last year, scaled up for a customer that is younger (at least 30 days)."""
    days = ibis.least(ibis.coalesce(customer_age_days, YEAR_DAYS), YEAR_DAYS)
    days = ibis.greatest(days, 30).cast("int32")
    return per_unit(sales_year.cast("decimal(24, 4)") * YEAR_DAYS, days)


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    return {"sales": sales_sums(bench.settled, bench.facts, bench.rates, bench.policy.windows)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    found = turnover_columns(t, bench.facts, bench.policy.windows)
    return {**found, "yearly_sales": yearly_pace(t.sales_year, found["customer_age_days"])}


AREA = Area("turnover", sums=_sums, columns=_columns)
