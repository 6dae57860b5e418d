"""Allowed terms, deposit and the preventive action by the policy's table."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.credit.decision import action, offer
from connector.credit.policy.document import PolicyDoc
from connector.credit.policy.offer import ActionRuleDoc, OfferDoc
from tests.unit.credit.book import AS_OF, only

KEY = {"party_id": "string", "selling_company": "string"}
PARTY = {
    **KEY, "grade": "string", "hard_stop": "string", "hold": "boolean", "colour": "string",
    "unsecured_exposure": "decimal(18,4)", "terms_days": "int64", "allowed_terms_days": "int64",
    "next_review": "date",
}  # fmt: skip
FLAG = {**KEY, "code": "string", "severity": "int64", "since": "date"}
STOP = {"party_id": "string", "since": "date"}
REVIEW_ON = AS_OF + timedelta(90)


def chosen(
    tables: Any, rules: tuple[ActionRuleDoc, ...], flags: list[dict[str, Any]],
    stopped_on: date | None = None, **party: Any,
) -> dict[str, Any]:  # fmt: skip
    row = {
        "party_id": "P", "selling_company": "", "grade": "B", "hold": False, "colour": "green",
        "next_review": REVIEW_ON, **party,
    }  # fmt: skip
    raised = [{"party_id": "P", "selling_company": "", "severity": 1, **f} for f in flags]
    stops = [{"party_id": "P", "since": stopped_on}] if stopped_on else []
    t = tables.make("t", PARTY, [row])
    found = action.choose_action(
        t, tables.make("flags", FLAG, raised), tables.make("stops", STOP, stops), rules
    )
    told = only(tables.rows(found))
    return {name: told[name] for name in ("action", "action_owner", "action_due")}


def test_nothing_to_do(tables: Any, policy: PolicyDoc) -> None:
    nothing = {"action": None, "action_owner": None, "action_due": None}
    assert chosen(tables, policy.offer.actions, [], terms_days=30, allowed_terms_days=45) == nothing


def test_a_policy_without_actions_names_none(tables: Any) -> None:
    assert chosen(tables, (), [])["action"] is None


@pytest.mark.parametrize(
    ("party", "flags", "expected", "owner", "due"),
    [
        ({"hard_stop": "dissolved"}, [], "stop_shipment", "management", date(2025, 6, 1)),
        ({}, [("adverse_event", 3, 10)], "stop_shipment", "credit", AS_OF - timedelta(9)),
        ({}, [("oldest_overdue", 2, 4)], "collect", "sales", AS_OF - timedelta(1)),
        ({"grade": "D"}, [("oldest_overdue", 1, 4)], "prepayment", "sales", REVIEW_ON),
        ({}, [("weak_statements", 2, 0)], "review", "credit", AS_OF + timedelta(5)),
        ({"terms_days": 60, "allowed_terms_days": 45}, [], "shorter_terms", "sales", REVIEW_ON),
        ({"grade": "C"}, [], "deposit", "sales", REVIEW_ON),
    ],
)
def test_the_first_line_of_the_shipped_table_that_fits(
    tables: Any, policy: PolicyDoc, party: dict[str, Any], flags: list[tuple[str, int, int]],
    expected: str, owner: str, due: date,
) -> None:  # fmt: skip
    raised = [
        {"code": code, "severity": severity, "since": AS_OF - timedelta(ago)}
        for code, severity, ago in flags
    ]
    stopped_on = date(2025, 6, 1) if "hard_stop" in party else None
    told = chosen(tables, policy.offer.actions, raised, stopped_on, **party)
    assert told == {"action": expected, "action_owner": owner, "action_due": due}


def test_all_that_a_line_states_has_to_be_true(tables: Any) -> None:
    rules = (
        ActionRuleDoc(action="guarantee", unsecured_above=Decimal(100), colours=("amber", "red")),
    )
    for unsecured, colour, expected in (
        (Decimal(101), "amber", "guarantee"), (Decimal(101), "green", None),
        (Decimal(100), "red", None), (None, "red", None),
    ):  # fmt: skip
        fresh = type(tables)()
        told = chosen(fresh, rules, [], unsecured_exposure=unsecured, colour=colour)
        assert told["action"] == expected


def test_allowed_terms_and_deposit_by_grade(tables: Any) -> None:
    rule = OfferDoc(
        terms_days={"A": 60, "D": 0}, unrated_terms_days=15, deposit={"D": Decimal("0.5")}
    )
    grades = ["A", "C", "D", None]
    rows = [{"party_id": str(n), "selling_company": "", "grade": g} for n, g in enumerate(grades)]
    graded = tables.make("graded", {**KEY, "grade": "string"}, rows)
    parties = tables.make("parties", KEY, [{k: r[k] for k in KEY} for r in rows])
    found = offer.make_offer(parties, graded, rule).order_by("party_id")
    told = [(row["allowed_terms_days"], row["deposit_share"]) for row in tables.rows(found)]
    assert told == [(60, None), (None, None), (0, Decimal("0.5")), (15, None)]
