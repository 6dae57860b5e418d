"""What may be wrong with what files say although every value can be read: rules as SQL.

Tables: every entity by name with its columns, `id`, `where_from` and `feed`, and `known_account`
(account_field, account_key, party data) of the CRM. `$as_of` is the day of the check. A rule gives
the columns `where_from`, `owner`, `account_key` and `shown`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from connector.domain.entities import ENTITIES

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong with rows of an entity.

    `where` is the condition and `shown` what an example tells; `sql` stands for both where a rule
    looks at several rows.
    """

    code: str
    level: Level
    entity: str
    message: str
    next_step: str
    where: str = ""
    shown: str = "NULL"
    sql: str = ""

    def query(self) -> str:
        """The statement, with the columns that every rule gives."""
        if self.sql:
            return self.sql
        names = ENTITIES[self.entity].column_names
        owner = "owner" if "owner" in names else "NULL"
        key = "account_key" if "account_key" in names else "NULL"
        return (
            f"SELECT where_from, {owner} AS owner, {key} AS account_key, "  # noqa: S608  # our words
            f"CAST({self.shown} AS VARCHAR) AS shown FROM {quoted(self.entity)} WHERE {self.where}"
        )


def quoted(name: str) -> str:
    """An entity's name as SQL takes it."""
    return f'"{name}"'


_KEY = (
    "CASE WHEN account_field IN ('id', 'account_number') THEN trim(account_key) "
    "ELSE upper(regexp_replace(account_key, '[^0-9A-Za-z]', '', 'g')) END"
)
"""The spelling in which account keys are compared, as linking does it."""

_MAIN_DATES = (
    ("invoice", "invoice_date"), ("order", "order_date"), ("payment", "value_date"),
    ("credit_note", "issue_date"), ("delivery", "delivery_date"), ("statement", "fiscal_year_end"),
    ("promise", "made_on"), ("dispute", "opened_on"), ("trade_reference", "given_on"),
    ("bureau_report", "as_of"), ("bill", "received_on"),
)  # fmt: skip
_VALID = ("guarantee", "insured_limit", "insurance_policy", "agreement", "limit", "terms")
_POSITIVE = (
    ("order", "amount"), ("guarantee", "amount"), ("bill", "amount"), ("promise", "amount"),
    ("delivery", "unbilled_amount"), ("instalment", "amount"), ("fx_rate", "rate"),
)  # fmt: skip


def list_rules() -> tuple[Rule, ...]:
    """Every rule, those of one row first."""
    return (*_DOCUMENTS, *_PAPERS, *_dates(), *_validity(), *_amounts(), *_SEVERAL)


def _dates() -> Iterable[Rule]:
    for entity, column in _MAIN_DATES:
        yield Rule(
            "date_ahead", "error", entity,
            "The date lies in the future.",
            "Correct the date; often day and month, or the year, are mixed up.",
            f"{column} > $as_of", column,
        )  # fmt: skip
        yield Rule(
            "date_absurd", "error", entity,
            "The date lies before 1990.",
            "Correct the date; an empty date of the source system often reads 1900-01-01.",
            f"{column} < DATE '1990-01-01'", column,
        )  # fmt: skip


def _validity() -> Iterable[Rule]:
    for entity in _VALID:
        yield Rule(
            "validity_reversed", "error", entity,
            "The last day lies before the first.",
            "Correct the validity.",
            "valid_to < valid_from", "valid_from || ' – ' || valid_to",
        )  # fmt: skip
        if entity not in ("terms", "limit"):
            yield Rule(
                "no_expiry", "warning", entity,
                "It has no last day of validity.",
                "Enter it: without one nobody is warned before the paper expires.",
                "valid_to IS NULL", "id",
            )  # fmt: skip
            yield Rule(
                "expired", "warning", entity,
                "It has expired and still stands in the list.",
                "Renew it, or take it out of the list.",
                "valid_to < $as_of", "valid_to",
            )  # fmt: skip


def _amounts() -> Iterable[Rule]:
    for entity, column in _POSITIVE:
        yield Rule(
            "not_positive", "error", entity,
            "The amount is zero or negative.",
            "Correct the amount, or take the row out.",
            f"{column} <= 0", column,
        )  # fmt: skip


_DOCUMENTS = (
    Rule(
        "no_due_date", "warning", "invoice",
        "There is neither a due date nor payment terms.",
        "Export the due date; else it is derived from the customer's terms, or the invoice counts "
        "as due at once.",
        "due_date IS NULL AND terms_days IS NULL", "number",
    ),
    Rule(
        "due_before_issue", "error", "invoice",
        "The due date lies before the invoice date.",
        "Correct one of the two dates.",
        "due_date < invoice_date", "invoice_date || ' – ' || due_date",
    ),
    Rule(
        "due_far_ahead", "error", "invoice",
        "The due date lies more than ten years ahead.",
        "Correct the due date.",
        "due_date > $as_of + INTERVAL 10 YEAR", "due_date",
    ),
    Rule(
        "negative_invoice", "error", "invoice",
        "The invoice is zero or negative.",
        "Export credit notes as such (credit_notes*, 红字发票*).",
        "amount <= 0", "amount",
    ),
    Rule(
        "open_above_amount", "error", "invoice",
        "More is open than was invoiced.",
        "Check whether amount and open amount have the same currency and tax.",
        "open_amount > amount", "open_amount || ' > ' || amount",
    ),
    Rule(
        "empty_payment", "warning", "payment",
        "The payment is zero.",
        "Take the row out, or enter the amount.",
        "amount = 0", "value_date",
    ),
    Rule(
        "terms_without_days", "warning", "terms",
        "Terms of this kind need days, and there are none.",
        "Enter the days.",
        "kind IN ('net', 'end_of_month', 'net_then_end_of_month') AND net_days IS NULL", "kind",
    ),
    Rule(
        "terms_without_parts", "error", "terms",
        "Instalments are agreed, but not which.",
        "Enter the parts, such as 0.3@0;0.7@60.",
        "kind = 'instalments' AND instalments IS NULL", "account_key",
    ),
)  # fmt: skip

_PAPERS = (
    Rule(
        "bill_without_maturity", "error", "bill",
        "The bill has no maturity.",
        "Enter the day of maturity; the deadline of presentation hangs on it.",
        "matures_on IS NULL", "number",
    ),
    Rule(
        "bill_past_maturity", "warning", "bill",
        "The bill has matured and is still listed as held.",
        "Say what became of it: honoured, dishonoured or returned.",
        "state IN ('held', 'pledged', 'presented') AND matures_on < $as_of", "matures_on",
    ),
    Rule(
        "promise_reversed", "error", "promise",
        "The promised day lies before the day of the promise.",
        "Correct one of the two dates.",
        "promised_on < made_on", "made_on || ' – ' || promised_on",
    ),
    Rule(
        "dispute_reversed", "error", "dispute",
        "The dispute was settled before it was raised.",
        "Correct one of the two dates.",
        "closed_on < opened_on", "opened_on || ' – ' || closed_on",
    ),
    Rule(
        "statement_without_unit", "warning", "statement",
        "It is not said in which unit the figures stand.",
        "Enter the unit: 元, 千元 or 万元.",
        "unit IS NULL", "fiscal_year_end",
    ),
    Rule(
        "statement_unbalanced", "warning", "statement",
        "Assets are not liabilities plus equity.",
        "Compare the figures with the original; a figure may be missing or in another unit.",
        "abs(total_assets - total_liabilities - equity) > 0.01 * abs(total_assets)",
        "total_assets || ' / ' || (total_liabilities + equity)",
    ),
    Rule(
        "score_off_scale", "error", "bureau_report",
        "The score lies outside its scale.",
        "Correct score or scale; codes such as -95 are no scores.",
        "score < scale_low OR score > scale_high", "score",
    ),
)  # fmt: skip

_SEVERAL = (
    Rule(
        "invoice_twin", "warning", "invoice",
        "Another invoice has the same customer, day and amount.",
        "Check whether one of them is a copy with another number.",
        sql="SELECT where_from, NULL AS owner, account_key, number || ' ' || amount AS shown "
        "FROM (SELECT *, count(DISTINCT number) OVER (PARTITION BY account_field, account_key, "
        "currency, amount, invoice_date, selling_company) AS twins FROM invoice) WHERE twins > 1",
    ),
    Rule(
        "amount_far_out", "warning", "invoice",
        "The amount is a hundred times what this customer is usually invoiced.",
        "Check the unit (元 or 万元) and the decimal point.",
        sql="SELECT where_from, NULL AS owner, account_key, amount || ' / ' || usual AS shown FROM "
        "(SELECT *, median(amount) OVER (PARTITION BY account_field, account_key, currency) AS "
        "usual, count(*) OVER (PARTITION BY account_field, account_key, currency) AS n FROM "
        "invoice) WHERE n >= 5 AND usual > 0 AND amount >= 100 * usual",
    ),
    Rule(
        "statement_unit_jump", "error", "statement",
        "The figures are about a thousand or ten thousand times those of another year.",
        "Check the unit of both years: 元, 千元 or 万元.",
        sql="SELECT where_from, owner, account_key, fiscal_year_end || ': ' || worth || ' / ' || "
        "before AS shown FROM (SELECT *, lag(worth) OVER (PARTITION BY account_field, account_key, "
        "currency, consolidated ORDER BY fiscal_year_end) AS before FROM (SELECT *, "
        "coalesce(total_assets, sales) * coalesce(unit, 1) AS worth FROM statement)) "
        "WHERE worth > 0 AND before > 0 AND greatest(worth / before, before / worth) >= 300",
    ),
    Rule(
        "unknown_policy", "error", "insured_limit",
        "No insurance policy of this number is listed.",
        "Correct the policy number, or add the policy.",
        sql="SELECT where_from, owner, account_key, policy_number AS shown FROM insured_limit "
        "WHERE policy_number NOT IN (SELECT number FROM insurance_policy)",
    ),
    *(
        Rule(
            "unknown_invoice", "warning", entity,
            "No invoice of this number was read.",
            "Correct the invoice number.",
            sql=f"SELECT where_from, owner, account_key, invoice_number AS shown FROM {entity} "  # noqa: S608  # our words
            "WHERE invoice_number NOT IN (SELECT number FROM invoice) "
            "AND EXISTS (FROM invoice)",
        )
        for entity in ("promise", "dispute", "bill")
    ),
    Rule(
        "parts_do_not_add_up", "warning", "instalment",
        "The instalments do not add up to the invoice.",
        "Correct the amounts, or add the missing part.",
        sql="SELECT min(p.where_from) AS where_from, NULL AS owner, any_value(i.account_key) AS "
        "account_key, sum(p.amount) || ' / ' || any_value(i.amount) AS shown FROM instalment AS p "
        "JOIN invoice AS i ON i.id = p.invoice_id GROUP BY p.invoice_id "
        "HAVING sum(p.amount) != any_value(i.amount)",
    ),
    Rule(
        "lines_do_not_add_up", "warning", "invoice_line",
        "The lines do not add up to the invoice.",
        "Check whether lines are tax-inclusive, and whether one is missing.",
        sql="SELECT min(p.where_from) AS where_from, NULL AS owner, any_value(i.account_key) AS "
        "account_key, sum(p.amount) || ' / ' || any_value(i.amount) AS shown FROM invoice_line AS "
        "p JOIN invoice AS i ON i.id = p.invoice_id GROUP BY p.invoice_id "
        "HAVING abs(sum(p.amount) - any_value(i.amount)) > 0.01",
    ),
    Rule(
        "terms_missing", "warning", "invoice",
        "The customer has open invoices and no payment terms anywhere.",
        "Enter the customer's terms, or export due dates.",
        sql="SELECT min(where_from) AS where_from, NULL AS owner, account_key, "
        "string_agg(number, ', ')[:60] AS shown "
        "FROM invoice WHERE due_date IS NULL AND terms_days IS NULL AND account_key NOT IN "
        "(SELECT account_key FROM terms) AND account_key NOT IN (SELECT account_key FROM "
        "known_account WHERE terms_days IS NOT NULL) GROUP BY account_key",
    ),
    *(
        Rule(
            "unknown_account", "error", entity,
            "The row names a customer that the CRM does not have.",
            "Correct the number, or enter it on the account in the CRM.",
            sql="SELECT where_from, "  # noqa: S608  # our words
            f"{'owner' if 'owner' in ENTITIES[entity].column_names else 'NULL'} AS owner, "
            "account_key, account_key AS shown "
            f"FROM {quoted(entity)} WHERE (account_field, {_KEY}) NOT IN "
            "(SELECT (account_field, account_key) FROM known_account) "
            "AND EXISTS (FROM known_account)",
        )
        for entity in ENTITIES
        if "account_key" in ENTITIES[entity].column_names
    ),
)  # fmt: skip
