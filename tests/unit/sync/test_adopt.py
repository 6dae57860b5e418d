"""First contact: what stands in the CRM is taken over, and set beside what we would have said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.sync.adopt import REVIEW_AFTER_DAYS, adopt, compare_adopted
from connector.testing.builders import decision_row, decision_tables
from tests.unit.sync.workplace import Workplace

OpenWorkplace = Callable[..., Workplace]


def account(place: Workplace, **values: object) -> str:
    return place.crm.add("Account", {"Name": "Muster AG", **values})


def approved(place: Workplace) -> list[tuple[Any, ...]]:
    rows = place.store.approved_limits().to_pylist()
    return [(r["party_id"], r["state"], r["amount"], r["source"]) for r in rows]


def adopted(place: Workplace) -> dict[tuple[str, str], str]:
    rows = place.store.adopted("crm").to_pylist()
    return {(r["record_id"], r["credit_field"]): r["value"] for r in rows}


def test_limit_grade_and_hold_are_taken_over_with_a_day_for_review(place: Workplace) -> None:
    record = account(place, Limit=Decimal("5000.50"), LimitState="amount", Grade="B", Hold=True,
                     Score=Decimal(12))  # fmt: skip
    place.take_in()
    assert adopt(place.desk(), place.connection) == 4
    assert adopted(place) == {
        (record, "limit"): "5000.5", (record, "limit_state"): "amount",
        (record, "grade"): "B", (record, "hold"): "true",
    }  # fmt: skip
    assert approved(place) == [(f"acc:crm:{record}", "amount", Decimal("5000.50"), "inherited")]
    (limit,) = place.store.approved_limits().to_pylist()
    assert limit["valid_from"] == place.today
    assert limit["review_on"] == place.today + timedelta(days=REVIEW_AFTER_DAYS)
    assert limit["currency"] == "EUR"


@pytest.mark.parametrize(
    ("credit_fields", "values", "state", "amount"),
    [
        (("limit",), {"Limit": Decimal(700)}, "amount", Decimal(700)),
        (("limit",), {"Limit": Decimal(0)}, "cash_only", None),
        (("limit", "limit_state"), {"LimitState": "cash_only"}, "cash_only", None),
        (("limit", "limit_state"), {"LimitState": "unlimited"}, "unlimited", None),
        (("limit", "limit_state"), {"Limit": Decimal(9)}, "amount", Decimal(9)),
        (("limit", "limit_state"), {"Limit": Decimal(9), "LimitState": "cash_only"},
         "cash_only", None),
    ],
)  # fmt: skip
def test_every_state_of_a_limit_is_read(
    workplaces: OpenWorkplace,
    credit_fields: tuple[str, ...],
    values: dict[str, object],
    state: str,
    amount: Decimal | None,
) -> None:
    place = workplaces(credit_fields=credit_fields)
    record = account(place, **values)
    place.take_in()
    adopt(place.desk(), place.connection)
    assert approved(place) == [(f"acc:crm:{record}", state, amount, "inherited")]


@pytest.mark.parametrize("values", [{}, {"Hold": False}, {"LimitState": "none"}, {"Score": 5}])
def test_nothing_is_made_of_nothing(place: Workplace, values: dict[str, object]) -> None:
    account(place, **values)
    place.take_in()
    adopt(place.desk(), place.connection)
    assert approved(place) == []
    assert not {field for _, field in adopted(place)} - {"limit_state"}


@pytest.mark.parametrize("word", ["ask the boss", "amount"])
def test_what_states_no_limit_makes_none_and_stays_as_it_is(place: Workplace, word: str) -> None:
    """A foreign word, or the word for an amount without one: unknown, neither zero nor ours."""
    record = account(place, LimitState=word)
    place.take_in()
    adopt(place.desk(), place.connection)
    assert approved(place) == []
    place.push(place.plan([decision_row(f"acc:crm:{record}")]))
    assert place.held(record, "LimitState", "Limit", "Grade") == (word, None, "A")


def test_of_two_accounts_of_one_party_the_careful_limit_holds(place: Workplace) -> None:
    known = {"Registration": "HRB 4711", "Country": "DE"}
    account(place, Limit=Decimal(9000), LimitState="amount", **known)
    account(place, Limit=Decimal(2000), LimitState="amount", **known)
    account(place, LimitState="unlimited", **known)
    place.take_in()
    adopt(place.desk(), place.connection)
    ((_, state, amount, _),) = approved(place)
    assert (state, amount) == ("amount", Decimal(2000))
    assert sorted(v for (_, f), v in adopted(place).items() if f == "limit") == ["2000", "9000"]


def test_cash_only_is_more_careful_than_any_amount(place: Workplace) -> None:
    known = {"Registration": "HRB 4711", "Country": "DE"}
    account(place, Limit=Decimal(1), LimitState="amount", **known)
    account(place, LimitState="cash_only", **known)
    place.take_in()
    adopt(place.desk(), place.connection)
    ((_, state, amount, _),) = approved(place)
    assert (state, amount) == ("cash_only", None)


def test_what_we_wrote_ourselves_is_not_adopted(place: Workplace) -> None:
    record = account(place)
    place.take_in()
    place.push(place.plan([decision_row(f"acc:crm:{record}", grade="C", hold=True)]))
    place.take_in()
    assert adopt(place.desk(), place.connection) == 0


def test_adopting_again_changes_nothing(place: Workplace) -> None:
    record = account(place, Limit=Decimal(5000), LimitState="amount")
    place.take_in()
    adopt(place.desk(), place.connection)
    place.crm.edit("Account", record, {"Limit": Decimal(9000)})
    place.take_in()
    assert adopt(place.desk(), place.connection) == 0
    assert adopted(place)[record, "limit"] == "5000"
    assert approved(place)[0][2] == Decimal(5000)


def test_an_approved_limit_is_not_replaced_by_what_another_account_says(place: Workplace) -> None:
    known = {"Registration": "HRB 4711", "Country": "DE"}
    account(place, Limit=Decimal(5000), LimitState="amount", **known)
    place.take_in()
    adopt(place.desk(), place.connection)
    account(place, Limit=Decimal(100), LimitState="amount", **known)
    place.take_in()
    assert adopt(place.desk(), place.connection) == 2
    assert approved(place)[0][2] == Decimal(5000)


def test_a_connection_that_is_only_read_adopts_nothing(place: Workplace) -> None:
    account(place, Limit=Decimal(5000), LimitState="amount")
    place.take_in()
    place.connection.target = None
    assert adopt(place.desk(), place.connection) == 0
    assert approved(place) == []


def test_the_comparison_sets_ours_beside_theirs(place: Workplace) -> None:
    record = account(place, Limit=Decimal(5000), LimitState="amount", Grade="A", Hold=True)
    place.take_in()
    adopt(place.desk(), place.connection)
    tables = decision_tables(
        [decision_row(f"acc:crm:{record}", grade="C", proposed_amount=Decimal(1200))]
    )
    compared = compare_adopted(place.desk(), place.connection, tables)
    assert {r["credit_field"]: (r["theirs"], r["ours"]) for r in compared} == {
        "limit": ("5000", "1200.00"),
        "limit_state": ("amount", "amount"),
        "grade": ("A", "C"),
        "hold": ("true", "false"),
    }
    assert {r["account"] for r in compared} == {"Muster AG"}
