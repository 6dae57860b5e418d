"""Why a metric is unknown, or how it was derived: told from the figures of one party alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.domain.metrics import STATEMENTS

NOTES: dict[str, str] = {
    "no_sales_in_window": "no sales in this period",
    "no_limit_set": "no limit is set",
    "no_credit": "sells for cash only",
    "too_few_payments": "too few payments to compare",
    "no_payments_in_window": "no payments in this period",
    "nothing_open": "nothing is open",
    "due_date_derived": "some due dates are derived",
    "amounts_without_rate": "amounts without exchange rate are left out",
    "no_statement": "no usable statement",
    "statement_stale": "the statement is too old",
    "statement_suspect": "the unit of the statement is in doubt",
    "not_in_statement": "the statement does not give it, or it has no meaning here",
    "no_bureau_report": "no usable bureau report",
    "not_in_bureau_report": "the bureau report does not give it",
    "one_bureau_report": "there is no earlier report to compare with",
}
"""The words of every note; Chinese in the domain's texts."""

_WHEN_UNKNOWN = {
    "dso": "no_sales_in_window",
    "dso_best": "no_sales_in_window",
    "dso_countback": "no_sales_in_window",
    "average_days_delinquent": "no_sales_in_window",
    "dbt": "no_payments_in_window",
    "dbt_floored": "no_payments_in_window",
    "days_to_pay": "no_payments_in_window",
    "dbt_trend": "too_few_payments",
    "overdue_ratio": "nothing_open",
    "overdue_ratio_undisputed": "nothing_open",
    "overdue_ratio_past_grace": "nothing_open",
    "dispute_ratio": "nothing_open",
}
_BY_COUNT = {
    "oldest_due_date": ("due_date_derived", "due_date_derived"),
    "overdue": ("due_date_derived", "due_date_derived"),
    "open_receivables": ("items_without_rate", "amounts_without_rate"),
    "gross_exposure": ("items_without_rate", "amounts_without_rate"),
    "net_exposure": ("items_without_rate", "amounts_without_rate"),
}


_ABOUT_STATEMENT = {
    "statement_end", "statement_age_days", "statement_stale", "statement_suspect",
}  # fmt: skip
_OF_STATEMENT = {metric.name for metric in STATEMENTS} - _ABOUT_STATEMENT
_OF_BUREAU = ("bureau_score", "bureau_change", "bureau_limit")


def _statement_note(figures: Mapping[str, Any]) -> str:
    """Why a figure of the statement is unknown."""
    if figures.get("statement_end") is None:
        return "no_statement"
    if figures.get("statement_suspect"):
        return "statement_suspect"
    return "statement_stale" if figures.get("statement_stale") else "not_in_statement"


def _bureau_note(metric: str, figures: Mapping[str, Any]) -> str:
    """Why a figure of the bureau is unknown; an old report is used for nothing."""
    if figures.get("bureau_score") is not None and metric == "bureau_change":
        return "one_bureau_report"
    if figures.get("bureau_score") is None and figures.get("bureau_limit") is None:
        return "no_bureau_report"
    return "not_in_bureau_report"


def note_of(metric: str, figures: Mapping[str, Any], approved_state: str) -> str | None:
    """Code of what there is to say about a metric (a key of NOTES); None = nothing.

    `figures`: the party's row of the metric table; `approved_state` stands in its decision.
    """
    if metric == "utilisation" and figures["utilisation"] is None:
        return "no_limit_set" if approved_state == "none" else "no_credit"
    if metric in _OF_STATEMENT and figures[metric] is None:
        return _statement_note(figures)
    if metric in _OF_BUREAU and figures[metric] is None:
        return _bureau_note(metric, figures)
    if metric in _WHEN_UNKNOWN and figures[metric] is None:
        return _WHEN_UNKNOWN[metric]
    if metric in _BY_COUNT:
        count, note = _BY_COUNT[metric]
        return note if figures[count] else None
    return None


def notes_of(figures: Mapping[str, Any], approved_state: str) -> dict[str, str]:
    """All notes of a row of the metric table, by metric."""
    found = {name: note_of(name, figures, approved_state) for name in figures}
    return {name: note for name, note in found.items() if note}
