from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("fields", "code", "text", "named"),
    [
        ({}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"]),
        ({"Name": None}, "REQUIRED_FIELD_MISSING", "[Name]", ["Name"]),
        (
            {"Nope__c": 1},
            "INVALID_FIELD",
            "No such column 'Nope__c' on sobject of type Account",
            None,
        ),
        ({"Site": "x" * 81}, "STRING_TOO_LONG", "(max length=80)", ["Site"]),
        (
            {"Credit_Score__c": 1000},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Credit Score",
            ["Credit_Score__c"],
        ),
        ({"Credit_Limit__c": 1.005}, "NUMBER_OUTSIDE_VALID_RANGE", "1.005", ["Credit_Limit__c"]),
        ({"Credit_Limit__c": 10**16}, "NUMBER_OUTSIDE_VALID_RANGE", "", ["Credit_Limit__c"]),
        (
            {"Credit_Grade__c": "D"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "bad value for restricted picklist field: D",
            ["Credit_Grade__c"],
        ),
        ({"Tags__c": "key;odd"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "odd", ["Tags__c"]),
        (
            {"CreatedDate": "2020-01-01T00:00:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: CreatedDate",
            ["CreatedDate"],
        ),
        (
            {"BillingAddress": None, "IsDeleted": True},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "BillingAddress, IsDeleted",
            ["BillingAddress", "IsDeleted"],
        ),
        (
            {"ParentId": "nonsense"},
            "MALFORMED_ID",
            "id value of incorrect type: nonsense",
            ["ParentId"],
        ),
        (
            {"ParentId": "003RM0000000000AAA"},
            "FIELD_INTEGRITY_EXCEPTION",
            "incorrect type",
            ["ParentId"],
        ),
        (
            {"ParentId": "001RM0000000000AAA"},
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            ["ParentId"],
        ),
        (
            {"Credit_Hold__c": None},
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            "Credit Hold",
            ["Credit_Hold__c"],
        ),
        ({"Credit_Score__c": "many"}, "JSON_PARSER_ERROR", "VALUE_STRING value many", None),
        ({"Credit_Hold__c": 1}, "JSON_PARSER_ERROR", "instance of boolean", None),
        ({"Reviewed_At__c": "yesterday"}, "JSON_PARSER_ERROR", "instance of datetime", None),
    ],
)
def test_refused_values_leave_no_record(credit_org, fields, code, text, named):
    body = {"Name": "Acme", **fields} if fields else {}
    error = credit_org.error(credit_org.call("POST", "/sobjects/Account", body), 400)
    assert error["errorCode"] == code
    assert text in error["message"]
    if named is not None:
        assert error["fields"] == named
    assert credit_org.control.records("Account") == []
    assert credit_org.control.writes() == []


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        ("Credit_Limit__c", 1234567890123456, 1234567890123456.0),
        ("Credit_Limit__c", "12.50", 12.5),
        ("Credit_Limit__c", -0.01, -0.01),
        ("NumberOfEmployees", 7, 7),
        ("Credit_Grade__c", "a", "A"),
        ("Credit_Hold__c", "true", True),
        ("Reviewed_At__c", "2026-01-31T10:00:00+08:00", "2026-01-31T02:00:00.000+0000"),
        ("Reviewed_At__c", "2026-01-31T10:00:00.789+0000", "2026-01-31T10:00:00.000+0000"),
        ("Name", "漢字 " * 50 + "x", "漢字 " * 50 + "x"),
    ],
)
def test_taken_values(credit_org, field, sent, stored):
    record_id = credit_org.create("Account", **{"Name": "Acme", field: sent})
    row = credit_org.call("GET", f"/sobjects/Account/{record_id}?fields={field}").json()
    assert row[field] == stored


def test_unique_values_name_the_other_record(credit_org):
    org = credit_org
    first = org.create("Account", Name="a", ERP_Id__c="E1")
    answer = org.call("POST", "/sobjects/Account", {"Name": "b", "ERP_Id__c": "e1"})
    error = org.error(answer, 400)
    assert error["errorCode"] == "DUPLICATE_VALUE"
    assert error["message"] == (
        f"duplicate value found: ERP_Id__c duplicates value on record with id: {first}"
    )
    org.call("DELETE", f"/sobjects/Account/{first}")
    assert org.create("Account", Name="b", ERP_Id__c="e1")


def test_lookups_to_deleted_records_and_inactive_owners(credit_org):
    org = credit_org
    gone = org.create("Account", Name="gone")
    org.call("DELETE", f"/sobjects/Account/{gone}")
    answer = org.call("POST", "/sobjects/Account", {"Name": "b", "ParentId": gone})
    assert org.error(answer, 400)["errorCode"] == "ENTITY_IS_DELETED"
    idle = org.control.add_user(LastName="Idle", IsActive=False)
    answer = org.call("POST", "/sobjects/Task", {"Subject": "s", "OwnerId": idle})
    assert org.error(answer, 400)["errorCode"] == "INACTIVE_OWNER_OR_USER"


def test_fields_that_the_user_may_only_read(credit_org):
    org = credit_org
    org.control.apply_schema({"read_only": ["Account.Credit_Limit__c"]})
    answer = org.call("POST", "/sobjects/Account", {"Name": "a", "Credit_Limit__c": 1})
    error = org.error(answer, 400)
    assert error["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert error["fields"] == ["Credit_Limit__c"]
    described = org.call("GET", "/sobjects/Account/describe").json()
    item = next(f for f in described["fields"] if f["name"] == "Credit_Limit__c")
    assert (item["createable"], item["updateable"]) == (False, False)


def test_clearing_a_required_field(credit_org):
    record_id = credit_org.create("Account", Name="a")
    answer = credit_org.call("PATCH", f"/sobjects/Account/{record_id}", {"Name": ""})
    assert credit_org.error(answer, 400)["errorCode"] == "REQUIRED_FIELD_MISSING"


def test_opportunity_and_task_fill_in_what_follows(org):
    account = org.create("Account", Name="a")
    deal = org.create(
        "Opportunity",
        Name="Deal",
        StageName="Negotiation/Review",
        CloseDate="2026-05-01",
        Amount=1000.5,
        AccountId=account,
    )
    row = org.control.record("Opportunity", deal)
    assert (row["Probability"], row["ExpectedRevenue"], row["IsClosed"]) == (90.0, 900.45, False)
    org.call("PATCH", f"/sobjects/Opportunity/{deal}", {"StageName": "Closed Won"})
    row = org.control.record("Opportunity", deal)
    assert (row["IsClosed"], row["IsWon"], row["Probability"]) == (True, True, 100.0)
    task = org.create("Task", Subject="Ring up", WhatId=deal)
    row = org.control.record("Task", task)
    assert (row["Status"], row["Priority"], row["AccountId"]) == ("Not Started", "Normal", account)
    org.call("PATCH", f"/sobjects/Task/{task}", {"Status": "Completed"})
    assert org.control.record("Task", task)["IsClosed"] is True


def test_orders_live_through_their_rules(org):
    account = org.create("Account", Name="a")
    other = org.create("Account", Name="b")
    book = org.rows("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"]
    product = org.create("Product2", Name="Pump", ProductCode="P1", IsActive=True)
    entry = org.create(
        "PricebookEntry", Pricebook2Id=book, Product2Id=product, UnitPrice=12.5, IsActive=True
    )
    start = {"AccountId": account, "EffectiveDate": "2026-01-05"}
    refused = org.call("POST", "/sobjects/Order", {**start, "Status": "Activated"})
    assert org.error(refused, 400)["errorCode"] == "FAILED_ACTIVATION"
    order = org.create("Order", Status="Draft", Pricebook2Id=book, **start)
    early = org.call("PATCH", f"/sobjects/Order/{order}", {"Status": "Activated"})
    assert org.error(early, 400)["errorCode"] == "FAILED_ACTIVATION"
    item = org.create(
        "OrderItem", OrderId=order, PricebookEntryId=entry, Quantity=3, UnitPrice=10.1
    )
    assert org.control.record("OrderItem", item)["TotalPrice"] == 30.3
    row = org.control.record("Order", order)
    assert (row["TotalAmount"], row["StatusCode"]) == (30.3, "Draft")
    assert len(row["OrderNumber"]) == 8
    assert row["OrderNumber"].isdigit()
    assert org.call("PATCH", f"/sobjects/Order/{order}", {"Status": "Activated"}).status_code == 204
    assert org.control.record("Order", order)["StatusCode"] == "Activated"
    moved = org.call("PATCH", f"/sobjects/Order/{order}", {"AccountId": other})
    assert org.error(moved, 400)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    deleted = org.call("DELETE", f"/sobjects/Order/{order}")
    assert org.error(deleted, 400)["errorCode"] == "DELETE_FAILED"


def test_an_order_without_price_book_takes_no_items(org):
    account = org.create("Account", Name="a")
    book = org.rows("SELECT Id FROM Pricebook2")[0]["Id"]
    product = org.create("Product2", Name="Pump")
    entry = org.create(
        "PricebookEntry", Pricebook2Id=book, Product2Id=product, UnitPrice=1, IsActive=True
    )
    order = org.create("Order", AccountId=account, EffectiveDate="2026-01-05", Status="Draft")
    answer = org.call(
        "POST",
        "/sobjects/OrderItem",
        {"OrderId": order, "PricebookEntryId": entry, "Quantity": 1, "UnitPrice": 1},
    )
    assert org.error(answer, 400)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


def test_users_cannot_be_deleted(org):
    user = org.control.add_user(LastName="Leaver")
    answer = org.call("DELETE", f"/sobjects/User/{user}")
    assert org.error(answer, 400)["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert org.call("PATCH", f"/sobjects/User/{user}", {"IsActive": False}).status_code == 204


def test_a_multi_currency_org_has_a_currency_on_every_record(org):
    assert "INVALID_FIELD" in org.query("SELECT CurrencyIsoCode FROM Account").text
    assert "INVALID_TYPE" in org.query("SELECT IsoCode FROM CurrencyType").text
    org.control.apply_schema({"currencies": {"EUR": 1, "CNY": 7.8}})
    record_id = org.create("Account", Name="a", CurrencyIsoCode="CNY")
    assert org.control.record("Account", record_id)["CurrencyIsoCode"] == "CNY"
    default = org.create("Account", Name="b")
    assert org.control.record("Account", default)["CurrencyIsoCode"] == "EUR"
    answer = org.call("POST", "/sobjects/Account", {"Name": "a", "CurrencyIsoCode": "XXX"})
    assert org.error(answer, 400)["errorCode"] == "INVALID_CURRENCY_ISO"
    rows = org.rows("SELECT IsoCode, ConversionRate, IsCorporate FROM CurrencyType")
    assert [(r["IsoCode"], r["ConversionRate"], r["IsCorporate"]) for r in rows] == [
        ("EUR", 1.0, True),
        ("CNY", 7.8, False),
    ]


def test_seeded_orders_carry_status_category_and_total(org):
    account = org.create("Account", Name="a")
    org.control.apply_schema(
        {
            "objects": [
                {
                    "name": "Order",
                    "fields": [
                        {
                            "name": "Status",
                            "type": "picklist",
                            "required": True,
                            "restricted": True,
                            "values": ["Draft", "Activated", "Fulfilled", "Cancelled"],
                        }
                    ],
                }
            ]
        }
    )
    start = {"AccountId": account, "EffectiveDate": "2026-01-05"}
    open_order, active, done, off = org.control.seed(
        "Order",
        [{**start, "Status": s} for s in ("Draft", "Activated", "Fulfilled", "Cancelled")],
    )
    org.control.seed(
        "OrderItem",
        [
            {"OrderId": active, "Quantity": 2, "UnitPrice": 10.1},
            {"OrderId": active, "Quantity": 1, "UnitPrice": 0.1},
        ],
    )
    rows = org.rows("SELECT Id, StatusCode, TotalAmount FROM Order")
    assert {row["Id"]: (row["StatusCode"], row["TotalAmount"]) for row in rows} == {
        open_order: ("Draft", 0.0),
        active: ("Activated", 20.3),
        done: ("Activated", 0.0),
        off: ("Canceled", 0.0),
    }
