"""Bulk API 2.0 query jobs: states, pages, values, refusals, faults."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest


def start_query(org, soql: str, **more: Any):
    return org.call("POST", "/jobs/query", {"operation": "query", "query": soql, **more})


def finish_query(org, soql: str, **more: Any) -> str:
    answer = start_query(org, soql, **more)
    assert answer.status_code == 200, answer.text
    job_id = answer.json()["id"]
    for _ in range(2):
        info = org.call("GET", f"/jobs/query/{job_id}").json()
    assert info["state"] == "JobComplete", info
    return str(job_id)


def page(org, job_id: str, **params: Any):
    return org.call("GET", f"/jobs/query/{job_id}/results", params=params)


def rows(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_query_job_goes_through_its_states(org):
    org.control.seed("Account", [{"Name": f"Firm {n}"} for n in range(3)])
    made = start_query(org, "SELECT Id, Name FROM account").json()
    assert (made["object"], made["state"]) == ("Account", "UploadComplete")
    assert "query" not in made
    job_id = made["id"]
    assert org.error(page(org, job_id), 400)["errorCode"] == "INVALIDJOBSTATE"
    first = org.call("GET", f"/jobs/query/{job_id}").json()
    assert (first["state"], first["numberRecordsProcessed"]) == ("InProgress", 0)
    last = org.call("GET", f"/jobs/query/{job_id}").json()
    assert (last["state"], last["jobType"]) == ("JobComplete", "V2Query")
    assert last["numberRecordsProcessed"] == 3
    limits = org.call("GET", "/limits").json()
    assert limits["DailyBulkV2QueryJobs"] == {"Max": 10_000, "Remaining": 9_999}
    assert org.call("DELETE", f"/jobs/query/{job_id}").status_code == 204
    assert page(org, job_id).status_code == 404


def test_pages_repeat_the_header_and_end_with_null(org):
    org.control.seed("Account", [{"Name": f"Firm {n}"} for n in range(5)])
    job_id = finish_query(org, "SELECT Name FROM Account ORDER BY Name")
    first = page(org, job_id, maxRecords=2)
    assert first.text == '"Name"\n"Firm 0"\n"Firm 1"\n'
    assert first.headers["Sforce-NumberOfRecords"] == "2"
    second = page(org, job_id, maxRecords=2, locator=first.headers["Sforce-Locator"])
    third = page(org, job_id, maxRecords=2, locator=second.headers["Sforce-Locator"])
    assert third.text == '"Name"\n"Firm 4"\n'
    assert third.headers["Sforce-Locator"] == "null"
    again = page(org, job_id, maxRecords=2, locator=first.headers["Sforce-Locator"])
    assert again.text == second.text
    for bad in ("null", "!", "OTk5", "é"):
        answer = page(org, job_id, locator=bad)
        assert org.error(answer, 400)["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_the_server_bounds_the_page(org):
    org.control.settings(bulk_page_rows=2)
    org.control.seed("Account", [{"Name": f"Firm {n}"} for n in range(3)])
    job_id = finish_query(org, "SELECT Name FROM Account")
    for params in ({}, {"maxRecords": 1000}):
        answer = page(org, job_id, **params)
        assert (len(rows(answer)), answer.headers["Sforce-NumberOfRecords"]) == (2, "2")


def test_values_are_quoted_and_in_the_bulk_form(credit_org):
    org = credit_org
    parent = org.create("Account", Name="Parent")
    org.create(
        "Account",
        Name='Acme "North", Ltd',
        ParentId=parent,
        Credit_Limit__c=12.5,
        NumberOfEmployees=7,
        Credit_Hold__c=True,
        Reviewed_At__c="2026-01-31T10:00:00+08:00",
        Description="two\nlines",
    )
    job_id = finish_query(
        org,
        "SELECT name, Parent.Name, Credit_Limit__c, NumberOfEmployees, Credit_Hold__c, "
        "Reviewed_At__c, Description, Site FROM Account WHERE ParentId != null",
    )
    text = page(org, job_id).text
    assert text.startswith('"Name","Parent.Name","Credit_Limit__c"')
    (row,) = rows(page(org, job_id))
    assert row == {
        "Name": 'Acme "North", Ltd',
        "Parent.Name": "Parent",
        "Credit_Limit__c": "12.5",
        "NumberOfEmployees": "7",
        "Credit_Hold__c": "true",
        "Reviewed_At__c": "2026-01-31T02:00:00.000Z",
        "Description": "two\nlines",
        "Site": "",
    }
    assert text.endswith(',""\n')


def test_query_all_sees_the_bin_and_the_result_is_a_snapshot(org):
    ids = org.control.seed("Account", [{"Name": "Acme"}, {"Name": "Bolt"}])
    org.control.remove("Account", ids[:1])
    job_id = finish_query(org, "SELECT Name, IsDeleted FROM Account", operation="queryAll")
    org.control.remove("Account", ids[1:], "hard")
    assert {row["Name"]: row["IsDeleted"] for row in rows(page(org, job_id))} == {
        "Acme": "true",
        "Bolt": "false",
    }
    assert len(rows(page(org, finish_query(org, "SELECT Name FROM Account")))) == 0


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT COUNT() FROM Account", "FEATURENOTENABLED"),
        ("SELECT Name, COUNT(Id) FROM Account GROUP BY Name", "FEATURENOTENABLED"),
        ("SELECT Name, (SELECT Name FROM Contacts) FROM Account", "FEATURENOTENABLED"),
        ("SELECT BillingAddress FROM Account", "FEATURENOTENABLED"),
        ("SELECT Name FROM Account LIMIT 5 OFFSET 2", "FEATURENOTENABLED"),
        ("SELECT Foo__c FROM Account", "INVALID_FIELD"),
        ("SELECT Name FROM Nothing", "INVALID_TYPE"),
        ("SELECT Name FRM Account", "MALFORMED_QUERY"),
        ("SELECT Name FROM Contact", "INVALIDENTITY"),
    ],
)
def test_what_bulk_queries_refuse(org, soql, code):
    org.control.settings(bulk_refused_objects="Contact, Task")
    assert org.error(start_query(org, soql), 400)["errorCode"] == code


def test_faults_of_query_jobs(org):
    org.control.seed("Account", [{"Name": "Acme"}])
    rules = [
        {"action": "fail", "kind": "query", "message": "QUERY_TIMEOUT: took too long"},
        {"action": "strip_headers", "kind": "query"},
        {"action": "stall", "kind": "query"},
    ]
    org.control.ask("POST", "bulk/faults", {"rules": rules})
    failed = start_query(org, "SELECT Name FROM Account").json()["id"]
    stripped = start_query(org, "SELECT Name FROM Account").json()["id"]
    stalled = start_query(org, "SELECT Name FROM Account").json()["id"]
    polls = {
        job_id: [org.call("GET", f"/jobs/query/{job_id}").json() for _ in range(4)][-1]
        for job_id in (failed, stripped, stalled)
    }
    assert polls[failed]["state"] == "Failed"
    assert polls[failed]["errorMessage"] == "QUERY_TIMEOUT: took too long"
    answer = page(org, stripped)
    assert len(rows(answer)) == 1
    assert not [name for name in answer.headers if name.lower().startswith("sforce-l") and
                "locator" in name.lower()]  # fmt: skip
    assert polls[stalled]["state"] == "InProgress"
    aborted = org.call("PATCH", f"/jobs/query/{stalled}", {"state": "Aborted"})
    assert aborted.json()["state"] == "Aborted"


def test_query_jobs_run_out_and_results_need_the_same_version(org):
    org.control.seed("Account", [{"Name": "Acme"}])
    job_id = finish_query(org, "SELECT Name FROM Account", columnDelimiter="PIPE")
    other = f"{org.emulator.url}/services/data/v58.0/jobs/query/{job_id}/results"
    assert org.http.get(other).status_code == 409
    org.control.settings(bulk_query_jobs=1)
    refused = start_query(org, "SELECT Name FROM Account")
    assert org.error(refused, 400)["errorCode"] == "LIMIT_EXCEEDED"
