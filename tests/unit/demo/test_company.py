from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from stdnum.cn import uscc
from stdnum.de import vat

from connector.demo.cast import SELLING_COMPANIES, STORY_ROLES
from connector.demo.company import DemoCompany, DemoSize, build_company
from connector.demo.names import organisation_check
from connector.domain.entities import ENTITIES, LIMIT_STATES, ORDER_STATES, PARTY_KINDS
from connector.domain.texts import translate
from connector.errors import ConfigError

AS_OF = date(2026, 3, 31)
Rows = Sequence[Mapping[str, object]]


@pytest.fixture(scope="module")
def company() -> DemoCompany:
    return build_company(7, AS_OF)


def of(company: DemoCompany, code: str, entity: str) -> list[Mapping[str, object]]:
    account = company.story(code).account_id
    return [row for row in company.rows[entity] if row["account_key"] == account]


def amount(value: object) -> Decimal:
    assert isinstance(value, Decimal)
    return value


def day(value: object) -> date:
    assert isinstance(value, date)
    return value


def open_amounts(company: DemoCompany, code: str) -> dict[object, Decimal]:
    """Open amount by invoice id, from the open amount kept or from the payments that name it."""
    paid: Counter[object] = Counter()
    for payment in company.rows["payment"]:
        paid[payment["invoice_id"]] += amount(payment["amount"])  # type: ignore[assignment]
    return {
        row["id"]: amount(row["open_amount"])
        if row["open_amount"] is not None
        else amount(row["amount"]) - Decimal(paid[row["id"]])
        for row in of(company, code, "invoice")
    }


def overdue_share(company: DemoCompany, code: str) -> Decimal:
    left = open_amounts(company, code)
    late = {r["id"] for r in of(company, code, "invoice") if day(r["due_date"]) < company.as_of}
    total = sum(left.values())
    return sum((left[i] for i in late), Decimal(0)) / total if total else Decimal(0)


def test_the_same_seed_gives_the_same_company(company: DemoCompany) -> None:
    assert build_company(7, AS_OF) == company
    assert build_company(8, AS_OF).rows["account"] != company.rows["account"]


def test_rows_have_the_columns_of_their_entity_and_unique_ids(company: DemoCompany) -> None:
    for name, rows in company.rows.items():
        columns = set(ENTITIES[name].column_names) | {"id"}
        required = {c.name for c in ENTITIES[name].columns if c.required}
        assert rows, name
        for row in rows:
            assert set(row) <= columns, name
            assert all(row[column] is not None for column in required), (name, row)
        assert len({row["id"] for row in rows}) == len(rows), name


def test_nothing_lies_after_the_date(company: DemoCompany) -> None:
    stamps = {"invoice": "invoice_date", "payment": "value_date", "credit_note": "issue_date",
              "order": "order_date", "fx_rate": "rate_date"}  # fmt: skip
    for entity, column in stamps.items():
        assert max(day(row[column]) for row in company.rows[entity]) <= AS_OF


def test_references_lead_somewhere(company: DemoCompany) -> None:
    ids = {name: {row["id"] for row in rows} for name, rows in company.rows.items()}
    for name, rows in company.rows.items():
        for row in rows:
            if "account_key" in row:
                assert row["account_connection"] == company.connection
                assert row["account_key"] in ids["account"], name
    assert {r["order_id"] for r in company.rows["order_line"]} == ids["order"]
    named = {r["invoice_id"] for r in company.rows["payment"]} - {None}
    assert named <= ids["invoice"]
    numbers = {r["number"] for r in company.rows["order"]}
    assert {r["order_number"] for r in company.rows["invoice"]} - {None} <= numbers
    assert {r["owner_id"] for r in company.rows["account"]} <= ids["user"]


def test_open_amounts_that_the_source_keeps_follow_from_the_documents(
    company: DemoCompany,
) -> None:
    paid: dict[object, Decimal] = {}
    credited: dict[object, Decimal] = {}
    for payment in company.rows["payment"]:
        key = payment["invoice_id"]
        paid[key] = paid.get(key, Decimal(0)) + amount(payment["amount"])
    for note in company.rows["credit_note"]:
        used = amount(note["amount"]) - amount(note["open_amount"])
        key = note["invoice_number"]
        credited[key] = credited.get(key, Decimal(0)) + used
    kept = [row for row in company.rows["invoice"] if row["open_amount"] is not None]
    assert len(kept) > 500
    for row in kept:
        rest = amount(row["amount"]) - paid.get(row["id"], Decimal(0))
        rest -= credited.get(row["number"], Decimal(0))
        assert row["open_amount"] == rest
        assert (row["cleared_date"] is not None) == (rest == 0)


def test_order_lines_add_up_and_carry_what_is_not_invoiced(company: DemoCompany) -> None:
    totals: Counter[object] = Counter()
    left: Counter[object] = Counter()
    for line in company.rows["order_line"]:
        value = amount(line["quantity"]) * amount(line["unit_price"])
        totals[line["order_id"]] += value  # type: ignore[assignment]
        if line["invoiced_quantity"] == 0:
            left[line["order_id"]] += value  # type: ignore[assignment]
    for order in company.rows["order"]:
        assert totals[order["id"]] == order["amount"]
        assert order["state"] in ORDER_STATES
        if order["state"] != "cancelled":
            assert left[order["id"]] == order["uninvoiced_amount"]
    partly = [
        row for row in company.rows["order"]
        if row["state"] == "open" and 0 < amount(row["uninvoiced_amount"]) < amount(row["amount"])
    ]  # fmt: skip
    assert partly


def test_register_numbers_are_well_formed(company: DemoCompany) -> None:
    codes = [r["registration_no"] for r in company.rows["account"] if r["country"] == "CN"]
    assert len(codes) > 15
    for code in codes:
        assert uscc.is_valid(str(code))
        assert organisation_check(str(code)[8:16]) == str(code)[16]
    taxes = [r["tax_no"] for r in company.rows["account"] if r["tax_no"]]
    assert taxes
    assert all(vat.is_valid(str(number)) for number in taxes)


def test_the_organisation_check_of_a_known_code() -> None:
    # 91110000600037341L is the example of the standard's check digit in python-stdnum.
    assert organisation_check("60003734") == "1"


def test_there_is_variety(company: DemoCompany) -> None:
    assert {r["currency"] for r in company.rows["invoice"]} == {"CNY", "EUR", "USD"}
    assert {r["selling_company"] for r in company.rows["invoice"]} == set(SELLING_COMPANIES)
    assert {r["party_kind"] for r in company.rows["account"]} == set(PARTY_KINDS)
    assert {v.get("limit_state") for v in company.crm_values.values()} - {None} < set(LIMIT_STATES)
    assert {r["state"] for r in company.rows["order"]} == set(ORDER_STATES)
    assert len({r["country"] for r in company.rows["account"]}) == 4
    assert len({r["name"] for r in company.rows["account"]}) == len(company.rows["account"])


def test_each_story_shows_its_case(company: DemoCompany) -> None:
    assert [story.code for story in company.stories] == [role.code for role in STORY_ROLES]
    assert overdue_share(company, "prompt") == 0
    assert overdue_share(company, "defaulter") == 1
    assert overdue_share(company, "worsening") > Decimal("0.3")
    left = open_amounts(company, "defaulter")
    dues = [day(r["due_date"]) for r in of(company, "defaulter", "invoice") if left[r["id"]]]
    assert min(dues) < AS_OF - timedelta(days=120)
    limit = company.crm_values[company.story("over_limit").account_id]["limit"]
    assert sum(open_amounts(company, "over_limit").values()) > amount(limit)
    assert any(r["disputed"] for r in of(company, "disputer", "invoice"))
    assert not of(company, "prospect", "invoice")
    assert sum(open_amounts(company, "in_credit").values()) == 0
    assert not any(r["uninvoiced_amount"] for r in of(company, "in_credit", "order"))
    unnamed = [r for r in of(company, "in_credit", "payment") if r["invoice_id"] is None]
    assert sum(amount(r["amount"]) for r in unnamed) > 0
    assert not any(r["invoice_id"] for r in of(company, "collective", "payment"))
    assert of(company, "returns", "credit_note")
    named = Counter(r["invoice_id"] for r in of(company, "part_payer", "payment"))
    assert max(named.values()) == 2
    assert {r["currency"] for r in of(company, "two_currencies", "invoice")} == {"EUR", "USD"}
    assert {r["selling_company"] for r in of(company, "two_sellers", "invoice")} == set(
        SELLING_COMPANIES
    )


def test_the_limit_nearly_used_up_is_measured_against_what_is_owed_and_ordered(
    company: DemoCompany,
) -> None:
    owed = sum(open_amounts(company, "near_limit").values(), Decimal(0))
    ordered = sum(
        (amount(r["uninvoiced_amount"]) for r in of(company, "near_limit", "order")
         if r["state"] == "open"),
        Decimal(0),
    )  # fmt: skip
    limit = amount(company.crm_values[company.story("near_limit").account_id]["limit"])
    assert Decimal("0.94") < (owed + ordered) / limit <= Decimal("0.95")


def test_a_twin_is_the_same_legal_entity_and_children_name_their_parent(
    company: DemoCompany,
) -> None:
    accounts = {row["id"]: row for row in company.rows["account"]}
    first = accounts[company.story("prompt").account_id]
    twin = accounts[company.story("twin").account_id]
    assert twin["registration_no"] == first["registration_no"]
    assert twin["name"] != first["name"]
    for code in ("group_child_late", "group_child_abroad"):
        child = accounts[company.story(code).account_id]
        assert child["parent_id"] == company.story("group_parent").account_id


def test_the_next_day_moves_the_clock_and_nothing_else(company: DemoCompany) -> None:
    after = company.next_day()
    assert after.as_of == AS_OF + timedelta(days=1)
    assert after.rows is company.rows


def test_rates_run_from_before_the_first_invoice_to_the_date(company: DemoCompany) -> None:
    rates: Rows = company.rows["fx_rate"]
    first = min(day(row["invoice_date"]) for row in company.rows["invoice"])
    for currency in ("EUR", "USD"):
        own = [row for row in rates if row["currency"] == currency]
        assert {row["quote"] for row in own} == {"CNY"}
        assert min(day(row["rate_date"]) for row in own) < first
        assert max(day(row["rate_date"]) for row in own) > AS_OF - timedelta(days=4)
        assert len({row["rate_date"] for row in own}) == len(own)


def test_size_is_a_parameter_and_too_small_is_refused() -> None:
    small = build_company(7, AS_OF, DemoSize(accounts=len(STORY_ROLES), months=6))
    assert len(small.rows["account"]) == len(STORY_ROLES)
    assert min(day(r["invoice_date"]) for r in small.rows["invoice"]) >= date(2025, 9, 1)
    with pytest.raises(ConfigError, match=f"at least {len(STORY_ROLES)} accounts, not 5"):
        DemoSize(accounts=5)


def test_every_sentence_is_there_in_chinese() -> None:
    for role in STORY_ROLES:
        assert translate(role.shows, "zh") != role.shows, role.code
