"""Lists as widespread Chinese systems print them, read by the documents that come for them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from adapters.files.adapter import FilesAdapter
from connector.mapping.feeds import load_mapping
from connector.mapping.read import MappedPage, ReadContext, map_page

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = ("files-kingdee", "files-yonyou")


def read(adapter: FilesAdapter, document: str, feed_name: str) -> list[dict[str, object]]:
    """Rows of a feed; nothing may be left over that could not be read."""
    mapping = load_mapping([document, "files-credit"], ROOT, "files")
    found = mapping.resolve({name: adapter.describe(name) for name in mapping.object_names})
    feed = found.feed(feed_name)
    assert feed is not None, [f.name for f in found.feeds]
    context = ReadContext("erp", currency="CNY", accounts="crm")
    pages: list[MappedPage] = [map_page(feed, p, context) for p in adapter.pull(feed.request(None))]
    assert [problem for page in pages for problem in page.problems.to_pylist()] == []
    return [row for page in pages for row in page.rows.to_pylist()]


def pick(rows: list[dict[str, object]], *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in columns) for row in rows]


def write_workbook(path: Path, *rows: list[object]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)


def test_receivables_of_kingdee(tmp_path: Path, adapter: FilesAdapter) -> None:
    write_workbook(
        tmp_path / "应收单_20260131.xlsx",
        [
            "单据编号",
            "单据状态",
            "业务日期",
            "到期日",
            "客户编码",
            "客户",
            "币别",
            "价税合计",
            "结算组织",
        ],
        [
            "AR001",
            "已审核",
            date(2026, 1, 5),
            date(2026, 3, 6),
            "C001",
            "甲",
            "人民币",
            1000.5,
            "101",
        ],
        ["AR002", "创建", date(2026, 1, 9), date(2026, 3, 10), "C001", "甲", "人民币", 70, "101"],
        ["AR003", "已审核", date(2026, 1, 9), None, "C002", "乙", "美元", -30, "102"],
        ["合计", None, None, None, None, None, None, 1040.5, None],
    )
    invoices = read(adapter, "files-kingdee", "invoice")
    assert pick(invoices, "id", "account_key", "currency", "amount", "posted", "due_date") == [
        ("101|AR001", "C001", "CNY", Decimal("1000.5"), True, date(2026, 3, 6)),
        ("101|AR002", "C001", "CNY", Decimal(70), False, date(2026, 3, 10)),
    ]
    notes = read(adapter, "files-kingdee", "invoice_credit_note")
    assert pick(notes, "id", "currency", "amount") == [("102|AR003", "USD", Decimal(30))]


def test_money_received_and_given_back_in_kingdee(tmp_path: Path, adapter: FilesAdapter) -> None:
    text = '单据编号,业务日期,往来单位编码,币别,实收金额\nSK1,2026-01-20,C001,人民币,"1,000.00"\n'
    (tmp_path / "收款单.csv").write_bytes(text.encode("gb18030"))
    text = "单据编号,业务日期,往来单位编码,币别,实退金额\nTK1,2026-01-25,C001,人民币,200\n"
    (tmp_path / "收款退款单.csv").write_bytes(text.encode("gb18030"))
    paid = read(adapter, "files-kingdee", "payment")
    assert pick(paid, "number", "amount", "value_date") == [
        ("SK1", Decimal(1000), date(2026, 1, 20))
    ]
    assert pick(read(adapter, "files-kingdee", "refund"), "amount") == [(Decimal(-200),)]


def test_open_items_and_orders_of_yonyou(tmp_path: Path, adapter: FilesAdapter) -> None:
    text = (
        "单据类型,单据编号,单据日期,到期日,客户编码,客户简称,币种,原币金额,原币余额,本币余额\n"
        "销售专用发票,F001,2026-01-05,2026-03-06,0101,甲公司,美元,900,400,2860\n"
        "收款单,S001,2026-01-15,,0101,甲公司,人民币,-50,-20,-20\n"
        "合计,,,,,,,850,380,2840\n"
    )
    (tmp_path / "应收账龄明细20260131.csv").write_bytes(text.encode("gbk"))
    items = read(adapter, "files-yonyou", "open_item")
    assert pick(items, "id", "account_key", "currency", "amount", "open_amount") == [
        ("F001", "0101", "USD", Decimal(900), Decimal(400))
    ]
    left = read(adapter, "files-yonyou", "open_credit_note")
    assert pick(left, "id", "amount", "open_amount") == [("S001", Decimal(50), Decimal(20))]
    write_workbook(
        tmp_path / "销售订单列表.xlsx",
        ["订单号", "订单日期", "客户编码", "币种", "价税合计", "预发货日期", "订单状态"],
        ["SO1", date(2026, 1, 8), "0101", "人民币", 5000, date(2026, 2, 8), "审核"],
        ["SO2", date(2026, 1, 9), "0101", "人民币", 10, None, "关闭"],
    )
    assert pick(read(adapter, "files-yonyou", "order"), "number", "state", "ship_date") == [
        ("SO1", "open", date(2026, 2, 8)), ("SO2", "fulfilled", None)
    ]  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_summary_without_documents_is_told_row_by_row(
    tmp_path: Path, adapter: FilesAdapter, document: str
) -> None:
    """An ageing table by customer names no document: nothing of it can be aged."""
    (tmp_path / "应收账龄明细.csv").write_text(
        "客户编码,客户名称,余额,1-30,31-60\n0101,甲,100,60,40\n", encoding="utf-8"
    )
    mapping = load_mapping([document], ROOT, "files")
    found = mapping.resolve({name: adapter.describe(name) for name in mapping.object_names})
    feed = found.feed("open_item")
    assert feed is not None
    context = ReadContext("erp", currency="CNY", accounts="crm")
    pages = [map_page(feed, page, context) for page in adapter.pull(feed.request(None))]
    assert sum(page.rows.num_rows for page in pages) == 0
    (problem,) = [row["reason"] for page in pages for row in page.problems.to_pylist()]
    assert problem.startswith("number: ")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_documents_stand_beside_the_lists_of_the_credit_department(document: str) -> None:
    mapping = load_mapping([document, "files-credit"], ROOT, "files")
    own = [feed for feed in mapping.feeds if feed.mapping == document]
    assert {feed.entity.name for feed in own} == {
        "invoice", "credit_note", "payment", "order", "limit"
    }  # fmt: skip
    patterns = [p for feed in own for p in feed.object_name.split("|")]
    others = [p for f in mapping.feeds if f not in own for p in f.object_name.split("|")]
    assert not set(patterns) & set(others)
