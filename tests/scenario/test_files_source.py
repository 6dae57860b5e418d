"""Receivables from ERP exports, accounts in Salesforce: each list, and what became of the accounts.

The story is told once, phase by phase; the tests look at what each phase left in the emulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.scenario.erp_company import AS_OF, ErpCompany, build_company, feeds_of
from tests.scenario.world import Ended

pytestmark = pytest.mark.slow

BRANCH = """
[connections.branch]
adapter = "files"
folder = "branch"
accounts = "crm"
currency = "EUR"
"""
TRUTH = """order = ["erp"]
invoice = ["erp", "branch"]
credit_note = ["erp", "branch"]
"""

INVOICES_GBK = """客户编号,发票号,币种,金额,发票日期,到期日,订单号
1001,F-001,RMB,"12,345.60",31/01/2026,02/03/2026,
1001,F-002,,"1,000",05/02/2026,15/04/2026,
1002,F-003,EUR,"2,000.00",13/02/2026,15/03/2026,
1003,F-004,人民币,"50,000.00",20/03/2026,19/04/2026,SO-77
1005,L-1,CNY,"1,000.00",11/12/2025,10/01/2026,
1005,L-2,CNY,"2,500.00",11/01/2026,10/02/2026,
1005,L-3,CNY,"4,000.00",18/02/2026,20/03/2026,
9999,F-005,CNY,777.00,20/02/2026,22/03/2026,
"""
ORDERS = """Customer No,Order No,Status,Currency,Amount,Order Date
1003,SO-77,Invoiced,CNY,"50,000.00",2026-03-10
1003,SO-78,Open,CNY,"8,000.00",2026-03-25
"""
CREDIT_NOTES = """Customer No,Credit Note No,Currency,Amount,Issue Date,Invoice No
1002,G-1,EUR,-500.00,2026-03-20,F-003
"""
LIMITS = """Customer No,State,Currency,Limit
1001,amount,CNY,"20,000.00"
1002,cash only,CNY,
1003,unlimited,CNY,
1006,amount,CNY,500.00
"""
LATER_LIMITS = """Customer No,State,Currency,Limit
1001,amount,CNY,"20,000.00"
1003,unlimited,CNY,
1006,amount,CNY,500.00
"""
PAYMENTS: list[list[object]] = [
    ["Customer No", "Value Date", "Currency", "Amount", "Invoice No"],
    [1001, AS_OF.replace(day=5), "CNY", 345.6, "F-001"],
    [1005, AS_OF.replace(day=6), "CNY", 200, "L-3"],
    [1005, AS_OF.replace(day=7), "CNY", 1500, None],
    [1005, AS_OF.replace(day=8), "CNY", 2500, None],
    [1005, AS_OF.replace(day=9), "EUR", 100, None],
]
WITH_BAD_ROWS = """Customer No,Invoice No,Currency,Amount,Invoice Date,Due Date
1001,F-010,CNY,"5,000.00",2026-03-30,2026-04-29
1001,F-011,CNY,five,2026-03-30,2026-04-29
1001,F-012,CNY,6.00,2026-02-31,2026-04-29
1001,F-013,XQZ,7.00,2026-03-30,2026-04-29
,F-014,CNY,8.00,2026-03-30,2026-04-29
1001,F-015,CNY,9.00,2026-03-30
"""
CORRECTED = """Customer No,Invoice No,Currency,Amount,Invoice Date,Due Date
1001,F-002,CNY,"2,000.00",2026-02-05,2026-04-15
"""


ISSUED_OVER = {"R1": "10.000,00", "R8": "5.000,00"}


def open_items(**amounts: str) -> str:
    """A full list of open items of account 1004 in euro; R items were due, G is a credit note."""
    head = "Customer No;Document Number;Amount;Open Amount;Document Date;Net Due Date\n"
    rows = []
    for number, amount in amounts.items():
        whole = "1.000,00-" if number == "G" else ISSUED_OVER.get(number, "1.000,00")
        rows.append(f"1004;{number};{whole};{amount};03.02.2026;05.03.2026\n")
    return head + "".join(rows) + "Total;;;;;\n"


SMALL = {f"R{n}": "1.000,00" for n in range(2, 8)}
LISTS = {
    "first": {"R1": "10.000,00", **SMALL, "R8": "5.000,00", "G": "1.000,00-"},
    "one less": {**SMALL, "R8": "5.000,00", "G": "1.000,00-"},
    "back": {"R1": "10.000,00", **SMALL, "R2": "400,00", "R8": "5.000,00", "G": "1.000,00-"},
    "shrunk": {"R8": "5.000,00", "G": "1.000,00-"},
}


@dataclass(frozen=True)
class Phase:
    """How a run ended, and the accounts as the emulator held them then."""

    ended: Ended
    accounts: dict[str, dict[str, Any]]
    write_calls: int

    def money(self, number: str, name: str) -> Decimal | None:
        value = self.accounts[number].get(f"Credit_{name}__c")
        return None if value is None else Decimal(str(value))


def phase(company: ErpCompany, ended: Ended, before: int) -> Phase:
    records = company.emulator.control.records("Account", deleted=False)
    accounts = {r["AccountNumber"]: r for r in records}
    return Phase(ended, accounts, company.write_calls() - before)


def play(company: ErpCompany, *options: str) -> Phase:
    before = company.write_calls()
    return phase(company, company.run(*options), before)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErpCompany]:
    with build_company(tmp_path_factory.mktemp("erp")) as made:
        control = made.emulator.control
        control.seed(
            "Order",
            [{"AccountId": made.accounts["1003"], "OrderNumber": "SO-77", "Status": "Activated",
              "StatusCode": "Activated", "EffectiveDate": "2026-03-10", "TotalAmount": 50_000.0}],
        )  # fmt: skip
        made.put("发票202602.csv", INVOICES_GBK, encoding="gbk")
        made.put("orders.csv", ORDERS)
        made.put("credit_notes.csv", CREDIT_NOTES)
        made.put("limits_20260320.csv", LIMITS)
        made.put_workbook("receipts.xlsx", PAYMENTS)
        made.put("open_items_2026-03-20.csv", open_items(**LISTS["first"]), folder="branch")
        yield made


@pytest.fixture(scope="module")
def refused(company: ErpCompany) -> Ended:
    """A run while several connections bring the same kinds and nothing says which one holds."""
    text = company.settings(BRANCH)
    ambiguous = text.replace('[truth]\norder = ["erp"]\n', "")
    assert ambiguous != text
    company.config.write_text(ambiguous, encoding="utf-8")
    return company.run()


@pytest.fixture(scope="module")
def first(company: ErpCompany, refused: Ended) -> Phase:
    text = company.settings(BRANCH).replace('order = ["erp"]\n', TRUTH)
    company.config.write_text(text, encoding="utf-8")
    return phase(company, company.settle(), 0)


@pytest.fixture(scope="module")
def explained(company: ErpCompany, first: Phase) -> tuple[str, dict[str, str]]:
    """The account with payments that name no invoice: text, and figures."""
    return company.call("explain", "1005").out, company.metrics("1005")


@pytest.fixture(scope="module")
def again(company: ErpCompany, first: Phase, explained: object) -> Phase:
    """The same files, one of them once more under another name."""
    company.put("发票202602 (copy).csv", INVOICES_GBK, encoding="gbk")
    return play(company)


@pytest.fixture(scope="module")
def bad_rows(company: ErpCompany, again: Phase) -> tuple[Phase, list[dict[str, Any]]]:
    """A file with bad rows, and a list of open items without R1; the status after it."""
    company.put("invoices_20260330.csv", WITH_BAD_ROWS)
    company.put("open_items_2026-03-25.csv", open_items(**LISTS["one less"]), folder="branch")
    played = play(company)
    problems: list[dict[str, Any]] = company.call("status", "--json").json["problems"]
    return played, problems


@pytest.fixture(scope="module")
def next_list(company: ErpCompany, bad_rows: object) -> Phase:
    """R1 is in the list again, an invoice is corrected, a limit left, the account 9999 is there."""
    company.put("open_items_2026-03-28.csv", open_items(**LISTS["back"]), folder="branch")
    company.put("invoices_20260331.csv", CORRECTED)
    company.put("limits_20260331.csv", LATER_LIMITS)
    company.emulator.control.seed("Account", [{"Name": "Late Comer", "AccountNumber": "9999"}])
    return play(company)


@pytest.fixture(scope="module")
def shrunk(company: ErpCompany, next_list: Phase) -> Phase:
    company.put("open_items_2026-03-31.csv", open_items(**LISTS["shrunk"]), folder="branch")
    return play(company)


@pytest.fixture(scope="module")
def accepted(company: ErpCompany, shrunk: Phase) -> Phase:
    return play(company, "--accept-shrunk-lists")


def test_kinds_that_several_connections_bring_are_all_named(
    company: ErpCompany, refused: Ended
) -> None:
    assert refused.code == 2
    assert "would count twice" in refused.err
    listed = [line for line in refused.err.splitlines() if line.startswith("  - truth.")]
    assert listed == [
        '  - truth.order: crm and erp both bring it; write order = ["crm"]',
        '  - truth.invoice: erp and branch both bring it; write invoice = ["erp"]',
        '  - truth.credit_note: erp and branch both bring it; write credit_note = ["erp"]',
    ]
    assert refused.out == ""
    assert not (company.state / "ledger").exists()


def test_a_chinese_export_and_a_workbook_of_payments_make_the_figures(first: Phase) -> None:
    assert first.money("1001", "Exposure") == Decimal("13000")
    assert first.money("1001", "Overdue") == Decimal("12000")
    assert first.accounts["1001"]["Credit_Oldest_Due__c"] == "2026-03-02"


def test_limits_of_the_export_are_in_force_in_each_state(first: Phase) -> None:
    states = {n: first.accounts[n]["Credit_Limit_State__c"] for n in ("1001", "1002", "1003")}
    assert states == {"1001": "amount", "1002": "cash_only", "1003": "unlimited"}
    assert first.money("1001", "Limit") == Decimal("20000")
    assert first.money("1001", "Available") == Decimal("7000")
    assert first.money("1003", "Limit") is None
    assert first.money("1003", "Available") is None


def test_a_customer_with_nothing_but_a_limit_has_a_decision(first: Phase) -> None:
    assert first.accounts["1006"]["Credit_Limit__c"] == 500
    assert first.money("1006", "Available") == Decimal("500")


def test_a_credit_note_in_another_currency_lowers_its_invoice(first: Phase) -> None:
    assert first.money("1002", "Exposure") == Decimal("1500") * Decimal("7.8")
    assert first.money("1002", "Overdue") == Decimal("1500") * Decimal("7.8")


def test_the_erp_invoice_and_the_crm_order_behind_it_count_once(
    company: ErpCompany, first: Phase
) -> None:
    assert first.money("1003", "Exposure") == Decimal("50000") + Decimal("8000")
    assert feeds_of(first.ended)["crm.order"]["new"] == 1


def test_open_items_count_less_the_credit_notes_among_them(first: Phase) -> None:
    assert first.money("1004", "Exposure") == (Decimal("21000") - 1000) * Decimal("7.8")
    assert first.money("1004", "Overdue") == Decimal("21000") * Decimal("7.8")


def test_a_document_of_an_unknown_account_is_kept_and_counted(
    company: ErpCompany, first: Phase
) -> None:
    assert first.ended.json["unlinked"] == 1
    assert feeds_of(first.ended)["erp.invoice"]["new"] == 8


def test_payments_that_name_no_invoice_are_matched_as_the_policy_says(
    first: Phase, explained: tuple[str, dict[str, str]]
) -> None:
    # L-3 less the 200 that name it; 2,500 fit L-2; of 1,500 the oldest, L-1, takes 1,000.
    _, figures = explained
    left = Decimal("4000") - 200 - 500
    assert Decimal(figures["open_receivables"]) == left
    assert Decimal(figures["overdue"]) == left
    assert first.money("1005", "Overdue") == left
    assert first.ended.json["coverage"]["derived_matches"] == 3


def test_cash_that_found_no_invoice_is_shown(
    first: Phase, explained: tuple[str, dict[str, str]]
) -> None:
    text, figures = explained
    assert Decimal(figures["unapplied_cash"]) == Decimal("780")
    assert first.money("1005", "Exposure") == Decimal("3300") - 780
    assert any("not matched" in line and "780.00" in line for line in text.splitlines())


def test_the_same_files_again_bring_nothing(first: Phase, again: Phase) -> None:
    assert again.ended.code == 0, again.ended.err
    for name, feed in feeds_of(again.ended).items():
        if not name.startswith("crm."):
            assert (feed["records"], feed["new"], feed["changed"]) == (0, 0, 0), name
    assert again.ended.json["decided"] is None
    assert again.write_calls == 0


def test_bad_rows_are_told_by_file_line_field_and_reason(
    bad_rows: tuple[Phase, list[dict[str, Any]]],
) -> None:
    played, problems = bad_rows
    assert played.ended.code == 1
    told = {(p["where_from"], p["field"]): p["reason"] for p in problems}
    file = "invoices_20260330.csv"
    assert {where for where, _ in told} == {f"{file}:{line}" for line in range(3, 8)}
    assert "'five' is not a number" in told[f"{file}:3", "amount"]
    assert "2026-02-31" in told[f"{file}:4", "invoice_date"]
    assert "XQZ" in told[f"{file}:5", "currency"]
    assert "account_key: is empty" in told[f"{file}:6", "account_field, account_key"]
    assert all(p["reason"] and p["connection"] == "erp" for p in problems)


def test_the_rest_of_a_file_with_bad_rows_goes_on(
    bad_rows: tuple[Phase, list[dict[str, Any]]],
) -> None:
    played, _ = bad_rows
    feed = feeds_of(played.ended)["erp.invoice"]
    assert (feed["new"], feed["problems"]) == (1, 5)
    # Its headers are others than before, so the first file is read once more and brings nothing.
    assert (feed["re_read"], feed["changed"]) == (8, 0)
    assert played.money("1001", "Exposure") == Decimal("18000")


def test_an_item_absent_from_the_next_list_was_cleared(
    bad_rows: tuple[Phase, list[dict[str, Any]]],
) -> None:
    played, _ = bad_rows
    assert feeds_of(played.ended)["branch.open_item"]["cleared"] == 1
    assert played.money("1004", "Exposure") == Decimal("10000") * Decimal("7.8")


def test_an_item_that_appears_again_is_open_again(next_list: Phase) -> None:
    assert next_list.ended.code == 0, next_list.ended.err
    assert feeds_of(next_list.ended)["branch.open_item"]["changed"] == 2
    assert next_list.money("1004", "Exposure") == Decimal("19400") * Decimal("7.8")
    assert next_list.money("1004", "Overdue") == Decimal("20400") * Decimal("7.8")


def test_a_corrected_invoice_takes_the_place_of_the_first(next_list: Phase) -> None:
    assert feeds_of(next_list.ended)["erp.invoice"]["changed"] == 1
    assert next_list.money("1001", "Exposure") == Decimal("19000")


def test_a_limit_that_left_the_list_is_no_limit_any_more(next_list: Phase) -> None:
    assert next_list.accounts["1002"]["Credit_Limit_State__c"] == "none"
    assert next_list.accounts["1001"]["Credit_Limit_State__c"] == "amount"


def test_a_document_finds_its_account_when_that_comes(next_list: Phase) -> None:
    assert next_list.ended.json["unlinked"] == 0
    assert next_list.money("9999", "Exposure") == Decimal("777")


def test_a_list_that_lost_most_rows_waits_for_a_person(
    company: ErpCompany, next_list: Phase, shrunk: Phase
) -> None:
    assert shrunk.ended.code == 5
    assert "open_item" in shrunk.ended.err
    assert "fell from 8 to 1 rows" in shrunk.ended.err
    assert "creditflag run --accept-shrunk-lists" in shrunk.ended.err
    assert shrunk.write_calls == 0
    assert shrunk.accounts == next_list.accounts


def test_a_person_can_take_in_the_shrunk_list(accepted: Phase) -> None:
    assert accepted.ended.code == 0, accepted.ended.err
    assert feeds_of(accepted.ended)["branch.open_item"]["cleared"] == 7
    assert accepted.money("1004", "Exposure") == Decimal("4000") * Decimal("7.8")
