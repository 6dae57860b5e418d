"""A folder of exports as a source.

Feed `changes`: the content of every matching file is read once (told apart by SHA-256, so that a
renamed copy is not read again). Feed `snapshot`: the newest matching file is the full list.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from adapters.files.folders import Folder, FoundFile, digest_file
from adapters.files.reading import ReadOptions, UnusableFileError, read_options
from adapters.files.selection import Part, Selection
from adapters.files.tables import Tally, read_file
from connector.domain.entities import Kind
from connector.ports.crm import FieldInfo, ObjectInfo, Page, PullRequest, Unreadable
from connector.ports.watching import Glimpse


class FilesAdapter:
    """Reads tables from one folder."""

    def __init__(self, folder: Folder, watch_seconds: int = 0) -> None:
        self.watch_seconds = watch_seconds
        self._folder = folder
        self._selection = Selection(folder)

    def check(self) -> Mapping[str, str]:
        """The folder and how many files it holds."""
        files = self._folder.list_files()
        return {"folder": str(self._folder.path), "files": str(len(files))}

    def close(self) -> None:
        """Nothing is kept open between calls."""

    def glimpse(self) -> Glimpse:
        """Names, sizes and last changes of the files, without reading them."""
        files = self._folder.list_files()
        told = hashlib.sha256()
        for file in files:
            told.update(f"{file.name}\0{file.size}\0{file.changed_ns}\n".encode())
        latest = max((file.changed_ns for file in files), default=None)
        changed = None if latest is None else datetime.fromtimestamp(latest / 1e9, UTC)
        return Glimpse(told.hexdigest(), changed)

    def list_objects(self) -> Sequence[str]:
        """Files by name; workbooks with several visible sheets once for each (`file#sheet`)."""
        names: list[str] = []
        for file in self._folder.list_files():
            sheets = self._selection.list_sheets(file)
            names += [f"{file.name}#{s}" for s in sheets] if len(sheets) > 1 else [file.name]
        return names

    def describe(self, object_name: str) -> ObjectInfo | None:
        """Headers of all files that the pattern names, as text fields; None without a file."""
        parts, _ = self._selection.find(object_name)
        if not parts:
            return None
        fields: dict[str, FieldInfo] = {}
        for part in parts:
            try:
                for name in self._selection.list_headers(part):
                    fields.setdefault(name, FieldInfo(name, name, Kind.TEXT, "column"))
            except UnusableFileError:
                continue  # reported with its reason when it is pulled
        return ObjectInfo(object_name, object_name, fields, createable=False, updateable=False)

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Pages of whole files, never two files in one page; the last page is empty and carries
        cursor, count and (for a full list) its date.

        A file that cannot be read is one unreadable piece; the others go on.
        """
        options = read_options(request.options)
        parts, refused = self._selection.find(request.object_name)
        tally = Tally(len(refused))
        if refused:
            yield Page(records=(), unreadable=refused)
        if request.mode == "snapshot":
            yield from self._pull_list(parts, request.cursor, options, tally)
        else:
            yield from self._pull_new(parts, request.cursor, options, tally)

    def _pull_new(
        self, parts: list[Part], cursor: str | None, options: ReadOptions, tally: Tally
    ) -> Iterator[Page]:
        done: dict[str, str] = json.loads(cursor)["done"] if cursor else {}
        for file in dict.fromkeys(part.file for part in parts):
            content = digest_file(file.path)
            if content not in done:
                yield from _read_parts(parts, file, options, tally)
                done = {**done, content: file.name}
        yield Page(
            records=(), last=True, expected=tally.expected, cursor=json.dumps({"done": done})
        )

    def _pull_list(
        self, parts: list[Part], cursor: str | None, options: ReadOptions, tally: Tally
    ) -> Iterator[Page]:
        files = list(dict.fromkeys(part.file for part in parts))
        before = json.loads(cursor) if cursor else {"day": "", "content": ""}
        newest = [file for file in files if file.day == files[-1].day]
        listed_on: date | None = None
        after = before
        if len(newest) > 1:
            names = ", ".join(file.name for file in newest[:5])
            yield Page(records=(), unreadable=[Unreadable(newest[-1].name, _WHICH_LIST + names)])
            tally.add(1, 0)
        elif newest and newest[0].day.isoformat() >= before["day"]:
            file = newest[0]
            content = digest_file(file.path)
            if content != before["content"]:
                yield from _read_parts(parts, file, options, tally)
                listed_on = file.day
                after = {"day": file.day.isoformat(), "content": content}
        yield Page(
            records=(), last=True, expected=tally.expected, cursor=json.dumps(after),
            listed_on=listed_on,
        )  # fmt: skip


_WHICH_LIST = "which of these files of one day is the full list is not clear; keep one: "


def _read_parts(
    parts: list[Part], file: FoundFile, options: ReadOptions, tally: Tally
) -> Iterator[Page]:
    for part in parts:
        if part.file == file:
            yield from read_file(file, replace(options, sheet=part.sheet), tally)
