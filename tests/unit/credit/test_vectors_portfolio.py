"""Vectors of concentration, authority, review and reminders, through the engine's expressions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pytest

from connector.credit.decision.review import approving_role, next_review
from connector.credit.metrics.reminders import reminder_dates, reminder_level
from connector.credit.policy.document import PolicyDoc
from connector.credit.policy.portfolio import ConcentrationDoc, find_concentration_problems
from connector.credit.policy.procedure import (
    AuthorityDoc,
    ReminderDoc,
    RemindersDoc,
    ReviewDoc,
    find_procedure_problems,
)
from connector.credit.portfolio.concentration import (
    judge_shares,
    key_figures,
    listed_members,
    members_of,
    placed_members,
)
from tests.unit.credit.test_vectors import MONEY, close, given, wanted

PARTY = {
    "party_id": "string", "selling_company": "string", "sole_company": "string",
    "group_id": "string", "country": "string", "industry": "string", "region": "string",
    "net_exposure": MONEY, "unsecured_exposure": MONEY, "sales_year": MONEY,
}  # fmt: skip


def party(name: str, net: int, **columns: Any) -> dict[str, Any]:
    amounts = {"net_exposure": net, "unsecured_exposure": net, "sales_year": 0}
    row = {"party_id": name, "selling_company": "", **amounts, **columns}
    return {k: Decimal(v) if isinstance(v, int) else v for k, v in row.items()}


def con_1(tables: Any) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Key figures by dimension and the listed members, by exposure."""
    v = given("CON-1")
    group = dict.fromkeys(v["group"]["B+C"], "B+C")
    rows = [party(n, amount, group_id=group.get(n)) for n, amount in v["exposures"].items()]
    most = v["single_obligor_limit_pct"]
    rule = ConcentrationDoc.model_validate(
        {"limits": [{"dimension": "party", "most": most}, {"dimension": "group", "most": most}]}
    )
    judged = judge_shares(placed_members(members_of(tables.make("p", PARTY, rows), {})), rule)
    figures = tables.rows(key_figures(judged))
    listed = tables.rows(listed_members(judged, rule).order_by("dimension", "base", "place"))
    return (
        {row["dimension"]: row for row in figures if row["base"] == "exposure"},
        [row for row in listed if row["base"] == "exposure"],
    )


def test_con_1(tables: Any) -> None:
    out = wanted("CON-1")
    figures, listed = con_1(tables)
    one, group = figures["party"], figures["group"]
    assert one["total"] == group["total"] == out["total"]
    assert close(one["hhi"], out["hhi"])
    assert close(one["hhi"] * 10000, out["hhi_10000"], "1")
    assert close(one["effective_names"], out["effective_names"], "0.01")
    assert close(one["normalised_hhi"], out["normalised_hhi"])
    assert close(one["top1_share"], out["top1_share"])
    assert close(one["top3_share"], out["top3_share"])
    assert close(group["hhi"], out["group_hhi"])
    assert close(group["top1_share"], out["group_top1_share"])
    first = next(row for row in listed if row["dimension"] == "group" and row["place"] == 1)
    assert first["member"] == out["group_top1"]
    assert (one["breaches"], group["breaches"]) == (1, 2)
    beyond: dict[str, list[str]] = {"party": [], "group": []}
    for row in listed:
        if row["breach"]:
            beyond[row["dimension"]].append(row["member"])
    assert sorted(beyond["party"]) == out["breaches_entity"]
    assert sorted(beyond["group"]) == out["breaches_group"]


def test_one_name_has_no_normalised_index_and_credits_make_nobody_smaller(tables: Any) -> None:
    rows = [party("A", 100), party("B", -900)]
    judged = judge_shares(
        placed_members(members_of(tables.make("p", PARTY, rows), {})), ConcentrationDoc()
    )
    row = next(
        r for r in tables.rows(key_figures(judged)) if (r["dimension"], r["base"]) ==
        ("party", "exposure")
    )  # fmt: skip
    assert (row["members"], row["hhi"], row["top1_share"]) == (1, 1, 1)
    assert row["normalised_hhi"] is None


def test_selling_companies_and_breakdowns_are_dimensions_with_what_is_unassigned(
    tables: Any,
) -> None:
    rows = [
        party("A", 100, sole_company="S1"),
        party("B", 70),
        party("B", 40, selling_company="S1"),
        party("B", 20, selling_company="S2"),
    ]
    kinds = {"party_id": "string", "selling_company": "string", "member": "string",
             "exposure": MONEY, "sales": MONEY}  # fmt: skip
    lines = [
        {"party_id": "A", "selling_company": "", "member": "pumps", "exposure": Decimal(90)},
        {"party_id": "A", "selling_company": "S1", "member": "pumps", "exposure": Decimal(90)},
        {"party_id": "A", "selling_company": "", "member": None, "exposure": Decimal(10)},
    ]
    breakdowns = {
        "product_line": tables.make("lines", kinds, lines),
        "ageing": tables.make("ages", kinds, lines),
    }
    members = members_of(tables.make("p", PARTY, rows), breakdowns)
    found = {(r["dimension"], r["member"]): int(r["exposure"]) for r in tables.rows(members)}
    assert {m: a for (d, m), a in found.items() if d == "selling_company"} == {
        "S1": 140, "S2": 20, "": 10,
    }  # fmt: skip
    assert {m: a for (d, m), a in found.items() if d == "product_line"} == {"pumps": 90, "": 10}
    assert found["country", ""] == 170
    assert not [d for d, _ in found if d == "ageing"]


def test_breaches_are_listed_beyond_the_number_shown_and_unassigned_is_none(tables: Any) -> None:
    rows = [party(f"P{n}", 100 - n, country="CN" if n < 3 else None) for n in range(5)]
    limits = [{"dimension": d, "most": "0.1"} for d in ("party", "country")]
    rule = ConcentrationDoc.model_validate({"limits": limits, "shown": 1})
    judged = judge_shares(placed_members(members_of(tables.make("p", PARTY, rows), {})), rule)
    listed = tables.rows(listed_members(judged, rule))
    assert sum(r["dimension"] == "party" and r["base"] == "exposure" for r in listed) == 5
    countries = [r for r in tables.rows(judged) if r["dimension"] == "country"]
    assert {r["member"]: r["breach"] for r in countries if r["base"] == "exposure"} == {
        "CN": True, "": False,
    }  # fmt: skip


def test_auth_1() -> None:
    v, out = given("AUTH-1"), wanted("AUTH-1")
    rule = AuthorityDoc.model_validate(
        {"levels": [{"role": role, "up_to": most} for role, most in v["matrix"]]}
    )
    request = Decimal(v["request"])
    assert approving_role(rule, request) == out["level"]
    assert approving_role(rule, request, ["override"]) == out["level_with_override"]
    assert approving_role(rule, request, ["override", "terms"]) == out["level_with_override"]


def test_authority_ends_at_the_top_and_is_anybodys_without_levels() -> None:
    rule = AuthorityDoc.model_validate(
        {"levels": [{"role": "clerk", "up_to": 100}, {"role": "owner"}], "raise_for": ["terms"]}
    )
    assert approving_role(rule, Decimal(100)) == "clerk"
    assert approving_role(rule, Decimal("100.01")) == "owner"
    assert approving_role(rule, None) == "owner"
    assert approving_role(rule, Decimal(200), ["terms"]) == "owner"
    assert approving_role(rule, Decimal(50), ["override"]) == "clerk"
    assert approving_role(AuthorityDoc(), Decimal(50)) is None


REVIEWED = {
    "grade": "string", "prior_grade": "string", "prior_next_review": "date",
    "approved_valid_to": "date", "review_on": "date", "approved_state": "string",
    "approved_amount": MONEY, "net_exposure": MONEY, "guarantees_next_expiry": "date",
}  # fmt: skip


def review_of(tables: Any, policy: PolicyDoc, as_of: date, **row: Any) -> Any:
    if "r" in tables.backend.list_tables():
        tables.backend.drop_table("r")
    t = tables.make("r", REVIEWED, [row])
    found = t.select(day=next_review(t, policy, ibis.literal(as_of, type="date")))
    return tables.rows(found)[0]["day"]


def test_rev_1(tables: Any, policy: PolicyDoc) -> None:
    v, out = given("REV-1"), wanted("REV-1")
    last, expiry = (date.fromisoformat(v[key]) for key in ("last_review", "limit_expiry"))
    assert policy.limit.expiry_lead_days == v["lead_days"]
    (grade,) = [g.grade for g in policy.grades if g.review_days == v["cycle_days"][v["class"]]]
    reviewed = review_of(tables, policy, last, grade=grade)
    assert reviewed == date.fromisoformat(out["by_cycle"])
    found = review_of(tables, policy, last, grade=grade, approved_valid_to=expiry)
    assert found == date.fromisoformat(out["next_review"])
    # As the days go by the date stands still, and the limit's expiry is what comes next.
    later = {"grade": grade, "prior_grade": grade, "approved_valid_to": expiry}
    kept = review_of(tables, policy, date(2025, 6, 1), prior_next_review=reviewed, **later)
    assert kept == reviewed
    best = policy.grades[0].grade
    by_expiry = review_of(tables, policy, last, grade=best, approved_valid_to=expiry)
    assert by_expiry == date.fromisoformat(out["by_expiry"])


def test_large_customers_and_ending_collateral_come_sooner(tables: Any, policy: PolicyDoc) -> None:
    strict = policy.model_copy(update={"review": ReviewDoc(shorter_above=Decimal(1000))})
    day = date(2025, 1, 1)
    first, second = (g.grade for g in policy.grades[:2])
    small = review_of(tables, strict, day, grade=first, net_exposure=Decimal(1000))
    large = review_of(tables, strict, day, grade=first, net_exposure=Decimal(1001))
    granted = {"approved_state": "amount", "approved_amount": Decimal(2000)}
    assert small == review_of(tables, policy, day, grade=first)
    assert large == review_of(tables, strict, day, grade=first, **granted)
    assert large == review_of(tables, policy, day, grade=second)
    ends = review_of(tables, policy, day, grade=first, guarantees_next_expiry=date(2025, 3, 2))
    assert ends == date(2025, 1, 31)


DUNNING = RemindersDoc(
    levels=(
        ReminderDoc(days=10),
        ReminderDoc(days=30, after="due_month_end"),
        ReminderDoc(days=10, after="previous"),
    ),
    min_amount=Decimal(50),
)


def test_dun_1(tables: Any) -> None:
    due = date.fromisoformat(given("DUN-1")["due"])
    t = tables.make("t", {"due": "date"}, [{"due": due}])
    days = reminder_dates(t.due, DUNNING.levels)
    (row,) = tables.rows(t.select(**{f"l{n}": day for n, day in enumerate(days)}))
    assert [day.isoformat() for day in row.values()] == list(wanted("DUN-1").values())


@pytest.mark.parametrize(
    ("as_of", "late", "level"),
    [
        (date(2025, 6, 23), 80, 0),
        (date(2025, 6, 24), 80, 1),
        (date(2025, 7, 30), 80, 2),
        (date(2025, 8, 9), 80, 3),
        (date(2025, 8, 9), 49, 0),  # not worth the reminder
        (date(2025, 8, 9), 0, 0),
    ],
)
def test_the_level_of_reminders_rises_with_the_days(
    tables: Any, as_of: date, late: int, level: int
) -> None:
    row = {"oldest_due_date": date(2025, 6, 14), "overdue_past_grace": Decimal(late)}
    t = tables.make("t", {"oldest_due_date": "date", "overdue_past_grace": MONEY}, [row])
    now = ibis.literal(as_of, type="date")
    found = t.select(n=reminder_level(t, DUNNING, now), none=reminder_level(t, RemindersDoc(), now))
    assert tables.rows(found) == [{"n": level, "none": None}]


def test_what_makes_no_sense_is_named() -> None:
    def levels(*pairs: Any) -> AuthorityDoc:
        rows = [{"role": role, "up_to": most} for role, most in pairs]
        return AuthorityDoc.model_validate({"levels": rows})

    def said(authority: AuthorityDoc, *levels: ReminderDoc) -> str:
        return " ".join(find_procedure_problems(authority, RemindersDoc(levels=levels)))

    assert said(levels(("a", 1), ("b", None)), *DUNNING.levels) == ""
    assert "twice" in said(levels(("a", 1), ("a", None)))
    assert "do not rise" in said(levels(("a", 5), ("b", 3), ("c", None)))
    assert "do not rise" in said(levels(("a", None), ("b", None)))
    assert "nobody may approve" in said(levels(("a", 5)))
    first = ReminderDoc(days=1, after="previous")
    assert "no reminder before it" in said(AuthorityDoc(), first)
    pairs = [{"dimension": "party", "most": most} for most in ("0.1", "0")]
    twice = ConcentrationDoc.model_validate({"limits": pairs})
    assert len([*find_concentration_problems(twice)]) == 2
