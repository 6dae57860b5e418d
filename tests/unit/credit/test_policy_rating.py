"""Mistakes in the sections of statements, countries and the offer, each told in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import pytest

from connector.credit.flags import FLAGS
from connector.credit.policy.lint_rating import (
    find_country_problems,
    find_offer_problems,
    find_statement_problems,
)
from connector.credit.policy.offer import ActionRuleDoc, OfferDoc
from connector.credit.policy.rating import CountriesDoc
from connector.credit.policy.statements import StatementsDoc

GRADES = ("A", "B", "C", "D")
REVIEW = {"action": "review"}


def only(problems: Iterable[str]) -> str:
    (problem,) = list(problems)
    return problem


def offer(*lines: Mapping[str, object], **rest: object) -> OfferDoc:
    return OfferDoc.model_validate({"actions": list(lines), **rest})


def test_what_is_shipped_as_default_is_sound() -> None:
    assert list(find_statement_problems(StatementsDoc())) == []
    assert list(find_country_problems(CountriesDoc(), GRADES)) == []
    assert list(find_offer_problems(OfferDoc(), GRADES, FLAGS)) == []


def test_models_and_signs_that_cannot_be_computed() -> None:
    assert "ohlson_index is missing" in only(
        find_statement_problems(StatementsDoc(models=("ohlson",)))
    )
    signs = StatementsDoc(models=(), signs=("distress_zone",))
    assert "needs the model altman" in only(find_statement_problems(signs))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (CountriesDoc(ceilings={5: "E"}), "the grade E is not known"),
        (CountriesDoc(ceilings={5: "C", 6: "B"}), "a worse class has a better ceiling"),
        (CountriesDoc(factors={3: Decimal("0.5"), 4: Decimal("0.8")}), "larger factor"),
    ],
)
def test_countries_that_do_not_fit_together(rule: CountriesDoc, said: str) -> None:
    assert said in only(find_country_problems(rule, GRADES))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (offer(terms_days={"E": 30}), "the grade E is not known"),
        (offer({**REVIEW, "grades": ["F"]}), "offer.actions.1.grades"),
        (offer({**REVIEW, "flags": ["bad_luck"]}), "the flag bad_luck is not known"),
        (offer({**REVIEW, "days": 3}, {**REVIEW, "hold": True}), "actions.1 fits everybody"),
    ],
)
def test_offers_that_nothing_can_come_of(rule: OfferDoc, said: str) -> None:
    assert said in only(find_offer_problems(rule, GRADES, (*FLAGS, "custom_big_order")))


def test_the_last_line_may_fit_everybody_and_conditions_of_an_admin_are_flags() -> None:
    rule = offer({**REVIEW, "flags": ["custom_big_order"]}, REVIEW)
    assert rule.actions[1] == ActionRuleDoc(action="review")
    assert list(find_offer_problems(rule, GRADES, (*FLAGS, "custom_big_order"))) == []
