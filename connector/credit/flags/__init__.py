"""The warning flags, one file each. Their order here is the order of ties."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.credit.flags.finding import FlagCard

FLAGS = (
    "oldest_overdue",
    "over_limit",
    "overdue_heavy",
    "paying_later",
    "disputes_high",
    "no_valid_limit",
    "near_limit",
    "cash_unmatched",
    "bill_dishonoured",
    "insurer_cut",
    "cover_stopped",
    "insurance_report_due",
    "bill_maturing",
    "guarantee_expiring",
    "insured_limit_expiring",
    "uncovered_exposure",
    "insurance_terms_exceeded",
    "limit_expiring",
    "agreement_expiring",
    "due_dates_missing",
    "terms_longer_than_law",
    "hard_stop",
    "adverse_event",
    "bureau_downgrade",
    "negative_equity",
    "weak_statements",
    "group_contagion",
    "statement_unit_suspect",
    "terms_better_than_allowed",
    "stale_statements",
    "stale_bureau",
    "concentration",
    "limit_use_sustained",
    "broken_promises",
    "dispute_jump",
    "partial_payments",
    "order_spike",
    "order_stop",
    "pays_unlike_before",
    "inactive_then_large",
    "first_order_large",
    "opportunity_ahead",
    "payment_method_change",
    "disputes_before_due",
)
"""Codes of all flags. The module of the same name has `CARD` and `find(context)`."""


def flag_module(code: str) -> ModuleType:
    """The module of a flag."""
    return import_module(f"connector.credit.flags.{code}")


def flag_card(code: str) -> FlagCard:
    """What the flag is."""
    card: FlagCard = flag_module(code).CARD
    return card
