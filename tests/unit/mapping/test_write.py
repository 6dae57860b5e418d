from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.change import Owner
from connector.domain.entities import LIMIT_STATES, Kind
from connector.domain.values import canonical
from connector.mapping.targets import TargetField, TaskTarget, WriteTarget
from connector.mapping.write import (
    fit_text,
    read_limit,
    read_value,
    render_limit,
    render_table,
    render_task,
    render_value,
)

AMOUNT = TargetField("limit", "Limit", Owner.ASK, Kind.MONEY, 2, precision=16)
STATE = TargetField("limit_state", "State", Owner.ASK, Kind.TEXT, 0, length=20)
BOTH = WriteTarget("account", "Account", {"limit": AMOUNT, "limit_state": STATE})
ALONE = WriteTarget("account", "Account", {"limit": replace(AMOUNT, unlimited="999999999")})


def text_field(credit_field: str, length: int = 0, **labels: str) -> TargetField:
    return TargetField(credit_field, "F", Owner.OURS, Kind.TEXT, 0, length=length, labels=labels)


def test_values_take_the_vendors_words_scale_and_length() -> None:
    assert render_value(AMOUNT, "1234.565") == "1234.57"
    assert render_value(replace(AMOUNT, scale=0), "0.5") == "1"
    assert render_value(text_field("grade", 3), "BB+") == "BB+"
    assert render_value(text_field("colour", 0, green="Grün"), "green") == "Grün"
    flag = replace(text_field("hold"), kind=Kind.FLAG)
    assert render_value(flag, "false") == "false"
    assert render_value(text_field("hold", 0, true="Yes", false="No"), "true") == "Yes"
    assert render_value(AMOUNT, None) is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (text_field("colour", 0, green="G"), "red", "'red' has no label"),
        (replace(AMOUNT, precision=5), "1000", "more digits than Limit holds"),
        (AMOUNT, "B", "not a number"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(field: TargetField, value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        render_value(field, value)


def test_texts_are_cut_at_sensible_places() -> None:
    assert fit_text(text_field("flags", 12), "LATE;NEW;OVER") == "LATE;NEW"
    assert fit_text(text_field("flags", 8), "LATE;NEW;OVER") == "LATE;NEW"
    assert fit_text(text_field("flags", 3), "LATE;NEW") == ""
    reasons = json.dumps([{"code": "a" * 20}, {"code": "b" * 20}], separators=(",", ":"))
    assert json.loads(fit_text(text_field("reasons", 40), reasons)) == [{"code": "a" * 20}]
    assert fit_text(text_field("reasons", 40), "[]") == "[]"
    assert fit_text(text_field("reason_text", 10), "a long sentence") == "a long se…"
    assert fit_text(replace(text_field("flags"), parts=True), "B;A") == "A;B"


@pytest.mark.parametrize("state", LIMIT_STATES)
@pytest.mark.parametrize("target", [BOTH, ALONE])
def test_a_limit_comes_back_as_it_was_written(target: WriteTarget, state: str) -> None:
    amount = "5000" if state == "amount" else None
    assert read_limit(target, render_limit(target, state, amount)) == (state, amount)


def test_one_field_says_only_what_it_can() -> None:
    assert render_limit(ALONE, "none", None) == {"Limit": None}
    assert render_limit(ALONE, "cash_only", None) == {"Limit": "0"}
    assert render_limit(ALONE, "unlimited", None) == {"Limit": "999999999"}
    plain = WriteTarget("account", "Account", {"limit": replace(AMOUNT, zero_means="none")})
    with pytest.raises(ValueError, match="cannot say unlimited"):
        render_limit(plain, "unlimited", None)
    with pytest.raises(ValueError, match="cannot say cash_only"):
        render_limit(plain, "cash_only", None)
    assert read_limit(plain, {"Limit": "0"}) == ("none", None)
    assert read_limit(ALONE, {"Limit": "0"}) == ("cash_only", None)


def test_a_limit_set_by_hand_without_state_is_an_amount() -> None:
    assert read_limit(BOTH, {"Limit": "700", "State": None}) == ("amount", "700")
    assert read_limit(BOTH, {}) == ("none", None)
    assert read_limit(BOTH, {"Limit": "700", "State": "unlimited"}) == ("unlimited", None)
    assert read_value(text_field("colour", 0, green="Grün"), "Grün") == "green"
    assert read_value(text_field("colour", 0, green="Grün"), "Blau") == "Blau"
    assert read_value(STATE, None) is None


def test_a_table_is_rendered_with_what_cannot_be_held_apart() -> None:
    target = WriteTarget(
        "account",
        "Account",
        {
            "limit": replace(AMOUNT, unlimited=None),
            "colour": text_field("colour", 0, green="Grün"),
            "oldest_due_date": TargetField("oldest_due_date", "D", Owner.OURS, Kind.DATE, 0),
            "hold": TargetField("hold", "H", Owner.OURS, Kind.FLAG, 0),
        },
    )
    table = pa.table(
        {
            "record_id": ["1", "2", "3"],
            "limit_state": ["amount", "unlimited", "cash_only"],
            "limit": pa.array([Decimal("12.5"), Decimal(9), None], pa.decimal128(18, 4)),
            "colour": ["green", "red", None],
            "oldest_due_date": pa.array([date(2026, 1, 31), None, None], pa.date32()),
            "hold": [True, False, None],
        }
    )
    done = render_table(target, table)
    found = {(r["record_id"], r["credit_field"]): r["value"] for r in done.rows.to_pylist()}
    assert found == {
        ("1", "limit"): "12.5", ("3", "limit"): "0",
        ("1", "colour"): "Grün", ("3", "colour"): None,
        ("1", "oldest_due_date"): "2026-01-31", ("2", "oldest_due_date"): None,
        ("3", "oldest_due_date"): None,
        ("1", "hold"): "true", ("2", "hold"): "false", ("3", "hold"): None,
    }  # fmt: skip
    assert {(r["record_id"], r["field"]) for r in done.unwritable.to_pylist()} == {
        ("2", "Limit"), ("2", "F")
    }  # fmt: skip


AMOUNTS = st.decimals(-(10**9), 10**9, places=4)
ROWS = st.lists(st.tuples(st.sampled_from(LIMIT_STATES), AMOUNTS), max_size=12)


@given(ROWS, st.sampled_from([BOTH, ALONE]), st.sampled_from([0, 8, 16]))
def test_the_table_says_what_the_rule_for_one_record_says(
    rows: list[tuple[str, Decimal]], target: WriteTarget, precision: int
) -> None:
    fields = {**target.fields, "limit": replace(target.fields["limit"], precision=precision)}
    target = replace(target, fields=fields)
    table = pa.table(
        {
            "record_id": pa.array([str(i) for i in range(len(rows))], pa.string()),
            "limit_state": pa.array([state for state, _ in rows], pa.string()),
            "limit": pa.array([amount for _, amount in rows], pa.decimal128(18, 4)),
        }
    )
    done = render_table(target, table)
    found = {(r["record_id"], r["field"]): r["value"] for r in done.rows.to_pylist()}
    refused = {r["record_id"] for r in done.unwritable.to_pylist()}
    for number, (state, amount) in enumerate(rows):
        given_amount = canonical(amount, Kind.MONEY) if state == "amount" else None
        try:
            expected = render_limit(target, state, given_amount)
        except ValueError:
            assert str(number) in refused
            continue
        assert str(number) not in refused
        for name, value in expected.items():
            assert found[(str(number), name)] == value


def test_a_task_carries_its_key_where_it_can_be_found() -> None:
    target = TaskTarget(
        "Task", "", "Subject", {"subject": "Subject", "priority": "P"}, {"Status": "Open"},
        {"priority": {"high": "Hoch"}}, {"Subject": 20},
    )  # fmt: skip
    values = {"subject": "Limit exceeded by far", "priority": "high", "due": "2026-01-31"}
    assert render_task(target, "k-1", values) == {
        "Status": "Open", "P": "Hoch", "Subject": "Limit exceede… [k-1]"
    }  # fmt: skip
    keyed = replace(target, key_field="Key")
    assert render_task(keyed, "k-1", {"subject": "Short"})["Subject"] == "Short"
