"""Which files, and which sheets of them, an object of a mapping document means.

`invoices*|发票*` names files, `book*#Items*|book*#*明细` sheets of workbooks. Of a workbook that
several patterns name with a sheet, the sheets that it has are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from adapters.files.folders import Folder, FoundFile, check_pattern, fits
from adapters.files.reading import ReadOptions, Row, name_columns
from adapters.files.tables import list_headers
from adapters.files.workbooks import look_into
from connector.ports.crm import Unreadable


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern for names of files; `sheet` is empty for the first visible one."""

    files: str
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A file, or one sheet of it, that belongs to an object."""

    file: FoundFile
    sheet: str = ""


class Selection:
    """Finds parts in a folder; remembers what is in a workbook until it changes."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._sheets: dict[tuple[str, int, int], dict[str, Row | None]] = {}

    def find(self, object_name: str) -> tuple[list[Part], list[Unreadable]]:
        """Parts, those of the oldest file first, and files that the folder refuses."""
        patterns = read_object(object_name)
        files, refused = self._folder.match("|".join(pattern.files for pattern in patterns))
        return [part for file in files for part in self._parts(file, patterns)], refused

    def list_sheets(self, file: FoundFile) -> list[str]:
        """Visible sheets of a workbook; none of anything else."""
        return list(self._look_into(file))

    def list_headers(self, part: Part) -> tuple[str, ...]:
        """Column names of a part. Raises UnusableFileError."""
        rows = self._look_into(part.file)
        row = rows.get(part.sheet) if part.sheet else next(iter(rows.values()), None)
        if row is not None:
            return name_columns(row.cells)
        return list_headers(part.file, ReadOptions(sheet=part.sheet))

    def _look_into(self, file: FoundFile) -> dict[str, Row | None]:
        key = (file.name, file.size, file.changed_ns)
        if key not in self._sheets:
            self._sheets[key] = look_into(file.path)
        return self._sheets[key]

    def _parts(self, file: FoundFile, patterns: list[Pattern]) -> list[Part]:
        named = [pattern for pattern in patterns if fits(file.name, pattern.files)]
        if any(not pattern.sheet for pattern in named):
            return [Part(file)]
        sheets = self.list_sheets(file)
        wanted = [pattern.sheet.casefold() for pattern in named]
        found = [Part(file, s) for s in sheets if any(fnmatchcase(s.casefold(), w) for w in wanted)]
        broken = not sheets and file.path.suffix.lower() in (".xlsx", ".xlsm", ".xls")
        if not found and (broken or len(patterns) == 1):
            return [Part(file, named[0].sheet)]  # reading it says what is wrong
        return found


def read_object(object_name: str) -> list[Pattern]:
    """The patterns of an object. Raises InputError for one that leads out of the folder."""
    patterns = []
    for text in object_name.split("|"):
        name, _, sheet = text.partition("#")
        patterns.append(Pattern(check_pattern(name), sheet.strip()))
    return patterns
