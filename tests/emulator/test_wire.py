from __future__ import annotations

import gzip
import json

import requests


def test_limit_header_and_daily_limit(org):
    org.control.settings(daily_limit=20, used_calls=17)
    answer = org.call("GET", "/limits")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=18/20"
    assert answer.json()["DailyApiRequests"] == {"Max": 20, "Remaining": 2}
    assert answer.json()["PermissionSets"]["CreateCustom"]["Max"] == 1000
    for _ in range(2):
        assert org.call("GET", "/limits").status_code == 200
    error = org.error(org.call("GET", "/limits"), 403)
    assert error == {
        "message": "TotalRequests Limit exceeded.",
        "errorCode": "REQUEST_LIMIT_EXCEEDED",
    }
    org.control.advance(25 * 3600)
    org.sign_in()
    assert org.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=1/20"


def test_record_counts(org):
    assert org.call("GET", "/limits/recordCount?sObjects=Account,User").json() == {
        "sObjects": [{"count": 2, "name": "User"}]
    }
    org.create("Account", Name="a")
    counts = org.call("GET", "/limits/recordCount?sObjects=Account").json()
    assert counts == {"sObjects": [{"count": 1, "name": "Account"}]}


def test_pretty_print_is_java_style(org):
    plain = org.query("SELECT COUNT() FROM Account")
    pretty = org.query("SELECT COUNT() FROM Account", headers={"X-PrettyPrint": "1"})
    assert plain.text == '{"totalSize":0,"done":true,"records":[]}'
    assert pretty.text == '{\n  "totalSize" : 0,\n  "done" : true,\n  "records" : [ ]\n}'


def test_pretty_and_compact_say_the_same(credit_org):
    account = credit_org.create("Account", Name='Müller "&" 漢字')
    credit_org.create("Invoice__c", Account__c=account, Amount__c=1)
    soql = "SELECT Id, Owner.Name, (SELECT Id, Amount__c FROM Invoices__r), Name FROM Account"
    plain = credit_org.query(soql)
    pretty = credit_org.query(soql, headers={"X-PrettyPrint": "1"})
    assert "\n" in pretty.text
    assert pretty.json() == plain.json()
    assert list(pretty.json()["records"][0]) == list(plain.json()["records"][0])


def test_answers_are_gzipped_only_when_accepted(credit_org):
    org = credit_org
    org.control.seed("Account", [{"Name": f"A{n}"} for n in range(500)])
    soql = "SELECT Id, Name FROM Account"
    packed = org.query(soql)
    assert packed.headers["Content-Encoding"] == "gzip"
    bare = org.query(soql, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in bare.headers
    assert bare.json() == packed.json()
    counters = org.control.counters()
    assert counters["wire_out"] < counters["bytes_out"]


def test_date_header_follows_the_emulators_clock(org):
    org.control.set_clock(org.control.now().replace(year=2031, month=5, day=6), frozen=True)
    org.sign_in()
    answer = org.call("GET", "/limits")
    assert " 06 May 2031 " in answer.headers["Date"]
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"


def test_slashes_case_and_head(org):
    record_id = org.create("Account", Name="a")
    for path in (
        f"/services/data//v66.0/sobjects/account/{record_id}/",
        f"//services/data/v66.0//SOBJECTS/ACCOUNT/{record_id}",
    ):
        answer = org.http.get(org.emulator.url + path)
        assert answer.json()["Id"] == record_id
    head = org.call("HEAD", f"/sobjects/Account/{record_id}")
    assert (head.status_code, head.content) == (200, b"")
    assert org.call("GET", "/query/?q=SELECT+Id+FROM+account").json()["totalSize"] == 1


def test_urls_beyond_16_kilobytes(org):
    assert org.query("SELECT Id FROM Account WHERE Name = '" + "x" * 3000 + "'").status_code == 200
    too_long = org.query("SELECT Id FROM Account WHERE Name = '" + "x" * 16_400 + "'")
    assert too_long.status_code == 414
    headers = {"X-Filler": "x" * 16_000}
    assert org.query("SELECT Id FROM Account LIMIT 1", headers=headers).status_code == 200
    headers = {"X-Filler": "x" * 16_400}
    assert org.query("SELECT Id FROM Account LIMIT 1", headers=headers).status_code == 431


def test_chunked_and_gzipped_request_bodies(org):
    body = json.dumps({"Name": "chunked"}).encode()
    chunked = org.http.post(
        f"{org.data}/sobjects/Account", data=iter([body[:5], body[5:]]), timeout=30
    )
    assert chunked.status_code == 201
    packed = org.http.post(
        f"{org.data}/sobjects/Account",
        data=gzip.compress(json.dumps({"Name": "packed"}).encode()),
        headers={"Content-Encoding": "gzip"},
        timeout=30,
    )
    assert packed.status_code == 201
    assert org.names("Name != null") == ["chunked", "packed"]


def test_resources_and_describe_are_listed(org):
    body = org.call("GET", "/").json()
    assert body["sobjects"] == "/services/data/v66.0/sobjects"
    assert org.http.get(body["identity"]).status_code == 200


def test_data_calls_without_session_do_not_count(org):
    used = org.control.settings()["used_calls"]
    requests.get(f"{org.data}/limits", timeout=30)
    requests.get(f"{org.emulator.url}/services/data", timeout=30)
    assert org.control.settings()["used_calls"] == used
    assert org.control.counters()["by_status"]["401"] == 1
