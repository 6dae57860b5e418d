from __future__ import annotations

from datetime import UTC, datetime

import pytest

NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def customers(credit_org):
    org = credit_org
    org.control.set_clock(NOON, frozen=True)
    control = org.control
    parent = control.seed("Account", [{"Name": "Holding", "Industry": "Finance"}])[0]
    control.seed(
        "Account",
        [
            {
                "Name": "Alpha",
                "Industry": "Energy",
                "AnnualRevenue": 10,
                "ParentId": parent,
                "ERP_Id__c": "e-1",
                "Credit_Hold__c": True,
                "Tags__c": "export;key",
                "BillingCity": "Köln",
                "SystemModstamp": "2026-03-17T23:59:59Z",
            },
            {
                "Name": "beta_1",
                "Industry": "Energy",
                "AnnualRevenue": 20.5,
                "ERP_Id__c": "e-2",
                "Tags__c": "key",
                "SystemModstamp": "2026-03-18T00:00:00+00:00",
            },
            {
                "Name": "betaX1",
                "AnnualRevenue": 30,
                "SystemModstamp": "2026-02-28T10:00:00.000+0000",
            },
            {"Name": "O'Hara \\ Söhne", "Industry": "Retail", "ParentId": parent},
        ],
    )
    return org


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Name = 'ALPHA'", ["Alpha"]),
        ("Name != 'alpha' AND Industry = 'energy'", ["beta_1"]),
        ("Industry = null", ["betaX1"]),
        ("Industry != 'Energy'", ["Holding", "O'Hara \\ Söhne", "betaX1"]),
        ("Name LIKE 'BETA%'", ["betaX1", "beta_1"]),
        (r"Name LIKE 'beta\_1'", ["beta_1"]),
        ("Name LIKE 'beta_1'", ["betaX1", "beta_1"]),
        (r"Name = 'O\'Hara \\ S\u00f6hne'", ["O'Hara \\ Söhne"]),
        ("AnnualRevenue >= 20.5", ["betaX1", "beta_1"]),
        ("AnnualRevenue < 20.5", ["Alpha"]),
        ("AnnualRevenue = null", ["Holding", "O'Hara \\ Söhne"]),
        ("NOT AnnualRevenue > 15", ["Alpha", "Holding", "O'Hara \\ Söhne"]),
        ("Name IN ('alpha', 'HOLDING')", ["Alpha", "Holding"]),
        ("Name NOT IN ('alpha', 'HOLDING')", ["O'Hara \\ Söhne", "betaX1", "beta_1"]),
        ("(Name = 'Alpha' OR Name = 'Holding') AND Industry = 'Finance'", ["Holding"]),
        ("Credit_Hold__c = TRUE", ["Alpha"]),
        ("Tags__c INCLUDES ('export;key', 'new')", ["Alpha"]),
        ("Tags__c EXCLUDES ('export') AND Tags__c != null", ["beta_1"]),
        ("Parent.Name = 'holding'", ["Alpha", "O'Hara \\ Söhne"]),
        ("Parent.Industry = null", ["Holding", "betaX1", "beta_1"]),
        ("ERP_Id__c IN ('E-1', 'e-2', 'e-3')", ["Alpha", "beta_1"]),
        ("Account.Name = 'Alpha'", ["Alpha"]),
        ("SystemModstamp >= 2026-03-18T00:00:00Z AND Industry = 'Energy'", ["beta_1"]),
        ("SystemModstamp = 2026-03-18T01:00:00+01:00", ["beta_1"]),
        ("SystemModstamp < 2026-03-18T00:00:00.000Z", ["Alpha", "betaX1"]),
        ("SystemModstamp = YESTERDAY", ["Alpha"]),
        ("SystemModstamp = LAST_MONTH", ["betaX1"]),
        ("SystemModstamp = LAST_N_DAYS:1", ["Alpha", "Holding", "O'Hara \\ Söhne", "beta_1"]),
        ("SystemModstamp < THIS_MONTH", ["betaX1"]),
        ("DAY_ONLY(SystemModstamp) = 2026-03-17", ["Alpha"]),
        ("CALENDAR_MONTH(SystemModstamp) = 2", ["betaX1"]),
        (
            "Id IN (SELECT ParentId FROM Account WHERE Industry = 'Energy')",
            ["Holding"],
        ),
        (
            "ParentId NOT IN (SELECT Id FROM Account WHERE Name = 'Alpha')",
            ["Alpha", "O'Hara \\ Söhne"],
        ),
    ],
)
def test_where(customers, where, expected):
    assert customers.names(where) == expected


def test_date_literals_follow_the_users_time_zone(customers):
    run_as = customers.control.settings()["run_as"]
    customers.control.edit("User", run_as, {"TimeZoneSidKey": "America/Los_Angeles"})
    # 2026-03-18T00:00Z is still the 17th there, and so is 23:59:59Z of the 17th.
    assert customers.names("SystemModstamp = YESTERDAY") == ["Alpha", "beta_1"]


def test_ids_of_15_characters_and_any_case_of_names_are_understood(customers):
    row = customers.rows("SELECT id FROM ACCOUNT WHERE NAME = 'Alpha'")[0]
    again = customers.rows(f"SELECT Name FROM account WHERE Id = '{row['Id'][:15]}'")
    assert [found["Name"] for found in again] == ["Alpha"]


def test_order_with_nulls_and_case(customers):
    rows = customers.rows("SELECT Name FROM Account ORDER BY AnnualRevenue, Name")
    assert [row["Name"] for row in rows] == [
        "Holding",
        "O'Hara \\ Söhne",
        "Alpha",
        "beta_1",
        "betaX1",
    ]
    rows = customers.rows("SELECT Name FROM Account ORDER BY AnnualRevenue DESC NULLS LAST, Name")
    assert [row["Name"] for row in rows][:3] == ["betaX1", "beta_1", "Alpha"]
    rows = customers.rows("SELECT Name FROM Account ORDER BY Name DESC LIMIT 2 OFFSET 1")
    assert [row["Name"] for row in rows] == ["Holding", "betaX1"]


def test_parents_are_nested_and_null_without_a_parent(customers):
    rows = customers.rows(
        "SELECT Name, Parent.Name, Parent.Owner.Username, Owner.Id FROM Account "
        "WHERE Name IN ('Alpha', 'Holding') ORDER BY Name"
    )
    alpha, holding = rows
    assert list(alpha) == ["attributes", "Name", "Parent", "Owner"]
    assert alpha["Parent"]["attributes"]["type"] == "Account"
    assert alpha["Parent"]["Name"] == "Holding"
    assert alpha["Parent"]["Owner"]["Username"] == "ann.admin@example.com"
    assert alpha["Owner"]["attributes"]["url"].endswith(alpha["Owner"]["Id"])
    assert holding["Parent"] is None


def test_polymorphic_parents_show_type_and_name(customers):
    account = customers.rows("SELECT Id FROM Account WHERE Name = 'Alpha'")[0]["Id"]
    customers.create("Task", Subject="Call", WhatId=account)
    row = customers.rows("SELECT What.Name, What.Type FROM Task")[0]
    assert row["What"]["Name"] == "Alpha"
    assert row["What"]["Type"] == "Account"


def test_child_sub_queries(customers):
    account = customers.rows("SELECT Id FROM Account WHERE Name = 'Alpha'")[0]["Id"]
    customers.control.seed(
        "Invoice__c",
        [{"Account__c": account, "Amount__c": amount} for amount in (5, 1, 3)],
    )
    rows = customers.rows(
        "SELECT Name, (SELECT Name, Amount__c FROM Invoices__r WHERE Amount__c > 2 "
        "ORDER BY Amount__c) FROM Account WHERE Name IN ('Alpha', 'Holding') ORDER BY Name"
    )
    inner = rows[0]["Invoices__r"]
    assert inner["totalSize"] == 2
    assert inner["done"] is True
    assert [row["Amount__c"] for row in inner["records"]] == [3.0, 5.0]
    assert rows[1]["Invoices__r"] is None


def test_count_and_aggregates(customers):
    assert customers.query("SELECT COUNT() FROM Account").json() == {
        "totalSize": 5,
        "done": True,
        "records": [],
    }
    rows = customers.rows(
        "SELECT Industry, COUNT(Id) n, SUM(AnnualRevenue), MAX(Name) FROM Account "
        "GROUP BY Industry HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC"
    )
    assert rows == [
        {
            "attributes": {"type": "AggregateResult"},
            "Industry": "Energy",
            "n": 2,
            "expr0": 30.5,
            "expr1": "beta_1",
        }
    ]
    whole = customers.rows(
        "SELECT COUNT(Industry) filled, COUNT_DISTINCT(Industry) kinds, AVG(AnnualRevenue) mean, "
        "MIN(SystemModstamp) first FROM Account"
    )[0]
    assert whole["filled"] == 4
    assert whole["kinds"] == 3
    assert whole["mean"] == pytest.approx(60.5 / 3)
    assert whole["first"] == "2026-02-28T10:00:00.000+0000"
    by_year = customers.rows(
        "SELECT CALENDAR_MONTH(SystemModstamp) m, COUNT(Id) n FROM Account "
        "GROUP BY CALENDAR_MONTH(SystemModstamp) ORDER BY CALENDAR_MONTH(SystemModstamp)"
    )
    assert [(row["m"], row["n"]) for row in by_year] == [(2, 1), (3, 4)]


def test_fields_functions_and_compound_addresses(customers):
    everything = customers.rows("SELECT FIELDS(ALL) FROM Account WHERE Name = 'Alpha' LIMIT 1")[0]
    assert everything["BillingAddress"]["city"] == "Köln"
    assert everything["ShippingAddress"] is None
    assert everything["Credit_Hold__c"] is True
    custom = customers.rows("SELECT Id, FIELDS(CUSTOM) FROM Account LIMIT 200")[0]
    assert "Credit_Limit__c" in custom
    assert "Name" not in custom
    standard = customers.rows("SELECT FIELDS(STANDARD) FROM Account")[0]
    assert "Name" in standard
    assert "Credit_Limit__c" not in standard


def test_values_have_the_types_of_the_wire(customers):
    row = customers.rows(
        "SELECT AnnualRevenue, NumberOfEmployees, IsDeleted, CreatedDate, Website FROM Account "
        "WHERE Name = 'Alpha'"
    )[0]
    assert row["AnnualRevenue"] == 10.0
    assert isinstance(row["AnnualRevenue"], float)
    assert row["IsDeleted"] is False
    assert row["CreatedDate"] == "2026-03-18T12:00:00.000+0000"
    assert row["Website"] is None


def test_scope_and_security_clauses_are_understood(customers):
    mine = customers.create("Account", Name="Own")
    rows = customers.rows("SELECT Id FROM Account USING SCOPE mine WITH SECURITY_ENFORCED")
    assert [row["Id"] for row in rows] == [mine]
