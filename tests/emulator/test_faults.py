from __future__ import annotations

import pytest
import requests

from adapters.salesforce.emulator import start


def test_a_dropped_line_before_the_write_applies_nothing(org):
    org.control.add_faults({"action": "drop_before", "kind": "row_create"})
    with pytest.raises(requests.ConnectionError):
        org.create("Account", Name="a")
    assert org.control.records("Account") == []
    assert org.control.calls()[-1]["fault"] == "drop_before"
    assert org.create("Account", Name="b")


def test_a_dropped_line_after_the_write_keeps_the_effect(org):
    org.control.add_faults({"action": "drop_after", "method": "post", "path": "/sobjects/Account"})
    with pytest.raises(requests.ConnectionError):
        org.create("Account", Name="a")
    assert org.names("Name != null") == ["a"]
    assert [effect["action"] for effect in org.control.writes()] == ["create"]


def test_scripted_answers_by_count(org):
    org.control.add_faults(
        {
            "action": "respond",
            "kind": "query",
            "skip": 1,
            "every": 2,
            "times": 2,
            "status": 503,
            "body": "<html>busy</html>",
            "headers": {"Retry-After": "3"},
        }
    )
    answers = [org.query("SELECT Id FROM Account") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200, 503, 200, 503, 200, 200]
    assert answers[1].text == "<html>busy</html>"
    assert answers[1].headers["Retry-After"] == "3"
    rule = org.control.faults()["calls"][0]
    assert (rule["seen"], rule["struck"]) == (4, 2)
    org.control.clear_faults()
    assert org.control.faults() == {"calls": [], "records": []}


@pytest.mark.parametrize("status", [403, 406, 420, 429, 500, 502])
def test_any_status_with_a_json_or_empty_body(org, status):
    body = [{"message": "no", "errorCode": "REQUEST_LIMIT_EXCEEDED"}] if status == 403 else ""
    org.control.add_faults({"action": "respond", "status": status, "body": body})
    answer = org.call("GET", "/limits")
    assert answer.status_code == status
    assert answer.text == "" if status != 403 else answer.json() == body


def test_an_answer_replaced_after_the_write(org):
    org.control.add_faults({"action": "respond_after", "kind": "row_create", "status": 502})
    assert org.call("POST", "/sobjects/Account", {"Name": "a"}).status_code == 502
    assert org.names("Name != null") == ["a"]


def test_html_with_status_200(org):
    org.control.add_faults({"action": "html", "kind": "row_create"})
    answer = org.call("POST", "/sobjects/Account", {"Name": "a"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert org.control.records("Account") == []


def test_a_truncated_body(org):
    org.control.add_faults({"action": "truncate", "kind": "row_create", "bytes": 10})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        org.call("POST", "/sobjects/Account", {"Name": "a"})
    assert org.names("Name != null") == ["a"]


def test_expired_sessions_by_rule(org):
    org.control.add_faults({"action": "expire_sessions", "kind": "query", "skip": 1})
    assert org.query("SELECT Id FROM Account").status_code == 200
    assert org.query("SELECT Id FROM Account").status_code == 401
    org.sign_in()
    assert org.query("SELECT Id FROM Account").status_code == 200
    assert org.control.expire_sessions() == 1
    assert org.query("SELECT Id FROM Account").status_code == 401


def test_a_slow_answer_meets_the_clients_deadline():
    with start(tls=False) as slow:
        slow.control.add_faults({"action": "delay", "kind": "versions", "seconds": 1})
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{slow.url}/services/data", timeout=0.2)
        assert requests.get(f"{slow.url}/services/data", timeout=30).status_code == 200


def test_record_faults_strike_every_kth_record(credit_org):
    org = credit_org
    ids = org.control.seed("Account", [{"Name": f"A{n}"} for n in range(6)])
    org.control.add_faults(
        {
            "code": "UNABLE_TO_LOCK_ROW",
            "message": "unable to obtain exclusive access",
            "object": "account",
            "operation": "update",
            "skip": 1,
            "every": 2,
            "times": None,
        },
        {
            "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "message": "Limit needs a reason",
            "fields": ["Credit_Limit__c"],
            "ids": [ids[0]],
        },
    )
    records = [{"attributes": {"type": "Account"}, "id": i, "Credit_Limit__c": 1} for i in ids]
    results = org.call("PATCH", "/composite/sobjects", {"records": records}).json()
    codes = [[error["statusCode"] for error in result["errors"]] for result in results]
    lock = ["UNABLE_TO_LOCK_ROW"]
    assert codes == [["FIELD_CUSTOM_VALIDATION_EXCEPTION"], lock, [], lock, [], lock]
    assert results[0]["errors"][0]["fields"] == ["Credit_Limit__c"]
    written = [row["Id"] for row in org.control.records("Account") if row.get("Credit_Limit__c")]
    assert sorted(written) == sorted([ids[2], ids[4]])


def test_record_faults_spare_human_edits(org):
    org.control.add_faults({"code": "UNABLE_TO_LOCK_ROW", "times": None})
    record_id = org.control.seed("Account", [{"Name": "a"}])[0]
    org.control.edit("Account", record_id, {"Name": "b"})
    answer = org.call("PATCH", f"/sobjects/Account/{record_id}", {"Name": "c"})
    assert org.error(answer, 400)["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert org.names("Name != null") == ["b"]
