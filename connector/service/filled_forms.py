"""Forms that are filled in from rows in our own terms, as a person would fill them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from connector.domain.entities import Kind
from connector.mapping.forms import Form, FormColumn
from connector.service.templates import FormLanguage, build_workbook, sheet_title

if TYPE_CHECKING:
    from openpyxl import Workbook

Row = Mapping[str, object]


def fill_forms(
    forms: Sequence[Form], language: FormLanguage, rows: Mapping[str, Sequence[Row]]
) -> Workbook:
    """A workbook of the forms with these rows by entity; forms without rows stay empty.

    KeyError for a word that the form's list does not have.
    """
    book = build_workbook(forms, language)
    for form in forms:
        sheet = book[sheet_title(form, language)]
        first = 3 if form.sample.en else 2
        for number, row in enumerate(rows.get(form.entity, ()), first):
            for place, column in enumerate(form.columns, 1):
                sheet.cell(number, place).value = _cell(column, row, language)  # type: ignore[assignment]  # what a cell takes
    return book


def _cell(column: FormColumn, row: Row, language: FormLanguage) -> object:
    """What is typed: an account by the column that names it, a listed word in the language."""
    name = column.column.name
    if column.one_of:
        return row["account_key"] if row.get("account_field") == name else None
    value = row.get(name)
    if value is None or not column.choices:
        return value
    if column.column.kind is Kind.FLAG:
        return column.choices[0 if value else 1].spell(language)
    meant = dict(zip(column.means, column.choices, strict=True))
    return meant[str(value)].spell(language)
