"""Folders with real files, and pulls over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from adapters.files.adapter import FilesAdapter
from adapters.files.folders import Folder
from connector.ports.crm import Page, PullRequest, Record, Unreadable


@dataclass(frozen=True)
class Pulled:
    """All pages of a pull, put together."""

    pages: list[Page]

    @property
    def records(self) -> list[Record]:
        return [record for page in self.pages for record in page.records]

    @property
    def wheres(self) -> list[str]:
        return [where for page in self.pages for where in page.wheres]

    @property
    def unreadable(self) -> list[Unreadable]:
        return [piece for page in self.pages for piece in page.unreadable]

    @property
    def last(self) -> Page:
        return self.pages[-1]

    @property
    def cursor(self) -> str:
        assert self.last.cursor is not None
        return self.last.cursor

    @property
    def listed_on(self) -> date | None:
        return self.last.listed_on

    def reasons(self) -> dict[str, str]:
        return {piece.where: piece.reason for piece in self.unreadable}


Pull = Callable[..., Pulled]


@pytest.fixture
def adapter(tmp_path: Path) -> FilesAdapter:
    return FilesAdapter(Folder(tmp_path, 50_000_000))


@pytest.fixture
def pull(adapter: FilesAdapter) -> Pull:
    """Pull `pattern`, and check what holds for every pull: one cursor, at the end, and a count."""

    def run(
        pattern: str = "*",
        cursor: str | None = None,
        mode: str = "changes",
        options: Mapping[str, str] | None = None,
    ) -> Pulled:
        request = PullRequest(pattern, (), cursor=cursor, mode=mode, options=options or {})  # type: ignore[arg-type]  # a word
        pulled = Pulled(list(adapter.pull(request)))
        assert [page.last for page in pulled.pages] == [False] * (len(pulled.pages) - 1) + [True]
        assert [page.cursor for page in pulled.pages[:-1]] == [None] * (len(pulled.pages) - 1)
        assert all(len(page.records) == len(page.wheres) for page in pulled.pages)
        if pulled.last.expected is not None:
            assert pulled.last.expected == len(pulled.records) + len(pulled.unreadable)
        return pulled

    return run
