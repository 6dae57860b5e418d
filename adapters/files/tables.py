"""One file as a table: columns, records with their origin, and the count that must tie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from adapters.files.folders import FoundFile
from adapters.files.reading import (
    Broken,
    Pieces,
    ReadOptions,
    Row,
    UnusableFileError,
    is_blank,
    name_columns,
    to_record,
)
from adapters.files.text_tables import inspect_text, read_text
from adapters.files.workbooks import inspect_workbook, is_workbook, read_workbook
from connector.errors import TransientError
from connector.ports.crm import Page, Record, Unreadable

# Large pages, because number and date forms are told from the values of one page.
PAGE_ROWS = 20_000


@dataclass(slots=True)
class Tally:
    """What a pull should give by the line counts; None when a file has no count of its own."""

    expected: int | None = 0

    def add(self, given: int, missing: int | None) -> None:
        """Take in one file: pieces given, and lines that the count knows but no piece accounts
        for (None: nobody counted)."""
        if missing is None or self.expected is None:
            self.expected = None
        else:
            self.expected += given + missing


@dataclass(slots=True)
class _Batch:
    """Records, origins and broken pieces on their way into a page."""

    records: list[Record] = field(default_factory=list)
    wheres: list[str] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.records) + len(self.unreadable)

    def page(self) -> Page:
        return Page(records=self.records, wheres=self.wheres, unreadable=self.unreadable)


class Table:
    """An opened file. Raises UnusableFileError when it is none or has no header."""

    def __init__(self, file: FoundFile, options: ReadOptions) -> None:
        self.lines: int | None = None
        self.accounted = 0
        self._pieces = self._open(file, options)
        self.names = name_columns(self._find_header().cells)

    def __iter__(self) -> Iterator[Row | Broken]:
        """Pieces behind the header, blank rows left out."""
        for piece in self._pieces:
            self.accounted += piece.span
            if isinstance(piece, Broken) or not is_blank(piece.cells):
                yield piece

    def close(self) -> None:
        """Close the file, also when not everything was read."""
        self._pieces.close()

    @property
    def missing(self) -> int | None:
        """Lines that were counted and that no piece accounts for."""
        return None if self.lines is None else self.lines - self.accounted

    def _open(self, file: FoundFile, options: ReadOptions) -> Pieces:
        try:
            if is_workbook(file.path):
                widest = inspect_workbook(file.path)
                return read_workbook(file.path, options, widest)
            shape = inspect_text(file.path, options)
        except OSError as error:
            raise UnusableFileError(f"the file cannot be read: {error.strerror}") from None
        self.lines = shape.lines
        return read_text(file.path, shape, options)

    def _find_header(self) -> Row:
        for piece in self:
            if isinstance(piece, Broken):
                raise UnusableFileError(f"the header cannot be read: {piece.reason}")
            return piece
        raise UnusableFileError("the file is empty: it has no header line")


def list_headers(file: FoundFile, options: ReadOptions) -> tuple[str, ...]:
    """Column names of a file. Raises UnusableFileError."""
    with closing(Table(file, options)) as table:
        return table.names


def read_file(file: FoundFile, options: ReadOptions, tally: Tally) -> Iterator[Page]:
    """Pages of one file; what makes it unusable is its last piece.

    Raises TransientError when the file changed while it was read: the pull then ends without a
    cursor, and the next one reads the file whole.
    """
    place = f"{file.name}#{options.sheet}" if options.sheet else file.name
    batch, given = _Batch(), 0
    missing: int | None = 0
    try:
        with closing(Table(file, options)) as table:
            for piece in table:
                _take(batch, table.names, piece, place)
                if len(batch) >= PAGE_ROWS:
                    given += len(batch)
                    yield batch.page()
                    batch = _Batch()
            missing = table.missing
    except UnusableFileError as error:
        batch.unreadable.append(Unreadable(place, str(error)))
    _require_unchanged(file)
    tally.add(given + len(batch), missing)
    if len(batch):
        yield batch.page()


def _take(batch: _Batch, names: tuple[str, ...], piece: Row | Broken, place: str) -> None:
    where = f"{place}:{piece.line}"
    record = piece if isinstance(piece, Broken) else to_record(names, piece)
    if isinstance(record, Broken):
        batch.unreadable.append(Unreadable(where, record.reason, record.raw))
    else:
        batch.records.append(record)
        batch.wheres.append(where)


def _require_unchanged(file: FoundFile) -> None:
    try:
        state = file.path.stat()
        same = (state.st_size, state.st_mtime_ns) == (file.size, file.changed_ns)
    except OSError:
        same = False
    if not same:
        raise TransientError(
            "The file {file} changed while it was read.",
            next_step="Run again when its upload is finished.",
            file=file.name,
        )
