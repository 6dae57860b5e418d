from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.files import tables, text_tables
from adapters.files.adapter import FilesAdapter
from adapters.files.folders import Folder
from adapters.files.text_tables import ends_inside_quotes
from connector.errors import InputError
from connector.ports.crm import PullRequest
from tests.adapters.files.conftest import Pull

CHINESE = '客户编号,客户名称,金额\n10023,上海测试贸易有限公司,"1,234.50"\n10024,广州样品公司,88\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_chinese_exports_are_read_in_every_usual_encoding(
    tmp_path: Path, pull: Pull, encoding: str
) -> None:
    (tmp_path / "发票.csv").write_bytes(CHINESE.encode(encoding))
    pulled = pull("发票*")
    assert pulled.records == [
        {"客户编号": "10023", "客户名称": "上海测试贸易有限公司", "金额": "1,234.50"},
        {"客户编号": "10024", "客户名称": "广州样品公司", "金额": "88"},
    ]
    assert pulled.wheres == ["发票.csv:2", "发票.csv:3"]
    assert pulled.last.expected == 2


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Name,City\nMüller,Köln\nJürgen,Düren\n", "cp1252"),
        ("Name,City\n公司,東京都千代田区\n株式会社サンプル,大阪\n", "shift_jis"),
        ("Name,City\n台灣測試股份有限公司,臺北市信義區松仁路\n", "big5"),
    ],
)
def test_an_encoding_that_is_not_certain_is_refused_until_it_is_named(
    tmp_path: Path, pull: Pull, text: str, encoding: str
) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    refused = pull("a.csv")
    assert refused.records == []
    assert "options: {encoding: …}" in refused.reasons()["a.csv"]
    named = pull("a.csv", options={"encoding": encoding})
    assert named.records[0]["Name"] == text.split("\n")[1].split(",")[0]
    wrong = pull("a.csv", options={"encoding": "utf-8"})
    assert "not written in utf-8" in wrong.reasons()["a.csv"]


def test_what_is_no_text_is_refused(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,\x00\x00\n")
    (tmp_path / "b.csv").write_bytes(b"\xd0\xcf\x11\xe0rest")
    (tmp_path / "c.csv").write_text("x\n1\n", encoding="utf-8")
    pulled = pull("*.csv")
    assert "not text" in pulled.reasons()["a.csv"]
    assert "old or a protected Excel file" in pulled.reasons()["b.csv"]
    assert pulled.records == [{"x": "1"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, pull: Pull, delimiter: str) -> None:
    lines = [("No", "Amount, net", "Text"), ("1", "1,5", "a;b"), ("2", "2,5", "c|d")]
    body = "\n".join(delimiter.join(f'"{c}"' for c in line) for line in lines)
    (tmp_path / "a.csv").write_text(body, encoding="utf-8")
    assert pull("a.csv").records[0] == {"No": "1", "Amount, net": "1,5", "Text": "a;b"}


def test_commas_in_amounts_do_not_pass_for_delimiters(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.csv").write_text("No;Amount\n1;1,50\n2;2,50\n", encoding="utf-8")
    assert pull("a.csv").records == [{"No": "1", "Amount": "1,50"}, {"No": "2", "Amount": "2,50"}]


def test_delimiter_and_header_can_be_named(tmp_path: Path, pull: Pull) -> None:
    text = "Report, 31 January\n\nNo;Amount\n1;5\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    pulled = pull("a.csv", options={"header_row": "3", "delimiter": "semicolon"})
    assert pulled.records == [{"No": "1", "Amount": "5"}]
    assert pulled.wheres == ["a.csv:4"]
    (tmp_path / "b.csv").write_text("sep=|\nNo|Amount\n1|5\n", encoding="utf-8")
    assert pull("b.csv").records == [{"No": "1", "Amount": "5"}]


@pytest.mark.parametrize(
    "options", [{"encoding": "morse"}, {"delimiter": "x"}, {"header_row": "-1"}, {"colour": "red"}]
)
def test_unknown_options_are_refused(pull: Pull, options: dict[str, str]) -> None:
    with pytest.raises(InputError, match="which is not known"):
        pull("a.csv", options=options)


def test_cells_may_run_over_lines_and_hold_quotes(tmp_path: Path, pull: Pull) -> None:
    text = 'No,Text,Size\r\n1,"two\r\nlines, ""quoted""",3\r\n\r\n2,plain,5" pipe\r\n3,"",\r\n'
    (tmp_path / "a.csv").write_bytes(text.encode())
    pulled = pull("a.csv")
    assert pulled.records == [
        {"No": "1", "Text": 'two\nlines, "quoted"', "Size": "3"},
        {"No": "2", "Text": "plain", "Size": '5" pipe'},
        {"No": "3", "Text": "", "Size": ""},
    ]
    assert pulled.wheres == ["a.csv:2", "a.csv:5", "a.csv:6"]
    assert pulled.last.expected == 3


def test_a_broken_line_is_reported_and_the_rest_goes_on(tmp_path: Path, pull: Pull) -> None:
    text = 'a,b\n1,2\n3\n4,5,6\n7,8,\n,\n"9,10\n11,12\n"x"y,1\n13,14\n'
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    pulled = pull("a.csv")
    assert [record["a"] for record in pulled.records] == ["1", "7", "11", "13"]
    assert pulled.reasons() == {
        "a.csv:3": "the line has 1 cells, the header 2",
        "a.csv:4": "the line has 3 cells, the header 2",
        "a.csv:7": "a quote opens here and is not closed in time",
        "a.csv:9": "the line is not well quoted: ',' expected after '\"'",
    }
    assert {p.where: p.raw for p in pulled.unreadable}["a.csv:4"] == "4 | 5 | 6"
    assert pulled.last.expected == 8


def test_headers_are_trimmed_and_must_be_told_apart(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.csv").write_text(" No , Due\tDate ,,\n1,2,3,\n", encoding="utf-8")
    assert pull("a.csv").reasons() == {"a.csv:2": "the line has 4 cells, the header 2"}
    (tmp_path / "a.csv").write_text(' No ,,"Due\nDate"\n1,2,3\n', encoding="utf-8")
    assert pull("a.csv").records == [{"No": "1", "column 2": "2", "Due Date": "3"}]
    (tmp_path / "b.csv").write_text("No,Amount,No\n1,2,3\n", encoding="utf-8")
    assert "the header 'No' stands twice" in pull("b.csv").reasons()["b.csv"]


def test_empty_files_and_headers_alone(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    (tmp_path / "blank.csv").write_text("\n \n", encoding="utf-8")
    (tmp_path / "head.csv").write_text("No,Amount\n", encoding="utf-8")
    pulled = pull("*.csv")
    assert pulled.records == []
    assert set(pulled.reasons()) == {"empty.csv", "blank.csv"}
    assert "no header" in pulled.reasons()["empty.csv"]


def test_huge_lines_and_cells_are_refused_one_by_one(
    tmp_path: Path, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_tables, "MAX_LINE", 150_000)
    text = f"a,b\n1,{'x' * 120_000}\n2,{'y' * 400_000}\n3,{'z' * 140_000}\n4,ok\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    pulled = pull("a.csv")
    assert pulled.records == [{"a": "4", "b": "ok"}]
    reasons = pulled.reasons()
    assert "holds 120000 characters" in reasons["a.csv:2"]
    assert "longer than 150000 characters" in reasons["a.csv:3"]
    assert "not well quoted: field larger than field limit" in reasons["a.csv:4"]
    assert all(len(piece.raw) <= 2_000 for piece in pulled.unreadable)


def test_pages_never_hold_two_files(
    tmp_path: Path, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PAGE_ROWS", 2)
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"{name}\n1\n2\n3\n", encoding="utf-8")
    pulled = pull("*.csv")
    assert [len(page.records) for page in pulled.pages] == [2, 1, 2, 1, 0]
    assert len(pulled.records) == 6


def test_a_line_that_gets_lost_makes_the_count_differ(
    tmp_path: Path, adapter: FilesAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text("n\n1\n2\n3\n", encoding="utf-8")
    numbered = text_tables._numbered_lines
    monkeypatch.setattr(
        text_tables,
        "_numbered_lines",
        lambda *given: (line for line in numbered(*given) if line != (3, "2")),
    )
    *_, last = adapter.pull(PullRequest("a.csv", ()))
    assert last.expected == 3


@pytest.mark.parametrize(
    ("text", "inside", "expected"),
    [
        ('a,"b', False, True), ('a,"b"', False, False), ('a,b"', False, False),
        ('"a""', False, True), ('"a"""', False, False), ('c"', True, False), ("c", True, True),
        ('c","d', True, True), ('5" x 3",', False, False),
    ],
)  # fmt: skip
def test_open_quotes_are_told_from_inch_signs(text: str, inside: bool, expected: bool) -> None:
    assert ends_inside_quotes(text, ",", inside) is expected


@given(st.text(alphabet='ab,;"\n\r\t ', max_size=60))
def test_every_line_of_any_text_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "a.csv").write_text("h1,h2\n" + text, encoding="utf-8", newline="")
    pages = list(FilesAdapter(Folder(folder, 10**6)).pull(PullRequest("a.csv", ())))
    given_pieces = sum(len(page.records) + len(page.unreadable) for page in pages)
    assert pages[-1].expected == given_pieces
