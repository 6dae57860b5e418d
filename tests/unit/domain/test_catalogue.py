"""The catalogue of credit fields, and what is drawn from it."""

from __future__ import annotations

from pathlib import Path

from connector.domain.catalogue import CREDIT_FIELDS, CreditField
from connector.domain.entities import LIMIT_STATES, Kind
from connector.mapping.advice import WANTED

PAGE = Path(__file__).resolve().parents[3] / "docs" / "fields.md"


def row(field: CreditField) -> str:
    """The line of a field in docs/fields.md."""
    label = f"{field.label_en} · {field.label_zh}"
    return f"| `{field.name}` | {label} | {WANTED[field.name].english} | {field.meaning} |"


def test_the_page_lists_every_credit_field_as_the_catalogue_has_it() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if " · " in line]
    assert lines == [row(field) for field in CREDIT_FIELDS.values()]


def test_every_field_is_wholly_described() -> None:
    for name, field in CREDIT_FIELDS.items():
        assert name == field.name
        assert field.label_en, name
        assert field.label_zh, name
        assert field.help_en.endswith("."), name
        assert field.help_zh.endswith("。"), name
        assert bool(field.length) is (field.kind is Kind.TEXT), name
        assert bool(field.precision) is (field.kind in (Kind.MONEY, Kind.QUANTITY)), name


def test_a_field_has_room_for_what_it_is_meant_to_hold() -> None:
    for field in CREDIT_FIELDS.values():
        room = field.length if field.kind is Kind.TEXT else field.precision - field.scale
        assert room >= field.least
        assert all(len(choice.value) <= field.length for choice in field.choices)
    assert {field.name for field in CREDIT_FIELDS.values() if field.long_text} == {
        "reasons", "reason_text", "ageing",
    }  # fmt: skip


def test_a_closed_list_holds_the_words_that_are_written() -> None:
    assert CREDIT_FIELDS["limit_state"].values == LIMIT_STATES
    assert CREDIT_FIELDS["colour"].values == ("green", "amber", "red", "grey")


def test_an_admin_is_told_what_to_create() -> None:
    assert WANTED["limit"].english == "Currency, 16 digits and 2 decimals"
    assert WANTED["grade"].chinese == "文本，长度 10"
    assert WANTED["reasons"].english.startswith("Long text, length ")
    assert WANTED["score"].english == "Number, 5 digits, no decimals"
    assert WANTED["limit_state"].words == LIMIT_STATES
