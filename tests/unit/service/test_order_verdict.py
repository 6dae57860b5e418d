"""Pass, review or hold: every reason is told, and what lifts a hold lifts no more than it may."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.cli.orders import _sentence
from connector.cli.session import Session
from connector.ports.orders import Release, Standing
from connector.service.order_verdict import Bound, judge
from tests.unit.service.order_cases import NOW, TODAY, a_case, a_decision, the_policy

LATE = {"code": "oldest_overdue", "severity": 3, "since": date(2026, 2, 1)}


def codes(**cells: Any) -> tuple[str, list[str]]:
    verdict, reasons = judge(a_case(**cells))
    return verdict, [r.code for r in reasons]


def with_orders(**rules: Any) -> Any:
    policy = the_policy()
    return policy.model_copy(update={"orders": policy.orders.model_copy(update=rules)})


def with_horizon(days: int) -> Any:
    policy = the_policy()
    exposure = policy.exposure.model_copy(update={"horizon_days": days})
    return policy.model_copy(update={"exposure": exposure})


def released(amount: int, until: date = TODAY, currency: str = "EUR") -> Standing:
    release = Release("p1", "A", Decimal(amount), currency, until, "ann", "agreed", NOW)
    return Standing(1, release=release)


def test_nothing_against_it_passes() -> None:
    assert codes() == ("pass", [])


@pytest.mark.parametrize(
    ("cells", "verdict", "code"),
    [
        ({"increment": Decimal("400.0001")}, "hold", "over_limit"),
        ({"increment": Decimal(400)}, "pass", None),
        ({"bounds": [Bound("limit", Decimal(400), Decimal(350))]}, "hold", "over_limit"),
        ({"bounds": [Bound("limit", Decimal(400), Decimal(300))]}, "pass", "reserved"),
        ({"bounds": [Bound("group", Decimal(99))]}, "hold", "over_group"),
        ({"bounds": [Bound("company", Decimal(99))]}, "hold", "over_company"),
        ({"bounds": [Bound("limit", None)]}, "pass", None),
        ({"decision": a_decision(approved_state="none", available=None)}, "review", "no_limit"),
        ({"decision": a_decision(approved_state="cash_only")}, "hold", "cash_only"),
        (
            {"decision": a_decision(approved_valid_to=TODAY - timedelta(1))},
            "hold",
            "limit_expired",
        ),
        ({"decision": a_decision(approved_valid_to=TODAY)}, "pass", None),
        (
            {"decision": a_decision(approved_valid_to=TODAY), "ship_on": TODAY + timedelta(1)},
            "review",
            "limit_expires",
        ),
        ({"decision": a_decision(hard_stop="sanctioned")}, "hold", "hard_stop"),
        ({"decision": a_decision(grade="D", hold=True)}, "hold", "grade"),
        ({"flags": [LATE]}, "hold", "flag"),
        ({"flags": [{**LATE, "severity": 2}]}, "pass", None),
        ({"decision": a_decision(hold=True)}, "hold", "limit_hold"),
        ({"decision": a_decision(grade=None)}, "review", "unrated"),
        ({"decision": None}, "review", "not_decided"),
        ({"increment": None}, "review", "no_rate"),
        ({"stale": True}, "review", "stale"),
        ({"terms_days": 31}, "review", "longer_terms"),
        ({"terms_days": 30}, "pass", None),
        ({"terms_days": 40, "decision": a_decision(allowed_terms_days=45)}, "pass", None),
        ({"terms_days": 46, "decision": a_decision(allowed_terms_days=45)}, "review",
         "longer_terms"),
        ({"terms_days": 60, "decision": a_decision(terms_days=None)}, "pass", None),
        ({"policy": with_orders(stale="pass"), "stale": True}, "pass", "stale"),
        ({"policy": with_orders(no_limit="hold"), "decision": a_decision(approved_state="none")},
         "hold", "no_limit"),
        ({"policy": with_orders(max_share=Decimal("0.2")), "share_after": Decimal("0.21")},
         "review", "share"),
        ({"policy": with_orders(max_share=Decimal("0.2")), "share_after": Decimal("0.2")},
         "pass", None),
    ],
)  # fmt: skip
def test_each_reason(cells: dict[str, Any], verdict: str, code: str | None) -> None:
    assert codes(**cells) == (verdict, [code] if code else [])


def test_all_reasons_are_told_the_weightiest_first() -> None:
    verdict, found = codes(
        decision=a_decision(hard_stop="insolvency_open", grade="D", hold=True), flags=[LATE],
        increment=Decimal(1000), terms_days=90, stale=True,
    )  # fmt: skip
    assert verdict == "hold"
    assert set(found[:4]) == {"hard_stop", "grade", "flag", "over_limit"}
    assert set(found[4:]) == {"longer_terms", "stale"}


def test_an_exempt_account_passes_without_a_look() -> None:
    assert codes(exempt=True, decision=a_decision(hard_stop="sanctioned")) == ("pass", ["exempt"])


def test_a_release_lets_everything_pass_but_a_hard_stop() -> None:
    held = {"decision": a_decision(grade="D", hold=True), "increment": Decimal(1000)}
    verdict, found = codes(**held, standing=released(100))
    assert (verdict, set(found)) == ("pass", {"grade", "over_limit", "released"})
    stopped = {**held, "decision": a_decision(grade="D", hard_stop="sanctioned", hold=True)}
    assert codes(**stopped, standing=released(100))[0] == "hold"


@pytest.mark.parametrize(
    ("standing", "verdict"),
    [
        (released(100), "pass"),
        (released(96), "pass"),  # within 5 %
        (released(95), "hold"),
        (released(100, TODAY - timedelta(1)), "hold"),
        (released(100, TODAY + timedelta(30)), "pass"),
        (released(100, currency="USD"), "hold"),
    ],
)
def test_a_release_is_for_this_amount_until_a_day(standing: Standing, verdict: str) -> None:
    decision = a_decision(grade="D", hold=True)
    found, reasons = codes(decision=decision, standing=standing)
    assert found == verdict
    assert ("released" in reasons, "release_exceeded" in reasons) == (
        verdict == "pass", verdict == "hold",
    )  # fmt: skip


def test_a_prepaid_order_passes_although_the_account_is_on_hold() -> None:
    prepaid = {"prepaid_share": Decimal(1), "increment": Decimal(0)}
    for decision in (
        a_decision(hold=True),
        a_decision(grade="D", hold=True),
        a_decision(approved_state="cash_only"),
        a_decision(approved_valid_to=date(2025, 1, 1)),
    ):
        assert codes(**prepaid, decision=decision, bounds=[Bound("limit", Decimal(-5))])[0] == (
            "pass"
        )
    stopped = a_decision(hard_stop="sanctioned")
    assert codes(**prepaid, decision=stopped)[0] == "hold"


def test_shipped_goods_stay_invoiceable_and_the_reasons_stay_visible() -> None:
    verdict, found = codes(
        shipped=True, decision=a_decision(hard_stop="sanctioned", hold=True),
        increment=Decimal(1000),
    )  # fmt: skip
    assert verdict == "pass"
    assert {"hard_stop", "over_limit", "shipped"} <= set(found)


def test_orders_beyond_the_horizon_do_not_count_yet() -> None:
    late = {"ship_on": TODAY + timedelta(31), "increment": Decimal(10_000)}
    assert codes(**late, policy=with_horizon(30)) == ("pass", ["horizon"])
    assert codes(**late, policy=with_horizon(31))[0] == "hold"
    assert codes(**late)[0] == "hold"


def test_a_condition_of_the_admin_holds_under_its_own_name() -> None:
    policy = the_policy()
    hold = policy.hold.model_copy(update={"flags": {"custom_old_debt": 2}})
    made = {"label_en": "Debt of last year", "label_zh": "跨年旧账", "figures_en": "…"}
    flag = {**LATE, "code": "custom_old_debt", "severity": 2, "params": json.dumps(made)}
    verdict, reasons = judge(a_case(policy=policy.model_copy(update={"hold": hold}), flags=[flag]))
    assert verdict == "hold"
    (reason,) = [r for r in reasons if r.code == "flag"]
    session = Session(config=None, language="zh")
    assert _sentence(session, reason) == "预警冻结订单：跨年旧账（自 2026-02-01 起）。"


def test_a_hard_stop_is_told_in_a_sentence() -> None:
    verdict, reasons = judge(a_case(decision=a_decision(hard_stop="winding_up_petition")))
    assert verdict == "hold"
    said = _sentence(Session(config=None, language="en"), reasons[0])
    assert said == "Hard stop: A petition to wind up the company has been filed."
