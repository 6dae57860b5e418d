"""Conditions that an admin puts together: what they find, what they say, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
import yaml

from connector.credit.engine import decide
from connector.credit.flags.conditions import find_condition, params_of
from connector.credit.flags.finding import FINDING_COLUMNS
from connector.credit.policy.conditions import ConditionDoc
from connector.credit.policy.document import PolicyDoc, shipped_policy
from connector.credit.policy.lint import load_policy
from connector.credit.reasons import wording
from connector.credit.reasons.explain import explain
from connector.credit.reasons.letter import write_letter
from connector.domain.texts import Language
from connector.errors import PolicyError
from tests.unit.credit.book import AS_OF, only, sample_book
from tests.unit.credit.test_flags import CASES, PARTY

FILE = yaml.safe_load((CASES / "conditions.yaml").read_text(encoding="utf-8"))["conditions"]
GOOD: dict[str, Any] = {
    "code": "many_open", "label_en": "Many open items", "label_zh": "未清项过多", "severity": 2,
    "when": {"metric": "open_items", "operator": "at_least", "value": 40},
}  # fmt: skip


def cases() -> list[Any]:
    return [
        pytest.param(entry["condition"], case, id=f"{entry['condition']['code']}: {case['name']}")
        for entry in FILE
        for case in entry["cases"]
    ]


def policy_with(*conditions: object, **sections: object) -> PolicyDoc:
    document = {**small_document(), "conditions": list(conditions)}
    for name, section in sections.items():
        document[name] = {**document[name], **section}  # type: ignore[dict-item]
    return load_policy(json.dumps(document, default=str), "here.yaml")


@cache
def small_document() -> dict[str, Any]:
    """The shipped policy without its flags and remedies."""
    document = dict(yaml.safe_load(shipped_policy()))
    rest: dict[str, Any] = {"flags": {}, "hold": {}, "offer": {}, "remedies": 0}
    return {**document, **rest}


def problems(*conditions: object) -> str:
    with pytest.raises(PolicyError) as caught:
        policy_with(*conditions)
    assert all(problem.endswith(".") for problem in caught.value.problems)
    return "\n".join(caught.value.problems)


def when(**parts: Any) -> dict[str, Any]:
    return {**GOOD, "when": parts}


@pytest.mark.parametrize(("condition", "case"), cases())
def test_case(tables: Any, condition: dict[str, Any], case: dict[str, Any]) -> None:
    party: dict[str, Any] = {"party_id": "P", "selling_company": ""}
    for name, value in case["party"].items():
        party[name] = Decimal(str(value)) if "decimal" in PARTY[name] else value
    parties = tables.make("parties", PARTY, [party])
    found = find_condition(parties, ConditionDoc.model_validate(condition))
    assert tuple(found.columns) == FINDING_COLUMNS
    rows = tables.rows(found)
    if case["expect"] == "quiet":
        assert rows == []
        return
    row = only(rows)
    assert row["code"] == f"custom_{condition['code']}"
    for name, value in case["expect"].items():
        assert row[name] == (Decimal(str(value)) if name == "amount" else value), name


@pytest.mark.parametrize("entry", FILE, ids=lambda entry: entry["condition"]["code"])
def test_it_says_its_label_and_the_figures_in_both_languages(entry: dict[str, Any]) -> None:
    document = policy_with(entry["condition"])
    (condition,) = document.raised_conditions
    params = json.loads(params_of(condition))
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        said = wording.reason_text(condition.flag, params, language)
        assert said == entry["says"][language]
        assert wording.flag_text(condition.flag, params, language) == said
    assert wording.flag_name(condition.flag, params, "zh") == condition.label_zh
    advice = wording.advice_on(condition.flag, params)
    assert advice is not None
    assert advice.owner == condition.owner


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (when(metric="luck", operator="above", value=1), "the metric luck is not known"),
        (when(metric="expected_loss", operator="above", value=1), "rests on the grade"),
        (when(metric="open_items"), "open_items is compared by no operator"),
        (when(metric="open_items", operator="above"), "compared with nothing: add a value"),
        (when(metric="open_items", operator="is_known", value=1), "is_known takes no value"),
        (when(metric="open_items", operator="about", value=1), "operator"),
        (when(metric="open_items", operator="above", value="many"), "value"),
        (when(metric="open_items", operator="above", value=True), "yes and no are no figures"),
        (when(metric="open_items", operator="above", value=1.5), "at most 0 decimals, not 1.5"),
        (when(metric="utilisation", operator="above", value=85), "a fraction, and 85 would be"),
        (when(metric="overdue", operator="above", value=10**15), "never reaches 1000000000000000"),
        (when(metric="open_items", operator="above", value="2025-01-01"), "give a number"),
        (when(metric="oldest_due_date", operator="below", value=30), "give a date"),
        (when(), "exactly one of all, any and metric"),
        (when(all=[]), "when.all"),
        (when(all=[GOOD["when"]], any=[GOOD["when"]]), "exactly one of all, any and metric"),
        (when(all=[GOOD["when"]], value=1), "all takes no operator and no value"),
        (when(all=[GOOD["when"], GOOD["when"]]), "compared twice in the same way"),
        (when(all=[{"python": "import os"}]), "python is not known"),
        ({**GOOD, "code": "Many Open"}, "code"),
        ({**GOOD, "label_en": "two\nlines"}, "label_en"),
        ({**GOOD, "label_zh": " "}, "label_zh"),
        ({**GOOD, "severity": 4}, "severity"),
        ({**GOOD, "owner": "everybody"}, "owner"),
        ({**GOOD, "when": "open_items > 40"}, "when"),
        ("many_open", "conditions.0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_sentence(condition: object, said: str) -> None:
    assert said in problems(condition)


def test_everything_wrong_is_named_at_once() -> None:
    wrong = when(all=[{"metric": "luck", "operator": "above", "value": 1}, {"metric": "overdue"}])
    said = problems(wrong, GOOD)
    assert "luck is not known" in said
    assert "overdue is compared by no operator" in said
    assert "conditions.many_open stands there twice" in said


def test_nesting_and_length_are_bounded() -> None:
    deep: dict[str, Any] = dict(GOOD["when"])
    for _ in range(4):
        deep = {"all": [deep]}
    policy_with({**GOOD, "when": deep})
    for _ in range(60):
        deep = {"any": [deep]}
    assert "nested deeper than 4 levels" in problems({**GOOD, "when": deep})
    metrics = [{"metric": "overdue", "operator": "above", "value": n} for n in range(11)]
    wide = {"all": [{"any": metrics}, {"any": [{**m, "operator": "below"} for m in metrics]}]}
    assert "22 comparisons are more than 20" in problems({**GOOD, "when": wide})
    assert "conditions" in problems(*({**GOOD, "code": f"c{n}"} for n in range(51)))


def test_it_may_hold_orders_and_choose_the_action_like_any_flag() -> None:
    actions = {"actions": [{"action": "review", "flags": ["custom_many_open"]}]}
    hold = {"flags": {"custom_many_open": 2}}
    policy = policy_with(GOOD, hold=hold, offer=actions)
    assert policy.hold.flags == {"custom_many_open": 2}
    gone = {"action": "review", "flags": ["custom_gone"]}
    for sections in ({"hold": {"flags": {"custom_gone": 1}}}, {"offer": {"actions": [gone]}}):
        with pytest.raises(PolicyError, match="the flag custom_gone is not known"):
            policy_with(GOOD, **sections)


def test_tasks_and_switches_are_the_admins() -> None:
    assert "custom_many_open" in policy_with(GOOD).tasked_flags
    assert "custom_many_open" not in policy_with({**GOOD, "task": False}).tasked_flags
    off = policy_with({**GOOD, "enabled": False})
    assert off.raised_conditions == ()
    assert "custom_many_open" not in off.tasked_flags


@pytest.fixture(scope="module")
def decided() -> Mapping[str, pa.Table]:
    """The sample ledger under a policy with conditions alone."""
    many = {**GOOD, "when": {"metric": "open_items", "operator": "at_least", "value": 5}}
    never = {**GOOD, "code": "never", "when": {"metric": "dso", "operator": "is_unknown"}}
    policy = policy_with(many, never, hold={"flags": {"custom_many_open": 2}})
    book = sample_book().prior_flag("custom_many_open", date(2025, 6, 1))
    return decide(book.connection, book.inputs, policy, AS_OF, "run").tables


def test_without_remedies_in_the_policy_there_are_none(decided: Mapping[str, pa.Table]) -> None:
    reasons = decided["reason"]
    assert reasons["remedy"].null_count == reasons.num_rows >= 2


def test_it_is_raised_holds_orders_and_is_told_with_its_figures(
    decided: Mapping[str, pa.Table],
) -> None:
    tables = decided
    flag = only(tables["flag"].to_pylist())
    assert (flag["code"], flag["severity"], flag["value"]) == ("custom_many_open", 2, "5")
    assert flag["since"] == date(2025, 6, 1)
    decision = only(tables["decision"].to_pylist())
    assert decision["hold"]
    assert decision["colour"] == "red"
    reasons = [row for row in tables["reason"].to_pylist() if row["source"] == "flag"]
    assert only(reasons)["rank"] == 1
    behind = {r["number"] for r in tables["evidence"].to_pylist() if r["code"] == flag["code"]}
    assert behind == {"INV-1", "INV-2", "INV-3", "INV-4", "INV-5"}
    english, chinese = explain(tables, "en"), explain(tables, "zh")
    assert "  1. Many open items: Open items ≥ 5." in english
    assert ["Open", "items", "5"] in [line.split() for line in english]
    assert "  1. 未清项过多：未清项数 ≥ 5。" in chinese
    assert "custom_" not in "\n".join([*english, *chinese, *write_letter(tables, "en")])
    assert "Many open items" not in "\n".join(write_letter(tables, "en"))
