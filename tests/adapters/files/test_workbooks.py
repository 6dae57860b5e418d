from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from adapters.files.adapter import FilesAdapter
from tests.adapters.files.conftest import Pull


def save(path: Path, *rows: list[object], sheet: str = "Items") -> Workbook:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    book.save(path)
    return book


def rewrite(path: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    """Change one part of a workbook's archive."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


SHEET = "xl/worksheets/sheet1.xml"


def test_cells_keep_their_types(tmp_path: Path, pull: Pull) -> None:
    save(
        tmp_path / "a.xlsx",
        ["No", "Amount", "Due", "At", "Paid", "Note", "Time"],
        ["0012", 0.1, date(2026, 1, 31), datetime(2026, 1, 31, 9, 30), True, None, time(8, 0)],
        [12, 1234567.89, datetime(2026, 2, 1), None, False, "x", None],
        [13, 3.0, None, None, None, None, None],
    )
    pulled = pull("a.xlsx")
    first, second, third = pulled.records
    assert first == {
        "No": "0012", "Amount": Decimal("0.1"), "Due": date(2026, 1, 31),
        "At": datetime(2026, 1, 31, 9, 30), "Paid": True, "Note": None, "Time": "08:00:00",
    }  # fmt: skip
    assert (second["No"], second["Amount"], second["Due"]) == (
        12, Decimal("1234567.89"), date(2026, 2, 1)
    )  # fmt: skip
    assert type(first["Due"]) is date
    assert (third["Amount"], third["Time"]) == (3, None)
    assert pulled.wheres == ["a.xlsx:2", "a.xlsx:3", "a.xlsx:4"]
    assert pulled.last.expected is None


def test_the_named_sheet_counts_else_the_first_visible_one(tmp_path: Path, pull: Pull) -> None:
    book = save(tmp_path / "a.xlsx", ["n"], ["hidden"], sheet="Secret")
    book["Secret"].sheet_state = "hidden"
    for name in ("One", "Two"):
        book.create_sheet(name).append(["n"])
        book[name].append([name])
    book.save(tmp_path / "a.xlsx")
    assert pull("a.xlsx").records == [{"n": "One"}]
    assert pull("a.xlsx#two").records == [{"n": "Two"}]
    assert pull("a.xlsx#two").wheres == ["a.xlsx#Two:2"]
    assert "there is no sheet 'Three'" in pull("a.xlsx#Three").reasons()["a.xlsx#Three"]


def test_describe_names_headers_and_sheets(tmp_path: Path, adapter: FilesAdapter) -> None:
    book = save(tmp_path / "a.xlsx", ["No", "Amount"], [1, 2])
    book.create_sheet("More").append(["x"])
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "a.csv").write_text("No,Due Date\n", encoding="utf-8")
    (tmp_path / "broken.xlsx").write_bytes((tmp_path / "a.xlsx").read_bytes()[:-300])
    info = adapter.describe("a.*")
    assert info is not None
    assert set(info.fields) == {"No", "Amount", "Due Date"}
    assert info.find("due date") is not None
    assert adapter.describe("nothing*") is None
    assert sorted(adapter.list_objects()) == [
        "a.csv", "a.xlsx#Items", "a.xlsx#More", "broken.xlsx"
    ]  # fmt: skip
    assert adapter.check()["files"] == "3"


def test_blank_rows_and_titles_are_passed_over(tmp_path: Path, pull: Pull) -> None:
    save(tmp_path / "a.xlsx", ["Report"], [None], ["No", "Amount"], [1, 2], [None, " "], [3, None])
    pulled = pull("a.xlsx", options={"header_row": "3"})
    assert pulled.records == [{"No": 1, "Amount": 2}, {"No": 3, "Amount": None}]
    assert pulled.wheres == ["a.xlsx:4", "a.xlsx:6"]


def test_saved_results_of_formulas_are_read_and_missing_ones_refused(
    tmp_path: Path, pull: Pull
) -> None:
    save(tmp_path / "a.xlsx", ["No", "Amount"], [1, "=1+1"])
    reason = pull("a.xlsx").reasons()["a.xlsx"]
    assert "formulas without saved results" in reason

    def fill(content: bytes) -> bytes:
        return re.sub(rb"(</f>)<v\s*/>|(</f>)<v></v>", rb"</f><v>2</v>", content)

    rewrite(tmp_path / "a.xlsx", SHEET, fill)
    assert pull("a.xlsx").records == [{"No": 1, "Amount": 2}]


def test_error_cells_break_their_row(tmp_path: Path, pull: Pull) -> None:
    save(tmp_path / "a.xlsx", ["No", "Amount"], [1, "#REF!"], [2, 5], ["NA", 6])
    pulled = pull("a.xlsx")
    assert pulled.records == [{"No": 2, "Amount": 5}, {"No": "NA", "Amount": 6}]
    assert pulled.reasons() == {"a.xlsx:2": "a cell holds the error #REF!"}


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, pull: Pull) -> None:
    save(tmp_path / "a.xlsx", ["No"], [1])
    rewrite(tmp_path / "a.xlsx", SHEET, lambda content: content + b" " * 20_000_000)
    assert "unpacks to far more than its size" in pull("a.xlsx").reasons()["a.xlsx"]


def test_a_part_that_lies_about_its_size_is_not_read(tmp_path: Path, pull: Pull) -> None:
    path = tmp_path / "a.xlsx"
    save(path, ["No"], [1])
    rewrite(path, SHEET, lambda content: content + b"<!-- " + b"x" * 500_000 + b" -->")
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(SHEET).file_size
    content = path.read_bytes()
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (1_000).to_bytes(4, "little")))
    reason = pull("a.xlsx").reasons()["a.xlsx"]
    assert "damaged" in reason or "less than it holds" in reason


def test_entities_are_refused(tmp_path: Path, pull: Pull) -> None:
    save(tmp_path / "a.xlsx", ["No"], [1])
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    rewrite(tmp_path / "a.xlsx", SHEET, lambda content: bomb + content)
    assert "defines entities" in pull("a.xlsx").reasons()["a.xlsx"]


@pytest.mark.parametrize("change", [
    lambda content: content[: len(content) // 2],
    lambda content: content.replace(b"<sheetData>", b"<sheetData><row r='x'>"),
    lambda _content: b"no xml at all",
])  # fmt: skip
def test_damaged_workbooks_are_one_problem_and_the_others_go_on(
    tmp_path: Path, pull: Pull, change: Callable[[bytes], bytes]
) -> None:
    save(tmp_path / "a.xlsx", ["No"], [1])
    save(tmp_path / "b.xlsx", ["No"], [2])
    rewrite(tmp_path / "a.xlsx", SHEET, change)
    pulled = pull("*.xlsx")
    assert {"No": 2} in pulled.records
    assert "damaged" in pulled.reasons()["a.xlsx"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [("A4000000000", "a row beyond 1048576"), ("ZZZ9", "more than 2000 columns")],
)
def test_cells_far_away_are_refused(tmp_path: Path, pull: Pull, place: str, reason: str) -> None:
    save(tmp_path / "a.xlsx", ["No"], [1])
    number = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    far = f'<row r="{number}"><c r="{place}"><v>9</v></c></row></sheetData>'.encode()
    rewrite(tmp_path / "a.xlsx", SHEET, lambda c: c.replace(b"</sheetData>", far))
    assert reason in pull("a.xlsx").reasons()["a.xlsx"]


def test_a_cell_far_below_is_reached_over_blank_rows(tmp_path: Path, pull: Pull) -> None:
    save(tmp_path / "a.xlsx", ["No"], [1])
    far = b'<row r="60000"><c r="A60000"><v>9</v></c></row></sheetData>'
    rewrite(tmp_path / "a.xlsx", SHEET, lambda c: c.replace(b"</sheetData>", far))
    assert pull("a.xlsx").wheres == ["a.xlsx:2", "a.xlsx:60000"]


def test_cells_without_references_follow_one_another(tmp_path: Path, pull: Pull) -> None:
    save(tmp_path / "a.xlsx", ["No", "Amount"], [1, 5])
    rewrite(tmp_path / "a.xlsx", SHEET, lambda c: re.sub(rb' r="[A-Z]+\d+"', b"", c))
    assert pull("a.xlsx").records == [{"No": 1, "Amount": 5}]


def test_a_workbook_that_is_none_is_refused(tmp_path: Path, pull: Pull) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("readme.txt", "hello")
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "c.xls").write_text("<html><table>", encoding="utf-8")
    reasons = pull("*.xls*").reasons()
    assert "damaged" in reasons["a.xlsx"]
    assert "damaged" in reasons["b.xlsx"]
    assert "the content is no workbook" in reasons["c.xls"]
