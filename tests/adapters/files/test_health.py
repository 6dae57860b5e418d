"""`files check`: every fault is found in real files, with file, row, owner and next step."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import Workbook

from adapters.files.adapter import FilesAdapter
from adapters.files.folders import Folder
from connector.cli.files import SHIPPED
from connector.cli.main import run
from connector.mapping.feeds import load_mapping
from connector.service.health.accounts import KNOWN_SCHEMA
from connector.service.health.check import check_files
from connector.service.health.report import HealthReport
from connector.service.health.rules import list_rules
from connector.sync.desk import Connection

ROOT = Path(__file__).resolve().parents[3]
MAPPING = load_mapping(SHIPPED, ROOT, "files")
AS_OF = date(2026, 3, 1)
GOOD_USCC = "91350100M000100Y43"
Check = Callable[..., HealthReport]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Write files of the given texts, and check them all."""

    def run_check(known: pa.Table | None = None, **files: str) -> HealthReport:
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        adapter = FilesAdapter(Folder(tmp_path, 50_000_000))
        connection = Connection("erp", adapter, MAPPING, accounts="crm", currency="CNY")
        return check_files(connection, AS_OF, known)

    return run_check


def found(report: HealthReport) -> dict[tuple[str, str], int]:
    """How often each fault was found, by code and entity."""
    return {(f.code, f.entity): f.count for f in report.findings}


INVOICES = "Customer No,Invoice No,Currency,Amount,Invoice Date,Due Date,Open Amount\n"
ORDERS = "Customer No,Order No,Currency,Amount,Order Date\n"
PAYMENTS = "Customer No,Payment No,Currency,Amount,Value Date\n"
BILLS = "Customer No,Bill No,Bill Kind,Bill State,Bill Amount,Maturity Date,Owner,Invoice No\n"
GUARANTEES = "Customer No,Guarantee No,Guarantee Kind,Guaranteed Amount,Valid From,Valid To\n"
INSURED = "Customer No,Policy No,Insured Limit Kind,Insured Limit State,Insured Limit,Valid To\n"
STATEMENTS = ("Registration No,Period End,Unit of Amounts,Total Assets,Total Liabilities,Equity,"
              "Sales\n")  # fmt: skip
PROMISES = "Customer No,Promised Amount,Made On,Promised For,Invoice No\n"
DISPUTES = "Customer No,Opened On,Closed On\n"
REPORTS = "Customer No,Bureau,Report Date,Score,Scale Low,Scale High\n"

FAULTS: list[tuple[str, dict[str, str], str, str, str]] = [
    # code, files, entity, where the first example stands, what it shows
    ("no_due_date", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,,\n"},
     "invoice", "invoices.csv:2", "F1"),
    ("due_before_issue", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-01-09,\n"},
     "invoice", "invoices.csv:2", "2026-01-10 – 2026-01-09"),
    ("due_far_ahead", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,2062-01-09,\n"},
     "invoice", "invoices.csv:2", "2062-01-09"),
    ("negative_invoice", {"invoices": INVOICES + "1,F1,CNY,-10.5,2026-01-10,2026-02-09,\n"},
     "invoice", "invoices.csv:2", "-10.5"),
    ("open_above_amount", {"open_items": INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-02-09,11.75\n"},
     "invoice", "open_items.csv:2", "11.75 > 10.5"),
    ("date_ahead", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-12-10,2027-01-09,\n"},
     "invoice", "invoices.csv:2", "2026-12-10"),
    ("date_absurd", {"invoices": INVOICES + "1,F1,CNY,10.5,1900-01-01,2026-01-09,\n"},
     "invoice", "invoices.csv:2", "1900-01-01"),
    ("date_ahead", {"orders": ORDERS + "1,O1,CNY,10.5,2026-12-10\n"},
     "order", "orders.csv:2", "2026-12-10"),
    ("not_positive", {"orders": ORDERS + "1,O1,CNY,-3.25,2026-01-10\n"},
     "order", "orders.csv:2", "-3.25"),
    ("empty_payment", {"payments": PAYMENTS + "1,P1,CNY,0,2026-01-10\n"},
     "payment", "payments.csv:2", "2026-01-10"),
    ("kept_twice", {"payments": PAYMENTS + "1,P1,CNY,5.5,2026-01-10\n" * 2},
     "payment", "payments.csv:3", "the same row as payments.csv:2, kept as"),
    ("invoice_twin", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-02-09,\n"
                      "1,F2,CNY,10.5,2026-01-10,2026-02-09,\n"},
     "invoice", "invoices.csv:2", "F1 10.5"),
    ("amount_far_out", {"invoices": INVOICES + "".join(
        f"1,F{n},CNY,{10.5 + n},2026-01-1{n},2026-02-09,\n" for n in range(6)
    ) + "1,F9,CNY,125000.5,2026-01-19,2026-02-09,\n"},
     "invoice", "invoices.csv:8", "125000.5 / 13.5"),
    ("terms_missing", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,,\n"},
     "invoice", "invoices.csv:2", "F1"),
    ("same_row", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-02-09,\n" * 2},
     "invoice", "invoices.csv:3", "it counts once"),
    ("same_number", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-02-09,\n"
                     "1,F1,CNY,11.5,2026-01-10,2026-02-09,\n"},
     "invoice", "invoices.csv:3", "with other content"),
    ("unknown_currency", {"invoices": INVOICES + "1,F1,XQZ,10.5,2026-01-10,2026-02-09,\n"},
     "invoice", "invoices.csv:2", "'XQZ'"),
    ("no_account", {"invoices": INVOICES + ",F1,CNY,10.5,2026-01-10,2026-02-09,\n"},
     "invoice", "invoices.csv:2", "account_key: is empty"),
    ("value_unreadable", {"invoices": INVOICES + "1,F1,CNY,ten,2026-01-10,2026-02-09,\n"},
     "invoice", "invoices.csv:2", "'ten'"),
    ("file_unreadable", {"invoices": INVOICES + "1,F1,CNY\n"},
     "invoice", "invoices.csv:2", "3 cells"),
    ("unknown_word", {"bills": BILLS + "1,B1,Banana,Held,10.5,2026-05-01,Li,\n"},
     "bill", "bills.csv:2", "'Banana'"),
    ("bill_without_maturity", {"bills": BILLS + "1,B1,Bank acceptance,Held,10.5,,Li,\n"},
     "bill", "bills.csv:2", "B1"),
    ("bill_past_maturity", {"bills": BILLS + "1,B1,银承,持有,10.5,2026-02-01,Li,\n"},
     "bill", "bills.csv:2", "2026-02-01"),
    ("no_expiry", {"guarantees": GUARANTEES + "1,G1,Deposit,10.5,2026-01-01,\n"},
     "guarantee", "guarantees.csv:2", "1|G1"),
    ("expired", {"guarantees": GUARANTEES + "1,G1,Deposit,10.5,2025-01-01,2026-02-28\n"},
     "guarantee", "guarantees.csv:2", "2026-02-28"),
    ("validity_reversed", {"guarantees": GUARANTEES + "1,G1,Deposit,10.5,2026-01-01,2025-12-31\n"},
     "guarantee", "guarantees.csv:2", "2026-01-01 – 2025-12-31"),
    ("unknown_policy", {"insured_limits": INSURED + "1,P9,Named,In force,10.5,2027-01-01\n"},
     "insured_limit", "insured_limits.csv:2", "P9"),
    ("promise_reversed", {"promises": PROMISES + "1,10.5,2026-02-10,2026-02-01,\n"},
     "promise", "promises.csv:2", "2026-02-10 – 2026-02-01"),
    ("unknown_invoice", {"promises": PROMISES + "1,10.5,2026-02-10,2026-03-10,F7\n",
                         "invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-02-09,\n"},
     "promise", "promises.csv:2", "F7"),
    ("dispute_reversed", {"disputes": DISPUTES + "1,2026-02-10,2026-02-01\n"},
     "dispute", "disputes.csv:2", "2026-02-10 – 2026-02-01"),
    ("statement_without_unit", {"statements": STATEMENTS + f"{GOOD_USCC},2025-12-31,,9,5,4,7\n"},
     "statement", "statements.csv:2", "2025-12-31"),
    ("statement_unbalanced", {"statements": STATEMENTS + f"{GOOD_USCC},2025-12-31,元,9,5,3,7\n"},
     "statement", "statements.csv:2", "9 / 8"),
    ("statement_unit_jump", {"statements": STATEMENTS + f"{GOOD_USCC},2024-12-31,万元,9,5,4,7\n"
                             f"{GOOD_USCC},2025-12-31,元,9.5,5,4.5,7\n"},
     "statement", "statements.csv:3", "2025-12-31: 9.5 / 90000"),
    ("wrong_uscc", {"statements": STATEMENTS + f"{GOOD_USCC[:-1]}5,2025-12-31,元,9,5,4,7\n"},
     "statement", "statements.csv:2", f"{GOOD_USCC[:-1]}5"),
    ("score_off_scale", {"bureau_reports": REPORTS + "1,Example Ratings,2026-01-01,-95,0,100\n"},
     "bureau_report", "bureau_reports.csv:2", "-95"),
    ("terms_without_days", {"terms": "Customer No,Terms Kind\n1,Net\n"},
     "terms", "terms.csv:2", "net"),
    ("terms_without_parts", {"terms": "Customer No,Terms Kind\n1,分期\n"},
     "terms", "terms.csv:2", "1"),
    ("parts_do_not_add_up", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-02-09,\n",
                             "instalments": "Invoice No,Amount,Due Date\nF1,4.5,2026-02-01\n"},
     "instalment", "instalments.csv:2", "4.5 / 10.5"),
    ("lines_do_not_add_up", {"invoices": INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-02-09,\n",
                             "invoice_lines": "Invoice No,Amount\nF1,4.5\nF1,5.25\n"},
     "invoice_line", "invoice_lines.csv:2", "9.75 / 10.5"),
    ("unread_table", {"what_is_this": "a,b\n1,2\n"}, "", "what_is_this.csv", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "files", "entity", "where", "shown"),
    FAULTS,
    ids=[f"{fault[0]}-{fault[2]}" for fault in FAULTS],
)
def test_a_fault_is_found(
    check: Check, code: str, files: dict[str, str], entity: str, where: str, shown: str
) -> None:
    (finding,) = [f for f in check(**files).findings if (f.code, f.entity) == (code, entity)]
    assert finding.examples[0].where == where
    assert shown in finding.examples[0].shown
    assert sum(finding.owners.values()) == finding.count
    assert finding.next_step


def test_every_rule_has_a_fault_that_it_finds() -> None:
    seen = {fault[0] for fault in FAULTS} | {"unknown_account", "no_uscc"}
    assert {rule.code for rule in list_rules()} <= seen


def test_files_without_a_fault_are_healthy(check: Check) -> None:
    report = check(
        invoices=INVOICES + "1,F1,CNY,10.5,2026-01-10,2026-02-09,\n"
        "1,F2,CNY,12.5,2026-01-11,2026-02-10,\n",
        payments=PAYMENTS + "1,P1,CNY,10.5,2026-02-11\n",
        guarantees=GUARANTEES + "1,G1,Deposit,10.5,2026-01-01,2026-12-31\n",
        statements=STATEMENTS + f"{GOOD_USCC},2024-12-31,万元,9,5,4,7\n"
        f"{GOOD_USCC},2025-12-31,千元,95,50,45,70\n",
    )
    assert report.findings == ()
    assert report.rows == {"invoice": 2, "payment": 1, "guarantee": 1, "statement": 2}
    assert not report.bad
    assert not report.accounts_known


def test_a_template_as_it_comes_is_healthy(tmp_path: Path, check: Check) -> None:
    from connector.mapping.load import load_documents
    from connector.service.templates import choose_forms, write_template

    forms = choose_forms(load_documents(SHIPPED, ROOT), [])
    write_template(forms, "zh", tmp_path / "信用档案.xlsx")
    assert check().findings == ()


def known(*rows: tuple[str, str, int | None, str | None, str | None, str | None]) -> pa.Table:
    names = KNOWN_SCHEMA.names
    made = [dict(zip(names, (*row, f"Company {row[1]}"), strict=True)) for row in rows]
    return pa.Table.from_pylist(made, schema=KNOWN_SCHEMA)


def test_repairs_go_to_the_owner_of_row_account_or_file(check: Check) -> None:
    accounts = known(
        ("account_number", "1", 30, None, "CN", "Wang Li"),
        ("account_number", "2", None, GOOD_USCC, "CN", None),
        ("account_number", "3", None, None, "DE", "Hans"),
    )
    report = check(
        accounts,
        invoices=INVOICES + "1,F1,CNY,10.5,2026-01-10,,\n2,F2,CNY,11.5,2026-01-10,,\n"
        "9,F3,CNY,12.5,2026-01-10,2026-02-10,\n3,F4,CNY,9.5,2026-01-10,2026-02-10,\n",
        bills=BILLS + "1,B1,银承,持有,10.5,,Zhao,\n",
    )
    assert found(report) == {
        ("no_due_date", "invoice"): 2, ("terms_missing", "invoice"): 1,
        ("unknown_account", "invoice"): 1, ("bill_without_maturity", "bill"): 1,
        ("no_uscc", "account"): 1,
    }  # fmt: skip
    repairs = {owner: {(f.code, n) for f, n in tasks} for owner, tasks in report.repairs().items()}
    assert repairs == {
        "Wang Li": {("no_due_date", 1), ("no_uscc", 1)},
        "invoices.csv": {("no_due_date", 1), ("terms_missing", 1), ("unknown_account", 1)},
        "Zhao": {("bill_without_maturity", 1)},
    }


def test_hostile_files_are_findings_and_no_more(tmp_path: Path, check: Check) -> None:
    (tmp_path / "invoices_bomb.xlsx").write_bytes(b"PK\x03\x04" + b"\x00" * 200)
    (tmp_path / "invoices_web.xlsx").write_text("<html>", encoding="utf-8")
    (tmp_path / "payments_latin.csv").write_bytes("Kunde;Größe\n1;ä\n".encode("cp1252"))
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Customer No", "Value Date", "Amount"])
    sheet.append([1, date(2026, 2, 1), "=1+1"])
    book.save(tmp_path / "receipts.xlsx")
    report = check(invoices=INVOICES + '1,"F1,CNY,10.5,2026-01-10,2026-02-09,\n')
    unreadable = [f for f in report.findings if f.code == "file_unreadable"]
    assert sum(f.count for f in unreadable) == 5
    assert {e.where for f in unreadable for e in f.examples} == {
        "invoices_bomb.xlsx", "invoices_web.xlsx", "payments_latin.csv", "receipts.xlsx",
        "invoices.csv:2",
    }  # fmt: skip


def test_a_large_file_is_counted_whole(check: Check) -> None:
    rows = "".join(f"{n % 50},F{n},CNY,10.5,2026-01-10,,\n" for n in range(20_000))
    report = check(invoices=INVOICES + rows)
    (finding,) = [f for f in report.findings if f.code == "no_due_date"]
    assert finding.count == 20_000
    assert len(finding.examples) == 5


def test_the_command_checks_a_file_a_folder_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "invoices.csv").write_text(
        INVOICES + "1,F1,CNY,-10.5,2026-01-10,2026-02-09,\n", encoding="utf-8"
    )
    (tmp_path / "payments.csv").write_text(PAYMENTS + "1,P1,,5.5,2026-01-10\n", encoding="utf-8")
    asked = ["--as-of", "2026-03-01"]
    assert run(["--language", "en", "files", "check", str(tmp_path), *asked]) == 1
    told = capsys.readouterr().out
    assert "error  1 × invoice: The invoice is zero or negative." in told
    assert "invoices.csv:2  -10.5" in told
    assert "Repairs by owner" in told
    assert run(["--language", "zh", "files", "check", str(tmp_path), *asked]) == 1
    assert "错误  1 × 发票: 发票金额为零或负数。" in capsys.readouterr().out
    one = [str(tmp_path / "payments.csv"), *asked]
    assert run(["files", "check", *one, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["rows"] == {"payment": 1}
    assert answer["files"] == ["payments.csv"]
    assert answer["findings"] == []
