"""The metrics a policy may name: unit and label of each. Columns of the engine's party table.

Units: `ratio` a fraction, `days` calendar days, `money` policy currency, `count`, `date`.
Labels are English templates; their Chinese stands in the domain's texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Unit = Literal["ratio", "days", "money", "count", "date"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: column name, unit and English label."""

    name: str
    unit: Unit
    label: str


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("open_receivables", "money", "Open receivables"),
        Metric("overdue", "money", "Overdue, disputed items included"),
        Metric("overdue_undisputed", "money", "Overdue without disputed items"),
        Metric("disputed", "money", "Disputed"),
        Metric("open_orders", "money", "Confirmed orders not invoiced yet"),
        Metric("unbilled_deliveries", "money", "Delivered, not billed"),
        Metric("unposted_billing", "money", "Billed, not posted"),
        Metric("unapplied_cash", "money", "Cash received but not matched"),
        Metric("open_credit_notes", "money", "Open credit notes"),
        Metric("order_prepayments", "money", "Prepayments for these orders"),
        Metric("gross_exposure", "money", "Gross exposure"),
        Metric("net_exposure", "money", "Net exposure"),
        Metric("overdue_ratio", "ratio", "Overdue share of the receivables"),
        Metric("overdue_ratio_undisputed", "ratio", "Overdue share without disputed items"),
        Metric("overdue_ratio_past_grace", "ratio", "Overdue share beyond the grace days"),
        Metric("dispute_ratio", "ratio", "Disputed share of the receivables"),
        Metric("unapplied_ratio", "ratio", "Unmatched cash and credit notes against receivables"),
        Metric("utilisation", "ratio", "Use of the limit"),
        Metric("oldest_due_date", "date", "Due date of the oldest open undisputed item"),
        Metric("oldest_overdue_days", "days", "Oldest undisputed item past due"),
        Metric("average_days_past_due", "days", "Average days past due of the overdue part"),
        Metric("dso", "days", "Days sales outstanding"),
        Metric("dso_countback", "days", "Days sales outstanding, countback"),
        Metric("dso_best", "days", "Best possible days sales outstanding"),
        Metric("average_days_delinquent", "days", "Average days delinquent"),
        Metric("days_to_pay", "days", "Average days to pay"),
        Metric("dbt", "days", "Days beyond terms, early payments counted"),
        Metric("dbt_floored", "days", "Days beyond terms"),
        Metric("dbt_with_open", "days", "Days beyond terms, open overdue items included"),
        Metric("dbt_recent", "days", "Days beyond terms, last three months"),
        Metric("dbt_before", "days", "Days beyond terms, nine months before"),
        Metric("dbt_trend", "days", "Change of days beyond terms"),
        Metric("sales_recent", "money", "Credit sales of the last three months"),
        Metric("sales_year", "money", "Credit sales of the last twelve months"),
        Metric("customer_age_days", "days", "Days since the relationship began"),
        Metric("open_items", "count", "Open items"),
        Metric("paid_items", "count", "Payments seen in the last twelve months"),
        Metric("items_without_rate", "count", "Amounts without exchange rate, left out"),
        Metric("due_date_derived", "count", "Open items without due date or terms"),
    )
}
"""Every metric by name, in the order in which they are shown."""


def figure(value: Decimal, unit: Unit) -> str:
    """A bound or threshold as shown in every language: 25 % for ratios, 30 d for days."""
    scaled = value * 100 if unit == "ratio" else value
    text = format(scaled.normalize(), "f")
    return text + {"ratio": " %", "days": " d"}.get(unit, "")


def bin_label(above: Decimal | None, up_to: Decimal | None, unit: Unit) -> str:
    """Label of a bin `above < value ≤ up_to`, without words so that it needs no translation."""
    if above is None and up_to is None:
        return "…"
    if above is None:
        return f"≤ {figure(up_to or Decimal(0), unit)}"
    if up_to is None:
        return f"> {figure(above, unit)}"
    return f"{figure(above, unit)} – {figure(up_to, unit)}"


def ageing_columns(edges: Sequence[int]) -> tuple[str, ...]:
    """Names of the ageing columns for the buckets' upper edges: age_current, age_1_30 …"""
    lower = [1, *(edge + 1 for edge in edges[:-1])]
    inner = [f"age_{low}_{high}" for low, high in zip(lower, edges, strict=True)]
    return ("age_current", *inner, f"age_over_{edges[-1]}")
