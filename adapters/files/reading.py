"""What reading a table gives, piece by piece, and the options a mapping document may set."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from connector.errors import InputError
from connector.ports.crm import Record

MAX_COLUMNS = 2_000
MAX_CELL = 100_000
MAX_RAW = 2_000
ENCODINGS = ("utf-8", "utf-16", "gb18030", "gbk", "big5", "shift_jis", "cp1252", "latin-1")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


class UnusableFileError(Exception):
    """A file that cannot be read at all; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of one line; `line` is where it starts, `span` how many lines of the file it takes."""

    line: int
    cells: Sequence[object]
    span: int = 1


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that gives no cells."""

    line: int
    reason: str
    raw: str = ""
    span: int = 1


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read the files of one feed; empty means: find out.

    `header_row` is the line that holds the headers (1 = first), 0 the first line that is not blank.
    """

    encoding: str = ""
    delimiter: str = ""
    header_row: int = 0
    sheet: str = ""


def read_options(given: Mapping[str, str]) -> ReadOptions:
    """The feed's options, checked; InputError for an unknown name or value."""
    unknown = sorted(set(given) - {"encoding", "delimiter", "header_row"})
    if unknown:
        raise _wrong(unknown[0], given[unknown[0]])
    encoding = given.get("encoding", "").lower()
    if encoding and encoding not in ENCODINGS:
        raise _wrong("encoding", encoding)
    delimiter = given.get("delimiter", "")
    delimiter = DELIMITERS.get(delimiter, delimiter)
    if delimiter and delimiter not in DELIMITERS.values():
        raise _wrong("delimiter", delimiter)
    header_row = given.get("header_row", "0")
    if not header_row.isdigit() or int(header_row) > 1_000:
        raise _wrong("header_row", header_row)
    return ReadOptions(encoding, delimiter, int(header_row))


def _wrong(option: str, value: str) -> InputError:
    return InputError(
        "A mapping document gives a files feed the option {option}: {value}, which is not known.",
        next_step="Known options: encoding ({encodings}), delimiter ({delimiters}), header_row.",
        option=option,
        value=repr(value[:60]),
        encodings=", ".join(ENCODINGS),
        delimiters=", ".join(DELIMITERS),
    )


def name_columns(cells: Sequence[object]) -> tuple[str, ...]:
    """Headers, trimmed; an empty one is called by its place. Raises UnusableFileError."""
    names = [" ".join(str("" if cell is None else cell).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise UnusableFileError("the file holds no header line")
    if len(names) > MAX_COLUMNS:
        raise UnusableFileError(f"the file has more than {MAX_COLUMNS} columns")
    for name in names:
        if name and names.count(name) > 1:
            raise UnusableFileError(f"the header {name[:60]!r} stands twice; rename one of them")
    return tuple(name or f"column {place}" for place, name in enumerate(names, 1))


def is_blank(cells: Sequence[object]) -> bool:
    """Whether no cell holds anything."""
    return not any(cell is not None and str(cell).strip() for cell in cells)


def to_record(names: Sequence[str], row: Row) -> Record | Broken:
    """Header → cell. A line with cells missing or left over is broken, not guessed at."""
    cells = row.cells
    extra = cells[len(names) :]
    if extra:
        if not is_blank(extra):
            return _broken(row, f"the line has {len(cells)} cells, the header {len(names)}")
        cells = cells[: len(names)]
    if len(cells) < len(names):
        return _broken(row, f"the line has {len(cells)} cells, the header {len(names)}")
    for name, cell in zip(names, cells, strict=True):
        if isinstance(cell, str) and len(cell) > MAX_CELL:
            return _broken(row, f"the cell under {name!r} holds {len(cell)} characters")
    return dict(zip(names, cells, strict=True))


def _broken(row: Row, reason: str) -> Broken:
    raw = " | ".join("" if cell is None else str(cell)[:200] for cell in row.cells[:50])
    return Broken(row.line, reason, raw[:MAX_RAW], row.span)


Pieces = Generator[Row | Broken, None, None]
"""Lines of a table in order, the header among them; blank ones may be among them too."""
