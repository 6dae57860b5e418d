"""Columns whose values come from a closed list of ours, whatever the source calls them."""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.credit_file import (
    BASE_DATES,
    BILL_KINDS,
    BILL_STATES,
    CLAIM_BASES,
    EVENT_KINDS,
    GUARANTEE_KINDS,
    INSURED_LIMIT_KINDS,
    INSURED_LIMIT_STATES,
    TERMS_KINDS,
)
from connector.domain.entities import LIMIT_KINDS, LIMIT_STATES, ORDER_STATES, PARTY_KINDS

CLOSED_LISTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("account", "party_kind"): PARTY_KINDS,
    ("order", "state"): ORDER_STATES,
    ("limit", "kind"): LIMIT_KINDS,
    ("limit", "state"): LIMIT_STATES,
    ("terms", "kind"): TERMS_KINDS,
    ("terms", "base_date"): BASE_DATES,
    ("guarantee", "kind"): GUARANTEE_KINDS,
    ("insurance_policy", "claim_basis"): CLAIM_BASES,
    ("insured_limit", "kind"): INSURED_LIMIT_KINDS,
    ("insured_limit", "state"): INSURED_LIMIT_STATES,
    ("bill", "kind"): BILL_KINDS,
    ("bill", "state"): BILL_STATES,
    ("event", "kind"): EVENT_KINDS,
}
"""Allowed words by (entity, column)."""
