"""Finds files in the connection's folder and nowhere else."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from connector.errors import InputError
from connector.ports.crm import Unreadable

MAX_ENTRIES = 20_000
SUFFIXES = {".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls"}
_NAME_DATE = re.compile(r"(?<!\d)(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a pattern names. `day` is the date in its name, else that of its last change."""

    name: str
    path: Path
    size: int
    changed_ns: int
    day: date

    @property
    def order(self) -> tuple[date, int, str]:
        """Older first: by day, then by last change, then by name."""
        return (self.day, self.changed_ns, self.name)


class Folder:
    """The folder of a connection; `most_bytes` is the largest file that is read, `only` a pattern
    of the files that are looked at (a name with brackets or stars stands for itself, too)."""

    def __init__(self, path: Path, most_bytes: int, only: str = "") -> None:
        self.path = path
        self._most_bytes = most_bytes
        self._only = unicodedata.normalize("NFC", only)

    def require(self) -> None:
        """InputError when the folder is not there."""
        if not self.path.is_dir():
            raise InputError(
                "There is no folder {folder}.",
                next_step="Create it, or correct `folder` of the connection.",
                folder=self.path,
            )

    def list_files(self) -> list[FoundFile]:
        """Every readable table file, hidden and unfinished ones left out."""
        found = [self._look(name, path) for name, path in self._walk() if _is_table(name)]
        return sorted((f for f in found if isinstance(f, FoundFile)), key=lambda f: f.order)

    def match(self, patterns: str) -> tuple[list[FoundFile], list[Unreadable]]:
        """Files that one of the patterns (`a*|b*`) names, oldest first, and those refused.

        A pattern without a slash looks into the folder itself only. Case does not matter.
        """
        wanted = [check_pattern(pattern) for pattern in patterns.split("|")]
        files: list[FoundFile] = []
        refused: list[Unreadable] = []
        for name, path in self._walk():
            if not any(fits(name, pattern) for pattern in wanted):
                continue
            found = self._look(name, path)
            if isinstance(found, FoundFile):
                files.append(found)
            else:
                refused.append(found)
        return sorted(files, key=lambda f: f.order), refused

    def _walk(self) -> Iterator[tuple[str, Path]]:
        """Relative name (NFC, slashes) and path of every file; links to folders are not entered."""
        self.require()
        seen = 0
        for top, folders, files in os.walk(self.path, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                seen += 1
                if seen > MAX_ENTRIES:
                    raise InputError(
                        "The folder {folder} holds more than {most} files.",
                        next_step="Move old files away.",
                        folder=self.path,
                        most=MAX_ENTRIES,
                    )
                if not _is_hidden(name):
                    path = Path(top) / name
                    relative = path.relative_to(self.path).as_posix()
                    found = unicodedata.normalize("NFC", relative)
                    if self._only in ("", found) or fits(found, self._only):
                        yield found, path

    def _look(self, name: str, path: Path) -> FoundFile | Unreadable:
        try:
            inside = path.resolve().is_relative_to(self.path.resolve())
            if not inside or not path.is_file():
                return Unreadable(name, "the link leads out of the folder or to no file; not read")
            state = path.stat()
        except OSError as error:
            return Unreadable(name, f"the file cannot be read: {error.strerror}")
        if state.st_size > self._most_bytes:
            most = self._most_bytes // 1_000_000
            return Unreadable(
                name, f"the file is larger than {most} MB; split it or raise the limit"
            )
        changed = datetime.fromtimestamp(state.st_mtime, UTC).date()
        return FoundFile(name, path, state.st_size, state.st_mtime_ns, date_in(name) or changed)


def check_pattern(pattern: str) -> str:
    """The pattern, trimmed; InputError when it could leave the folder or is empty."""
    text = unicodedata.normalize("NFC", pattern.strip())
    if not text or text.startswith(("/", "\\")) or ".." in text.split("/") or ":" in text:
        raise InputError(
            "The file pattern {pattern} is not one inside the folder.",
            next_step="Name files relative to the folder, for example invoices*.csv.",
            pattern=repr(pattern),
        )
    return text


def date_in(name: str) -> date | None:
    """The last date in a file's name (20260131, 2026-01-31, 2026_01_31)."""
    for match in reversed(list(_NAME_DATE.finditer(name))):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
    return None


def digest_file(path: Path) -> str:
    """SHA-256 of the content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fits(name: str, pattern: str) -> bool:
    """Whether the pattern names the file; without a slash it looks into the folder itself only."""
    if "/" not in pattern and "/" in name:
        return False
    if not fnmatch.fnmatchcase(name.casefold(), pattern.casefold()):
        return False
    return _is_table(name) or pattern.casefold().endswith(Path(name).suffix.casefold() or "\0")


def _is_table(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED)
