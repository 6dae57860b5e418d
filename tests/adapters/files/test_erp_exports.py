"""Exports as ERPs write them, read by the adapter and mapped by the shipped document."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook

from adapters.files.adapter import FilesAdapter
from connector.domain.entities import Kind
from connector.mapping.check import check_mapping
from connector.mapping.feeds import Mapping, load_mapping
from connector.mapping.read import MappedPage, ReadContext, map_page

ROOT = Path(__file__).resolve().parents[3]


def resolved(adapter: FilesAdapter) -> Mapping:
    """The shipped document against the headers that are there."""
    mapping = load_mapping(["files-erp"], ROOT, "files")
    return mapping.resolve({name: adapter.describe(name) for name in mapping.object_names})


def read(adapter: FilesAdapter, mapping: Mapping, name: str) -> list[MappedPage]:
    """Every page of a feed in our terms; rows, problems and what was left out must add up."""
    feed = mapping.feed(name)
    assert feed is not None
    context = ReadContext("erp", currency="CNY", accounts="crm")
    pages = list(adapter.pull(feed.request(None)))
    mapped = [map_page(feed, page, context) for page in pages]
    given = sum(len(page.records) + len(page.unreadable) for page in pages)
    assert given == sum(m.rows.num_rows + m.problems.num_rows + m.skipped for m in mapped)
    return mapped


def rows_of(pages: list[MappedPage], *columns: str) -> list[tuple[object, ...]]:
    return [
        tuple(row[column] for column in columns) for page in pages for row in page.rows.to_pylist()
    ]


def problems_of(pages: list[MappedPage]) -> dict[str, str]:
    return {row["where_from"]: row["reason"] for page in pages for row in page.problems.to_pylist()}


def test_a_chinese_list_in_gbk(tmp_path: Path, adapter: FilesAdapter) -> None:
    text = (
        "客户编号,发票号,币种,金额,发票日期,到期日,付款条件\n"
        '10023,F-001,RMB,"12,345.60",31/01/2026,02/03/2026,月结30天\n'
        '10024,F-002,,"1,000",05/02/2026,15/02/2026,现结\n'
        "10024,F-003,人民币,一千,06/02/2026,,\n"
        "10024,F-002,,7,05/02/2026,,\n"
    )
    (tmp_path / "发票202602.csv").write_bytes(text.encode("gbk"))
    mapping = resolved(adapter)
    assert [feed.name for feed in mapping.feeds] == ["invoice"]
    pages = read(adapter, mapping, "invoice")
    assert rows_of(pages, "id", "account_connection", "account_field", "account_key") == [
        ("F-001", "crm", "account_number", "10023"), ("F-002", "crm", "account_number", "10024")
    ]  # fmt: skip
    assert rows_of(pages, "amount", "currency", "invoice_date", "due_date", "terms_days") == [
        (Decimal("12345.6"), "CNY", date(2026, 1, 31), date(2026, 3, 2), 30),
        (Decimal(1000), "CNY", date(2026, 2, 5), date(2026, 2, 15), 0),
    ]
    assert problems_of(pages) == {
        "发票202602.csv:4": "amount: '一千' is not a number",
        "发票202602.csv:5": "id: the id 'F-002' stands at 发票202602.csv:3 with other content",
    }


def test_open_items_split_into_invoices_and_credit_notes(
    tmp_path: Path, adapter: FilesAdapter
) -> None:
    text = (
        "Company Code;Customer No;Document Number;Currency;Amount;Open Amount;Document Date;"
        "Net Due Date\n"
        "U1;00077;R1;EUR;1.234,50;1.000,00;03.01.2026;02.02.2026\n"
        "U2;00077;R1;EUR;99,00;99,00;05.01.2026;04.02.2026\n"
        "U1;00077;G1;EUR;(50,00);25,00-;07.01.2026;\n"
        "Total;;;;1.283,50;;;\n"
    )
    (tmp_path / "Open_Items_2026-01-31.csv").write_text(text, encoding="utf-8")
    mapping = resolved(adapter)
    items = read(adapter, mapping, "open_item")
    assert rows_of(items, "id", "amount", "open_amount", "due_date") == [
        ("U1|R1", Decimal("1234.5"), Decimal(1000), date(2026, 2, 2)),
        ("U2|R1", Decimal(99), Decimal(99), date(2026, 2, 4)),
    ]
    notes = read(adapter, mapping, "open_credit_note")
    assert rows_of(notes, "id", "amount", "open_amount") == [("U1|G1", Decimal(50), Decimal(25))]
    assert problems_of(items) == problems_of(notes) == {}
    assert all(page.unidentified == 0 for page in items)
    assert [i for page in items for i in page.ids.to_pylist()] == ["U1|R1", "U2|R1"]


def test_a_workbook_of_payments_keeps_rows_that_look_alike(
    tmp_path: Path, adapter: FilesAdapter
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Customer No", "Value Date", "Currency", "Amount", "Invoice No"])
    for _ in range(2):
        sheet.append([77, date(2026, 2, 1), "EUR", 0.3, None])
    sheet.append([77, date(2026, 2, 2), "EUR", -12.5, "R1"])
    book.save(tmp_path / "receipts.xlsx")
    mapping = resolved(adapter)
    pages = read(adapter, mapping, "payment")
    assert rows_of(pages, "account_key", "value_date", "amount") == [
        ("77", date(2026, 2, 1), Decimal("0.3")),
        ("77", date(2026, 2, 1), Decimal("0.3")),
        ("77", date(2026, 2, 2), Decimal("-12.5")),
    ]
    ids = [row[0] for row in rows_of(pages, "id")]
    assert ids[1] == f"{ids[0]}#2"
    (kept,) = pages[0].duplicates
    assert kept.startswith("receipts.xlsx:3: the same row as receipts.xlsx:2")


def test_orders_credit_notes_limits_and_rates(tmp_path: Path, adapter: FilesAdapter) -> None:
    def put(name: str, text: str) -> None:
        (tmp_path / name).write_text(text, encoding="utf-8")

    put("orders.csv", "Customer No,Order No,Status,Currency,Amount,Order Date\n"
        "77,O1,Completed,EUR,10.50,2026-01-05\n77,O2,Strange,EUR,20.00,2026-01-06\n")  # fmt: skip
    put("credit_notes.csv", "Customer No,Credit Note No,Currency,Amount,Issue Date\n"
        "77,G1,EUR,-5.50,2026-01-05\n")  # fmt: skip
    put("limits_20260131.csv", "Customer No,Limit,State,Currency,Valid To\n"
        "77,5000,,EUR,9999-12-31\n78,,cash only,EUR,\n79,,,EUR,\n")  # fmt: skip
    put("rates.csv", "Currency,Quote,Date,Rate\nUSD,EUR,2026-01-05,0.9123456789\n")
    mapping = resolved(adapter)
    assert rows_of(read(adapter, mapping, "order"), "id", "state") == [
        ("O1", "fulfilled"), ("O2", "open")
    ]  # fmt: skip
    notes = read(adapter, mapping, "credit_note")
    assert rows_of(notes, "amount") == [(Decimal("5.5"),)]
    limits = read(adapter, mapping, "limit")
    assert rows_of(limits, "account_key", "state", "amount") == [
        ("77", "amount", Decimal(5000)), ("78", "cash_only", None)
    ]  # fmt: skip
    assert "the amount of the limit is empty" in problems_of(limits)["limits_20260131.csv:4"]
    assert rows_of(read(adapter, mapping, "fx_rate"), "rate") == [(Decimal("0.9123456789"),)]


def test_an_ambiguous_column_is_refused_with_the_way_out(
    tmp_path: Path, adapter: FilesAdapter
) -> None:
    text = 'Customer No,Invoice No,Amount,Invoice Date\n77,R1,"1,234",03/04/2026\n'
    (tmp_path / "invoices.csv").write_text(text, encoding="utf-8")
    mapping = resolved(adapter)
    (reason,) = problems_of(read(adapter, mapping, "invoice")).values()
    assert "add" not in reason.split("amount:")[0]
    assert "{decimal: {decimal: '.', thousands: ','}}" in reason
    assert "{date: {day_first: true}}" in reason


def test_the_check_names_the_headers_that_are_missing(
    tmp_path: Path, adapter: FilesAdapter
) -> None:
    (tmp_path / "invoices.csv").write_text("Customer No,Invoice No,Sum\n", encoding="utf-8")
    mapping = load_mapping(["files-erp"], ROOT, "files")
    info = adapter.describe("invoices*|发票*")
    assert info is not None
    assert all(field.kind is Kind.TEXT for field in info.fields.values())
    wrong = [f for f in check_mapping(mapping, adapter.describe) if f.level == "error"]
    assert {f.where for f in wrong} == {
        "files-erp: entities.invoice.fields.amount",
        "files-erp: entities.invoice.fields.invoice_date",
    }  # fmt: skip
