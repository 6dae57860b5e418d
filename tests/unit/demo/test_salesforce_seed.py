from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from adapters.salesforce.custom_fields import CREDIT_FIELD_NAMES, credit_fields
from adapters.salesforce.demo_schema import describe_field
from adapters.salesforce.emulator import RunningEmulator, start
from adapters.salesforce.seed import SeedReport, seed_emulator
from connector.demo.cast import STORY_ROLES
from connector.demo.company import DemoCompany, DemoSize, build_company
from connector.domain.catalogue import CREDIT_FIELDS

AS_OF = date(2026, 3, 31)


@pytest.fixture(scope="module")
def company() -> DemoCompany:
    return build_company(7, AS_OF, DemoSize(accounts=len(STORY_ROLES), months=6))


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    with start(tls=False) as running:
        yield running


@pytest.fixture(scope="module")
def seeded(emulator: RunningEmulator, company: DemoCompany) -> SeedReport:
    return seed_emulator(emulator.control, company.rows, company.as_of, company.crm_values)


def test_every_credit_field_has_a_field_on_the_account() -> None:
    assert set(CREDIT_FIELD_NAMES) == set(CREDIT_FIELDS)
    fields = zip(CREDIT_FIELD_NAMES, credit_fields(), strict=True)
    made = {name: describe_field(field) for name, field in fields}
    assert made["score"]["type"] == "double"
    assert (made["limit"]["type"], made["limit"]["scale"]) == ("currency", 2)
    assert made["hold"]["type"] == "boolean"
    assert made["oldest_due_date"]["type"] == "date"
    assert made["reasons"]["type"] == "textarea"
    assert made["grade"]["type"] == "string"
    assert made["colour"]["values"] == ["green", "amber", "red", "grey"]


def test_every_row_becomes_one_record(
    emulator: RunningEmulator, seeded: SeedReport, company: DemoCompany
) -> None:
    for entity, name in (("account", "Account"), ("order", "Order"), ("order_line", "OrderItem"),
                         ("invoice", "Invoice__c"), ("credit_note", "Credit_Note__c"),
                         ("payment", "Payment__c"), ("opportunity", "Opportunity")):  # fmt: skip
        ids = {seeded.id_of(entity, row["id"]) for row in company.rows[entity]}
        assert len(ids) == len(company.rows[entity]) == seeded.counts[name]
        assert {r["Id"] for r in emulator.control.records(name)} == ids


def test_an_invoice_keeps_its_figures_and_its_account(
    emulator: RunningEmulator, seeded: SeedReport, company: DemoCompany
) -> None:
    for row in company.rows["invoice"][:10]:
        record = emulator.control.record("Invoice__c", seeded.id_of("invoice", row["id"]))
        assert record["Name"] == row["number"]
        assert Decimal(str(record["Amount__c"])) == row["amount"]
        assert record["Account__c"] == seeded.id_of("account", row["account_key"])
        assert record["Due_Date__c"] == str(row["due_date"])
        assert record["Currency__c"] == row["currency"]
        kept = record.get("Open_Amount__c")
        assert (None if kept is None else Decimal(str(kept))) == row["open_amount"]


def test_a_credit_note_names_the_invoice_it_corrects(
    emulator: RunningEmulator, seeded: SeedReport, company: DemoCompany
) -> None:
    row = company.rows["credit_note"][0]
    record = emulator.control.record("Credit_Note__c", seeded.id_of("credit_note", row["id"]))
    assert Decimal(str(record["Amount__c"])) == row["amount"]
    assert record["Invoice_Number__c"] == row["invoice_number"]


def test_parents_and_owners_are_linked(
    emulator: RunningEmulator, seeded: SeedReport, company: DemoCompany
) -> None:
    child = company.story("group_child_late").account_id
    parent = company.story("group_parent").account_id
    record = emulator.control.record("Account", seeded.id_of("account", child))
    assert record["ParentId"] == seeded.id_of("account", parent)
    (row,) = [row for row in company.rows["account"] if row["id"] == child]
    assert record["OwnerId"] == seeded.id_of("user", row["owner_id"])


def test_the_crm_holds_what_it_held_before(
    emulator: RunningEmulator, seeded: SeedReport, company: DemoCompany
) -> None:
    account = company.story("prompt").account_id
    record = emulator.control.record("Account", seeded.id_of("account", account))
    assert record["Credit_Grade__c"] == "A"
    assert record["Credit_Limit__c"] == float(str(company.crm_values[account]["limit"]))
    held = company.story("held_by_hand").account_id
    record = emulator.control.record("Account", seeded.id_of("account", held))
    assert record["Credit_Hold__c"] is True


def test_orders_carry_their_lines_total_and_what_is_not_invoiced(
    emulator: RunningEmulator, seeded: SeedReport, company: DemoCompany
) -> None:
    totals: dict[str, float] = {}
    for item in emulator.control.records("OrderItem"):
        totals[item["OrderId"]] = totals.get(item["OrderId"], 0.0) + item["TotalPrice"]
    records = {record["Id"]: record for record in emulator.control.records("Order")}
    statuses = {"open": "Activated", "fulfilled": "Fulfilled", "draft": "Draft",
                "cancelled": "Cancelled"}  # fmt: skip
    for row in company.rows["order"]:
        record = records[seeded.id_of("order", row["id"])]
        assert record["TotalAmount"] == pytest.approx(totals[record["Id"]], abs=0.005)
        assert record["Status"] == statuses[str(row["state"])]


def test_stamps_lie_before_the_date_and_the_clock_runs_on_from_it(
    emulator: RunningEmulator, seeded: SeedReport
) -> None:
    assert seeded.counts["Account"]
    for name in ("Account", "Invoice__c", "Payment__c", "Order"):
        stamps = [record["SystemModstamp"] for record in emulator.control.records(name)]
        assert max(stamps) < "2026-03-31T00:00:00.000+0000"
        assert len(set(stamps)) > 5
    assert emulator.control.now() >= datetime(2026, 3, 31, 18, tzinfo=UTC)
    assert emulator.control.counters()["calls"] == 0


def test_an_orphan_is_refused(emulator: RunningEmulator) -> None:
    rows = {"account": [{"id": "a", "name": "A", "parent_id": "nobody"}]}
    with pytest.raises(ValueError, match="names a parent that is not there"):
        seed_emulator(emulator.control, rows, AS_OF)
