from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain import texts
from connector.domain.texts import say, say_error, translate
from connector.errors import InputError, fill

KNOWN = "Known: {name}."


@pytest.fixture(autouse=True)
def known_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates of the test's own, so that it does not hang on the shipped wording."""
    table = {KNOWN: "已知:{name}。", "Look at {name}.": "请查看 {name}。"}
    monkeypatch.setattr(texts, "chinese_templates", lambda: table)


def test_the_english_template_is_the_key() -> None:
    assert say(KNOWN, "en", name="Acme") == "Known: Acme."
    assert say(KNOWN, "zh", name="华北") == "已知:华北。"
    assert translate(KNOWN, "zh") == "已知:{name}。"


def test_without_translation_it_stays_english() -> None:
    assert say("Only {n} here.", "zh", n=3) == "Only 3 here."


def test_an_error_says_what_where_and_what_next() -> None:
    error = InputError(KNOWN, where="a.csv:3", next_step="Look at {name}.", name="Acme")
    assert say_error(error) == "Known: Acme (a.csv:3). Look at Acme."
    assert say_error(error, "zh") == "已知:Acme（a.csv:3）。请查看 Acme。"
    assert say_error(InputError("Gone.")) == "Gone." == str(InputError("Gone."))


def test_braces_in_values_are_left_alone() -> None:
    assert fill("{a} and {b}", {"a": "x{c}", "b": "{}"}) == "x{c} and {}"
    assert fill("{a} and {unknown}", {"a": 1}) == "1 and {unknown}"


@pytest.mark.parametrize(("a", "b"), [("{b}", "secret"), ("{b}{b}", "{a}")])
def test_a_value_that_looks_like_a_parameter_is_not_filled_again(a: str, b: str) -> None:
    assert fill("{a}|{b}", {"a": a, "b": b}) == f"{a}|{b}"
    assert fill("{b}|{a}", {"a": a, "b": b}) == f"{b}|{a}"


@given(st.text(), st.dictionaries(st.sampled_from(["a", "b", "name"]), st.text()))
def test_filling_takes_any_text(template: str, params: dict[str, object]) -> None:
    filled = fill(template, params)
    if "{" not in template:
        assert filled == template
    assert fill("{a}", {"a": template}) == template
