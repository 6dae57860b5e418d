from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.read import MappedPage, ReadContext, map_page
from connector.ports.crm import Deletion, Page, Record, Unreadable
from connector.ports.facts import PROBLEM_SCHEMA, row_schema
from tests.unit.mapping.conftest import INVOICE, bill, only_feed

Read = Callable[..., MappedPage]


def only_problem(page: MappedPage) -> dict[str, str]:
    (problem,) = page.problems.to_pylist()
    return dict(problem)


def test_a_record_becomes_a_typed_row(read: Read) -> None:
    page = read([bill(Amount=Decimal("1234.56785"), Terms="Net 30", Disputed="no", Due="")])
    assert page.rows.schema == row_schema("invoice")
    (row,) = page.rows.to_pylist()
    assert {name: value for name, value in row.items() if value is not None} == {
        "id": "b1",
        "stamp": datetime(2026, 1, 31, 10),
        "where_from": "Bill b1",
        "account_connection": "crm",
        "account_field": "id",
        "account_key": "c1",
        "number": "R-1",
        "currency": "EUR",
        "amount": Decimal("1234.5679"),
        "invoice_date": date(2026, 1, 10),
        "terms_days": 30,
        "disputed": False,
    }
    assert page.problems.num_rows == 0
    assert page.ids.to_pylist() == ["b1"]


def test_a_bad_row_is_a_problem_with_every_bad_field_and_the_rest_goes_on(read: Read) -> None:
    page = read([bill(1), bill(2, Amount="much", Issued="soon", Name=" "), bill(3)])
    assert page.rows.column("id").to_pylist() == ["b1", "b3"]
    problem = only_problem(page)
    assert problem["record_id"] == "b2"
    assert problem["where_from"] == "Bill b2"
    assert problem["field"] == "number, amount, invoice_date"
    assert "number: is empty" in problem["reason"]
    assert "amount: 'much' is not a number" in problem["reason"]
    assert json.loads(problem["raw"])["Amount"] == "much"
    assert page.ids.to_pylist() == ["b1", "b2", "b3"]


@pytest.mark.parametrize("word", ["NA", "None", "nan", "null", "NULL"])
def test_words_that_look_empty_are_words(read: Read, word: str) -> None:
    page = read([bill(Name=word)])
    assert page.rows.column("number").to_pylist() == [word]
    assert "not a number" in only_problem(read([bill(Open=word)]))["reason"]


def test_a_default_fills_what_is_empty_and_nothing_else(read: Read) -> None:
    assert read([bill(Currency="")]).rows.column("currency").to_pylist() == ["USD"]
    assert read([bill(Currency=None)]).rows.column("currency").to_pylist() == ["USD"]
    assert "'DM' is not an ISO 4217 currency" in only_problem(read([bill(Currency="DM")]))["reason"]
    nothing = ReadContext("crm")
    page = map_page(only_feed(INVOICE), Page([bill(Currency="")]), nothing)
    assert "no default currency" in only_problem(page)["reason"]


def test_a_column_that_is_not_there_is_named(read: Read) -> None:
    record = bill()
    del record["Amount"]
    assert "amount: there is no column Amount" in only_problem(read([record]))["reason"]


def test_maps_know_words_without_case_and_refuse_strangers(read: Read) -> None:
    text = INVOICE.replace("number: Name", "number: {path: Name, map: {One: eins, 2: zwei}}")
    page = read([bill(1, Name="ONE"), bill(2, Name=2), bill(3, Name="three")], text=text)
    assert page.rows.column("number").to_pylist() == ["eins", "zwei"]
    assert "'three' is not in the map" in only_problem(page)["reason"]


def test_the_first_path_with_a_value_the_map_knows_counts(read: Read) -> None:
    text = INVOICE.replace(
        "number: Name", "number: {first_of: [A, B], map: {x: ax, y: by}, default: other}"
    )
    records = [bill(1, A="x", B="y"), bill(2, A="?", B="y"), bill(3, A=None, B="?"), bill(4)]
    assert read(records, text=text).rows.column("number").to_pylist() == [
        "ax", "by", "other", "other"
    ]  # fmt: skip


def test_paths_lead_through_parents_and_headers_match_loosely(read: Read) -> None:
    text = INVOICE.replace("number: Name", "number: Owner.Alias").replace(
        "account_key: Customer", "account_key: customer  NO"
    )
    records = [
        {**bill(1, Owner={"Alias": "ann"}), " Customer No": "k1"},
        {**bill(2, Owner=None), " Customer No": "k2"},
    ]
    page = read(records, text=text)
    assert page.rows.column("number").to_pylist() == ["ann"]
    assert page.rows.column("account_key").to_pylist() == ["k1"]
    assert "number: is empty" in only_problem(page)["reason"]


def test_a_header_with_points_is_a_header_first(read: Read) -> None:
    text = INVOICE.replace("number: Name", "number: Inv. No.")
    assert read([{**bill(), "Inv. No.": "7"}], text=text).rows.column("number").to_pylist() == ["7"]


def test_rows_of_a_file_name_their_account(read: Read) -> None:
    text = INVOICE.replace(
        "account_key: Customer",
        "account_key: Customer\n      account_connection: {constant: $accounts}\n"
        "      account_field: {constant: account_number}",
    )
    row = read([bill()], text=text).rows.to_pylist()[0]
    assert (row["account_connection"], row["account_field"]) == ("main", "account_number")
    wrong = text.replace("constant: account_number", "constant: nickname")
    assert "'nickname' is not a known word" in only_problem(read([bill()], text=wrong))["reason"]


def test_what_the_document_leaves_out_is_counted(read: Read) -> None:
    text = INVOICE.replace(
        "id: Id\n",
        "id: Id\n    only: {Kind: [rv, DR]}\n    positive: amount\n    totals: [Total, 合计]\n",
    )
    records = [
        {"Kind": "RV", **bill(1)},
        {"Kind": "ZZ", **bill(2)},
        {"Kind": "DR", **bill(3, Amount="-5.00")},
        {"Kind": "DR", **bill(4, Amount="much")},
        {"Kind": "DR", **bill(5, Id="")},
    ]
    page = read(records, text=text)
    assert page.rows.column("id").to_pylist() == ["b1"]
    assert page.skipped == 2
    assert page.problems.num_rows == 2
    assert page.unidentified == 1
    plain = text.replace("    only: {Kind: [rv, DR]}\n", "")
    page = read([bill(1), {"A": "合计:", **bill(2, Amount="9.00", Name="")}], text=plain)
    assert (page.rows.num_rows, page.skipped, page.problems.num_rows, page.unidentified) == (
        1, 1, 0, 0
    )  # fmt: skip
    assert page.ids.to_pylist() == ["b1"]
    assert read([{"A": "Total", **bill(1)}], text=plain).rows.num_rows == 1


def test_a_filter_column_that_is_missing_leaves_nothing_out(read: Read) -> None:
    text = INVOICE.replace("id: Id\n", "id: Id\n    only: {Kind: [RV]}\n")
    page = read([bill(1), bill(2)], text=text)
    assert (page.rows.num_rows, page.problems.num_rows, page.skipped) == (0, 2, 0)
    assert "there is no Kind" in page.problems.to_pylist()[0]["reason"]


def test_deletions_and_broken_lines_are_kept(read: Read) -> None:
    page = read(
        [bill()],
        deletions=[Deletion("b8", "b1"), Deletion("b9")],
        unreadable=[Unreadable("a.csv:7", "the line has 2 cells", "x;y")],
    )
    assert page.deletions.to_pylist() == [
        {"id": "b8", "merged_into": "b1"}, {"id": "b9", "merged_into": None}
    ]  # fmt: skip
    problem = only_problem(page)
    assert (problem["where_from"], problem["reason"], problem["raw"]) == (
        "a.csv:7", "the line has 2 cells", '"x;y"'
    )  # fmt: skip
    assert page.unidentified == 1


def test_hostile_values_are_bounded(read: Read) -> None:
    record = bill(
        Amount="9" * 5_000, Name="\ud800broken", **{f"X{i}": "y" * 500 for i in range(99)}
    )
    problem = only_problem(read([record]))
    assert len(problem["raw"]) < 10_000
    assert len(problem["reason"]) < 1_000
    assert "more fields" in json.loads(problem["raw"])["…"]
    assert "broken character" in problem["reason"]
    assert "too large" in only_problem(read([bill(Open=Decimal("1e15"))]))["reason"]
    assert read([bill(Name="a\x00b")]).rows.column("number").to_pylist() == ["ab"]


def test_limits_and_credit_notes_keep_their_rules() -> None:
    limit = only_feed(
        "mapping: m\nadapter: a\nentities:\n  limit:\n    object: L\n    id: Id\n    fields:\n"
        "      {account_key: K, state: S, currency: C, amount: A}\n"
    )
    records: list[Record] = [
        {"Id": "1", "K": "k", "S": "amount", "C": "EUR", "A": None},
        {"Id": "2", "K": "k", "S": "cash_only", "C": "EUR", "A": None},
        {"Id": "3", "K": "k", "S": "plenty", "C": "EUR", "A": 5},
    ]
    page = map_page(limit, Page(records), ReadContext("crm"))
    assert page.rows.column("id").to_pylist() == ["2"]
    reasons = " ".join(page.problems.column("reason").to_pylist())
    assert "the amount of the limit is empty" in reasons
    assert "'plenty' is not a known word for state" in reasons
    note = only_feed(
        "mapping: m\nadapter: a\nentities:\n  credit_note:\n    object: N\n    id: Id\n"
        "    fields:\n"
        "      {account_key: K, number: Id, currency: C, amount: A, issue_date: D}\n"
    )
    row = {"Id": "1", "K": "k", "C": "EUR", "A": Decimal(-5), "D": "2026-01-01"}
    assert (
        "add transform: negate"
        in only_problem(map_page(note, Page([row]), ReadContext("c")))["reason"]
    )


VALUES = st.one_of(
    st.none(), st.text(max_size=12), st.integers(), st.booleans(), st.dates(), st.datetimes(),
    st.decimals(), st.floats(), st.just({"a": 1}), st.just("2026-01-31"), st.just("12,50"),
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from(list(bill())), VALUES, max_size=11), max_size=8))
def test_whatever_comes_nothing_is_lost(records: list[dict[str, object]]) -> None:
    page = map_page(only_feed(INVOICE), Page(records), ReadContext("crm", "USD"))
    assert page.rows.num_rows + page.problems.num_rows + page.skipped == len(records)
    assert page.problems.schema == PROBLEM_SCHEMA
    for raw in page.problems.column("raw").to_pylist():
        assert isinstance(json.loads(raw), dict)
