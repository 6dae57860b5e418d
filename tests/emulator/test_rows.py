from __future__ import annotations

from email.utils import format_datetime

import pytest


def test_create_answers_201_with_location_and_stamps(org):
    answer = org.call("POST", "/sobjects/Account/", {"Name": "Acme", "AnnualRevenue": 12})
    body = answer.json()
    assert answer.status_code == 201
    assert body == {"id": body["id"], "success": True, "errors": []}
    assert answer.headers["Location"] == f"/services/data/v66.0/sobjects/Account/{body['id']}"
    row = org.control.record("Account", body["id"])
    run_as = org.control.settings()["run_as"]
    assert row["CreatedById"] == row["LastModifiedById"] == row["OwnerId"] == run_as
    assert row["CreatedDate"] == row["SystemModstamp"]
    assert row["CreatedDate"].endswith(".000+0000")
    assert row["AnnualRevenue"] == 12.0


def test_get_with_fields_and_with_all(org):
    record_id = org.create("Account", Name="Acme", BillingCity="Ulm")
    some = org.call("GET", f"/sobjects/account/{record_id[:15]}?fields=name,BillingCity").json()
    assert list(some) == ["attributes", "Name", "BillingCity"]
    whole = org.call("GET", f"/sobjects/Account/{record_id}").json()
    assert whole["BillingAddress"]["city"] == "Ulm"
    assert whole["Id"] == record_id
    assert "Credit_Limit__c" not in whole
    bad = org.call("GET", f"/sobjects/Account/{record_id}?fields=Nope")
    assert org.error(bad, 400)["errorCode"] == "INVALID_FIELD"


def test_update_answers_204_and_moves_the_stamps(org):
    org.control.freeze()
    record_id = org.create("Account", Name="Acme")
    org.control.advance(90)
    answer = org.call("PATCH", f"/sobjects/Account/{record_id}", {"Site": "Ulm"})
    assert (answer.status_code, answer.content) == (204, b"")
    row = org.control.record("Account", record_id)
    assert row["Site"] == "Ulm"
    assert row["SystemModstamp"] == row["LastModifiedDate"] > row["CreatedDate"]


def test_a_post_may_stand_for_a_patch(org):
    record_id = org.create("Account", Name="Acme")
    path = f"/sobjects/Account/{record_id}"
    refused = org.call("POST", path, {"Site": "Ulm"})
    assert org.error(refused, 405)["errorCode"] == "METHOD_NOT_ALLOWED"
    assert org.call("POST", f"{path}?_HttpMethod=PATCH", {"Site": "Ulm"}).status_code == 204
    assert org.control.record("Account", record_id)["Site"] == "Ulm"


def test_empty_text_is_null_and_null_clears(org):
    record_id = org.create("Account", Name="Acme", Site="x", Phone="1")
    org.call("PATCH", f"/sobjects/Account/{record_id}", {"Site": "", "Phone": None})
    row = org.call("GET", f"/sobjects/Account/{record_id}?fields=Site,Phone").json()
    assert (row["Site"], row["Phone"]) == (None, None)


def test_delete_and_what_follows(org):
    record_id = org.create("Account", Name="Acme")
    assert org.call("DELETE", f"/sobjects/Account/{record_id}").status_code == 204
    for method, body in (("GET", None), ("PATCH", {"Name": "x"}), ("DELETE", None)):
        answer = org.call(method, f"/sobjects/Account/{record_id}", body)
        error = org.error(answer, 404)
        assert (error["errorCode"], error["message"]) == ("ENTITY_IS_DELETED", "entity is deleted")
    assert org.control.record("Account", record_id)["IsDeleted"] is True


def test_deleting_an_account_takes_its_contacts_and_clears_lookups(credit_org):
    org = credit_org
    account = org.create("Account", Name="Acme")
    contact = org.create("Contact", LastName="Doe", FirstName="Jo", AccountId=account)
    child = org.create("Account", Name="Daughter", ParentId=account)
    assert org.control.record("Contact", contact)["Name"] == "Jo Doe"
    org.call("DELETE", f"/sobjects/Account/{account}")
    assert org.control.record("Contact", contact)["IsDeleted"] is True
    assert org.control.record("Account", child)["ParentId"] is None


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/sobjects/Account/23foo", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Account/001RM0000000000AAA", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Nothing/001RM0000000000AAA", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Account/Nope__c/1", 404, "NOT_FOUND"),
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("PUT", "/sobjects/Account", 405, "METHOD_NOT_ALLOWED"),
        ("PATCH", "/sobjects/Account/001", 400, "MALFORMED_ID"),
        ("PATCH", "/sobjects/Account/003RM0000000000AAA", 404, "NOT_FOUND"),
        ("DELETE", "/sobjects/Account/001RM0000000000AAA", 404, "NOT_FOUND"),
        ("POST", "/sobjects/Account/001RM0000000000AAA", 404, "NOT_FOUND"),
    ],
)
def test_paths_that_lead_nowhere(org, method, path, status, code):
    answer = org.call(method, path, {"Name": "x"} if method == "PATCH" else None)
    assert org.error(answer, status)["errorCode"] == code


def test_bodies_that_are_no_records(org):
    for data in (b"{", b"[1]", b'{"Name": NaN}', b""):
        answer = org.http.post(f"{org.data}/sobjects/Account", data=data)
        assert org.error(answer, 400)["errorCode"] == "JSON_PARSER_ERROR"
    assert org.control.records("Account") == []


def test_upsert_creates_then_updates(credit_org):
    org = credit_org
    path = "/sobjects/Account/ERP_Id__c/K%2F1.2"
    first = org.call("PATCH", path, {"Name": "Acme"})
    record_id = first.json()["id"]
    assert first.status_code == 201
    assert first.json() == {"id": record_id, "success": True, "errors": [], "created": True}
    second = org.call("PATCH", path.replace("K", "k"), {"Name": "Acme 2"})
    assert second.status_code == 200
    assert second.json() == {"id": record_id, "success": True, "errors": [], "created": False}
    assert org.control.record("Account", record_id)["ERP_Id__c"] == "K/1.2"
    assert len(org.control.records("Account")) == 1
    read = org.call("GET", path)
    assert read.json()["Name"] == "Acme 2"
    old = org.call(
        "PATCH", "/services/data/v45.0/sobjects/Account/ERP_Id__c/K%2F1.2", {"Name": "Acme 3"}
    )
    assert (old.status_code, old.content) == (204, b"")


def test_upsert_that_may_not_create(credit_org):
    answer = credit_org.call(
        "PATCH", "/sobjects/Account/ERP_Id__c/none?updateOnly=true", {"Name": "x"}
    )
    assert credit_org.error(answer, 404)["errorCode"] == "NOT_FOUND"
    assert credit_org.control.records("Account") == []


def test_upsert_of_an_ambiguous_key_answers_300_and_writes_nothing(credit_org):
    org = credit_org
    ids = [org.create("Account", Name=name, Region_Key__c="r") for name in ("a", "b")]
    answer = org.call("PATCH", "/sobjects/Account/Region_Key__c/R", {"Name": "c"})
    assert answer.status_code == 300
    urls = [f"/services/data/v66.0/sobjects/Account/{record_id}" for record_id in sorted(ids)]
    assert answer.json() == urls
    assert org.names("Name != null") == ["a", "b"]
    assert org.call("GET", "/sobjects/Account/Region_Key__c/r").status_code == 300


def test_upsert_by_a_field_that_is_no_key(credit_org):
    answer = credit_org.call("PATCH", "/sobjects/Account/Site/x", {"Name": "c"})
    assert credit_org.error(answer, 404)["errorCode"] == "NOT_FOUND"
    repeated = credit_org.call(
        "PATCH", "/sobjects/Account/ERP_Id__c/x", {"Name": "c", "ERP_Id__c": "x"}
    )
    assert credit_org.error(repeated, 400)["errorCode"] == "INVALID_FIELD"


def test_a_case_sensitive_key_distinguishes_case(credit_org):
    org = credit_org
    for key in ("k", "K"):
        path = f"/sobjects/Task/CreditFlag_Key__c/{key}"
        assert org.call("PATCH", path, {"Subject": key}).status_code == 201
    assert org.call("PATCH", "/sobjects/Task/CreditFlag_Key__c/k", {}).status_code == 200
    assert len(org.control.records("Task")) == 2


def test_a_parent_may_be_named_by_its_external_id(credit_org):
    org = credit_org
    account = org.create("Account", Name="Acme", ERP_Id__c="7")
    invoice = org.create("Invoice__c", Account__r={"ERP_Id__c": "7"}, Amount__c=1)
    row = org.control.record("Invoice__c", invoice)
    assert row["Account__c"] == account
    assert row["Name"] == "INV-0001"
    missing = org.call("POST", "/sobjects/Invoice__c", {"Account__r": {"ERP_Id__c": "8"}})
    error = org.error(missing, 400)
    assert error["errorCode"] == "INVALID_FIELD"
    assert error["message"].startswith("Foreign key external ID: 8 not found for field ERP_Id__c")


def test_conditional_requests(org):
    record_id = org.create("Account", Name="Acme")
    path = f"/sobjects/Account/{record_id}"
    now = format_datetime(org.control.now(), usegmt=True)
    assert org.call("GET", path, headers={"If-Modified-Since": now}).status_code == 304
    org.control.advance(60)
    fresh = org.call("PATCH", path, {"Site": "a"}, headers={"If-Unmodified-Since": now})
    assert fresh.status_code == 204
    stale = org.call("PATCH", path, {"Site": "b"}, headers={"If-Unmodified-Since": now})
    assert stale.status_code == 412
    assert org.control.record("Account", record_id)["Site"] == "a"


def test_object_resource_lists_recent_items(org):
    record_id = org.create("Account", Name="Acme")
    body = org.call("GET", "/sobjects/Account/").json()
    assert body["objectDescribe"]["keyPrefix"] == "001"
    assert [item["Id"] for item in body["recentItems"]] == [record_id]


def test_accounts_have_a_mark_of_their_state(org):
    one = org.create("Account", Name="Acme")
    first = org.call("GET", f"/sobjects/Account/{one}")
    mark = first.headers["ETag"]
    path = f"/sobjects/Account/{one}"
    assert org.call("GET", path, headers={"If-None-Match": mark}).status_code == 304
    assert org.call("PATCH", path, {"Site": "S"}, headers={"If-Match": mark}).status_code == 204
    stale = org.call("PATCH", path, {"Site": "T"}, headers={"If-Match": mark})
    assert stale.status_code == 412
    assert org.control.record("Account", one)["Site"] == "S"
    assert org.call("GET", path, headers={"If-None-Match": mark}).status_code == 200
    contact = org.create("Contact", LastName="Ann")
    assert "ETag" not in org.call("GET", f"/sobjects/Contact/{contact}").headers
