"""composite/tree: nested creates, all or none."""

from __future__ import annotations

from typing import Any


def account(reference: str, **more: Any) -> dict[str, Any]:
    attributes = {"type": "Account", "referenceId": reference}
    return {"attributes": attributes, "Name": reference, **more}


def contact(reference: str, **more: Any) -> dict[str, Any]:
    attributes = {"type": "Contact", "referenceId": reference}
    return {"attributes": attributes, "LastName": reference, **more}


def plant(org, *records: dict[str, Any]):
    return org.call("POST", "/composite/tree/Account", {"records": list(records)})


def test_children_are_linked_to_their_parents(org):
    answer = plant(org, account("a", Contacts={"records": [contact("c1"), contact("c2")]}))
    assert answer.status_code == 201
    body = answer.json()
    assert body["hasErrors"] is False
    ids = {result["referenceId"]: result["id"] for result in body["results"]}
    assert list(ids) == ["a", "c1", "c2"]
    parents = {row["Id"]: row["AccountId"] for row in org.control.records("Contact")}
    assert parents == {ids["c1"]: ids["a"], ids["c2"]: ids["a"]}


def test_one_bad_record_undoes_all(org):
    bad = contact("c2", Email="no address")
    answer = plant(org, account("a"), account("b", Contacts={"records": [contact("c1"), bad]}))
    assert answer.status_code == 400
    body = answer.json()
    assert body["hasErrors"] is True
    (result,) = body["results"]
    assert result["referenceId"] == "c2"
    assert result["errors"][0]["statusCode"] == "INVALID_EMAIL_ADDRESS"
    assert org.control.records("Account") == []
    assert org.control.records("Contact") == []


def test_what_is_no_tree(org):
    same = plant(org, account("a"), account("a"))
    assert org.error(same, 400)["errorCode"] == "INVALID_INPUT"
    child = plant(org, account("a", Friends={"records": [contact("c")]}))
    assert org.error(child, 400)["errorCode"] == "INVALID_FIELD"
    other = plant(org, contact("c"))
    assert org.error(other, 400)["errorCode"] == "INVALID_TYPE"
    many = plant(org, *(account(f"a{n}") for n in range(201)))
    assert org.error(many, 400)["errorCode"] == "LIMIT_EXCEEDED"
    assert org.control.records("Account") == []
