"""Switches of the org: person accounts, record types, currencies; and the keys of describes."""

from __future__ import annotations

from tests.emulator.deployment_kit import account_package, deploy, document, grant, manifest

GLOBAL_KEYS = {
    "activateable",
    "associateEntityType",
    "associateParentEntity",
    "createable",
    "custom",
    "customSetting",
    "deepCloneable",
    "deletable",
    "deprecatedAndHidden",
    "feedEnabled",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
    "keyPrefix",
    "label",
    "labelPlural",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "name",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchable",
    "triggerable",
    "undeletable",
    "updateable",
    "urls",
}
OBJECT_KEYS = GLOBAL_KEYS | {
    "actionOverrides",
    "childRelationships",
    "fields",
    "namedLayoutInfos",
    "recordTypeInfos",
    "supportedScopes",
}
MONEY = "<label>M</label><type>Currency</type><precision>18</precision><scale>2</scale>"


def test_descriptions_have_the_recorded_keys(org):
    for entry in org.call("GET", "/sobjects").json()["sobjects"]:
        assert set(entry) == GLOBAL_KEYS
        assert set(entry["urls"]) >= {"sobject", "describe", "rowTemplate"}
        described = org.call("GET", f"/sobjects/{entry['name']}/describe").json()
        assert set(described) >= OBJECT_KEYS
        assert {key: described[key] for key in GLOBAL_KEYS} == entry


def test_people_are_accounts_with_a_name_in_parts(org):
    company = org.create("Account", Name="Acme")
    assert "INVALID_FIELD" in org.query("SELECT IsPersonAccount FROM Account").text
    org.control.apply_schema({"person_accounts": True})
    person = org.create("Account", FirstName="Ada", LastName="Byron", PersonEmail="a@example.com")
    other = org.create("Account", Name="Other")
    rows = org.rows("SELECT Id, Name, IsPersonAccount, RecordType.DeveloperName FROM Account")
    found = {
        row["Id"]: (
            row["Name"],
            row["IsPersonAccount"],
            (row["RecordType"] or {}).get("DeveloperName"),
        )
        for row in rows
    }
    assert found[person] == ("Ada Byron", True, "PersonAccount")
    assert found[other] == ("Other", False, "Business_Account")
    assert found[company][0] == "Acme"
    org.call("PATCH", f"/sobjects/Account/{person}", {"LastName": "Lovelace"})
    assert org.control.record("Account", person)["Name"] == "Ada Lovelace"
    for body, code in (
        ({"Name": "x", "LastName": "y"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"FirstName": "y"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Site": "y"}, "REQUIRED_FIELD_MISSING"),
    ):
        assert org.error(org.call("POST", "/sobjects/Account", body), 400)["errorCode"] == code
    renamed = org.call("PATCH", f"/sobjects/Account/{person}", {"Name": "Someone"})
    assert org.error(renamed, 400)["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    seeded = org.control.seed("Account", [{"FirstName": "Bo", "LastName": "Li"}])[0]
    assert org.control.record("Account", seeded)["IsPersonAccount"] is True


def test_record_types_come_by_deployment(org):
    inner = (
        "<recordTypes><fullName>Dealer</fullName><active>true</active><label>Dealer</label>"
        "</recordTypes>"
    )
    files = {
        "package.xml": manifest(RecordType=["Account.Dealer"]),
        "objects/Account.object": document("CustomObject", inner),
    }
    assert deploy(org, files)["status"] == "Succeeded"
    described = org.call("GET", "/sobjects/Account/describe").json()
    infos = {info["developerName"]: info for info in described["recordTypeInfos"]}
    assert set(infos) == {"Dealer", "Master"}
    dealer = infos["Dealer"]["recordTypeId"]
    record = org.create("Account", Name="a", RecordTypeId=dealer)
    assert org.rows("SELECT RecordType.Name FROM Account")[0]["RecordType"]["Name"] == "Dealer"
    assert org.control.record("Account", record)["RecordTypeId"] == dealer


def test_currencies_reach_older_records_and_later_objects(org):
    old = org.create("Account", Name="old")
    org.control.apply_schema({"currencies": {"EUR": 1, "USD": 1.1}})
    assert org.control.record("Account", old)["CurrencyIsoCode"] == "EUR"
    assert "INVALID_FIELD" in org.query("SELECT CurrencyIsoCode FROM Contact").text
    files = {
        "package.xml": manifest(CustomField=["Contact.Debt__c"]),
        "objects/Contact.object": document(
            "CustomObject", f"<fields><fullName>Debt__c</fullName>{MONEY}</fields>"
        ),
    }
    assert deploy(org, files)["status"] == "Succeeded"
    grant(org, "Contact.Debt__c")
    org.create("Contact", LastName="a", Debt__c=1, CurrencyIsoCode="USD")
    assert org.rows("SELECT CurrencyIsoCode FROM Contact")[0]["CurrencyIsoCode"] == "USD"


def test_a_checked_deployment_of_a_currency_field_leaves_no_currency(org):
    org.control.apply_schema({"currencies": {"EUR": 1}})
    files = account_package(Debt__c=MONEY)
    assert deploy(org, files, checkOnly=True)["status"] == "Succeeded"
    assert (
        "Debt__c"
        not in org.call("GET", "/tooling/query?q=SELECT+DeveloperName+FROM+CustomField").text
    )
