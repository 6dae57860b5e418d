"""The day on which a document falls due, and how it was found.

The first of these that says it (`due_basis`): the document (`document`), its own net days
(`document_terms`), the terms agreed with the customer and valid on the base date (`terms`; those of
the selling company before general ones), a credit agreement (`agreement`), the customer's net days
(`party_terms`), the policy (`policy_default`), the invoice date itself (`invoice_date`). Where the
terms count from a day that the document does not state (acceptance, delivery, bill of lading), the
day before it in the way of goods is taken, at last the invoice date (`terms_without_base`).

`domain.dates.due_on` says the same about one document in Python.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import due_after, join_left, month_end, plus_days, when
from connector.credit.facts import Facts
from connector.credit.policy.document import PolicyDoc
from connector.domain.dates import LAST_DAY, TermsRule

DOCUMENT_KEY = ("party_id", "connection", "id")
"""What tells documents of one kind apart: a copy of a party has copies of its documents."""

GUESSED = ("policy_default", "invoice_date", "terms_without_base")
"""Bases that rest on nothing agreed for the document."""

MOST_DAYS = 3660
"""Net days beyond ten years are a slip, not terms."""

MOST_TEXT = 400
"""Characters of a text of instalments; longer ones are none."""

_NET_KINDS = (
    "net", "net_then_end_of_month", "end_of_month", "deposit_balance",
    "documents_against_acceptance",
)  # fmt: skip
_KIND_OF_RULE = {
    TermsRule.NET: "net",
    TermsRule.NET_THEN_END_OF_MONTH: "net_then_end_of_month",
    TermsRule.END_OF_MONTH_THEN_NET: "end_of_month",
}
_TERMS_COLUMNS = (
    "kind", "net_days", "base_date", "cut_off_day", "statement_day", "pay_day", "pay_months",
    "instalments", "deposit_share", "retention_share", "retention_days", "valid_from", "valid_to",
)  # fmt: skip
_BASE_COLUMNS = ("invoice_date", "delivery_date", "acceptance_date", "bill_of_lading_date")


def posted_rows(facts: Facts) -> ir.Table:
    """Invoices up to the valuation date with a positive amount, posted or not known to be not."""
    t = facts["invoice"]
    return t.filter(t.invoice_date <= facts.as_of, t.amount > 0, ibis.coalesce(t.posted, True))


def agreed_terms(facts: Facts, policy: PolicyDoc) -> ir.Table:
    """Documents that leave their due date to agreed terms: due date, basis, and what splits them.

    One row a document: its key, `amount`, `base_day`, `due_date`, `due_basis`, `kind`,
    `instalments`, `deposit_share`, `retention_share`, `retention_days`.
    """
    rows, offers = posted_rows(facts), _offers(facts, policy)
    asking = rows.filter(rows.due_date.isnull(), rows.terms_days.isnull())
    asking = asking.semi_join(offers.select("party_id").distinct(), "party_id")
    asking = asking.select(*DOCUMENT_KEY, "amount", "selling_company", *_BASE_COLUMNS)
    t = asking.inner_join(offers, "party_id")
    t = t.filter(t.for_seller.isnull() | (t.for_seller == t.selling_company).fill_null(False))
    t = t.mutate(base_day=_base_day(t), base_missing=_base_missing(t))
    t = t.filter(
        t.valid_from.isnull() | (t.valid_from <= t.base_day),
        t.valid_to.isnull() | (t.base_day <= t.valid_to),
    )
    order = [t.tier, t.for_seller.isnull(), t.valid_from.isnull(), t.valid_from.desc(),
             t.terms_connection, t.terms_id]  # fmt: skip
    window = ibis.window(group_by=[t[name] for name in DOCUMENT_KEY], order_by=order)
    t = t.mutate(place=ibis.row_number().over(window)).filter(lambda x: x.place == 0)
    basis = when((t.base_missing, "terms_without_base"), (t.tier == 1, "agreement"),
                 otherwise="terms")  # fmt: skip
    return t.select(
        *DOCUMENT_KEY, "amount", "base_day", "kind", "instalments", "deposit_share",
        "retention_share", "retention_days", due_date=due_under(t, t.base_day), due_basis=basis,
    )  # fmt: skip


def _offers(facts: Facts, policy: PolicyDoc) -> ir.Table:
    """Terms and agreements that are complete enough to give a date, in one form."""
    t, a = facts["terms"], facts["agreement"]
    terms = t.select(
        "party_id", *_TERMS_COLUMNS, terms_connection=t.connection, terms_id=t.id,
        for_seller=t.selling_company.nullif(""), tier=ibis.literal(0),
    )  # fmt: skip
    kinds = {name: terms[name].type() for name in _TERMS_COLUMNS}
    given: dict[str, Any] = {
        "kind": ibis.literal(_KIND_OF_RULE[policy.ageing.terms_rule]), "net_days": a.terms_days,
        "valid_from": a.valid_from, "valid_to": a.valid_to,
    }  # fmt: skip
    filled = {name: given.get(name, ibis.null(kind)).cast(kind) for name, kind in kinds.items()}
    agreements = a.filter(a.terms_days.notnull()).select(
        "party_id", **filled, terms_connection=a.connection, terms_id=a.id,
        for_seller=a.selling_company.nullif(""), tier=ibis.literal(1),
    )  # fmt: skip
    return _usable(ibis.union(terms, agreements.select(*terms.columns)))


def _usable(t: ir.Table) -> ir.Table:
    """Terms that state what their kind needs; days that are none of a calendar's are left out."""
    days = t.net_days.isnull() | t.net_days.between(0, MOST_DAYS)
    months = t.pay_months.isnull() | t.pay_months.between(0, 24)
    written = (t.instalments.contains("@") & (t.instalments.length() <= MOST_TEXT)).fill_null(False)
    stated = when(
        (t.kind.isin(_NET_KINDS), t.net_days.notnull()),
        (t.kind == "monthly_statement", t.net_days.notnull() | t.pay_day.notnull()),
        (t.kind == "instalments", written),
        otherwise=t.kind.notnull(),
    )
    kept = t.retention_days.isnull() | t.retention_days.between(0, MOST_DAYS)
    return t.filter(days, months, stated, kept)


def _base_day(t: ir.Table) -> Any:
    delivered = ibis.coalesce(t.delivery_date, t.invoice_date)
    return when(
        (t.base_date == "delivery", delivered),
        (t.base_date == "acceptance", ibis.coalesce(t.acceptance_date, delivered)),
        (t.base_date == "bill_of_lading", ibis.coalesce(t.bill_of_lading_date, delivered)),
        otherwise=t.invoice_date,
    ).cast("date")


def _base_missing(t: ir.Table) -> Any:
    return when(
        (t.base_date == "delivery", t.delivery_date.isnull()),
        (t.base_date == "acceptance", t.acceptance_date.isnull()),
        (t.base_date == "bill_of_lading", t.bill_of_lading_date.isnull()),
        otherwise=False,
    )


def due_under(t: ir.Table, base: Any) -> Any:
    """Due date of a whole amount under the terms in the row, as `domain.dates.due_on`."""
    net = ibis.coalesce(t.net_days, 0)
    cut = _next_day_of_month(base, ibis.coalesce(t.cut_off_day, LAST_DAY))
    agreed = _next_day_of_month(cut, t.statement_day)
    agreed = ibis.ifelse(t.statement_day.isnull(), cut, agreed)
    pay_month = month_start(cut) + ibis.coalesce(t.pay_months, 0).as_interval("M")
    in_month = _day_of_month(as_date(pay_month), t.pay_day)
    first_pay_day = _next_day_of_month(agreed, t.pay_day)
    paid_on = ibis.ifelse(t.pay_months.isnull(), first_pay_day, ibis.greatest(base, in_month))
    start = ibis.ifelse((t.base_date == "statement").fill_null(False), agreed, month_end(cut))
    by_month = plus_days(start, net)
    return when(
        (t.kind.isin(("prepayment", "cash_on_delivery")), base),
        (t.kind == "net_then_end_of_month", month_end(plus_days(base, net))),
        ((t.kind == "monthly_statement") & t.pay_day.notnull(), paid_on),
        (t.kind.isin(("monthly_statement", "end_of_month")), by_month),
        otherwise=plus_days(base, net),
    ).cast("date")


def month_start(value: Any) -> Any:
    """First day of the month of `value`."""
    return value.truncate("M").cast("date")


def as_date(value: Any) -> Any:
    """A date that became a moment by adding an interval, as a date again."""
    return value.cast("timestamp").cast("date")


def _day_of_month(month: Any, number: Any) -> Any:
    """That day of the month of `month`; the last one where the month is shorter."""
    day = ibis.greatest(ibis.least(number, month_end(month).day()), 1)
    return plus_days(month_start(month), day - 1)


def _next_day_of_month(start: Any, number: Any) -> Any:
    """First such day of a month that is not before `start`."""
    here = _day_of_month(start, number)
    later = as_date(month_start(start) + ibis.interval(months=1))
    return ibis.ifelse(here >= start, here, _day_of_month(later, number))


def with_due_dates(rows: ir.Table, facts: Facts, policy: PolicyDoc, agreed: ir.Table) -> ir.Table:
    """Invoices with `due_date` and `due_basis`; `agreed` are the documents of `agreed_terms`."""
    terms = facts["party"].select("party_id", party_terms=facts["party"].terms_days)
    found = agreed.select(*DOCUMENT_KEY, agreed_due=agreed.due_date, agreed_basis=agreed.due_basis)
    t = join_left(join_left(rows, terms, ["party_id"]), found, DOCUMENT_KEY)
    rule, default = policy.ageing.terms_rule, policy.terms.default_days
    ways = [
        (t.due_date.notnull(), t.due_date, ibis.literal("document")),
        (t.terms_days.notnull(), due_after(t.invoice_date, t.terms_days, rule), "document_terms"),
        (t.agreed_due.notnull(), t.agreed_due, t.agreed_basis),
        (t.party_terms.notnull(), due_after(t.invoice_date, t.party_terms, rule), "party_terms"),
    ]
    day, basis = t.invoice_date, "invoice_date"
    if default is not None:
        day = due_after(t.invoice_date, ibis.literal(default), rule)
        basis = "policy_default"
    due = when(*((known, on) for known, on, _ in ways), otherwise=day).cast("date")
    how = when(*((known, name) for known, _, name in ways), otherwise=basis)
    return t.mutate(due_date=due, due_basis=how).drop("party_terms", "agreed_due", "agreed_basis")
