"""Vectors of the fact sheet that speak of orders, by their ids."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.credit.policy.document import shipped_policy
from connector.credit.policy.lint import load_policy
from connector.ports.orders import Release, Standing
from connector.service.order_verdict import (
    Bound,
    fits,
    judge,
    measure_increment,
    release_threshold,
)
from connector.sync.guard import GuardLimits, Shift
from connector.sync.guard import judge as guard
from tests.unit.service.order_cases import NOW, TODAY, a_case, a_decision

VECTORS = Path(__file__).parents[1] / "credit" / "vectors.json"


def vector(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    found = json.loads(VECTORS.read_text(encoding="utf-8"), parse_float=Decimal)[name]
    return found["in"], found["out"]


def test_hold_new() -> None:
    given, wanted = vector("HOLD-NEW")
    available, order = Decimal(given["available"]), Decimal(given["order"])
    for share, increment, result in zip(
        given["prepaid_pct"], wanted["increment"], wanted["result"], strict=True
    ):
        added = measure_increment(order, Decimal(share), Decimal(0))
        assert added == Decimal(increment)
        assert fits(available, added) == (result == "pass")
        case = a_case(
            increment=added, order_amount=order, prepaid_share=Decimal(share),
            bounds=[Bound("limit", available)],
        )  # fmt: skip
        assert judge(case)[0] == result


def test_hold_release_tol() -> None:
    given, wanted = vector("HOLD-RELEASE-TOL")
    released, tolerance = Decimal(given["released_order"]), Decimal(given["tolerance_pct"])
    assert release_threshold(released, tolerance) == Decimal(wanted["threshold"])
    release = Release("p1", "A", released, "EUR", TODAY, "ann", "agreed", NOW)
    for value, recheck in zip(given["new_value"], wanted["recheck"], strict=True):
        case = a_case(
            increment=Decimal(value), order_amount=Decimal(value),
            bounds=[Bound("limit", Decimal(0))], standing=Standing(1, release=release),
        )  # fmt: skip
        assert case.policy.orders.release_tolerance == tolerance
        assert (judge(case)[0] == "hold") is recheck


def test_hold_hyst() -> None:
    """An account that was held stays so for new orders until the engine lets go of it."""
    given, wanted = vector("HOLD-HYST")
    held = [state == "hold" for state in wanted["states"]]
    for exposure, hold in zip(given["exposures"], held, strict=True):
        limit = Decimal(given["limit"])
        decision = a_decision(hold=hold, approved_amount=limit, available=limit - exposure)
        case = a_case(
            increment=Decimal(1), decision=decision,
            bounds=[Bound("limit", limit - exposure)],
        )  # fmt: skip
        assert (judge(case)[0] == "hold") is hold


def test_guard_mass() -> None:
    given, wanted = vector("GUARD-MASS")
    share = Decimal(given["downgrades_in_run"]) / Decimal(given["accounts"])
    assert share == Decimal(str(wanted["share"]))
    limits = GuardLimits(Decimal(str(given["max_share"])), Decimal(1), Decimal(1), 0)
    shift = Shift(known=given["accounts"], downgraded=given["downgrades_in_run"])
    assert bool(guard([], shift, limits)) is wanted["halt"]


def test_the_shipped_policy_has_the_vector_s_tolerance() -> None:
    policy = load_policy(shipped_policy("standard"), "standard")
    given, _ = vector("HOLD-RELEASE-TOL")
    assert policy.orders.release_tolerance == Decimal(given["tolerance_pct"])


@pytest.mark.parametrize("share", ["0", "0.3", "1"])
def test_what_counts_already_is_not_added_again(share: str) -> None:
    assert measure_increment(Decimal(100), Decimal(share), Decimal(100)) == 0
