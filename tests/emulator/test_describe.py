from __future__ import annotations

from email.utils import format_datetime

FIELD_KEYS = [
    "aggregatable",
    "aiPredictionField",
    "autoNumber",
    "byteLength",
    "calculated",
    "calculatedFormula",
    "cascadeDelete",
    "caseSensitive",
    "compoundFieldName",
    "controllerName",
    "createable",
    "custom",
    "defaultValue",
    "defaultValueFormula",
    "defaultedOnCreate",
    "dependentPicklist",
    "deprecatedAndHidden",
    "digits",
    "displayLocationInDecimal",
    "encrypted",
    "externalId",
    "extraTypeInfo",
    "filterable",
    "filteredLookupInfo",
    "formulaTreatNullNumberAsZero",
    "groupable",
    "highScaleNumber",
    "htmlFormatted",
    "idLookup",
    "inlineHelpText",
    "label",
    "length",
    "mask",
    "maskType",
    "name",
    "nameField",
    "namePointing",
    "nillable",
    "permissionable",
    "picklistValues",
    "polymorphicForeignKey",
    "precision",
    "queryByDistance",
    "referenceTargetField",
    "referenceTo",
    "relationshipName",
    "relationshipOrder",
    "restrictedDelete",
    "restrictedPicklist",
    "scale",
    "searchPrefilterable",
    "soapType",
    "sortable",
    "type",
    "unique",
    "updateable",
    "writeRequiresMasterRead",
]


def fields_of(org, name):
    described = org.call("GET", f"/sobjects/{name}/describe").json()
    return {item["name"]: item for item in described["fields"]}


def test_every_field_has_the_recorded_key_set(credit_org):
    for name in ("Account", "Task", "Order", "OrderItem", "Invoice__c", "User"):
        for item in fields_of(credit_org, name).values():
            assert sorted(item) == sorted(FIELD_KEYS)
            assert list(item) == sorted(item)


def test_describe_global_lists_the_standard_objects(credit_org):
    body = credit_org.call("GET", "/sobjects/").json()
    assert (body["encoding"], body["maxBatchSize"]) == ("UTF-8", 200)
    found = {entry["name"]: entry for entry in body["sobjects"]}
    prefixes = {
        "Account": "001",
        "Contact": "003",
        "Opportunity": "006",
        "Order": "801",
        "OrderItem": "802",
        "Product2": "01t",
        "Pricebook2": "01s",
        "PricebookEntry": "01u",
        "Task": "00T",
        "User": "005",
        "Organization": "00D",
    }
    assert {name: found[name]["keyPrefix"] for name in prefixes} == prefixes
    assert found["Invoice__c"]["custom"] is True
    assert found["Invoice__c"]["keyPrefix"].startswith("a0")
    assert found["Account"]["urls"]["describe"] == (
        "/services/data/v66.0/sobjects/Account/describe"
    )
    assert found["User"]["deletable"] is False


def test_account_fields_have_the_recorded_shapes(credit_org):
    fields = fields_of(credit_org, "account")
    revenue = fields["AnnualRevenue"]
    assert (revenue["type"], revenue["precision"], revenue["scale"]) == ("currency", 18, 0)
    name = fields["Name"]
    assert (name["length"], name["byteLength"], name["nillable"]) == (255, 765, False)
    assert name["nameField"] is True
    city = fields["BillingCity"]
    assert (city["compoundFieldName"], city["length"]) == ("BillingAddress", 40)
    assert fields["BillingAddress"]["createable"] is False
    parent = fields["ParentId"]
    assert (parent["referenceTo"], parent["relationshipName"]) == (["Account"], "Parent")
    assert parent["soapType"] == "tns:ID"
    rating = [value["value"] for value in fields["Rating"]["picklistValues"]]
    assert rating == ["Hot", "Warm", "Cold"]
    stamp = fields["SystemModstamp"]
    assert (stamp["createable"], stamp["updateable"], stamp["type"]) == (False, False, "datetime")
    description = fields["Description"]
    assert (description["filterable"], description["sortable"]) == (False, False)
    key = fields["ERP_Id__c"]
    assert (key["externalId"], key["unique"], key["idLookup"], key["custom"]) == (
        True,
        True,
        True,
        True,
    )
    assert not any("credit" in name.lower() for name, item in fields.items() if not item["custom"])


def test_what_a_create_must_give(credit_org):
    def required(name):
        return sorted(
            item["name"]
            for item in fields_of(credit_org, name).values()
            if item["createable"] and not item["nillable"] and not item["defaultedOnCreate"]
        )

    assert required("Account") == ["Name"]
    assert required("Contact") == ["LastName"]
    assert required("Opportunity") == ["CloseDate", "Name", "StageName"]
    assert required("Order") == ["AccountId", "EffectiveDate", "Status"]
    assert required("OrderItem") == ["OrderId", "PricebookEntryId", "Quantity", "UnitPrice"]
    assert required("Invoice__c") == ["Account__c"]
    assert required("Task") == []


def test_polymorphic_lookups_and_child_relationships(credit_org):
    what = fields_of(credit_org, "Task")["WhatId"]
    assert what["polymorphicForeignKey"] is True
    assert {"Account", "Opportunity", "Order"} <= set(what["referenceTo"])
    described = credit_org.call("GET", "/sobjects/Account/describe").json()
    children = {
        (entry["childSObject"], entry["field"]): entry for entry in described["childRelationships"]
    }
    assert children[("Contact", "AccountId")]["relationshipName"] == "Contacts"
    assert children[("Contact", "AccountId")]["cascadeDelete"] is True
    assert children[("Invoice__c", "Account__c")]["relationshipName"] == "Invoices__r"
    assert described["recordTypeInfos"][0]["master"] is True
    assert list(described) == sorted(described)


def test_activity_fields_stand_on_task(credit_org):
    key = fields_of(credit_org, "Task")["CreditFlag_Key__c"]
    assert (key["externalId"], key["caseSensitive"]) == (True, True)


def test_describe_answers_304_until_the_schema_changes(credit_org):
    org = credit_org
    org.control.freeze()
    org.control.advance(60)
    path = "/sobjects/Account/describe"
    now = format_datetime(org.control.now(), usegmt=True)
    fresh = org.call("GET", path)
    assert fresh.headers["Last-Modified"].endswith("GMT")
    unchanged = org.call("GET", path, headers={"If-Modified-Since": now})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert org.call("GET", "/sobjects", headers={"If-Modified-Since": now}).status_code == 304
    org.control.advance(60)
    org.control.apply_schema(
        {"objects": [{"name": "Account", "fields": [{"name": "Extra__c", "type": "date"}]}]}
    )
    changed = org.call("GET", path, headers={"If-Modified-Since": now})
    assert changed.status_code == 200
    assert "Extra__c" in changed.text
    assert org.call("GET", "/sobjects", headers={"If-Modified-Since": now}).status_code == 200


def test_organization_tells_what_kind_of_org_this_is(org):
    row = org.rows("SELECT Id, Name, OrganizationType, IsSandbox FROM Organization")[0]
    assert row["Id"] == org.control.settings()["org_id"]
    assert row["IsSandbox"] is True
