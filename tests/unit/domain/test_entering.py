"""What people enter: typed, held to the closed lists, and refused with a sentence each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.entering import ENTERABLE, enterable, spell_values
from connector.domain.entities import ENTITIES

ACCOUNT = {"account_connection": "crm", "account_field": "id", "account_key": "001"}
PROMISE = {
    **ACCOUNT, "currency": "EUR", "amount": "100", "made_on": "2026-03-01",
    "promised_on": "2026-03-15",
}  # fmt: skip
LIMIT = {**ACCOUNT, "state": "amount", "currency": "EUR", "amount": "5000"}
GUARANTEE = {**ACCOUNT, "number": "G-1", "kind": "pledge", "currency": "EUR", "amount": "1"}


def wrong(entity: str, values: dict[str, str]) -> list[str]:
    return [unfit.sentence("en") for unfit in spell_values(ENTITIES[entity], values)[1]]


def test_values_are_kept_in_one_spelling() -> None:
    given = {**PROMISE, "amount": "0100.50", "currency": "eur", "withdrawn": "是", "number": " "}
    values, unfit = spell_values(ENTITIES["promise"], given)
    assert not unfit
    assert values == {**PROMISE, "amount": "100.5", "withdrawn": "true"}


@pytest.mark.parametrize(
    ("entity", "values", "sentence"),
    [
        ("promise", {**PROMISE, "amount": "1,000"}, "amount: 1,000 is not a number"),
        ("promise", {**PROMISE, "amount": "1e400"}, "amount: 1e400 is not a number"),
        ("promise", {**PROMISE, "amount": "NaN"}, "amount: NaN is not a number"),
        ("promise", {**PROMISE, "amount": "-1"}, "amount: -1 is below zero"),
        ("promise", {**PROMISE, "amount": "1" * 15}, "has more than 14 digits"),
        ("promise", {**PROMISE, "amount": "0.00001"}, "or 4 behind the point"),
        ("promise", {**PROMISE, "amount": ""}, "amount is missing"),
        ("promise", {**PROMISE, "currency": "EURO"}, "EURO is not an ISO 4217"),
        ("promise", {**PROMISE, "made_on": "1.3.2026"}, "write it as YYYY-MM-DD"),
        ("promise", {**PROMISE, "made_on": "0026-03-01"}, "is not a date"),
        ("promise", {**PROMISE, "promised_on": "2026-02-28"}, "lies before made_on, 2026-03-01"),
        ("promise", {**PROMISE, "withdrawn": "perhaps"}, "neither true nor false"),
        ("promise", {**PROMISE, "colour": "red"}, "promise has no colour; it has number"),
        ("promise", {**PROMISE, "note": "x" * 501}, "longer than 500 characters"),
        ("promise", {**PROMISE, "note": "a\x00b\x1b[2J"}, "cannot be printed"),
        ("guarantee", {**GUARANTEE, "kind": "promise"}, "promise is not one of bank_guarantee"),
        ("guarantee", {**GUARANTEE, "haircut": "20"}, "write 20 % as 0.2"),
        ("limit", {**LIMIT, "amount": ""}, "a limit has one in the state amount"),
        ("limit", {**LIMIT, "state": "cash_only"}, "a limit has one in the state amount"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    entity: str, values: dict[str, str], sentence: str
) -> None:
    (told,) = wrong(entity, values)
    assert sentence in told


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = wrong("promise", {**PROMISE, "amount": "much", "currency": "", "made_on": "soon"})
    assert len(told) == 3


def test_losses_are_below_zero() -> None:
    values = {**ACCOUNT, "fiscal_year_end": "2025-12-31", "currency": "CNY", "net_income": "-5"}
    assert spell_values(ENTITIES["statement"], values) == (values, [])


def test_only_what_people_keep_is_entered() -> None:
    assert enterable("Insured-Limit") is ENTITIES["insured_limit"]
    assert enterable("limit") is ENTITIES["limit"]
    assert [enterable(name) for name in ("invoice", "instalment", "account", "")] == [None] * 4


@given(
    st.sampled_from(ENTERABLE),
    st.dictionaries(st.sampled_from(["amount", "note", "number", "kind", "x"]), st.text()),
)
def test_no_input_is_a_bug(entity: str, values: dict[str, str]) -> None:
    spelled, unfit = spell_values(ENTITIES[entity], values)
    assert unfit or set(spelled) <= set(ENTITIES[entity].column_names)
