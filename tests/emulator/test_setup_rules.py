"""Validation and duplicate rules on saves of every kind."""

from __future__ import annotations

import pytest

from adapters.emulatorkit.client import EmulatorControlError
from tests.emulator.deployment_kit import LIGHT, account_package, deploy, document, grant, manifest

TEXT = "The customer is over the limit."


def block_rule(formula: str, **more: str) -> str:
    extra = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return (
        "<validationRules><fullName>Block</fullName><active>true</active>"
        f"<errorConditionFormula>{formula}</errorConditionFormula>{extra}"
        f"<errorMessage>{TEXT}</errorMessage></validationRules>"
    )


def order_rule(formula: str, **more: str) -> dict[str, str | bytes]:
    return {
        "package.xml": manifest(ValidationRule=["Order.Block"], CustomPermission=["Override"]),
        "objects/Order.object": document("CustomObject", block_rule(formula, **more)),
        "customPermissions/Override.customPermission": document(
            "CustomPermission", "<label>Override</label>"
        ),
    }


@pytest.fixture
def held_order(org):
    """A red account with a draft order that has an item."""
    deploy(org, account_package(Light__c=LIGHT))
    grant(org, "Account.Light__c")
    account = org.create("Account", Name="a", Light__c="red")
    book = org.rows("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"]
    product = org.create("Product2", Name="Pump", IsActive=True)
    entry = org.create(
        "PricebookEntry", Pricebook2Id=book, Product2Id=product, UnitPrice=1, IsActive=True
    )
    order = org.create(
        "Order", AccountId=account, EffectiveDate="2026-01-05", Status="Draft", Pricebook2Id=book
    )
    org.create("OrderItem", OrderId=order, PricebookEntryId=entry, Quantity=1, UnitPrice=1)
    return order


HOLD = (
    'AND(ISCHANGED(Status), ISPICKVAL(Status, "Activated"), '
    'ISPICKVAL(Account.Light__c, "red"), NOT($Permission.Override))'
)


def test_an_order_of_a_red_account_is_not_activated(org, held_order):
    files = order_rule(HOLD, errorDisplayField="Status")
    assert deploy(org, files)["status"] == "Succeeded"
    path = f"/sobjects/Order/{held_order}"
    assert org.call("PATCH", path, {"Description": "free"}).status_code == 204
    error = org.error(org.call("PATCH", path, {"Status": "Activated"}), 400)
    assert (error["errorCode"], error["message"], error["fields"]) == (
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        TEXT,
        ["Status"],
    )
    batch = org.call(
        "PATCH",
        "/composite/sobjects",
        {"records": [{"attributes": {"type": "Order"}, "id": held_order, "Status": "Activated"}]},
    ).json()
    assert batch[0]["errors"][0]["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert org.control.record("Order", held_order)["Status"] == "Draft"


def test_the_custom_permission_lets_it_pass(org, held_order):
    deploy(org, order_rule(HOLD))
    inner = (
        "<customPermissions><enabled>true</enabled><name>Override</name></customPermissions>"
        "<label>Override</label>"
    )
    deploy(
        org,
        {
            "package.xml": manifest(PermissionSet=["Override"]),
            "permissionsets/Override.permissionset": document("PermissionSet", inner),
        },
    )
    path = f"/sobjects/Order/{held_order}"
    assert org.call("PATCH", path, {"Status": "Activated"}).status_code == 400
    set_id = org.rows("SELECT Id FROM PermissionSet WHERE Name = 'Override'")[0]["Id"]
    user = org.control.settings()["run_as"]
    org.create("PermissionSetAssignment", AssigneeId=user, PermissionSetId=set_id)
    assert org.call("PATCH", path, {"Status": "Activated"}).status_code == 204


def test_rules_hold_for_people_and_bulk_jobs_too(org):
    org.control.ask(
        "POST",
        "rules",
        {
            "validation": [
                {"object": "Account", "name": "Site", "formula": 'Site = "no"', "field": "Site"}
            ]
        },
    )
    record = org.control.seed("Account", [{"Name": "seeds pass", "Site": "no"}])[0]
    with pytest.raises(EmulatorControlError, match="FIELD_CUSTOM_VALIDATION_EXCEPTION"):
        org.control.edit("Account", record, {"Name": "x"})
    job = org.call("POST", "/jobs/ingest", {"object": "Account", "operation": "insert"}).json()
    path = f"/jobs/ingest/{job['id']}"
    content = "Name,Site\ngood,yes\nbad,no\n"
    org.http.put(org.data + path + "/batches", data=content, headers={"Content-Type": "text/csv"})
    org.call("PATCH", path, {"state": "UploadComplete"})
    states = [org.call("GET", path).json()["state"] for _ in range(4)]
    assert states[-1] == "JobComplete"
    failed = org.call("GET", path + "/failedResults").text
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION:The record breaks a rule.:Site" in failed
    assert org.names("Site = 'yes'") == ["good"]


def test_prior_values_and_new_records(org):
    rules = [
        {
            "object": "Account",
            "name": "NoFall",
            "formula": "NumberOfEmployees < PRIORVALUE(NumberOfEmployees)",
            "message": "Not fewer.",
        },
        {"object": "Account", "name": "New", "formula": "ISNEW() && ISBLANK(Site)"},
        {"object": "Account", "name": "Off", "formula": "TRUE", "active": False},
    ]
    org.control.ask("POST", "rules", {"validation": rules})
    assert org.call("POST", "/sobjects/Account", {"Name": "a"}).status_code == 400
    record = org.create("Account", Name="a", Site="s", NumberOfEmployees=5)
    path = f"/sobjects/Account/{record}"
    assert org.call("PATCH", path, {"NumberOfEmployees": 6, "Site": None}).status_code == 204
    error = org.error(org.call("PATCH", path, {"NumberOfEmployees": 4}), 400)
    assert (error["message"], error["fields"]) == ("Not fewer.", [])


@pytest.mark.parametrize(
    ("formula", "more", "text"),
    [
        ("Nope__c = 1", {}, "Field Nope__c does not exist"),
        ("OrderNumber", {}, "expected data type (true or false)"),
        ("TRUE", {"errorDisplayField": "Nope__c"}, "errorDisplayField"),
    ],
)
def test_wrong_rules_are_not_deployed(org, formula, more, text):
    result = deploy(org, order_rule(formula, **more))
    assert text in result["details"]["componentFailures"][0]["problem"]


def test_a_deleted_rule_no_longer_holds(org, held_order):
    deploy(org, order_rule(HOLD))
    files = {
        "package.xml": manifest(),
        "destructiveChanges.xml": manifest(ValidationRule=["Order.Block"]),
    }
    assert deploy(org, files)["status"] == "Succeeded"
    path = f"/sobjects/Order/{held_order}"
    assert org.call("PATCH", path, {"Status": "Activated"}).status_code == 204


def test_duplicates_are_found_and_may_be_saved_on_purpose(org):
    rule = {"object": "Account", "name": "Same_Name", "fields": ["Name", "Site"]}
    org.control.ask("POST", "rules", {"duplicates": [rule]})
    first = org.create("Account", Name="Acme", Site="Ulm")
    org.create("Account", Name="Acme", Site="Bonn")
    twin = {"Name": "ACME", "Site": "ulm"}
    error = org.error(org.call("POST", "/sobjects/Account", twin), 400)
    assert (error["errorCode"], error["message"]) == (
        "DUPLICATES_DETECTED",
        "Use one of these records?",
    )
    found = error["duplicateResut"]
    assert (found["allowSave"], found["duplicateRule"]) == (True, "Same_Name")
    match = found["matchResults"][0]
    assert [entry["record"]["Id"] for entry in match["matchRecords"]] == [first]
    headers = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    allowed = org.call("POST", "/sobjects/Account", twin, headers=headers)
    assert allowed.status_code == 201
    org.control.ask("POST", "rules", {"duplicates": [{**rule, "allow_save": False}]})
    blocked = org.call("POST", "/sobjects/Account", twin, headers=headers)
    assert org.error(blocked, 400)["errorCode"] == "DUPLICATES_DETECTED"


def test_wrong_rules_of_the_control_are_named(org):
    for wish, text in (
        ({"nope": []}, "unknown keys"),
        ({"validation": {}}, "must be a list"),
        ({"validation": [{"object": "Account"}]}, "needs"),
        ({"validation": [{"object": "Account", "name": "X", "formula": "1"}]}, "true or false"),
        ({"duplicates": [{"object": "Account", "name": "X", "fields": ["Nope"]}]}, "Nope"),
    ):
        with pytest.raises(EmulatorControlError, match=text):
            org.control.ask("POST", "rules", wish)
