"""Bulk API version 1: jobs of batches in JSON and in CSV with XML."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests


@pytest.fixture
def ask(org):
    """A function that sends a call below /services/async with the session's own header."""
    token = org.http.headers["Authorization"].partition(" ")[2]

    def send(method: str, path: str, body: Any = None, kind: str = "application/json"):
        return requests.request(
            method,
            f"{org.emulator.url}/services/async/60.0/{path}",
            data=body if isinstance(body, (str, bytes, type(None))) else json.dumps(body),
            headers={"X-SFDC-Session": token, "Content-Type": kind},
            timeout=30,
        )

    return send


def make_job(ask, operation: str, content_type: str, **more: Any) -> str:
    body = {"operation": operation, "object": "Account", "contentType": content_type, **more}
    answer = ask("POST", "job", body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "Open"
    return str(answer.json()["id"])


def test_a_query_in_xml_and_csv(org, ask):
    org.control.seed("Account", [{"Name": 'Acme, "North"'}, {"Name": "Bolt"}])
    job = make_job(ask, "query", "CSV")
    soql = "SELECT Name, Owner.Name FROM Account ORDER BY Name"
    added = ask("POST", f"job/{job}/batch", soql, "text/csv")
    assert added.status_code == 201
    assert added.headers["content-type"].startswith("application/xml")
    batch = added.text.partition("<id>")[2].partition("</id>")[0]
    assert "<state>Queued</state>" in added.text
    assert ask("POST", f"job/{job}", {"state": "Closed"}).json()["state"] == "Closed"
    states = [ask("GET", f"job/{job}/batch/{batch}").text for _ in range(2)]
    assert "<state>InProgress</state>" in states[0]
    assert "<state>Completed</state>" in states[1]
    assert "<numberRecordsProcessed>2</numberRecordsProcessed>" in states[1]
    listed = ask("GET", f"job/{job}/batch/{batch}/result").text
    result = listed.partition("<result>")[2].partition("</result>")[0]
    text = ask("GET", f"job/{job}/batch/{batch}/result/{result}").text
    assert text.splitlines() == [
        '"Name","Owner.Name"',
        '"Acme, ""North""","Ann Admin"',
        '"Bolt","Ann Admin"',
    ]
    assert batch in ask("GET", f"job/{job}/batch").text
    late = ask("POST", f"job/{job}/batch", soql, "text/csv")
    assert "<exceptionCode>InvalidJobState</exceptionCode>" in late.text


def test_a_query_in_json_has_times_in_milliseconds(credit_org, ask):
    org = credit_org
    org.control.settings(bulk_polls=1)
    org.create("Account", Name="Acme", Reviewed_At__c="2026-01-31T10:00:00Z")
    job = make_job(ask, "query", "JSON")
    soql = "SELECT Name, Reviewed_At__c, Owner.Name FROM Account"
    batch = ask("POST", f"job/{job}/batch", soql).json()["id"]
    assert ask("GET", f"job/{job}/batch/{batch}").json()["state"] == "Completed"
    (result,) = ask("GET", f"job/{job}/batch/{batch}/result").json()
    (row,) = ask("GET", f"job/{job}/batch/{batch}/result/{result}").json()
    assert row["Reviewed_At__c"] == 1_769_853_600_000
    assert (row["Name"], row["Owner"]["Name"]) == ("Acme", "Credit Integration")
    assert row["attributes"]["type"] == "Account"


def test_csv_rows_are_written_in_order(credit_org, ask):
    org = credit_org
    org.control.settings(bulk_polls=1)
    org.create("Account", Name="Acme", ERP_Id__c="K1", Site="S")
    job = make_job(ask, "upsert", "CSV", externalIdFieldName="ERP_Id__c")
    text = "ERP_Id__c,Name,Site\nK1,,#N/A\nK2,Bolt,\nK3,,\n"
    added = ask("POST", f"job/{job}/batch", text, "text/csv").text
    batch = added.partition("<id>")[2].partition("</id>")[0]
    info = ask("GET", f"job/{job}/batch/{batch}").text
    assert "<numberRecordsFailed>1</numberRecordsFailed>" in info
    lines = ask("GET", f"job/{job}/batch/{batch}/result").text.splitlines()
    assert lines[0] == '"Id","Success","Created","Error"'
    assert ['"true","false",""' in lines[1], '"true","true",""' in lines[2]] == [True, True]
    assert "REQUIRED_FIELD_MISSING" in lines[3]
    rows = {row["ERP_Id__c"]: row for row in org.control.records("Account")}
    assert (rows["K1"]["Name"], rows["K1"]["Site"], rows["K2"]["Name"]) == ("Acme", None, "Bolt")
    assert ask("GET", f"job/{job}/batch/{batch}/request").text == text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "query", "object": "Nope", "contentType": "CSV"}, "InvalidJob"),
        ({"operation": "steal", "object": "Account", "contentType": "CSV"}, "InvalidJob"),
        ({"operation": "query", "object": "Account", "contentType": "ZIP_XML"}, "InvalidJob"),
        ({"operation": "upsert", "object": "Account", "contentType": "CSV"}, "InvalidJob"),
        ("{", "InvalidJob"),
        ("[]", "InvalidJob"),
    ],
)
def test_jobs_that_are_refused(ask, body, code):
    answer = ask("POST", "job", body)
    assert answer.status_code == 400
    assert answer.json()["exceptionCode"] == code


def test_a_session_is_needed_and_ids_must_be_known(emulator, org, ask):
    url = f"{emulator.url}/services/async/60.0/job"
    answer = requests.post(url, data="<jobInfo/>", timeout=30)
    assert answer.status_code == 400
    assert "<exceptionCode>InvalidSessionId</exceptionCode>" in answer.text
    assert ask("GET", "job/750000000000001AAA").json()["exceptionCode"] == "InvalidJob"
    job = make_job(ask, "query", "JSON")
    for path in ("batch/751", "batch/751/result", "nothing", "batch/751/result/1/2"):
        assert ask("GET", f"job/{job}/{path}").json()["exceptionCode"] == "InvalidBatch"


def test_a_batch_fails_whole_with_its_reason(org, ask):
    org.control.settings(bulk_polls=1)
    for operation, body, reason in (
        ("query", "SELECT Nope FROM Account", "INVALID_FIELD"),
        ("query", "SELECT Id FROM Contact", "INVALID_TYPE_FOR_OPERATION"),
        ("insert", "{}", "list of records"),
        ("insert", "no json", "not well formed"),
    ):
        job = make_job(ask, operation, "JSON")
        batch = ask("POST", f"job/{job}/batch", body).json()["id"]
        info = ask("GET", f"job/{job}/batch/{batch}").json()
        assert info["state"] == "Failed"
        assert reason in info["stateMessage"]
        early = ask("GET", f"job/{job}/batch/{batch}/result").json()
        assert early["exceptionCode"] == "InvalidBatch"
    assert org.control.records("Account") == []
