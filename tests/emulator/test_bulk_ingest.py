"""Bulk API 2.0 ingest: states, uploads, results, refusals, faults."""

from __future__ import annotations

import csv
import gzip
import io
from typing import Any

import pytest

JOB = {"object": "Account", "operation": "insert", "contentType": "CSV", "lineEnding": "LF"}


def open_job(org, **changes: Any) -> dict[str, Any]:
    answer = org.call("POST", "/jobs/ingest", {**JOB, **changes})
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(org, job_id: str, text: str | bytes, **headers: str):
    return org.http.put(
        f"{org.data}/jobs/ingest/{job_id}/batches",
        data=text.encode() if isinstance(text, str) else text,
        headers={"Content-Type": "text/csv", **headers},
    )


def close(org, job_id: str, state: str = "UploadComplete"):
    return org.call("PATCH", f"/jobs/ingest/{job_id}", {"state": state})


def poll(org, job_id: str) -> dict[str, Any]:
    answer = org.call("GET", f"/jobs/ingest/{job_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def run(org, text: str, **changes: Any) -> dict[str, Any]:
    """Run a job to its end and return its last JobInfo."""
    job_id = open_job(org, **changes)["id"]
    assert upload(org, job_id, text).status_code == 201
    assert close(org, job_id).status_code == 200
    for _ in range(3):
        info = poll(org, job_id)
        if info["state"] in {"JobComplete", "Failed", "Aborted"}:
            return info
    raise AssertionError(f"the job does not end: {info}")


def result_text(org, job_id: str, which: str) -> str:
    answer = org.call("GET", f"/jobs/ingest/{job_id}/{which}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return answer.text


def results(org, job_id: str, which: str = "successfulResults") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result_text(org, job_id, which))))


def test_a_job_goes_through_its_states_with_the_keys_of_each_call(org):
    made = open_job(org)
    assert list(made) == [
        "id",
        "operation",
        "object",
        "createdById",
        "createdDate",
        "systemModstamp",
        "state",
        "concurrencyMode",
        "contentType",
        "apiVersion",
        "contentUrl",
        "lineEnding",
        "columnDelimiter",
    ]
    assert (made["state"], made["apiVersion"]) == ("Open", 66.0)
    assert made["id"].startswith("750")
    assert made["contentUrl"] == f"services/data/v66.0/jobs/ingest/{made['id']}/batches"
    answer = upload(org, made["id"], "Name\nAcme\nBolt\n")
    assert (answer.status_code, answer.content) == (201, b"")
    closed = close(org, made["id"]).json()
    assert closed["state"] == "UploadComplete"
    assert list(closed)[-1] == "apiVersion"
    first = poll(org, made["id"])
    assert (first["state"], first["numberRecordsProcessed"]) == ("InProgress", 1)
    assert "contentUrl" not in first
    last = poll(org, made["id"])
    assert (last["state"], last["jobType"]) == ("JobComplete", "V2Ingest")
    assert (last["numberRecordsProcessed"], last["numberRecordsFailed"]) == (2, 0)
    assert sorted(row["Name"] for row in org.control.records("Account")) == ["Acme", "Bolt"]


def test_results_have_the_vendors_headers_and_another_order(credit_org):
    org = credit_org
    names = [f"Firm {n}" for n in range(5)]
    info = run(org, "ERP_Id__c,Name\n" + "".join(f"K{i},{n}\n" for i, n in enumerate(names)))
    text = result_text(org, info["id"], "successfulResults")
    assert text.splitlines()[0] == '"sf__Id","sf__Created",ERP_Id__c,Name'
    done = results(org, info["id"])
    assert [row["Name"] for row in done] != names
    assert sorted(row["Name"] for row in done) == names
    stored = {row["Id"]: row for row in org.control.records("Account")}
    for row in done:
        assert stored[row["sf__Id"]]["ERP_Id__c"] == row["ERP_Id__c"]
        assert row["sf__Created"] == "true"
    assert result_text(org, info["id"], "failedResults") == '"sf__Id","sf__Error",ERP_Id__c,Name\n'
    assert result_text(org, info["id"], "unprocessedrecords") == "ERP_Id__c,Name\n"


def test_empty_leaves_and_the_null_mark_clears(credit_org):
    org = credit_org
    first, second = (
        org.create("Account", Name=n, Credit_Limit__c=5, Site="S", Credit_Hold__c=True)
        for n in ("Acme", "Bolt")
    )
    run(
        org,
        f"Id,Credit_Limit__c,Site,Credit_Hold__c\n{first},,#N/A,\n{second[:15]},7.25,,false\n",
        operation="update",
    )
    acme, bolt = org.control.record("Account", first), org.control.record("Account", second)
    assert (acme["Credit_Limit__c"], acme["Site"], acme["Credit_Hold__c"]) == (5.0, None, True)
    assert (bolt["Credit_Limit__c"], bolt["Site"], bolt["Credit_Hold__c"]) == (7.25, "S", False)


def test_upsert_creates_updates_and_links_by_the_parents_key(credit_org):
    org = credit_org
    org.create("Account", Name="Acme", ERP_Id__c="K1")
    info = run(
        org,
        "erp_id__c,NAME,Parent.ERP_Id__c\nk1,Acme 2,#N/A\nK2,Bolt,K1\nK3,Cog,none\n",
        operation="upsert",
        externalIdFieldName="erp_id__C",
    )
    assert info["externalIdFieldName"] == "ERP_Id__c"
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (3, 1)
    made = {row["NAME"]: row["sf__Created"] for row in results(org, info["id"])}
    assert made == {"Acme 2": "false", "Bolt": "true"}
    rows = {row["ERP_Id__c"]: row for row in org.control.records("Account")}
    assert rows["K2"]["ParentId"] == rows["K1"]["Id"]
    failed = results(org, info["id"], "failedResults")
    assert failed[0]["sf__Id"] == ""
    assert failed[0]["sf__Error"].startswith(
        "INVALID_FIELD:Foreign key external ID: none not found"
    )


@pytest.mark.parametrize(
    ("header", "cell", "start"),
    [
        ("Name,Credit_Limit__c", "Acme,abc", "INVALID_TYPE_ON_FIELD_IN_RECORD:Credit Limit: value"),
        ("Name,Reviewed_At__c", "Acme,yesterday", "INVALID_TYPE_ON_FIELD_IN_RECORD:"),
        ("Name,Credit_Grade__c", "Acme,Z", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:"),
        ("Name,CreatedDate", "Acme,2026-01-01T00:00:00Z", "INVALID_FIELD_FOR_INSERT_UPDATE:"),
        ("Id,Name", "001000000000001AAA,Acme", "INVALID_FIELD_FOR_INSERT_UPDATE:"),
        ("Site", "S", "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"),
        ("Name,Credit_Hold__c", "Acme,maybe", "INVALID_TYPE_ON_FIELD_IN_RECORD:"),
    ],
)
def test_a_bad_row_fails_alone(credit_org, header, cell, start):
    info = run(credit_org, f"{header}\n{cell}\n")
    assert (info["state"], info["numberRecordsFailed"]) == ("JobComplete", 1)
    (row,) = results(credit_org, info["id"], "failedResults")
    assert row["sf__Error"].startswith(start)
    assert row["sf__Error"].endswith("--")
    assert credit_org.control.records("Account") == []


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        ("Name,Foo\nAcme,1\n", {}, "InvalidBatch : Field name not found : Foo"),
        ("Name\r\nAcme\r\n", {}, "LineEnding is invalid on user data"),
        ("Name\nAcme\n", {"lineEnding": "CRLF"}, "Current LineEnding setting is CRLF"),
        ('Name\n"Acme\n', {}, "InvalidBatch : Line"),
        ("Name,Site\nAcme\n", {}, "has 1 columns, the header has 2"),
        ("Id,Name\n001,x\n", {"operation": "delete"}, "exactly one column: Id"),
        ("Name\nAcme\n", {"operation": "update"}, "Field name not found : Id"),
        ("Name,name\nAcme,x\n", {}, "Duplicate field in header"),
        ("Name\n" + "x" * 131_073 + "\n", {}, "131072"),
    ],
)
def test_data_that_cannot_be_read_fails_the_whole_job(org, text, changes, message):
    info = run(org, text, **changes)
    assert info["state"] == "Failed"
    assert message in info["errorMessage"]
    assert org.control.records("Account") == []


@pytest.mark.parametrize(
    ("name", "mark"),
    [("COMMA", ","), ("TAB", "\t"), ("PIPE", "|"), ("SEMICOLON", ";"), ("CARET", "^"),
     ("BACKQUOTE", "`")],
)  # fmt: skip
def test_every_delimiter_and_line_ending(org, name, mark):
    text = f'Name{mark}Site\r\n"A{mark}B\n""C"""{mark}x\r\n'
    info = run(org, text, columnDelimiter=name, lineEnding="CRLF")
    assert info["state"] == "JobComplete", info
    (row,) = org.control.records("Account")
    assert (row["Name"], row["Site"]) == (f'A{mark}B\n"C"', "x")
    answer = result_text(org, info["id"], "successfulResults")
    assert answer.startswith(f'"sf__Id"{mark}"sf__Created"{mark}Name{mark}Site')


def test_uploads_may_be_chunked_and_packed(org):
    job_id = open_job(org)["id"]
    packed = gzip.compress(b"Name\nAcme\n")
    assert upload(org, job_id, packed, **{"Content-Encoding": "gzip"}).status_code == 201
    close(org, job_id)
    chunked = open_job(org)["id"]
    answer = org.http.put(
        f"{org.data}/jobs/ingest/{chunked}/batches",
        data=iter([b"Na", b"me\nBo", b"lt\n"]),
        headers={"Content-Type": "text/csv; charset=UTF-8"},
    )
    assert answer.status_code == 201
    close(org, chunked)
    for one in (job_id, chunked):
        poll(org, one)
        assert poll(org, one)["state"] == "JobComplete"
    assert sorted(row["Name"] for row in org.control.records("Account")) == ["Acme", "Bolt"]


def test_only_what_the_state_allows(org):
    job_id = open_job(org)["id"]
    assert org.error(close(org, job_id), 400)["errorCode"] == "INVALIDJOBSTATE"
    assert org.error(org.call("DELETE", f"/jobs/ingest/{job_id}"), 400)["errorCode"]
    assert upload(org, job_id, "Name\nAcme\n").status_code == 201
    assert "Found multiple contents" in org.error(upload(org, job_id, "Name\n"), 400)["message"]
    early = org.call("GET", f"/jobs/ingest/{job_id}/successfulResults")
    assert org.error(early, 400)["errorCode"] == "INVALIDJOBSTATE"
    assert close(org, job_id).status_code == 200
    assert org.error(upload(org, job_id, "Name\n"), 400)["errorCode"] == "INVALIDJOBSTATE"
    poll(org, job_id), poll(org, job_id)
    assert org.error(close(org, job_id, "Aborted"), 400)["errorCode"] == "INVALIDJOBSTATE"
    other = f"{org.emulator.url}/services/data/v60.0/jobs/ingest/{job_id}/failedResults"
    assert org.http.get(other).status_code == 409
    assert org.call("DELETE", f"/jobs/ingest/{job_id}").status_code == 204
    assert org.error(org.call("GET", f"/jobs/ingest/{job_id}"), 404)["errorCode"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Nothing"}, "INVALIDJOB"),
        ({"operation": "merge"}, "INVALIDJOB"),
        ({"columnDelimiter": "HASH"}, "INVALIDJOB"),
        ({"operation": "upsert"}, "INVALIDJOB"),
        ({"operation": "upsert", "externalIdFieldName": "Name"}, "INVALIDJOB"),
        ({"operation": "hardDelete"}, "FEATURENOTENABLED"),
    ],
)
def test_a_job_that_cannot_be_is_refused_at_once(org, body, code):
    answer = org.call("POST", "/jobs/ingest", {**JOB, **body})
    assert org.error(answer, 400)["errorCode"] == code


def test_an_upload_needs_its_type(org):
    job_id = open_job(org)["id"]
    answer = upload(org, job_id, "Name\nAcme\n", **{"Content-Type": "application/json"})
    assert org.error(answer, 415)["errorCode"] == "INVALID_CONTENT_TYPE"


def test_delete_goes_to_the_bin_and_hard_delete_does_not(org):
    org.control.settings(bulk_hard_delete=True)
    soft, hard = org.create("Account", Name="Acme"), org.create("Account", Name="Bolt")
    run(org, f"Id\n{soft}\n", operation="delete")
    assert org.control.record("Account", soft)["IsDeleted"] is True
    run(org, f"Id\n{hard}\n", operation="hardDelete")
    assert [row["Id"] for row in org.control.records("Account")] == [soft]


def test_an_abort_half_way_keeps_what_is_written(org):
    job_id = open_job(org)["id"]
    upload(org, job_id, "Name\n" + "".join(f"Firm {n}\n" for n in range(10)))
    close(org, job_id)
    assert poll(org, job_id)["numberRecordsProcessed"] == 5
    assert close(org, job_id, "Aborted").json()["state"] == "Aborted"
    assert len(org.control.records("Account")) == 5
    assert len(results(org, job_id)) == 5
    left = [row["Name"] for row in results(org, job_id, "unprocessedRecords")]
    assert left == [f"Firm {n}" for n in range(5, 10)]


@pytest.mark.parametrize(
    ("action", "state"), [("fail", "Failed"), ("abort", "Aborted"), ("skip", "JobComplete")]
)
def test_scripted_ends_leave_rows_unprocessed(org, action, state):
    rule = {"action": action, "after": 3, "kind": "ingest", "object": "account"}
    org.control.ask("POST", "bulk/faults", {"rules": [rule]})
    info = run(org, "Name\n" + "".join(f"Firm {n}\n" for n in range(10)))
    assert (info["state"], info["numberRecordsProcessed"]) == (state, 3)
    assert ("errorMessage" in info) is (action == "fail")
    assert len(org.control.records("Account")) == 3
    assert len(results(org, info["id"], "unprocessedrecords")) == 7
    assert run(org, "Name\nLast\n")["state"] == "JobComplete"


def test_a_job_can_be_made_to_never_end(org):
    org.control.ask("POST", "bulk/faults", {"rules": [{"action": "stall", "after": 1}]})
    job_id = open_job(org)["id"]
    upload(org, job_id, "Name\nAcme\nBolt\n")
    close(org, job_id)
    states = {poll(org, job_id)["state"] for _ in range(10)}
    assert states == {"InProgress"}
    assert close(org, job_id, "Aborted").status_code == 200
    assert len(results(org, job_id, "unprocessedrecords")) == 1


def test_row_faults_and_repeated_keys_fail_single_rows(credit_org):
    org = credit_org
    org.control.add_faults(
        {"code": "UNABLE_TO_LOCK_ROW", "message": "locked", "every": 3, "times": None}
    )
    text = "ERP_Id__c,Name\n" + "".join(f"K{n},F\n" for n in range(6)) + "K5,F\n"
    info = run(org, text, operation="upsert", externalIdFieldName="ERP_Id__c")
    assert info["numberRecordsFailed"] == 3
    errors = sorted(row["sf__Error"] for row in results(org, info["id"], "failedResults"))
    assert errors == [
        "DUPLICATE_VALUE:Duplicate external id specified: K5:--",
        "UNABLE_TO_LOCK_ROW:locked:--",
        "UNABLE_TO_LOCK_ROW:locked:--",
    ]


def test_a_job_that_nobody_polls_is_done_in_time(org):
    org.control.freeze()
    job_id = open_job(org)["id"]
    upload(org, job_id, "Name\nAcme\n")
    close(org, job_id)
    org.call("GET", "/limits")
    assert org.control.records("Account") == []
    org.control.advance(601)
    org.call("GET", "/limits")
    assert len(org.control.records("Account")) == 1
    org.control.advance(7 * 86_400)
    org.sign_in()
    assert org.call("GET", f"/jobs/ingest/{job_id}").status_code == 404


def test_writes_are_counted_for_each_record_and_calls_by_kind(org):
    org.control.reset_counters()
    info = run(org, "Name\nAcme\nBolt\n")
    counted = org.control.counters()
    assert sorted(counted["record_writes"]["Account"].values()) == [1, 1]
    kinds = {k: v for k, v in counted["by_kind"].items() if k.startswith("bulk_ingest")}
    assert kinds == {
        "bulk_ingest_create": 1,
        "bulk_ingest_upload": 1,
        "bulk_ingest_state": 1,
        "bulk_ingest_poll": 2,
    }
    closing = [c["number"] for c in org.control.calls() if c["kind"] == "bulk_ingest_state"]
    assert {effect["call"] for effect in org.control.writes()} == set(closing)
    limits = org.call("GET", "/limits").json()
    assert limits["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 14_999}
    listed = org.call("GET", "/jobs/ingest", params={"jobType": "V2Ingest"}).json()
    assert [job["id"] for job in listed["records"]] == [info["id"]]
    assert (listed["done"], listed["nextRecordsUrl"]) == (True, None)
    (shown,) = org.control.ask("GET", "bulk/jobs")["jobs"]
    assert (shown["state"], shown["total"], shown["polls"]) == ("JobComplete", 2, 2)


def test_batches_run_out(org):
    org.control.settings(bulk_batches=0)
    job_id = open_job(org)["id"]
    upload(org, job_id, "Name\nAcme\n")
    assert org.error(close(org, job_id), 400)["errorCode"] == "LIMIT_EXCEEDED"
