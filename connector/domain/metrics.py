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
COLLATERAL = (
    Metric("guarantees_face", "money", "Guarantees in force, face value"),
    Metric("guarantees_effective", "money", "Guarantees, effective value"),
    Metric("guarantees_expiring", "money", "Guarantees that end soon, face value"),
    Metric("guarantee_next_expiry", "date", "Next end of a guarantee"),
    Metric("guarantee_needed_until", "date", "Guarantees are needed until"),
    Metric("insured_limit", "money", "Insured limit in force"),
    Metric("insured_limit_valid_to", "date", "Insured limit valid to"),
    Metric("insured_share", "ratio", "Insured share of a loss"),
    Metric("insurable_balance", "money", "Insurable balance"),
    Metric("insurance_cover", "money", "Covered by credit insurance"),
    Metric("insurance_claim", "money", "Claim on the insurer, less the first loss"),
    Metric("above_insured_limit", "money", "Insurable, but above the insured limit"),
    Metric("insured_limit_cut_share", "ratio", "Part of the insured limit that was cut lately"),
    Metric("insured_limit_cut_on", "date", "Day of the insurer's last cut"),
    Metric("insurance_extension_end", "date", "End of the maximum extension"),
    Metric("insurance_report_by", "date", "Overdue items to be reported to the insurer by"),
    Metric("insurance_claim_from", "date", "Claim on the insurer possible from"),
    Metric("insurance_terms_exceeded", "money", "Open items at terms longer than insured"),
    Metric("guarantee_expiry_stage", "count", "Warnings reached before a guarantee ends"),
    Metric("cover_stopped_days", "days", "New deliveries not insured for"),
    Metric("insurance_report_stage", "count", "Stage of the report to the insurer"),
    Metric("unsecured_of_appetite", "ratio", "Unsecured exposure against what is allowed"),
    Metric("insured_limits_unclear", "count", "Insured limits without insured share, left out"),
    Metric("unsecured_exposure", "money", "Unsecured exposure"),
)
BILLS = (
    Metric("bills_on_hand", "money", "Bills on hand"),
    Metric("bills_contingent", "money", "Bills passed on with recourse"),
    Metric("bills_exposure", "money", "Bills that stay at the customer's risk"),
    Metric("bills_on_acceptors", "money", "Bills at the acceptors' risk"),
    Metric("bills_dishonoured", "money", "Dishonoured bills"),
    Metric("bills_dishonoured_count", "count", "Number of dishonoured bills"),
    Metric("bill_stage", "count", "Stage of presenting bills"),
    Metric("bills_to_present", "money", "Bills that have to be presented soon"),
    Metric("bill_next_maturity", "date", "Next maturity of a bill on hand"),
    Metric("bill_present_by", "date", "Next bill to be presented by"),
)
LOSS = (
    Metric("exposure_at_default", "money", "Exposure at default"),
    Metric("loss_given_default", "ratio", "Loss given default"),
    Metric("late_interest", "money", "Interest on late payment so far"),
    Metric("overdue_carrying_cost", "money", "Yearly cost of financing the overdue part"),
    Metric("provision", "money", "Provision by the matrix, indicative"),
)
AFTER_GRADE = (
    Metric("probability_of_default", "ratio", "Probability of default"),
    Metric("expected_loss", "money", "Expected loss"),
)
"""Metrics that rest on the grade: no scorecard may read them."""

STATEMENTS = (
    Metric("statement_end", "date", "End of the latest statement"),
    Metric("statement_age_days", "days", "Age of the latest statement"),
    Metric("statement_stale", "count", "Statement too old to be used (1 = yes)"),
    Metric("statement_suspect", "count", "Unit of the statement looks mistaken (1 = yes)"),
    Metric("statement_sales", "money", "Sales of the customer"),
    Metric("statement_equity", "money", "Equity of the customer"),
    Metric("tangible_net_worth", "money", "Tangible net worth"),
    Metric("working_capital", "money", "Working capital"),
    Metric("net_income", "money", "Net income"),
    Metric("operating_cash_flow", "money", "Operating cash flow"),
    Metric("free_cash_flow", "money", "Free cash flow"),
    Metric("current_ratio", "number", "Current ratio"),
    Metric("quick_ratio", "number", "Quick ratio"),
    Metric("cash_ratio", "number", "Cash ratio"),
    Metric("debt_ratio", "ratio", "Debt ratio"),
    Metric("debt_to_equity", "number", "Liabilities to equity"),
    Metric("debt_to_ebitda", "number", "Interest-bearing debt to EBITDA"),
    Metric("ebit_cover", "number", "EBIT interest cover"),
    Metric("ebitda_cover", "number", "EBITDA interest cover"),
    Metric("cash_flow_to_current_liabilities", "ratio", "Cash flow to current liabilities"),
    Metric("cash_flow_to_debt", "ratio", "Cash flow to debt"),
    Metric("gross_margin", "ratio", "Gross margin"),
    Metric("net_margin", "ratio", "Net margin"),
    Metric("return_on_assets", "ratio", "Return on assets"),
    Metric("return_on_equity", "ratio", "Return on equity"),
    Metric("asset_turnover", "number", "Asset turnover"),
    Metric("their_dso", "days", "Days the customer waits for its own customers"),
    Metric("their_dpo", "days", "Days the customer takes to pay its suppliers"),
    Metric("their_dio", "days", "Days the customer's goods lie in stock"),
    Metric("cash_conversion_cycle", "days", "Cash conversion cycle"),
    Metric("altman_z", "number", "Altman Z"),
    Metric("altman_z_private", "number", "Altman Z′"),
    Metric("altman_z_emerging", "number", "Altman Z″"),
    Metric("altman_em", "number", "Altman EM score"),
    Metric("failure_zone", "count", "Altman zone: 1 distress, 2 grey, 3 safe"),
    Metric("zmijewski_x", "number", "Zmijewski X, higher is riskier"),
    Metric("zmijewski_p", "ratio", "Zmijewski p, higher is riskier"),
    Metric("ohlson_o", "number", "Ohlson O, higher is riskier"),
    Metric("ohlson_p", "ratio", "Ohlson p, higher is riskier"),
    Metric("beneish_m", "number", "Beneish M, signs of manipulated accounts"),
    Metric("weak_signs", "count", "Signs of weakness in the statement"),
)
OTHERS_VIEW = (
    Metric("bureau_score", "number", "Bureau score on 0–100, higher is better"),
    Metric("bureau_change", "number", "Change of the bureau score since the report before"),
    Metric("bureau_fell_below", "count", "Bureau score fell below the cut-off (1 = yes)"),
    Metric("bureau_pd", "ratio", "Probability of default as the bureau publishes it"),
    Metric("bureau_limit", "money", "Recommended maximum of the bureaus"),
    Metric("bureau_report_on", "date", "Day of the latest bureau report"),
    Metric("bureau_age_days", "days", "Age of the latest bureau report"),
    Metric("reference_limit", "money", "Limit that other suppliers grant on average"),
    Metric("events", "count", "Public events in force"),
    Metric("event_severity", "count", "Worst public event: 1 notice, 2 warning, 3 severe"),
    Metric("event_since", "date", "Day of the worst public event"),
)
ABROAD = (
    Metric("foreign_receivables", "money", "Owed in other currencies"),
    Metric("rate_change_part", "money", "Of it through exchange rates since the limit began"),
)
GROUP = (
    Metric("group_members", "count", "Members of the group with business"),
    Metric("group_exposure", "money", "Exposure of the whole group"),
    Metric("group_limit", "money", "Limit of the group"),
    Metric("group_available", "money", "Available within the group's limit"),
    Metric("group_trouble", "count", "Other members of the group in trouble"),
)
AGREED = (
    Metric("due_dates_missing", "money", "Open without an agreed due date"),
    Metric("due_dates_missing_ratio", "ratio", "Share of what is owed without an agreed due date"),
    Metric("limit_expiry_stage", "count", "Warnings that have come before the limit ends"),
    Metric("agreement_valid_to", "date", "Next end of a credit agreement"),
    Metric("agreement_expiry_stage", "count", "Warnings that have come before an agreement ends"),
    Metric("terms_beyond_law_days", "days", "Agreed terms beyond the law's"),
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

BOOK = (
    Metric("exposure_share", "ratio", "Share of all exposure"),
    Metric("group_exposure_share", "ratio", "The group's share of all exposure"),
    Metric("concentration_use", "ratio", "Use of the allowed share of all exposure"),
    Metric("reminder_level", "count", "Level of reminders reached"),
)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for group in (
        RECEIVABLES,
        EXPOSURE,
        COLLATERAL,
        BILLS,
        TURNOVER,
        BEHAVIOUR,
        STATEMENTS,
        OTHERS_VIEW,
        ABROAD,
        GROUP,
        LOSS,
        AFTER_GRADE,
        CONDUCT,
        BUYING,
        BOOK,
        AGREED,
        CARE,
    )
    for metric in group
}
"""Every metric by name, in the order in which they are shown."""
