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

CONDUCT = (
    Metric("days_to_pay_plain", "days", "Average days to pay, each payment counted once"),
    Metric("dbt_plain", "days", "Days beyond terms, each payment counted once"),
    Metric("dbt_spread", "days", "Spread of the days beyond terms"),
    Metric("dbt_deviation", "number", "Change of days beyond terms, in its own spreads"),
    Metric("payment_index", "number", "Own payment index, 0–100"),
    Metric("reference_index", "number", "Payment index of the trade references, 0–100"),
    Metric("trade_references", "count", "Trade references of the last two years"),
    Metric("dso_true", "days", "True days sales outstanding"),
    Metric("collection_index", "ratio", "Collected part of what was collectable"),
    Metric("receipts_recent", "count", "Receipts of the last three months"),
    Metric("part_payments", "count", "Receipts that paid only part of an invoice"),
    Metric("part_payment_share", "ratio", "Share of receipts that paid only part of an invoice"),
    Metric("returned_payments", "count", "Payments sent back"),
    Metric("returned_amount", "money", "Amount of the payments sent back"),
    Metric("bill_share", "ratio", "Share of the receipts that came as bills"),
    Metric("payment_change", "count", "New way of paying: 1 bills, 2 payments sent back"),
    Metric("promises_due", "count", "Promises to pay that are due for judgement"),
    Metric("promises_broken", "count", "Broken promises to pay"),
    Metric("promise_kept_ratio", "ratio", "Kept promises, by count"),
    Metric("promise_kept_amount_ratio", "ratio", "Kept promises, by amount"),
    Metric("promise_paid_share", "ratio", "Paid part of what was promised"),
    Metric("promised_open", "money", "Promised and not yet due"),
    Metric("next_promise", "date", "Day of the next promise"),
    Metric("disputes_open", "count", "Open disputes"),
    Metric("disputes_recent", "count", "Disputes raised in the last two months"),
    Metric("dispute_change", "ratio", "Change of the disputed share in two months"),
    Metric("oldest_dispute_days", "days", "Age of the oldest open dispute"),
    Metric("disputes_before_due", "count", "Disputes raised shortly before the due date"),
    Metric("disputed_before_due", "money", "Disputed shortly before the due date"),
)
BUYING = (
    Metric("orders_recent", "money", "Orders of the last 30 days"),
    Metric("orders_usual", "money", "Orders of a usual month"),
    Metric("order_score", "number", "Orders of the last 30 days above the usual, in spreads"),
    Metric("order_ratio", "ratio", "Orders of the last 30 days against a usual month"),
    Metric("order_months", "count", "Months with orders in a row"),
    Metric("last_order", "date", "Last order"),
    Metric("order_gap_days", "days", "Days since the last order of a regular buyer"),
    Metric("order_after_pause", "ratio", "Order after a long pause against the largest before"),
    Metric("first_order_share", "ratio", "Largest order of a new customer against its limit"),
    Metric("opportunities", "count", "Opportunities that close soon"),
    Metric("opportunity_amount", "money", "Expected amount of the opportunities that close soon"),
    Metric("exposure_ahead", "money", "Exposure if these opportunities are won"),
    Metric("utilisation_ahead", "ratio", "Use of the limit if these opportunities are won"),
    Metric("high_use_days", "count", "Days in a row of high use of the limit"),
    Metric("high_use_since", "date", "High use of the limit since"),
)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for group in (RECEIVABLES, EXPOSURE, TURNOVER, BEHAVIOUR, CONDUCT, BUYING, CARE)
    for metric in group
}
"""Every metric by name, in the order in which they are shown."""
