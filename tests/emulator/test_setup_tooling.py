"""Custom fields through the Tooling API."""

from __future__ import annotations

import pytest

from tests.emulator.deployment_kit import grant

NUMBER = {"type": "Number", "label": "Score", "precision": 3, "scale": 0, "required": False}


def make(org, full_name="Account.Score__c", **metadata):
    return org.call(
        "POST",
        "/tooling/sobjects/CustomField",
        {"FullName": full_name, "Metadata": {**NUMBER, **metadata}},
    )


def query(org, soql):
    answer = org.query(soql, "/tooling/query")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_field_is_made_read_changed_and_deleted(org):
    made = make(org)
    assert made.status_code == 201
    body = made.json()
    assert (body["success"], body["errors"], body["warnings"]) == (True, [], [])
    assert body["id"].startswith("00N")
    path = f"/tooling/sobjects/CustomField/{body['id']}"
    shown = org.call("GET", path).json()
    assert (shown["FullName"], shown["DeveloperName"]) == ("Account.Score__c", "Score")
    assert shown["Metadata"]["precision"] == 3
    assert org.call("PATCH", path, {"Metadata": {**NUMBER, "precision": 5}}).status_code == 204
    assert org.call("GET", path).json()["Metadata"]["precision"] == 5
    grant(org, "Account.Score__c")
    org.create("Account", Name="a", Score__c=12345)
    assert org.call("DELETE", path).status_code == 204
    assert org.call("GET", path).status_code == 404
    assert "INVALID_FIELD" in org.query("SELECT Score__c FROM Account").text


def test_a_second_field_of_the_name_is_refused(credit_org):
    assert make(credit_org).status_code == 201
    for name in ("Account.Score__c", "account.score__c", "Account.Credit_Limit__c"):
        error = credit_org.error(make(credit_org, name), 400)
        assert error["errorCode"] == "DUPLICATE_DEVELOPER_NAME"
        assert "There is already a field named" in error["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Metadata": NUMBER}, "REQUIRED_FIELD_MISSING"),
        ({"FullName": "Account.X__c"}, "JSON_PARSER_ERROR"),
        ({"FullName": "Account.X__c", "Metadata": {"type": "Number"}}, "REQUIRED_FIELD_MISSING"),
        ({"FullName": "Account.X__c", "Metadata": {**NUMBER, "colour": 1}}, "JSON_PARSER_ERROR"),
        ({"FullName": "Account.X__c", "Metadata": {**NUMBER, "required": []}}, "JSON_PARSER_ERROR"),
        ({"FullName": "Account.X", "Metadata": NUMBER}, "INVALID_FIELD_NAME"),
        (
            {"FullName": "Nope__c.X__c", "Metadata": NUMBER},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        ),
        ({"FullName": "Account.X__c", "Metadata": NUMBER, "Extra": 1}, "INVALID_FIELD"),
    ],
)
def test_wrong_fields_are_refused(org, body, code):
    answer = org.call("POST", "/tooling/sobjects/CustomField", body)
    assert org.error(answer, 400)["errorCode"] == code


def test_queries_find_fields_made_any_way(credit_org):
    make(credit_org)
    soql = "SELECT Id, DeveloperName, TableEnumOrId, NamespacePrefix FROM CustomField"
    body = query(credit_org, f"{soql} WHERE TableEnumOrId = 'Account' ORDER BY DeveloperName")
    names = [row["DeveloperName"] for row in body["records"]]
    assert {"Score", "Credit_Limit", "ERP_Id"} <= set(names)
    assert (body["size"], body["done"], body["entityTypeName"]) == (len(names), True, "CustomField")
    activity = query(credit_org, f"{soql} WHERE TableEnumOrId = 'Activity'")
    assert [row["DeveloperName"] for row in activity["records"]] == ["CreditFlag_Key"]
    first = query(credit_org, soql)["records"]
    assert first == query(credit_org, soql)["records"]


def test_fields_of_custom_objects_name_their_definition(credit_org):
    table = query(credit_org, "SELECT Id FROM CustomObject WHERE DeveloperName = 'Invoice'")
    wanted = table["records"][0]["Id"][:15]
    fields = query(
        credit_org, f"SELECT DeveloperName FROM CustomField WHERE TableEnumOrId = '{wanted}'"
    )
    assert {"Account", "Amount", "Due", "Memo"} == {r["DeveloperName"] for r in fields["records"]}
    named = query(
        credit_org,
        "SELECT DeveloperName, EntityDefinition.QualifiedApiName FROM CustomField "
        "WHERE EntityDefinition.QualifiedApiName = 'Invoice__c' LIMIT 1",
    )["records"][0]
    assert named["EntityDefinition"]["QualifiedApiName"] == "Invoice__c"


def test_metadata_is_given_for_one_row_only(credit_org):
    many = credit_org.query("SELECT FullName FROM CustomField", "/tooling/query")
    assert "no more than one row" in credit_org.error(many, 400)["message"]
    one = query(
        credit_org,
        "SELECT FullName, Metadata FROM CustomField WHERE DeveloperName = 'Credit_Grade'",
    )["records"][0]
    assert one["FullName"] == "Account.Credit_Grade__c"
    values = one["Metadata"]["valueSet"]["valueSetDefinition"]["value"]
    assert [value["fullName"] for value in values] == ["A", "B", "C"]


def test_definitions_of_fields_and_objects(credit_org):
    rows = query(
        credit_org,
        "SELECT QualifiedApiName, DataType FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName LIKE 'Credit%'",
    )["records"]
    assert {r["QualifiedApiName"]: r["DataType"] for r in rows}["Credit_Score__c"] == "Number(3, 0)"
    entity = query(
        credit_org,
        "SELECT KeyPrefix, IsCustomSetting FROM EntityDefinition WHERE QualifiedApiName = 'Order'",
    )["records"][0]
    assert (entity["KeyPrefix"], entity["IsCustomSetting"]) == ("801", False)


def test_errors_of_tooling_queries_and_paths(org):
    assert org.error(org.query("SELECT Nope FROM CustomField", "/tooling/query"), 400)[
        "errorCode"
    ] == ("INVALID_FIELD")
    assert org.error(org.call("GET", "/tooling/query"), 400)["errorCode"] == "MALFORMED_QUERY"
    assert org.call("GET", "/tooling/sobjects/ApexClass/01p").status_code == 404
    assert org.call("PUT", "/tooling/sobjects/CustomField/00N").status_code == 404
    org.control.settings(setup_rights=False)
    assert org.error(make(org), 403)["errorCode"] == "INSUFFICIENT_ACCESS"
