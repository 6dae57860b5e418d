from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from adapters.files import adapter as adapter_module
from adapters.files import folders
from adapters.files.adapter import FilesAdapter
from adapters.files.folders import Folder, date_in
from adapters.files.manifest import MANIFEST, open_folder
from connector.credentials import Secrets
from connector.errors import InputError, TransientError
from connector.ports.crm import PullRequest
from connector.ports.manifest import Opening
from connector.ports.watching import WatchedPort
from connector.testing.clock import FakeClock
from tests.adapters.files.conftest import Pull


def put(folder: Path, name: str, rows: str = "n\n1\n", day: int = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rows, encoding="utf-8")
    moment = 1_767_225_600 + day * 86_400  # 2026-01-01 and days after
    os.utime(path, (moment, moment))
    return path


# -- which files -------------------------------------------------------------------------------


def test_patterns_find_what_they_name_and_nothing_hidden(tmp_path: Path, pull: Pull) -> None:
    for name in (
        "Invoices-1.CSV", "发票1.csv", "other.csv", ".invoices.csv", "~$invoices.xlsx",
        "invoices.csv.part", "invoices.pdf", "deep/invoices.csv", ".git/invoices.csv",
    ):  # fmt: skip
        put(tmp_path, name, f"n\n{name}\n")
    assert sorted(pull("invoices*|发票*").wheres) == ["Invoices-1.CSV:2", "发票1.csv:2"]
    assert pull("deep/invoices*").wheres == ["deep/invoices.csv:2"]
    put(tmp_path, "list.dat")
    assert pull("list.dat").wheres == ["list.dat:2"]
    assert pull("list*").wheres == []


@pytest.mark.parametrize("pattern", ["../x*", "/etc/*", "a/../../b", "", "a||b", "C:\\x"])
def test_patterns_cannot_leave_the_folder(pull: Pull, pattern: str) -> None:
    with pytest.raises(InputError, match="not one inside the folder"):
        pull(pattern)


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    put(outside, "secret.csv", "n\nsecret\n")
    target = put(inside, "plain.csv")
    try:
        (inside / "a.csv").symlink_to(outside / "secret.csv")
        (inside / "b.csv").symlink_to(target)
        (inside / "gone.csv").symlink_to(inside / "nowhere.csv")
        (inside / "sub").symlink_to(outside)
    except OSError:
        pytest.skip("this system makes no symbolic links")
    adapter = FilesAdapter(Folder(inside, 10**6))
    pages = list(adapter.pull(PullRequest("*.csv", ())))
    reasons = {piece.where: piece.reason for page in pages for piece in page.unreadable}
    assert set(reasons) == {"a.csv", "gone.csv"}
    assert "out of the folder" in reasons["a.csv"]
    # The second name of a content that was read already.
    assert [where for page in pages for where in page.wheres] == ["b.csv:2"]
    assert [page.records for page in adapter.pull(PullRequest("sub/*", ()))] == [()]


def test_large_files_and_full_folders_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.csv", "n\n" + "1\n" * 1_000)
    put(tmp_path, "b.csv")
    adapter = FilesAdapter(Folder(tmp_path, 1_000))
    pages = list(adapter.pull(PullRequest("*.csv", ())))
    assert [p.where for page in pages for p in page.unreadable] == ["a.csv"]
    assert pages[-1].expected == 2
    monkeypatch.setattr(folders, "MAX_ENTRIES", 1)
    with pytest.raises(InputError, match="holds more than 1 files"):
        adapter.check()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    adapter = FilesAdapter(Folder(tmp_path / "gone", 10))
    for look in (adapter.check, adapter.list_objects, lambda: adapter.describe("*")):
        with pytest.raises(InputError, match="There is no folder"):
            look()


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("open_items_20260131.csv", date(2026, 1, 31)), ("2026-01-31 list.xlsx", date(2026, 1, 31)),
        ("a_2025_12_01_v2.csv", date(2025, 12, 1)), ("x20260131123.csv", None),
        ("items_20260231.csv", None), ("items_20251231_20260131.csv", date(2026, 1, 31)),
    ],
)  # fmt: skip
def test_the_date_of_a_list_is_read_from_its_name(name: str, day: date | None) -> None:
    assert date_in(name) == day


# -- changes -----------------------------------------------------------------------------------


def test_each_content_is_read_once(tmp_path: Path, pull: Pull) -> None:
    put(tmp_path, "b.csv", "n\nfirst\n", day=1)
    put(tmp_path, "a.csv", "n\nsecond\n", day=2)
    first = pull("*.csv")
    assert [record["n"] for record in first.records] == ["first", "second"]
    assert pull("*.csv", first.cursor).records == []
    put(tmp_path, "copy.csv", "n\nfirst\n", day=3)
    put(tmp_path, "a.csv", "n\nthird\n", day=4)
    second = pull("*.csv", first.cursor)
    assert [record["n"] for record in second.records] == ["third"]
    assert pull("*.csv", second.cursor).cursor == second.cursor
    assert [record["n"] for record in pull("*.csv").records] == ["first", "third"]


def test_a_file_that_changes_while_it_is_read_gives_no_cursor(
    tmp_path: Path, adapter: FilesAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, "a.csv")
    digest = folders.digest_file

    def digest_and_append(asked: Path) -> str:
        found = digest(asked)
        path.write_text("n\n1\n2\n3\n", encoding="utf-8")
        return found

    monkeypatch.setattr(adapter_module, "digest_file", digest_and_append)
    with pytest.raises(TransientError, match="changed while it was read"):
        list(adapter.pull(PullRequest("a.csv", ())))


# -- snapshots ---------------------------------------------------------------------------------


def test_the_newest_list_is_the_whole_list(tmp_path: Path, pull: Pull) -> None:
    put(tmp_path, "open_20260131.csv", "n\njanuary\n", day=60)
    put(tmp_path, "open_20260228.csv", "n\nfebruary\n", day=1)
    first = pull("open*", mode="snapshot")
    assert [record["n"] for record in first.records] == ["february"]
    assert first.listed_on == date(2026, 2, 28)
    again = pull("open*", first.cursor, mode="snapshot")
    assert (again.records, again.listed_on, again.cursor) == ([], None, first.cursor)
    put(tmp_path, "open_20260331.csv", "n\n")
    march = pull("open*", first.cursor, mode="snapshot")
    assert (march.records, march.listed_on) == ([], date(2026, 3, 31))


def test_an_older_list_never_comes_back(tmp_path: Path, pull: Pull) -> None:
    put(tmp_path, "open_20260131.csv", "n\njanuary\n")
    newest = put(tmp_path, "open_20260228.csv", "n\nfebruary\n")
    first = pull("open*", mode="snapshot")
    newest.unlink()
    later = pull("open*", first.cursor, mode="snapshot")
    assert (later.records, later.listed_on, later.cursor) == ([], None, first.cursor)


def test_a_list_without_date_is_dated_by_its_last_change(tmp_path: Path, pull: Pull) -> None:
    put(tmp_path, "open.csv", "n\none\n", day=30)
    first = pull("open*", mode="snapshot")
    assert first.listed_on == date(2026, 1, 31)
    put(tmp_path, "open.csv", "n\ntwo\n", day=31)
    second = pull("open*", first.cursor, mode="snapshot")
    assert (second.records, second.listed_on) == ([{"n": "two"}], date(2026, 2, 1))


def test_two_lists_of_one_day_are_refused(tmp_path: Path, pull: Pull) -> None:
    put(tmp_path, "open_U1_20260131.csv")
    put(tmp_path, "open_U2_20260131.csv")
    pulled = pull("open*", mode="snapshot")
    assert (pulled.records, pulled.listed_on) == ([], None)
    assert "open_U1_20260131.csv, open_U2_20260131.csv" in pulled.unreadable[0].reason


def test_without_a_file_nothing_is_listed(pull: Pull) -> None:
    pulled = pull("open*", mode="snapshot")
    assert (len(pulled.pages), pulled.listed_on) == (1, None)


# -- opening -----------------------------------------------------------------------------------


class NoSecrets:
    """The adapter needs none."""

    def resolve(self, reference: str) -> str:
        raise AssertionError(reference)


def opening(tmp_path: Path, **options: str) -> Opening:
    return Opening("erp", options, NoSecrets(), None, tmp_path, tmp_path)  # type: ignore[arg-type]  # no clock is needed


def test_the_manifest_opens_a_folder_beside_the_settings(tmp_path: Path) -> None:
    put(tmp_path / "exports", "a.csv")
    adapter = open_folder(opening(tmp_path, folder="exports"))
    assert adapter.check() == {"folder": str(tmp_path / "exports"), "files": "1"}
    adapter.close()
    assert not MANIFEST.writes
    folder = MANIFEST.option("folder")
    assert folder is not None
    assert folder.required


@pytest.mark.parametrize("options", [{}, {"folder": "x", "max_megabytes": "much"}])
def test_wrong_options_are_refused(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"names no folder|is not a size"):
        open_folder(opening(tmp_path, **options))


def test_a_glimpse_tells_changes_without_reading(tmp_path: Path) -> None:
    adapter = FilesAdapter(Folder(tmp_path, 1_000_000), watch_seconds=15)
    assert isinstance(adapter, WatchedPort)
    empty = adapter.glimpse()
    assert empty.changed_at is None
    (tmp_path / "a.csv").write_text("x\n1\n", encoding="utf-8")
    first = adapter.glimpse()
    assert first.print != empty.print
    assert first.changed_at is not None
    assert adapter.glimpse() == first
    (tmp_path / "b.csv.part").write_text("x\n", encoding="utf-8")
    (tmp_path / "note.pdf").write_text("x", encoding="utf-8")
    assert adapter.glimpse() == first, "what is not read is no change"
    with (tmp_path / "a.csv").open("a", encoding="utf-8") as file:
        file.write("2\n")
    assert adapter.glimpse().print != first.print


@pytest.mark.parametrize("given", ["-1", "soon", "1.5", "86401"])
def test_a_watch_that_is_no_number_of_seconds_is_refused(tmp_path: Path, given: str) -> None:
    options = {"folder": ".", "watch_seconds": given}
    with pytest.raises(InputError, match="watch_seconds of erp is not a number of seconds"):
        open_folder(Opening("erp", options, Secrets(), FakeClock(), tmp_path, tmp_path))
