"""XLSX workbooks: bounded against bombs, dates and numbers as typed values."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from adapters.files.reading import (
    MAX_COLUMNS,
    Broken,
    Pieces,
    ReadOptions,
    Row,
    UnusableFileError,
    is_blank,
)

MAX_ROWS = 1_048_576
MAX_PARTS = 5_000
MAX_UNPACKED = 300_000_000
MAX_RATIO = 200
SMALL_PART = 1_000_000
_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
# A formula cell without the result that the program which wrote it had worked out.
_UNSAVED = re.compile(
    rb"<c\b([^>]*)>\s*(?:<f[^>]*/>|<f\b[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
BATCH = 1_000
# openpyxl lets through whatever a broken part makes of itself.
_DAMAGE = (
    ParseError, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError,
    zipfile.BadZipFile,
)  # fmt: skip


def is_workbook(path: Path) -> bool:
    """Whether the content is a zip archive (every XLSX is one)."""
    return zipfile.is_zipfile(path)


def inspect_workbook(path: Path) -> None:
    """Refuse archives that unpack to far more than they should, entities, and unsaved formulas.

    Raises UnusableFileError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive.infolist())
            for part in archive.infolist():
                if part.filename.endswith((".xml", ".rels")):
                    _check_part(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise UnusableFileError(f"the workbook is damaged or protected ({error})") from None


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnusableFileError("the workbook unpacks to more than 300 MB; save it as CSV")
    for part in parts:
        if part.file_size > SMALL_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise UnusableFileError("the workbook unpacks to far more than its size; not read")


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Entities explode when parsed; formulas without results would read as empty cells."""
    is_sheet = part.filename.startswith("xl/worksheets/")
    read, tail = 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            read += len(chunk)
            if read > part.file_size:
                raise UnusableFileError("the workbook says less than it holds; not read")
            text = tail + chunk
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise UnusableFileError("the workbook defines entities; not read")
            if is_sheet and b"<f" in text and _has_unsaved(text):
                raise UnusableFileError(
                    "the workbook holds formulas without saved results; open it in a spreadsheet "
                    "program and save it"
                )
            tail = text[-5_000:]


def _has_unsaved(text: bytes) -> bool:
    # A text formula may well result in nothing: its cell says so (t="str").
    return any(b't="str"' not in match[1] for match in _UNSAVED.finditer(text))


def read_workbook(path: Path, options: ReadOptions) -> Pieces:
    """Rows from the header on of the named sheet, else of the first visible one."""
    try:
        with closing(_load(path)) as book:
            sheet = _choose_sheet(book, options.sheet)
            sheet.reset_dimensions()
            yield from _read_rows(sheet, options.header_row)
    except UnusableFileError:
        raise
    except _DAMAGE as error:
        raise UnusableFileError(f"the workbook is damaged ({type(error).__name__})") from error


def list_sheets(path: Path) -> list[str]:
    """Names of the visible sheets; none for an unusable workbook (pulling it says why)."""
    try:
        inspect_workbook(path)
        with closing(_load(path)) as book:
            return [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except (UnusableFileError, *_DAMAGE):
        return []


def _load(path: Path) -> Any:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        # Styles and extensions that openpyxl does not keep say nothing about values.
        warnings.simplefilter("ignore")
        return load_workbook(path, read_only=True, data_only=True, keep_links=False)


def _choose_sheet(book: Any, name: str) -> Any:
    if name:
        for sheet in book.worksheets:
            if sheet.title.casefold() == name.casefold():
                return sheet
        names = ", ".join(sheet.title for sheet in book.worksheets)
        raise UnusableFileError(f"there is no sheet {name!r}; there are {names}")
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            return sheet
    raise UnusableFileError("the workbook has no visible sheet")


def _read_rows(sheet: Any, header_row: int) -> Pieces:
    rows = sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True)
    width = 0
    for number, values in enumerate(_in_batches(rows), 1):
        if number < header_row or is_blank(values):
            continue
        cells = [_value(value) for value in values]
        if not width:
            while cells and cells[-1] is None:
                cells.pop()
            width = len(cells)
        # Cells after the last filled one are not stored.
        cells += [None] * (width - len(cells))
        wrong = [cell for cell in cells if isinstance(cell, str) and cell in _ERRORS]
        if wrong:
            raw = " | ".join("" if cell is None else str(cell)[:200] for cell in cells[:50])
            yield Broken(number, f"a cell holds the error {wrong[0]}", raw)
        else:
            yield Row(number, cells)


def _in_batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Rows, read with the library's warnings (odd dates, unknown extensions) turned off."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            batch = list(islice(rows, BATCH))
        yield from batch
        if len(batch) < BATCH:
            return


def _value(value: object) -> object:
    """A cell as the record holds it: floats as the decimal they are written as, midnights as
    dates, times as text."""
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        number = Decimal(repr(value))
        return (
            int(number) if number == number.to_integral_value() and abs(number) < 1e15 else number
        )
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second or value.microsecond)
        return value.date() if midnight else value
    return value if isinstance(value, date) else str(value)
