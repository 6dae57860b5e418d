"""Orders to judge: a customer with a limit and nothing against him."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connector.credit.policy.document import PolicyDoc, shipped_policy
from connector.credit.policy.lint import load_policy
from connector.service.order_verdict import Bound, OrderCase

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TODAY = date(2026, 3, 2)
_LOADED: list[PolicyDoc] = []


def the_policy() -> PolicyDoc:
    """The shipped policy, read once."""
    if not _LOADED:
        _LOADED.append(load_policy(shipped_policy("standard"), "standard"))
    return _LOADED[0]


def a_decision(**cells: Any) -> dict[str, Any]:
    """A decision in force on a customer who may buy."""
    usual = {
        "grade": "A", "hard_stop": None, "hold": False, "approved_state": "amount",
        "approved_amount": Decimal(500), "approved_valid_to": None, "available": Decimal(400),
        "currency": "EUR", "terms_days": 30,
    }  # fmt: skip
    return {**usual, **cells}


def a_case(**cells: Any) -> OrderCase:
    """An order of 100 that passes, but for `cells`."""
    usual: dict[str, Any] = {
        "as_of": TODAY, "policy": the_policy(), "order_amount": Decimal(100), "currency": "EUR",
        "increment": Decimal(100), "decision": a_decision(),
        "bounds": [Bound("limit", Decimal(400))],
    }  # fmt: skip
    return OrderCase(**{**usual, **cells})
