"""The metrics: numbers of a party at the valuation date, which a policy may name.

Units: `ratio` a fraction, `days` calendar days, `money` policy currency, `count`, `date`, `number`
a figure without unit. Labels are English templates; their Chinese stands in the
domain's texts. Null always means unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connector.domain.columns import Column, Kind

Unit = Literal["ratio", "days", "money", "count", "date", "number"]

KINDS: dict[Unit, Kind] = {
    "ratio": Kind.RATE, "days": Kind.MONEY, "money": Kind.MONEY, "count": Kind.COUNT,
    "date": Kind.DATE, "number": Kind.RATE,
}  # fmt: skip
"""How a metric of a unit is stored; days have four decimals like money."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: column name, unit and English label."""

    name: str
    unit: Unit
    label: str

    @property
    def column(self) -> Column:
        """The column that stores it."""
        return Column(self.name, KINDS[self.unit], self.label)


RECEIVABLES = (
    Metric("open_receivables", "money", "Open receivables"),
    Metric("overdue", "money", "Overdue, disputed items included"),
    Metric("overdue_undisputed", "money", "Overdue without disputed items"),
    Metric("disputed", "money", "Disputed"),
    Metric("overdue_ratio", "ratio", "Overdue share of the receivables"),
    Metric("overdue_ratio_undisputed", "ratio", "Overdue share without disputed items"),
    Metric("overdue_ratio_past_grace", "ratio", "Overdue share beyond the grace days"),
    Metric("dispute_ratio", "ratio", "Disputed share of the receivables"),
    Metric("oldest_due_date", "date", "Due date of the oldest open undisputed item"),
    Metric("oldest_overdue_days", "days", "Oldest undisputed item past due"),
    Metric("average_days_past_due", "days", "Average days past due of the overdue part"),
    Metric("open_items", "count", "Open items"),
)
EXPOSURE = (
    Metric("open_orders", "money", "Confirmed orders not invoiced yet"),
    Metric("unbilled_deliveries", "money", "Delivered, not billed"),
    Metric("unposted_billing", "money", "Billed, not posted"),
    Metric("unapplied_cash", "money", "Cash received but not matched"),
    Metric("open_credit_notes", "money", "Open credit notes"),
    Metric("order_prepayments", "money", "Prepayments for these orders"),
    Metric("gross_exposure", "money", "Gross exposure"),
    Metric("net_exposure", "money", "Net exposure"),
    Metric("unapplied_ratio", "ratio", "Unmatched cash and credit notes against receivables"),
    Metric("utilisation", "ratio", "Use of the limit"),
)
TURNOVER = (
    Metric("dso", "days", "Days sales outstanding"),
    Metric("dso_countback", "days", "Days sales outstanding, countback"),
    Metric("dso_best", "days", "Best possible days sales outstanding"),
    Metric("average_days_delinquent", "days", "Average days delinquent"),
    Metric("sales_recent", "money", "Credit sales of the last three months"),
    Metric("sales_year", "money", "Credit sales of the last twelve months"),
    Metric("customer_age_days", "days", "Days since the relationship began"),
)
BEHAVIOUR = (
    Metric("days_to_pay", "days", "Average days to pay"),
    Metric("dbt", "days", "Days beyond terms, early payments counted"),
    Metric("dbt_floored", "days", "Days beyond terms"),
    Metric("dbt_with_open", "days", "Days beyond terms, open overdue items included"),
    Metric("dbt_recent", "days", "Days beyond terms, last three months"),
    Metric("dbt_before", "days", "Days beyond terms, nine months before"),
    Metric("dbt_trend", "days", "Change of days beyond terms"),
    Metric("paid_items", "count", "Payments seen in the last twelve months"),
)
CARE = (
    Metric("items_without_rate", "count", "Amounts without exchange rate, left out"),
    Metric("due_date_derived", "count", "Open items without due date or terms"),
)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for group in (RECEIVABLES, EXPOSURE, TURNOVER, BEHAVIOUR, CARE)
    for metric in group
}
"""Every metric by name, in the order in which they are shown."""
