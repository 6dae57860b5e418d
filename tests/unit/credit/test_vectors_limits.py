"""The fact sheet's vectors of limits, groups and countries, through the engine's expressions."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest

from connector.credit.decision import limits, proposal, rating
from connector.credit.expressions import money as as_money
from connector.credit.facts import GIVEN, MOMENT_SCHEMA, Facts, linked_columns, moment_row
from connector.credit.metrics import group
from connector.credit.policy.rating import CountriesDoc, GroupDoc
from tests.unit.credit.book import only

VECTORS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)
MONEY, RATE = "decimal(18,4)", "decimal(18,10)"
KEY = {"party_id": "string", "selling_company": "string"}
SCALE = [str(number) for number in range(1, 11)]


def limit_facts(tables: Any, rows: list[dict[str, Any]], as_of: date) -> tuple[Facts, Any]:
    """Landed limits of party P, and the rates that go with them."""
    full = [
        {"party_id": "P", "connection": "erp", "id": str(n), "state": "amount", "currency": "CNY",
         **row}
        for n, row in enumerate(rows)
    ]  # fmt: skip
    name = f"{as_of:%m%d}_{len(rows)}"
    approved = dict(ibis.Schema.from_pyarrow(GIVEN["approved"]).items())
    moment = dict(ibis.Schema.from_pyarrow(MOMENT_SCHEMA).items())
    facts = Facts({
        "limit": tables.make(f"limit{name}", linked_columns("limit"), full),
        "approved": tables.make(f"approved{name}", approved, []),
        "party": tables.make(
            f"party{name}", {"party_id": "string", "group_id": "string"},
            [{"party_id": "P", "group_id": "G"}, {"party_id": "Q", "group_id": "G"}],
        ),
        "moment": tables.make(f"moment{name}", moment, moment_row("CNY", as_of).to_pylist()),
    })  # fmt: skip
    rates = tables.make(f"rates{name}", {"currency": "string", "rate": RATE},
                        [{"currency": "CNY", "rate": Decimal(1)}])  # fmt: skip
    return facts, rates


def test_lim_temp(tables: Any) -> None:
    v = VECTORS["LIM-TEMP"]["in"]
    rows: list[dict[str, Any]] = [
        {"amount": Decimal(v["base"]), "valid_from": date(2024, 1, 1)},
        {"amount": Decimal(v["temp"]), "kind": "temporary",
         "valid_from": date.fromisoformat(v["temp_from"]),
         "valid_to": date.fromisoformat(v["temp_to"])},
    ]  # fmt: skip
    for day, expected in VECTORS["LIM-TEMP"]["out"].items():
        facts, rates = limit_facts(tables, rows, date.fromisoformat(day))
        row = only(tables.rows(limits.approved_limits(tables, facts, rates)))
        assert row["approved_amount"] == expected, day
        assert row["base_amount"] == v["base"], day
        assert not row["expired"], day
        assert row["temporary"] == (expected == v["temp"])


def test_a_group_limit_is_nobodys_own(tables: Any) -> None:
    rows: list[dict[str, Any]] = [
        {"amount": Decimal(9), "kind": "group"}, {"amount": Decimal(5)},
    ]  # fmt: skip
    facts, rates = limit_facts(tables, rows, date(2025, 6, 30))
    assert only(tables.rows(limits.approved_limits(tables, facts, rates)))["approved_amount"] == 5
    assert only(tables.rows(group.group_limits(facts, rates)))["group_limit"] == 9


def test_a_group_limit_that_has_expired_leaves_nothing(tables: Any) -> None:
    rows = [{"amount": Decimal(9), "kind": "group", "valid_to": date(2025, 6, 29)}]
    facts, rates = limit_facts(tables, rows, date(2025, 6, 30))
    assert only(tables.rows(group.group_limits(facts, rates)))["group_limit"] == 0


HEADROOM = {
    "no": "int64", "approved_state": "string", "approved_amount": MONEY, "net_exposure": MONEY,
    "collateral": MONEY, "expired": "boolean", "group_limit": MONEY, "group_exposure": MONEY,
}  # fmt: skip


def member(**values: Any) -> dict[str, Any]:
    exact = {k: Decimal(v) if isinstance(v, int) else v for k, v in values.items()}
    return {"approved_state": "amount", "collateral": Decimal(0), "expired": False, **exact}


def available(tables: Any, rows: list[dict[str, Any]]) -> list[Any]:
    t = tables.make("members", HEADROOM, [{**row, "no": n} for n, row in enumerate(rows)])
    t = t.mutate(**group.headroom(t))
    found = tables.rows(t.select("no", **limits.headroom(t, "A")).order_by("no"))
    return [row["available"] for row in found]


def test_lim_group(tables: Any) -> None:
    v, out = VECTORS["LIM-GROUP"]["in"], VECTORS["LIM-GROUP"]["out"]
    row = member(
        approved_amount=v["member_limit"], net_exposure=v["member_exposure"],
        group_limit=v["group_limit"], group_exposure=v["group_exposure"],
    )  # fmt: skip
    alone = {**row, "group_limit": None}
    t = tables.make("group", HEADROOM, [row])
    assert (
        only(tables.rows(t.select(**group.headroom(t))))["group_available"]
        == (out["group_headroom"])
    )
    assert available(tables, [row, alone]) == [out["available"], out["own_headroom"]]


@pytest.mark.parametrize(
    ("name", "own", "group_limit", "expected"),
    [
        ("the group's limit is larger", ("amount", 10000), 15000, 10000),
        ("the own limit is larger", ("amount", 20000), 15000, 15000),
        ("own limit 0 that is meant: no credit", ("cash_only", None), 15000, 0),
        ("own limit unlimited", ("unlimited", None), 15000, 15000),
        ("no own limit in a group", ("none", None), 15000, 15000),
    ],
)
def test_the_five_ways_in_which_own_and_group_limit_meet(
    tables: Any, name: str, own: tuple[str, int | None], group_limit: int, expected: int
) -> None:
    """Scenarios as the documentation of Dynamics 365 tells them ("Credit limit scenarios")."""
    state, amount = own
    row = member(approved_state=state, net_exposure=0, group_limit=group_limit, group_exposure=0)
    row["approved_amount"] = None if amount is None else Decimal(amount)
    assert available(tables, [row]) == [expected], name


def test_lim_inscap(tables: Any) -> None:
    v, out = VECTORS["LIM-INSCAP"]["in"], VECTORS["LIM-INSCAP"]["out"]
    row = {"insured": Decimal(v["insured_limit"]), "proposed": Decimal(v["proposed"])}
    t = tables.make("t", {"insured": MONEY, "proposed": MONEY}, [row])
    cap = proposal.insured_cap(t.insured, Decimal(v["unsecured_appetite"]))
    least, name = proposal.smallest({"blend": t.proposed, "insured": cap})
    found = only(tables.rows(t.select(cap=cap, least=least, name=name)))
    assert found == {"cap": out["cap"], "least": out["final"], "name": "insured"}


def test_ctry_1(tables: Any) -> None:
    v, out = VECTORS["CTRY-1"]["in"], VECTORS["CTRY-1"]["out"]
    rule = CountriesDoc(classes={"ZZ": v["oecd_class"]})
    assert rule.factor_of(v["oecd_class"]) == Decimal(str(v["factor"]))
    rows = [{"country": "ZZ", "amount": Decimal(v["limit"])},
            {"country": "XX", "amount": Decimal(v["limit"])}]  # fmt: skip
    t = tables.make("t", {"country": "string", "amount": MONEY}, rows)
    lowered = as_money(t.amount * proposal.country_factor(t.country, rule).cast(MONEY))
    found = {row["country"]: row["lowered"] for row in tables.rows(t.mutate(lowered=lowered))}
    assert found == {"ZZ": out["limit"], "XX": v["limit"]}


def test_ctry_ceil(tables: Any) -> None:
    v, out = VECTORS["CTRY-CEIL"]["in"], VECTORS["CTRY-CEIL"]["out"]
    rule = CountriesDoc(classes={"ZZ": 4}, ceilings={4: str(v["country_ceiling"])})
    rows = [{"country": c, "grade": g} for c, g in
            (("ZZ", str(v["obligor_grade"])), ("ZZ", "9"), ("XX", "3"), ("ZZ", None))]  # fmt: skip
    t = tables.make("t", {"country": "string", "grade": "string"}, rows)
    place = rating.under_ceiling(rating.place_of(t.grade, SCALE), t.country, rule, SCALE)
    found = tables.rows(t.select(grade="grade", country="country",
                                 final=rating.grade_at(place, SCALE)))  # fmt: skip
    finals = {(row["country"], row["grade"]): row["final"] for row in found}
    assert finals == {("ZZ", "3"): str(out["final_grade"]), ("ZZ", "9"): "9", ("XX", "3"): "3",
                      ("ZZ", None): None}  # fmt: skip


@pytest.mark.parametrize(
    ("own", "parent", "support", "drag", "expected"),
    [
        (5, 2, 2, None, 3),  # lifted by two
        (3, 2, 2, None, 2),  # never above the parent
        (5, 2, 0, None, 5),  # the policy knows no support
        (2, 8, 2, None, 2),  # the policy knows no drag
        (2, 8, 0, 1, 7),  # pulled down until one above the parent
        (8, 9, 0, 2, 8),
        (4, None, 3, 0, 4),  # a parent without a grade says nothing
    ],
)
def test_weight_of_the_parent(
    tables: Any, own: int, parent: int | None, support: int, drag: int | None, expected: int
) -> None:
    rule = GroupDoc(support_notches=support, drag_notches=drag)
    t = tables.make("t", {"own": "int64", "parent": "int64"}, [{"own": own, "parent": parent}])
    moved = rating.with_parent(t.own, t.parent, rule)
    assert only(tables.rows(t.select(place=moved)))["place"] == expected


def test_hard_stops_and_missing_scores_are_not_moved(tables: Any, policy: Any) -> None:
    classed = {"countries": CountriesDoc(classes={"ZZ": 6}, ceilings={6: "C"}),
               "group": GroupDoc(support_notches=3)}  # fmt: skip
    rule = policy.model_copy(update=classed)
    graded = tables.make("graded", {**KEY, "grade": "string", "hard_stop": "string"}, [
        {"party_id": "stop", "selling_company": "", "grade": "D", "hard_stop": "dissolved"},
        {"party_id": "new", "selling_company": "", "grade": None},
        {"party_id": "good", "selling_company": "", "grade": "A"},
        {"party_id": "child", "selling_company": "", "grade": "D"},
    ])  # fmt: skip
    parties = tables.make("parties", {**KEY, "country": "string", "group_id": "string"}, [
        {"party_id": "stop", "selling_company": "", "country": "ZZ", "group_id": "good"},
        {"party_id": "new", "selling_company": "", "country": "ZZ", "group_id": "good"},
        {"party_id": "good", "selling_company": "", "country": "ZZ", "group_id": "good"},
        {"party_id": "child", "selling_company": "", "country": "XX", "group_id": "good"},
    ])  # fmt: skip
    found = tables.rows(rating.settle_grade(graded, parties, rule))
    assert {row["party_id"]: (row["grade"], row["grade_by"]) for row in found} == {
        "stop": ("D", "hard_stop"), "new": (None, None), "good": ("C", "country"),
        "child": ("C", "group_support"),
    }  # fmt: skip
