"""Forms are written, filled in by hand, put into the folder, and read by the shipped mapping."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell

from adapters.files.adapter import FilesAdapter
from adapters.files.folders import Folder
from connector.cli.files import SHIPPED
from connector.domain.entities import Kind
from connector.errors import InputError
from connector.mapping.feeds import load_mapping
from connector.mapping.forms import Form, FormColumn, draw_forms
from connector.mapping.load import load_documents
from connector.mapping.read import MappedPage, ReadContext, map_page
from connector.service.templates import (
    FormLanguage,
    build_workbook,
    choose_forms,
    heading_of,
    sheet_title,
    write_template,
)

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = load_documents(SHIPPED, ROOT)
FORMS = draw_forms(DOCUMENTS)
SHARED = [form for form in FORMS.values() if form.sheet]
ALONE = [form for form in FORMS.values() if form.sheet is None]
LANGUAGES: tuple[FormLanguage, ...] = ("en", "zh", "both")

USUAL = {
    Kind.TEXT: ("X-7", "X-7"), Kind.MONEY: (Decimal("1234.5"), Decimal("1234.5")),
    Kind.QUANTITY: (Decimal("2.5"), Decimal("2.5")), Kind.RATE: (Decimal("7.1"), Decimal("7.1")),
    Kind.DATE: (date(2026, 5, 4), date(2026, 5, 4)), Kind.COUNT: (12, 12),
}  # fmt: skip
"""What is typed into a cell of a kind, and what is read."""
SPECIAL = {"currency": ("人民币", "CNY"), "quote": ("EUR", "EUR"), "account_number": ("007", "007"),
           "guarantor_country": ("de", "DE")}  # fmt: skip


def typed(column: FormColumn, language: FormLanguage) -> tuple[Any, object]:
    """What a person types, and what it means."""
    name, kind = column.column.name, column.column.kind
    if kind is Kind.FLAG:
        return column.choices[0].spell(language), True
    if column.choices:
        return column.choices[-1].spell(language), None
    if column.share:
        return Decimal("0.25"), Decimal("0.25")
    return SPECIAL.get(name) or USUAL[kind]


MAPPING = load_mapping(SHIPPED, ROOT, "files")


class Office:
    """The folder as a run sees it: described once, then pulled feed by feed."""

    def __init__(self, folder: Path) -> None:
        self._adapter = FilesAdapter(Folder(folder, 50_000_000))
        described = {name: self._adapter.describe(name) for name in MAPPING.object_names}
        self._mapping = MAPPING.resolve(described)

    def read(self, feed_name: str) -> list[MappedPage]:
        feed = self._mapping.feed(feed_name)
        assert feed is not None, feed_name
        context = ReadContext("erp", currency="CNY", accounts="crm")
        return [map_page(feed, page, context) for page in self._adapter.pull(feed.request(None))]


def fill_in(forms: list[Form], language: FormLanguage, path: Path) -> dict[str, dict[str, Any]]:
    """Fill in one row a form; what should be read, by feed and column."""
    book = build_workbook(forms, language)
    expected: dict[str, dict[str, Any]] = {}
    for form in forms:
        sheet = book[sheet_title(form, language)]
        cells = [typed(column, language) for column in form.columns]
        for place, (cell, _) in enumerate(cells, 1):
            sheet.cell(3, place).value = cell
        expected[form.feed] = {
            column.column.name: means
            for column, (_, means) in zip(form.columns, cells, strict=True)
            if means is not None
        }
    book.save(path)
    return expected


def check_read(office: Office, form: Form, means: dict[str, Any], language: FormLanguage) -> None:
    pages = office.read(form.feed)
    assert [p for page in pages for p in page.problems.to_pylist()] == []
    assert sum(page.skipped for page in pages) == 1, "the example is left out"
    (row,) = [row for page in pages for row in page.rows.to_pylist()]
    if "account_number" in means:
        assert (row["account_field"], row["account_key"]) == ("account_number", "007")
    for name, value in means.items():
        if name in ("invoice_id", "order_id"):
            assert row[name] == "X-7|X-7"
        elif name not in ("account_number", "registration_no"):
            assert row[name] == value, (form.feed, name, language)
    chosen = [c for c in form.columns if c.choices and c.column.kind is not Kind.FLAG]
    assert all(row[column.column.name] is not None for column in chosen)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_is_read(tmp_path: Path, language: FormLanguage) -> None:
    name = SHARED[0].file.zh if language == "zh" else SHARED[0].file.en
    expected = fill_in(SHARED, language, tmp_path / f"{name}.xlsx")
    assert len(expected) == len(SHARED)
    office = Office(tmp_path)
    for form in SHARED:
        check_read(office, form, expected[form.feed], language)


@pytest.mark.parametrize("form", ALONE, ids=lambda form: form.feed)
def test_what_is_filled_in_alone_is_read(tmp_path: Path, form: Form) -> None:
    language: FormLanguage
    for language in LANGUAGES:
        folder = tmp_path / language
        folder.mkdir()
        name = form.file.zh if language == "zh" else form.file.en
        expected = fill_in([form], language, folder / f"{name}.xlsx")
        if form.feed == "open_credit_note":
            continue  # the same file as the open items, where negative amounts are credit notes
        check_read(Office(folder), form, expected[form.feed], language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_drop_down_list_is_read(tmp_path: Path, language: FormLanguage) -> None:
    form = FORMS["bill"]
    book = build_workbook([form], language)
    sheet = book.worksheets[0]
    state = next(c for c in form.columns if c.column.name == "state")
    for number, choice in enumerate(state.choices):
        cells = {c.column.name: typed(c, language)[0] for c in form.columns}
        cells |= {"number": f"B{number}", "state": choice.spell(language)}
        for place, column in enumerate(form.columns, 1):
            sheet.cell(3 + number, place).value = cells[column.column.name]
    book.save(tmp_path / "credit-file.xlsx")
    rows = [row for page in Office(tmp_path).read("bill") for row in page.rows.to_pylist()]
    from connector.domain.credit_file import BILL_STATES

    assert [row["state"] for row in rows] == list(BILL_STATES)


def test_an_empty_template_brings_nothing(tmp_path: Path) -> None:
    made = write_template(choose_forms(DOCUMENTS, []), "both", tmp_path / "credit-file.xlsx")
    assert len(made.sheets) == len(SHARED) + 1
    office = Office(tmp_path)
    for form in SHARED:
        pages = office.read(form.feed)
        assert sum(p.rows.num_rows + p.problems.num_rows for p in pages) == 0


def test_a_template_helps_the_person_who_fills_it_in(tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    write_template(choose_forms(DOCUMENTS, ["guarantee"]), "zh", path)
    book = load_workbook(path)
    assert [s.title for s in book.worksheets if s.sheet_state == "visible"] == ["担保", "填写说明"]
    sheet = book["担保"]
    heads = {str(cell.value): cell for cell in sheet[1] if isinstance(cell, Cell)}
    assert {"客户编号", "统一社会信用代码", "担保编号*", "担保类型*", "担保金额*"} <= set(heads)
    assert "银行保函" in str(heads["担保类型*"].comment and heads["担保类型*"].comment.text)
    assert "必填" in str(heads["担保编号*"].comment and heads["担保编号*"].comment.text)
    assert sheet.column_dimensions[heads["统一社会信用代码"].column_letter].number_format == "@"
    assert str(sheet["A2"].value).startswith("示例")
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    kind = rules[f"{heads['担保类型*'].column_letter}3:{heads['担保类型*'].column_letter}5000"]
    where = str(kind.formula1).replace("$", "").partition("!")[2]
    listed = [row[0].value for row in book["lists"][where]]
    assert listed[0] == "银行保函"
    assert len(listed) == 9
    explained = [str(row[1].value) for row in book["填写说明"].iter_rows() if row[1].value]
    assert "担保类型" in explained


def test_every_column_of_every_form_has_a_heading_of_its_own() -> None:
    for form in FORMS.values():
        for language in LANGUAGES:
            heads = [heading_of(column, language) for column in form.columns]
            assert len(set(heads)) == len(heads)
            assert all(heads)
        needed = {c.column.name for c in form.columns if c.column.required and not c.required}
        # The company's own currency, and a default, stand in for these; joined parts lead an id.
        assert needed <= {"currency", "quote", "state", "invoice_id", "order_id"}, form.feed


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no template for gold\. Known: terms"):
        choose_forms(DOCUMENTS, ["gold"])
    with pytest.raises(InputError, match="invoice is read from a file of its own"):
        choose_forms(DOCUMENTS, ["guarantee", "invoice"])
    forms = choose_forms(DOCUMENTS, ["limit"])
    assert [form.feed for form in forms] == ["limit_sheet"]
    with pytest.raises(InputError, match="not the name of a workbook"):
        write_template(forms, "en", tmp_path / "a.csv")
    (tmp_path / "a.xlsx").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="left as it is"):
        write_template(forms, "en", tmp_path / "a.xlsx")
    assert (tmp_path / "a.xlsx").read_text(encoding="utf-8") == "mine"
    with pytest.raises(InputError, match="cannot be written"):
        write_template(forms, "en", tmp_path / "none" / "a.xlsx")
