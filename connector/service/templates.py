"""Empty forms as XLSX: a sheet for each kind of fact, headings in English, Chinese or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from connector.domain.entities import Kind
from connector.domain.texts import say
from connector.errors import InputError
from connector.mapping.document import MappingDoc
from connector.mapping.forms import Form, FormColumn, Words, draw_forms

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

FormLanguage = Literal["en", "zh", "both"]

LAST_ROW = 5_000
"""So many rows have drop-down lists and checks; more may be filled in."""

_LISTS = "lists"
_FORMATS = {Kind.TEXT: "@", Kind.MONEY: "#,##0.00", Kind.RATE: "0.0000", Kind.QUANTITY: "#,##0.##",
            Kind.DATE: "yyyy-mm-dd", Kind.COUNT: "0", Kind.FLAG: "@"}  # fmt: skip
_SAMPLES: Mapping[str, object] = {
    "account_number": "10023", "registration_no": "91310000XXXXXXXXXX", "currency": "CNY",
    "quote": "CNY", "guarantor_country": "CN", "instalments": "0.3@0;0.7@60", "cut_off_day": 25,
    "statement_day": 5, "pay_day": 15, "pay_months": 1, "months": 12, "rate": Decimal("7.1"),
    "higher_is_better": True,
}  # fmt: skip
_BY_KIND: Mapping[Kind, object] = {
    Kind.TEXT: "A-001", Kind.MONEY: Decimal(100_000), Kind.RATE: Decimal("0.3"),
    Kind.QUANTITY: Decimal(80), Kind.DATE: date(2026, 3, 31), Kind.COUNT: 30, Kind.FLAG: False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Template:
    """A workbook that was written: its path, its sheets, and names of files that are read."""

    path: Path
    sheets: tuple[str, ...]
    read_as: str


def choose_forms(documents: Sequence[MappingDoc], wanted: Sequence[str]) -> list[Form]:
    """Forms by feed or kind of fact, without `wanted` all that share one workbook.

    InputError for an unknown name, and for forms that need a file each.
    """
    forms = draw_forms(documents)
    if not wanted:
        return [form for form in forms.values() if form.sheet] or list(forms.values())[:1]
    chosen: list[Form] = []
    for name in wanted:
        found = forms.get(name)
        # A kind of fact may have a sheet and a file of its own; the sheet goes with the others.
        alike = [form for form in forms.values() if form.entity == name]
        found = next((form for form in alike if form.sheet), found or next(iter(alike), None))
        if found is None:
            raise InputError(
                "There is no template for {name}.",
                next_step="Known: {known}.",
                name=name,
                known=", ".join(dict.fromkeys(form.entity for form in forms.values())),
            )
        chosen.append(found)
    alone = [form for form in chosen if form.sheet is None]
    if alone and len(chosen) > 1:
        raise InputError(
            "{name} is read from a file of its own.",
            next_step="Ask for its template alone.",
            name=alone[0].entity,
        )
    return list(dict.fromkeys(chosen))


def write_template(forms: Sequence[Form], language: FormLanguage, path: Path | None) -> Template:
    """Write the workbook of the forms to a new file; InputError when there is one already.

    Without a path the file gets a name that is read from the folder of the exports.
    """
    name = forms[0].file.zh if language == "zh" else forms[0].file.en
    target = path or Path(f"{name}.xlsx")
    if target.suffix.lower() != ".xlsx":
        raise InputError(
            "{path} is not the name of a workbook.",
            next_step="Name a file that ends in .xlsx.",
            path=target,
        )
    book = build_workbook(forms, language)
    try:
        with target.open("xb") as stream:
            book.save(stream)
    except FileExistsError:
        raise InputError(
            "There is a file {path} already; it is left as it is.",
            next_step="Name another file with --out.",
            path=target,
        ) from None
    except OSError:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise InputError(
            "{path} cannot be written.",
            next_step="Check that the folder exists and that you may write there.",
            path=target,
        ) from None
    shown = tuple(s.title for s in book.worksheets if s.sheet_state == "visible")
    return Template(target, shown, f"{name}*.xlsx")


def build_workbook(forms: Sequence[Form], language: FormLanguage) -> Workbook:
    """The workbook: one sheet a form, hidden lists, and last a sheet that explains."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for form in forms:
        _add_sheet(book, form, language)
    lists = book.create_sheet(_LISTS)
    lists.sheet_state = "hidden"
    for form in forms:
        _add_lists(book[sheet_title(form, language)], lists, form, language)
    _explain(book.create_sheet(_both(language, "Read me").replace(" / ", " ")), forms, language)
    return book


def sheet_title(form: Form, language: FormLanguage) -> str:
    """Name of a form's sheet; English and Chinese stand beside each other with a blank."""
    words = form.sheet or form.file
    return words.spell(language).replace(" / ", " ")[:31]


def heading_of(column: FormColumn, language: FormLanguage) -> str:
    """The heading, with a star where no row goes without the column."""
    return column.heading.spell(language) + ("*" if column.required else "")


def sample_row(form: Form, language: FormLanguage) -> list[object]:
    """A row that shows how the form is filled in; reading leaves it out by its first cell."""
    cells = [_sample(column, language) for column in form.columns]
    mark = form.sample.spell(language)
    return [f"{mark}: {cells[0]}" if mark else cells[0], *cells[1:]]


def _sample(column: FormColumn, language: FormLanguage) -> object:
    if column.choices:
        return column.choices[0].spell(language)
    return _SAMPLES.get(column.column.name, _BY_KIND[column.column.kind])


def _add_sheet(book: Workbook, form: Form, language: FormLanguage) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(sheet_title(form, language))
    sheet.append([heading_of(column, language) for column in form.columns])
    if form.sample.en:
        sheet.append(sample_row(form, language))
        for cell in sheet[2]:
            cell.font = Font(italic=True, color="808080")
    tones = {True: "F4CCCC", False: "DDEBF7"}
    for place, column in enumerate(form.columns, 1):
        cell = sheet.cell(1, place)
        cell.font = Font(bold=True)
        needed = column.required or column.one_of
        cell.fill = PatternFill("solid", start_color=tones[needed], end_color=tones[needed])
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.comment = Comment("\n".join(_remarks(column, language)), "creditflag", 160, 320)
        wide = sheet.column_dimensions[get_column_letter(place)]
        wide.width = max(14, min(30, len(column.heading.spell(language).encode("gb18030")) + 4))
        wide.number_format = "0.0%" if column.share else _FORMATS[column.column.kind]
        sheet.cell(2, place).number_format = wide.number_format
    sheet.freeze_panes = "B2"


def _add_lists(sheet: Worksheet, lists: Worksheet, form: Form, language: FormLanguage) -> None:
    """Drop-down lists and checks of dates and amounts. Other words are asked about, not barred,
    because the mapping knows more of them than a list shows."""
    from openpyxl.utils import get_column_letter, quote_sheetname
    from openpyxl.worksheet.datavalidation import DataValidation

    for place, column in enumerate(form.columns, 1):
        kind = column.column.kind
        if column.choices:
            free = lists.max_column + (1 if lists["A1"].value else 0)
            for row, choice in enumerate(column.choices, 1):
                lists.cell(row, free).value = choice.spell(language)
            letter = get_column_letter(free)
            span = f"${letter}$1:${letter}${len(column.choices)}"
            rule = DataValidation("list", formula1=f"{quote_sheetname(_LISTS)}!{span}")
        elif kind is Kind.DATE:
            rule = DataValidation("date", operator="greaterThan", formula1="DATE(1990,1,1)")
        elif kind in (Kind.MONEY, Kind.QUANTITY, Kind.RATE):
            rule = DataValidation("decimal", operator="between", formula1="-1E13", formula2="1E13")
        else:
            continue
        rule.allow_blank = True
        rule.errorStyle = "warning"
        rule.showErrorMessage = True
        sheet.add_data_validation(rule)
        letter = get_column_letter(place)
        rule.add(f"{letter}3:{letter}{LAST_ROW}")


def _explain(sheet: Worksheet, forms: Sequence[Form], language: FormLanguage) -> None:
    from openpyxl.styles import Alignment, Font

    lines = [
        "Fill in one row for each fact, below the example; leave cells that you do not know empty.",
        "Red headings are required; of Customer No and Registration No one is enough.",
        "Do not rename sheets or headings. Columns may be moved, and others left out.",
        "Dates as 2026-03-31, amounts as numbers without a unit, shares as 30% or 0.3.",
        "Put the file into the folder of the files connection, under a name like {file}.",
    ]  # fmt: skip
    name = f"{forms[0].file.spell('zh' if language == 'zh' else 'en')}*.xlsx"
    for line in lines:
        sheet.append([_both(language, line, file=name)])
    sheet.append([])
    heads = ("Sheet", "Column", "Required", "Format", "Meaning")
    sheet.append([_both(language, head) for head in heads])
    for cell in sheet[len(lines) + 2]:
        cell.font = Font(bold=True)
    for form in forms:
        whole = "the whole list each time" if form.whole else "only what is new or changed"
        sheet.append([sheet_title(form, language), "", "", "", _both(language, whole)])
        for column in form.columns:
            sheet.append(
                [sheet_title(form, language), column.heading.spell(language),
                 _need(column, language), _format(column, language), _meaning(column, language)]
            )  # fmt: skip
    for letter, width in zip("ABCDE", (24, 34, 16, 44, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows(min_row=len(lines) + 3):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _remarks(column: FormColumn, language: FormLanguage) -> list[str]:
    parts = (_need(column, language), _meaning(column, language), _format(column, language))
    return [part for part in parts if part]


def _need(column: FormColumn, language: FormLanguage) -> str:
    if column.one_of:
        return _both(language, "one of these is required")
    return _both(language, "required") if column.required else ""


def _meaning(column: FormColumn, language: FormLanguage) -> str:
    told = column.column
    if column.choices and told.kind is not Kind.FLAG:
        return ""
    made = Words(told.meaning.replace("null", "empty"), say(told.meaning, "zh"))
    return made.spell(language)


def _format(column: FormColumn, language: FormLanguage) -> str:
    if column.choices:
        return ", ".join(choice.spell(language) for choice in column.choices)
    if column.share:
        return _both(language, "share, such as 30%")
    return _both(language, KIND_WORDS[column.column.kind])


KIND_WORDS: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.MONEY: "amount",
    Kind.RATE: "figure",
    Kind.QUANTITY: "figure",
    Kind.DATE: "date, such as 2026-03-31",
    Kind.COUNT: "whole number",
    Kind.FLAG: "yes or no",
}


def _both(language: FormLanguage, template: str, **params: object) -> str:
    """A sentence in English, Chinese, or both."""
    made = Words(say(template, "en", **params), say(template, "zh", **params))
    return made.spell(language)
