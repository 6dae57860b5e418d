"""Pure parts: JSON that is sent, SOQL that is written, errors and their Chinese sentences."""

from __future__ import annotations

import ast
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.salesforce import errors
from adapters.salesforce.errors import Call, CallKind, read_fault, shorten, translate_answer
from adapters.salesforce.outcomes import read_outcome
from adapters.salesforce.query import check_filter, match_or_carry, match_values
from adapters.salesforce.rows import encode_json
from adapters.salesforce.transport import Answer
from connector.domain.texts import chinese_templates
from connector.errors import RefusedError

PACKAGE = Path(errors.__file__).parent
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4).map(abs)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_json_is_read_back_as_it_was(value: object) -> None:
    encoded = encode_json(value).decode()
    assert json.loads(encoded, parse_float=Decimal) == value


def test_decimals_keep_every_digit() -> None:
    values = [Decimal("12345678901234.5678"), Decimal("1E+3"), Decimal("0.10"), Decimal("-0.01")]
    assert encode_json(values) == b"[12345678901234.5678, 1000, 0.10, -0.01]"
    for broken in (Decimal("NaN"), Decimal("Infinity"), 0.5, {1, 2}):
        with pytest.raises((ValueError, TypeError)):
            encode_json(broken)


@given(st.text(max_size=60))
def test_values_in_a_condition_cannot_leave_their_quotes(text: str) -> None:
    for condition in (match_values("Name", [text]), match_or_carry("Name", [text])):
        assert check_filter(condition, "Account") == f"({condition})"


@given(st.text(alphabet="ab()'\\ ", max_size=30))
def test_a_filter_passes_only_if_it_closes_what_it_opens(text: str) -> None:
    depth, quoted, position, sound = 0, False, 0, True
    while position < len(text):
        letter = text[position]
        if quoted and letter == "\\":
            position += 1
            sound = sound and position < len(text)
        elif letter == "'":
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += {"(": 1, ")": -1}[letter]
            sound = sound and depth >= 0
        position += 1
    if sound and depth == 0 and not quoted:
        assert check_filter(text, "Account") == f"({text})"
    else:
        with pytest.raises(RefusedError):
            check_filter(text, "Account")


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        (b'[{"message":"m","errorCode":"C","fields":["A"]}]', "C", "m"),
        (b'{"error":"invalid_grant","error_description":"d"}', "invalid_grant", "d"),
        (b'{"exceptionCode":"InvalidSessionId","exceptionMessage":"x"}', "InvalidSessionId", ""),
        (b"<html>", "", ""),
        (b"", "", ""),
        (b"[]", "", ""),
        (b"[1]", "", ""),
        (b'"text"', "", ""),
        (b"\xff\xfe\xff", "", ""),
        (b'[{"message":null,"errorCode":null,"fields":7}]', "", ""),
    ],
)
def test_any_body_can_be_read_for_its_fault(body: bytes, code: str, detail: str) -> None:
    fault = read_fault(answer(400, body))
    assert (fault.code, fault.detail) == (code, detail)


@given(st.integers(100, 599), st.binary(max_size=80))
def test_no_answer_breaks_the_translation(status: int, body: bytes) -> None:
    kinds: tuple[CallKind, ...] = ("read", "write")
    for kind in kinds:
        error = translate_answer(answer(status, body), Call(kind, "Account", "acme"))
        assert "acme" in error.where
        assert error.next_step
        assert "{" not in str(error).replace(body.decode("utf-8", "replace"), "")


def test_the_reason_is_told_however_long_the_query_was() -> None:
    echo = "\nSELECT " + "Name, " * 500 + "Id FROM Account\n   ^\nERROR at Row:1:Column:21\n"
    column = echo + "No such column 'Foo__c' on entity 'Account'. If you are attempting to use"
    body = json.dumps([{"errorCode": "INVALID_FIELD", "message": column}]).encode()
    error = translate_answer(answer(400, body), Call("read", "Account", "acme"))
    assert "no field Foo__c on Account" in str(error)
    path = echo + "Didn't understand relationship 'Onwer' in field path."
    body = json.dumps([{"errorCode": "INVALID_FIELD", "message": path}]).encode()
    error = translate_answer(answer(400, body), Call("read", "Account", "acme"))
    assert "understand relationship 'Onwer'" in str(error)


def test_a_deeply_nested_body_is_no_fault_of_ours() -> None:
    assert read_fault(answer(500, b"[" * 200_000)).code == ""


def test_a_row_that_is_not_there_yet_cannot_be_gone() -> None:
    result = {"success": False, "errors": [{"statusCode": "NOT_FOUND", "message": "x"}]}
    assert read_outcome(result).state == "rejected"
    assert read_outcome(result, "001RM000003oCprYAE").state == "gone"
    lookup = {"statusCode": "INVALID_CROSS_REFERENCE_KEY", "message": "x", "fields": ["OwnerId"]}
    outcome = read_outcome({"success": False, "errors": [lookup]}, "001RM000003oCprYAE")
    assert (outcome.state, outcome.fields) == ("rejected", ("OwnerId",))


def test_long_texts_are_shortened_to_one_line() -> None:
    assert shorten("a\n  b\tc") == "a b c"
    assert len(shorten("x" * 5000)) == 300


def test_every_sentence_is_told_in_chinese_too() -> None:
    sentences = {
        text for path in PACKAGE.glob("*.py") if path.name not in SEEDING for text in spoken(path)
    }
    assert len(sentences) > 60
    missing = sorted(sentences - set(chinese_templates()))
    assert not missing, "\n".join(missing)


SEEDING = {"seed.py", "demo_schema.py"}
INTERNAL = {"ExchangeError", "ValueError", "BulkRefusedError"}  # nobody reads them


def spoken(path: Path) -> set[str]:
    """Literals that end up in an error: arguments of errors and rules, and pairs of sentences."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "")
            if name.endswith("Error") and name not in INTERNAL:
                found |= literals(node.args[:1])
                found |= literals([k.value for k in node.keywords if k.arg == "next_step"])
            if name == "_Rule":
                found |= literals(node.args[1:])
            if name == "OptionSpec":
                found |= literals([*node.args[1:2]])
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and path.name == "signin.py":
            found |= {text for text in literals(node.elts) if text.endswith((".", "{detail}"))}
    return found


def literals(nodes: list[ast.expr]) -> set[str]:
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    }


def answer(status: int, body: bytes) -> Answer:
    return Answer(status, {}, body, None)  # type: ignore[arg-type]  # errors look at bytes only
