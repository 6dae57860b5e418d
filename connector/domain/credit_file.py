"""What a credit department keeps about a customer, beside the trade documents.

The rows come from a file, a CRM or an insurer's portal, or people enter them; either way they land
like any feed. Each names where its paper lies (`document`), whose job it is (`owner`), and from
when to when it holds. Vendors' words differ; the closed lists below are ours, and mappings
translate into them.
"""

from __future__ import annotations

from connector.domain.columns import (
    ACCOUNT_REF,
    CURRENCY,
    SELLER,
    Column,
    Entity,
    Kind,
    count,
    date_of,
    flag,
    money,
    text,
)

GUARANTEE_KINDS = (
    "bank_guarantee", "standby_lc", "documentary_credit", "parent_guarantee",
    "third_party_guarantee", "personal_guarantee", "retention_of_title", "deposit", "pledge",
)  # fmt: skip
BILL_KINDS = ("bank_acceptance", "commercial_acceptance", "supply_chain_note")
BILL_STATES = (
    "held", "pledged", "endorsed", "discounted", "presented", "honoured", "dishonoured", "returned",
)  # fmt: skip
INSURED_LIMIT_STATES = ("requested", "in_force", "reduced", "withdrawn", "refused", "cancelled")
INSURED_LIMIT_KINDS = ("named", "discretionary", "blind")
TERMS_KINDS = (
    "net", "monthly_statement", "end_of_month", "net_then_end_of_month", "instalments",
    "deposit_balance", "prepayment", "cash_on_delivery", "letter_of_credit",
    "documents_against_payment", "documents_against_acceptance",
)  # fmt: skip
BASE_DATES = ("invoice", "delivery", "acceptance", "bill_of_lading", "statement")
EVENT_KINDS = (
    "insolvency_open", "dissolved", "sanctioned", "dishonest_judgment_debtor", "enforcement",
    "abnormal_operations", "share_freeze", "lien", "judgment", "winding_up_petition",
    "late_filing", "ownership_change", "press",
)  # fmt: skip
CLAIM_BASES = ("share_then_first_loss", "first_loss_then_share")

_RECORD = (
    text("document", "where the paper lies: a link, a file number"),
    text("owner", "whose job it is"),
    text("note", "remark"),
)


def _share(name: str, meaning: str) -> Column:
    return Column(name, Kind.RATE, meaning)


TERMS = Entity(
    "terms",
    (
        *ACCOUNT_REF,
        text("kind", "one of TERMS_KINDS", required=True),
        count("net_days", "days from the base date, or from the cut-off's month end"),
        text("base_date", "invoice, delivery, acceptance, bill_of_lading or statement"),
        count("cut_off_day", "月结: last day of the month that still falls into its statement"),
        count("statement_day", "对账日: day of the month on which the statement is agreed"),
        count("pay_day", "付款日: day of the month on which is paid"),
        count("pay_months", "months from the statement's month to the month of the pay day"),
        text("instalments", "share@days pairs, as 0.3@0;0.7@60"),
        _share("deposit_share", "part paid before delivery, 0–1"),
        _share("retention_share", "质保金: part kept back, 0–1"),
        count("retention_days", "days from the base date until the retention is due"),
        date_of("valid_from", "first day"),
        date_of("valid_to", "last day"),
        SELLER,
        *_RECORD,
    ),
)
AGREEMENT = Entity(
    "agreement",
    (
        *ACCOUNT_REF,
        text("number", "number of the agreement", required=True),
        text("kind", "credit, framework, guarantee or other"),
        text("currency", "currency of the amounts"),
        money("amount", "amount agreed"),
        count("terms_days", "net days agreed; null = the agreement does not say"),
        _share("late_interest_rate", "yearly interest on late payment, 0–1"),
        date_of("signed_on", "day of signature"),
        date_of("valid_from", "first day"),
        date_of("valid_to", "last day"),
        SELLER,
        *_RECORD,
    ),
)
GUARANTEE = Entity(
    "guarantee",
    (
        *ACCOUNT_REF,
        text("number", "number of the guarantee", required=True),
        text("kind", "one of GUARANTEE_KINDS", required=True),
        text("guarantor", "who stands for it"),
        text("guarantor_key", "registration number of the guarantor"),
        text("guarantor_country", "ISO 3166 alpha-2"),
        text("guarantor_grade", "grade of the guarantor on the policy's scale"),
        CURRENCY,
        money("amount", "face value", required=True),
        _share("haircut", "part that does not count, 0–1; null = the policy's for the kind"),
        flag("first_demand", "payable on first demand"),
        date_of("valid_from", "first day"),
        date_of("valid_to", "last day on which it can be drawn"),
        count("claim_days", "days that a claim takes after the last covered due date"),
        SELLER,
        *_RECORD,
    ),
)
INSURANCE_POLICY = Entity(
    "insurance_policy",
    (
        text("number", "policy number", required=True),
        text("insurer", "insurer", required=True),
        CURRENCY,
        _share("insured_share", "part of a loss that is paid, 0–1"),
        money("first_loss", "part of a loss borne first"),
        text("claim_basis", "share_then_first_loss or first_loss_then_share"),
        money("max_liability", "most that is paid in a policy year"),
        count("max_extension_days", "days past due after which new deliveries are not covered"),
        count("notification_days", "days after the maximum extension to report overdue items"),
        count("waiting_days", "days past due from which a claim may be made"),
        count("max_terms_days", "longest payment terms that are covered"),
        money("discretionary_amount", "limit the seller may set by himself"),
        money("blind_amount", "cover for customers without a limit of their own"),
        date_of("valid_from", "first day"),
        date_of("valid_to", "last day"),
        SELLER,
        *_RECORD,
    ),
)
INSURED_LIMIT = Entity(
    "insured_limit",
    (
        *ACCOUNT_REF,
        text("number", "the insurer's number of the limit"),
        text("policy_number", "insurance policy it belongs to", required=True),
        text("kind", "named, discretionary or blind"),
        text("state", "one of INSURED_LIMIT_STATES", required=True),
        CURRENCY,
        money("amount", "insured limit", required=True),
        money("previous_amount", "limit before the last decision"),
        _share("insured_share", "part of a loss that is paid; null = the policy's"),
        date_of("decided_on", "day of the insurer's decision"),
        date_of("valid_from", "first day"),
        date_of("valid_to", "last day"),
        count("max_terms_days", "longest terms covered; null = the policy's"),
        SELLER,
        *_RECORD,
    ),
)
BILL = Entity(
    "bill",
    (
        *ACCOUNT_REF,
        text("number", "number of the bill", required=True),
        text("kind", "one of BILL_KINDS", required=True),
        text("state", "one of BILL_STATES", required=True),
        text("acceptor", "who has to pay it"),
        text("acceptor_key", "registration number of the acceptor"),
        CURRENCY,
        money("amount", "face value", required=True),
        date_of("received_on", "day of receipt"),
        date_of("issued_on", "day of issue"),
        date_of("matures_on", "day of maturity"),
        date_of("state_since", "day since which the state holds"),
        flag("recourse", "endorsed or discounted with recourse to us"),
        text("invoice_number", "invoice it settles, by number"),
        SELLER,
        *_RECORD,
    ),
)
PROMISE = Entity(
    "promise",
    (
        *ACCOUNT_REF,
        text("number", "number of the promise"),
        text("invoice_number", "invoice that it is about, by number"),
        CURRENCY,
        money("amount", "amount promised", required=True),
        money("kept_amount", "amount paid on it; null = derived from payments"),
        date_of("made_on", "day of the promise", required=True),
        date_of("promised_on", "day until which is paid", required=True),
        flag("withdrawn", "taken back by agreement"),
        SELLER,
        *_RECORD,
    ),
)
DISPUTE = Entity(
    "dispute",
    (
        *ACCOUNT_REF,
        text("number", "number of the dispute"),
        text("invoice_number", "invoice in dispute, by number"),
        CURRENCY,
        money("amount", "amount in dispute; null = the whole invoice"),
        text("reason", "quality, price, quantity, delivery, paperwork or other"),
        date_of("opened_on", "day it was raised", required=True),
        date_of("closed_on", "day it was settled"),
        SELLER,
        *_RECORD,
    ),
)
TRADE_REFERENCE = Entity(
    "trade_reference",
    (
        *ACCOUNT_REF,
        text("referee", "who gives it", required=True),
        CURRENCY,
        money("limit_amount", "limit granted by the referee"),
        money("high_credit", "highest credit in the last year"),
        count("terms_days", "terms granted"),
        count("days_beyond_terms", "days beyond terms on average"),
        date_of("given_on", "day of the reference", required=True),
        date_of("valid_to", "last day"),
        *_RECORD,
    ),
)
STATEMENT = Entity(
    "statement",
    (
        *ACCOUNT_REF,
        date_of("fiscal_year_end", "last day of the period", required=True),
        count("months", "months of the period; null = 12"),
        flag("audited", "audited"),
        flag("consolidated", "consolidated"),
        CURRENCY,
        count("unit", "1, 1000 or 10000: what one unit of the amounts is worth; null = 1"),
        *(
            money(name, meaning)
            for name, meaning in (
                ("total_assets", "资产总计"),
                ("current_assets", "流动资产合计"),
                ("cash", "货币资金"),
                ("receivables", "应收账款"),
                ("inventory", "存货"),
                ("fixed_assets", "固定资产"),
                ("intangibles", "无形资产"),
                ("securities", "长期有价证券"),
                ("total_liabilities", "负债合计"),
                ("current_liabilities", "流动负债合计"),
                ("short_term_debt", "短期借款"),
                ("payables", "应付账款"),
                ("long_term_debt", "长期借款"),
                ("equity", "所有者权益合计"),
                ("retained_earnings", "未分配利润及盈余公积"),
                ("market_equity", "market value of equity, listed companies only"),
                ("sales", "营业收入"),
                ("cost_of_sales", "营业成本"),
                ("selling_and_admin", "销售及管理费用"),
                ("depreciation", "折旧与摊销"),
                ("ebit", "息税前利润"),
                ("interest", "利息费用"),
                ("net_income", "净利润"),
                ("operating_cash_flow", "经营活动现金流量净额"),
                ("capital_expenditure", "资本性支出"),
                ("funds_from_operations", "经营性资金, as the failure models use it"),
            )
        ),
        date_of("received_on", "day on which we got it"),
        *_RECORD,
    ),
)
BUREAU_REPORT = Entity(
    "bureau_report",
    (
        *ACCOUNT_REF,
        text("bureau", "who rates", required=True),
        text("score_name", "which of its scores"),
        Column("score", Kind.QUANTITY, "score on the bureau's own scale; status codes are none"),
        Column("scale_low", Kind.QUANTITY, "lowest value of the scale"),
        Column("scale_high", Kind.QUANTITY, "highest value of the scale"),
        flag("higher_is_better", "direction of the scale"),
        text("rating", "class or letter as published"),
        _share("pd", "yearly probability of default, only where the bureau publishes one"),
        text("currency", "currency of the recommended limit"),
        money("recommended_limit", "recommended maximum credit"),
        date_of("as_of", "day of the rating", required=True),
        date_of("valid_to", "last day on which it may be used"),
        *_RECORD,
    ),
)
EVENT = Entity(
    "event",
    (
        *ACCOUNT_REF,
        text("kind", "one of EVENT_KINDS", required=True),
        count("severity", "1 notice, 2 warning, 3 severe"),
        text("source", "register, bureau, press or person"),
        date_of("since", "day of the event"),
        date_of("ended_on", "day it was lifted, or proved to be somebody else"),
        *_RECORD,
    ),
)
INSTALMENT = Entity(
    "instalment",
    (
        text("invoice_id", "record id of the invoice in the same connection", required=True),
        text("number", "number of the instalment"),
        money("amount", "amount, in the invoice's currency", required=True),
        date_of("due_date", "due date", required=True),
        flag("retention", "质保金: kept back until the warranty ends"),
    ),
)
INVOICE_LINE = Entity(
    "invoice_line",
    (
        text("invoice_id", "record id of the invoice in the same connection", required=True),
        text("product", "product name or code"),
        text("product_line", "product line"),
        text("region", "region of the sale"),
        text("market", "market or channel"),
        money("amount", "tax-inclusive amount, in the invoice's currency", required=True),
    ),
)
CONTROL_TOTAL = Entity(
    "control_total",
    (
        SELLER,
        CURRENCY,
        date_of("as_of", "day for which the books state it", required=True),
        money("receivables", "open receivables by the general ledger", required=True),
        money("overdue", "overdue part of them, if the books state it"),
        *_RECORD,
    ),
)

CREDIT_FILE: tuple[Entity, ...] = (
    TERMS, AGREEMENT, GUARANTEE, INSURANCE_POLICY, INSURED_LIMIT, BILL, PROMISE, DISPUTE,
    TRADE_REFERENCE, STATEMENT, BUREAU_REPORT, EVENT, INSTALMENT, INVOICE_LINE, CONTROL_TOTAL,
)  # fmt: skip
"""The entities of this module, in the order in which they are pulled."""

ENTERED: tuple[str, ...] = tuple(
    entity.name for entity in CREDIT_FILE if entity.name not in ("instalment", "invoice_line")
)
"""Entities that people may enter by hand."""
