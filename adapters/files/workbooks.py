"""XLSX workbooks: bounded against bombs, dates and numbers as typed values."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
_ROW = re.compile(rb'<row\b[^>]*?\br="(\d+)"')
_COLUMN = re.compile(rb'<c\s[^>]*?\br="([A-Z]{1,3})\d')
_NO_COLUMN = re.compile(rb'<c(?=[\s>/])(?![^>]*\br=")')
BATCH = 1_000
# openpyxl lets through whatever a broken part makes of itself.
_DAMAGE = (
    ParseError, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError,
    zipfile.BadZipFile,
)  # fmt: skip


def is_workbook(path: Path) -> bool:
    """Whether the content begins like a zip archive, as every XLSX does.

    Raises UnusableFileError for a name of a workbook with other content (web pages are often
    exported under such a name), and for the old binary format.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    if head == b"\xd0\xcf\x11\xe0":
        raise UnusableFileError("this is an old or a protected Excel file; save it as XLSX or CSV")
    if head.startswith(b"PK"):
        return True
    if head and path.suffix.lower() in (".xlsx", ".xlsm", ".xls"):
        raise UnusableFileError("the content is no workbook; save it as XLSX or CSV")
    return False


def inspect_workbook(path: Path) -> int:
    """The widest row in columns, over all sheets.

    Raises UnusableFileError for archives that unpack to far more than they should, entities, rows
    beyond the last possible one, and formulas without saved results.
    """
    widest = 0
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive.infolist())
            for part in archive.infolist():
                if part.filename.endswith((".xml", ".rels")):
                    is_sheet = part.filename.startswith("xl/worksheets/")
                    for text in _part_texts(archive, part):
                        widest = max(widest, _check_sheet(text) if is_sheet else 0)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise UnusableFileError(f"the workbook is damaged or protected ({error})") from None
    return widest


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnusableFileError("the workbook unpacks to more than 300 MB; save it as CSV")
    for part in parts:
        if part.file_size > SMALL_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise UnusableFileError("the workbook unpacks to far more than its size; not read")


def _part_texts(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part in overlapping pieces, so that nothing is cut apart unseen; entities refused."""
    read, tail = 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            read += len(chunk)
            if read > part.file_size:
                raise UnusableFileError("the workbook says less than it holds; not read")
            text = tail + chunk
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise UnusableFileError("the workbook defines entities; not read")
            yield text
            tail = text[-5_000:]


def _check_sheet(text: bytes) -> int:
    """The widest row in this piece of a sheet."""
    if b"<f" in text and _has_unsaved(text):
        raise UnusableFileError(
            "the workbook holds formulas without saved results; open it in a spreadsheet program "
            "and save it"
        )
    if any(len(number) > 7 or int(number) > MAX_ROWS for number in set(_ROW.findall(text))):
        raise UnusableFileError(f"the workbook has a row beyond {MAX_ROWS}; not read")
    if _NO_COLUMN.search(text):
        return MAX_COLUMNS  # cells that follow one another: only the bound is known
    return max(map(_column_number, set(_COLUMN.findall(text))), default=0)


def _column_number(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _has_unsaved(text: bytes) -> bool:
    # A text formula may well result in nothing: its cell says so (t="str").
    return any(b't="str"' not in match[1] for match in _UNSAVED.finditer(text))


def read_workbook(path: Path, options: ReadOptions, widest: int) -> Pieces:
    """Rows from the header on of the named sheet, else of the first visible one.

    `widest` is what `inspect_workbook` found: rows are not padded beyond it.
    """
    try:
        with _open_book(path) as book:
            sheet = _choose_sheet(book, options.sheet)
            sheet.reset_dimensions()
            yield from _read_rows(sheet, options.header_row, widest)
    except UnusableFileError:
        raise
    except _DAMAGE as error:
        raise UnusableFileError(f"the workbook is damaged ({type(error).__name__})") from error


def look_into(path: Path) -> dict[str, Row | None]:
    """The visible sheets, each with its first row that holds anything; none for an unusable
    workbook (pulling it says why) or another kind of file. One opening serves all sheets."""
    try:
        if not is_workbook(path):
            return {}
        widest = inspect_workbook(path)
        with _open_book(path) as book:
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            return {sheet.title: _first_row(sheet, widest) for sheet in sheets}
    except (UnusableFileError, *_DAMAGE):
        return {}


def _first_row(sheet: Any, widest: int) -> Row | None:
    sheet.reset_dimensions()
    return next((row for row in _read_rows(sheet, 0, widest) if isinstance(row, Row)), None)


@contextmanager
def _open_book(path: Path) -> Iterator[Any]:
    """The workbook; its file is closed also when the library fails halfway."""
    from openpyxl import load_workbook

    with path.open("rb") as stream:
        with warnings.catch_warnings():
            # Styles and extensions that openpyxl does not keep say nothing about values.
            warnings.simplefilter("ignore")
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        with closing(book):
            yield book


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


def _read_rows(sheet: Any, header_row: int, widest: int) -> Pieces:
    if widest > MAX_COLUMNS:
        raise UnusableFileError(f"the workbook has more than {MAX_COLUMNS} columns")
    rows = sheet.iter_rows(max_row=MAX_ROWS, max_col=max(widest, 1), values_only=True)
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
