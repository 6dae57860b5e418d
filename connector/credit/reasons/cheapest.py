"""Which of the ways back asks least of the customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connector.credit.reasons.wording import read_object
from connector.domain.decision import AMBER, GREEN, GREY, RED

_LIGHT_ORDER = {GREEN: 0, AMBER: 1, GREY: 2, RED: 3}

COSTLY = ("pay_items", "reduce_exposure")
"""Ways back that cost the customer money now."""


def cost_of(row: Mapping[str, Any]) -> Decimal:
    """What the way back of a reason asks the customer to pay now."""
    params = read_object(row["remedy_params"])
    asked = Decimal(params.get("total") or params.get("amount") or 0)
    return asked if row["remedy"] in COSTLY else Decimal(0)


def cheapest_way(
    reasons: Sequence[Mapping[str, Any]], decision: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The reason whose way back brings a better light for the least money of the customer.

    Among ways that lift the hold, or else give a better light, the one with the smallest payment;
    of equal ones the better light, then the first reason. None when no way changes either. What a
    way brings was worked out by applying it (`remedies`).
    """
    found = []
    for row in reasons:
        params = read_object(row["remedy_params"])
        result = params.get("result")
        if not row["remedy"] or not result:
            continue
        lifts = decision["hold"] and result["hold"] != "true"
        brighter = _LIGHT_ORDER[result["colour"]] < _LIGHT_ORDER[decision["colour"]]
        if lifts or brighter:
            light = _LIGHT_ORDER[result["colour"]]
            found.append(((not lifts, cost_of(row), light, row["rank"]), row))
    return min(found, key=lambda pair: pair[0])[1] if found else None
