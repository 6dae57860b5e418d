"""The policy document: what is refused, and that everything is named at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from connector.credit.policy.document import policy_hash, shipped_policy
from connector.credit.policy.lint import load_policy
from connector.errors import PolicyError

Change = Callable[[dict[str, Any]], None]


def changed(change: Change) -> str:
    document = yaml.safe_load(shipped_policy())
    change(document)
    return str(yaml.safe_dump(document, allow_unicode=True))


def problems(change: Change) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        load_policy(changed(change), "here.yaml")
    assert caught.value.where == "here.yaml"
    return caught.value.problems


def line(document: dict[str, Any], number: int = 0) -> dict[str, Any]:
    return dict(document)["scorecard"]["characteristics"][number]


def set_at(*path: Any) -> Change:
    *where, key, value = path

    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for part in where:
            place = place[part]
        place[key] = value

    return change


def test_the_shipped_policy_is_sound() -> None:
    policy = load_policy(shipped_policy())
    assert policy.id == "standard"
    assert sum(x.weight for x in policy.scorecard.characteristics) == 100
    assert policy.grade_names == ("A", "B", "C", "D")


def test_the_hash_is_of_the_content_not_of_the_layout() -> None:
    policy = load_policy(shipped_policy())
    again = load_policy(changed(lambda document: None))
    other = load_policy(changed(set_at("version", 2)))
    assert policy_hash(policy) == policy_hash(again)
    assert policy_hash(policy) != policy_hash(other)


BINS = ("scorecard", "characteristics", 0, "bins")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (set_at(*BINS, 1, "above", 0.06), "gap between 0.05 and 0.06"),
        (set_at(*BINS, 1, "above", 0.04), "overlap between 0.04 and 0.05"),
        (set_at(*BINS, 0, "above", 0), "remove its above"),
        (set_at(*BINS, 4, "up_to", 9), "remove its up_to"),
        (set_at(*BINS, 0, "points", 19), "the best bin gives 19 points"),
        (set_at("scorecard", "characteristics", 0, "metric", "luck"), "luck is not known"),
        (set_at("scorecard", "characteristics", 1, "id", "overdue_share"), "stands there twice"),
        (set_at("scorecard", "characteristics", 0, "weight", 21), "add up to 101"),
        (set_at("grades", 3, "from", 10), "scores below 10 have no grade"),
        (set_at("grades", 1, "from", 85), "list the best grade first"),
        (set_at("hold", "grades", ["E"]), "the grade E is not known"),
        (set_at("hold", "flags", {"bad_luck": 1}), "bad_luck is not known"),
        (set_at("hold", "release_below", 1.1), "release at or below"),
        (set_at("flags", "near_limit", "steps", [{"above": 0.9, "severity": 2},
                {"above": 0.8, "severity": 1}]), "the steps do not rise"),
        (set_at("limit", "steps", 0, "from", 5), "amounts below 5 have no step"),
        (set_at("limit", "methods", "score_band", "base_amount", 100), "not both"),
        (set_at("limit", "methods", "score_band", "multipliers", {"A": 1}), "grade B has no"),
        (set_at("ageing", "buckets", [30, 30]), "must be above 0 and rise"),
        (set_at("windows", "trend_days", 365), "nothing to compare with"),
        (set_at("matching", ["named", "named"]), "named stands there twice"),
        (set_at("matching", ["luck"]), "luck is none of named, equal_amount, oldest_first"),
        (set_at("guard", "max_share", 1), "guard.max_share is not known"),
        (set_at("currency", "Yuan"), "currency"),
    ],
)  # fmt: skip
def test_one_mistake_gives_one_plain_sentence(change: Change, said: str) -> None:
    found = problems(change)
    assert any(said in text for text in found), found
    assert all(text.rstrip().endswith(".") and ":" in text for text in found)


def test_all_mistakes_are_named_at_once() -> None:
    def spoil(document: dict[str, Any]) -> None:
        set_at(*BINS, 1, "above", 0.06)(document)
        set_at("grades", 3, "from", 10)(document)
        document["flags"]["no_such_flag"] = document["flags"].pop("over_limit")

    found = problems(spoil)
    assert len(found) == 3
    assert any("no_such_flag is not known" in text for text in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: [", "not YAML at line"),
        ("- just a list", "not a list of keys"),
        ("", "not a list of keys"),
        ("a: &x 1\nb: *x", "aliases"),
        ("x: " + "y" * 600_000, "larger than"),
        ("id: standard", "scorecard is missing"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_text_that_is_no_policy_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(text)
    assert any(said in problem for problem in caught.value.problems), caught.value.problems
