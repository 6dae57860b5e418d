"""What is agreed, what is not, and what ends: due dates, limits, agreements, terms against the law.

An area of its own; due dates themselves are found in `settlement/due_dates.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import days_between, money, ratio, when, zero
from connector.credit.facts import Facts
from connector.credit.metrics.papers import paper_rows
from connector.credit.metrics.workbench import Area, Workbench
from connector.credit.policy.terms import TermsDoc
from connector.credit.settlement.due_dates import GUESSED


def guessed_sums(items: ir.Table) -> ir.Table:
    """Open items whose due date rests on nothing agreed (`due_dates.GUESSED`), company currency.

    The metric due_dates_missing, 0 for none.
    """
    t = items.filter(items.due_basis.isin(GUESSED))
    return t.group_by("party_id", seller=t.seller).agg(
        due_dates_missing=money(ibis.coalesce(t.base.sum(), zero()))
    )


def agreement_ends(facts: Facts) -> ir.Table:
    """Per party the next end of an agreement that no other of its kind outlasts.

    Agreements of one kind and selling company follow each other: the latest end counts, and none
    where one is open-ended. Ended ones and those of other kinds are another matter.

    The metric agreement_valid_to.
    """
    a = facts["agreement"]
    a = a.filter(a.valid_to.isnull() | (a.valid_to >= facts.as_of))
    kinds = a.group_by(
        "party_id", kind=ibis.coalesce(a.kind, ""), seller=ibis.coalesce(a.selling_company, "")
    ).agg(last=a.valid_to.max(), endless=a.valid_to.isnull().any(), begins=a.valid_from.min())
    kinds = kinds.filter(~kinds.endless, kinds.begins.isnull() | (kinds.begins <= facts.as_of))
    return kinds.group_by("party_id").agg(agreement_valid_to=kinds["last"].min())


def warnings_passed(last_day: Any, as_of: Any, alert_days: Sequence[int]) -> Any:
    """How many of the warning days before a last day have come, 0 = none (EWI EW15).

    Null without a last day, and after it: then something else has to be said.

    The metrics limit_expiry_stage (of the limit in force) and agreement_expiry_stage.
    """
    left = days_between(last_day, as_of)
    stages = [(left <= days, number) for number, days in enumerate(alert_days, 1)][::-1]
    stage = when(*((come, ibis.literal(n, type="int64")) for come, n in stages), otherwise=0)
    return ibis.ifelse((left >= 0).fill_null(False), stage, ibis.null("int64")).cast("int64")


def beyond_law(terms_days: Any, country: Any, rule: TermsDoc) -> Any:
    """Days by which agreed terms exceed what a country's law allows; 0 within, null if unknown.

    The metric terms_beyond_law_days.
    """
    if not rule.law_days:
        return ibis.null("decimal(18, 4)")
    most = when(*((country == name, days) for name, days in sorted(rule.law_days.items())))
    return ibis.greatest(terms_days - most, ibis.ifelse(most.notnull(), 0, None)).cast(
        "decimal(18, 4)"
    )


def _sums(bench: Workbench) -> dict[str, ir.Table]:
    return {"undated": guessed_sums(bench.items)}


def _of_party(bench: Workbench) -> dict[str, ir.Table]:
    return {"agreements": agreement_ends(bench.facts)}


def _columns(t: ir.Table, bench: Workbench) -> dict[str, Any]:
    """due_dates_missing_ratio = due_dates_missing ÷ open_receivables; the others see above."""
    rule, as_of = bench.policy.terms, bench.as_of
    return {
        "due_dates_missing_ratio": ratio(t.due_dates_missing, t.open_receivables),
        "limit_expiry_stage": warnings_passed(t.approved_valid_to, as_of, rule.alert_days),
        "insured_limit_stage": warnings_passed(t.insured_limit_valid_to, as_of, rule.alert_days),
        "agreement_expiry_stage": warnings_passed(t.agreement_valid_to, as_of, rule.alert_days),
        "terms_beyond_law_days": beyond_law(t.terms_days, t.country, rule),
    }


def _documents(bench: Workbench) -> dict[str, ir.Table]:
    """Open items without an agreed due date, and agreements that end."""
    i = bench.items
    i = i.filter(i.due_basis.isin(GUESSED))
    a = bench.facts["agreement"]
    a = a.filter(a.valid_to >= bench.as_of)
    left = money(days_between(a.valid_to, bench.as_of))
    return {
        "undated": paper_rows(i, "invoice", i.base, amount=i.open),
        "agreements": paper_rows(a, "agreement", -left, due_date=a.valid_to),
    }


AREA = Area("terms", sums=_sums, of_party=_of_party, columns=_columns, documents=_documents)
