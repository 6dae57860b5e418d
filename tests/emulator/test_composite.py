from __future__ import annotations

BASE = "/services/data/v66.0"


def composite(org, parts, **more):
    return org.call("POST", "/composite", {"compositeRequest": parts, **more})


def test_later_parts_use_the_answers_of_earlier_ones(org):
    answer = composite(
        org,
        [
            {
                "method": "POST",
                "url": f"{BASE}/sobjects/Account",
                "referenceId": "acc",
                "body": {"Name": "Acme", "AnnualRevenue": 12},
            },
            {
                "method": "POST",
                "url": f"{BASE}/sobjects/Contact",
                "referenceId": "person",
                "body": {"LastName": "Doe", "AccountId": "@{acc.id}"},
            },
            {
                "method": "GET",
                "url": f"{BASE}/query?q=SELECT+Name+FROM+Account+WHERE+Id='@{{acc.id}}'",
                "referenceId": "found",
            },
            {
                "method": "PATCH",
                "url": f"{BASE}/sobjects/Account/@{{acc.id}}",
                "referenceId": "named",
                "body": {"Site": "@{found.records[0].Name} HQ"},
            },
        ],
    )
    assert answer.status_code == 200
    parts = {part["referenceId"]: part for part in answer.json()["compositeResponse"]}
    account = parts["acc"]["body"]["id"]
    assert [part["httpStatusCode"] for part in parts.values()] == [201, 201, 200, 204]
    assert parts["acc"]["httpHeaders"] == {"Location": f"{BASE}/sobjects/Account/{account}"}
    assert org.control.records("Contact")[0]["AccountId"] == account
    assert org.control.record("Account", account)["Site"] == "Acme HQ"


def test_a_failing_part_leaves_the_others(org):
    answer = composite(
        org,
        [
            {"method": "POST", "url": f"{BASE}/sobjects/Account", "referenceId": "bad", "body": {}},
            {
                "method": "GET",
                "url": f"{BASE}/sobjects/Account/@{{bad.id}}",
                "referenceId": "after",
            },
            {
                "method": "POST",
                "url": f"{BASE}/sobjects/Account",
                "referenceId": "good",
                "body": {"Name": "x"},
            },
        ],
    )
    bad, after, good = answer.json()["compositeResponse"]
    assert (bad["httpStatusCode"], bad["body"][0]["errorCode"]) == (400, "REQUIRED_FIELD_MISSING")
    assert after["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert after["body"][0]["message"].startswith("Invalid reference specified. No value for")
    assert good["httpStatusCode"] == 201
    assert len(org.control.records("Account")) == 1


def test_all_or_none_undoes_the_earlier_parts(org):
    answer = composite(
        org,
        [
            {
                "method": "POST",
                "url": f"{BASE}/sobjects/Account",
                "referenceId": "good",
                "body": {"Name": "x"},
            },
            {"method": "POST", "url": f"{BASE}/sobjects/Account", "referenceId": "bad", "body": {}},
        ],
        allOrNone=True,
    )
    good, bad = answer.json()["compositeResponse"]
    assert (good["httpStatusCode"], good["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
    assert bad["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert org.control.records("Account") == []
    assert org.control.writes() == []


def test_composite_limits(org):
    part = {"method": "GET", "url": f"{BASE}/limits"}
    many = [{**part, "referenceId": f"r{n}"} for n in range(26)]
    assert org.error(composite(org, many), 400)["errorCode"] == "LIMIT_EXCEEDED"
    used = org.control.settings()["used_calls"]
    assert composite(org, many[:25]).status_code == 200
    assert org.control.settings()["used_calls"] == used + 1
    queries = [
        {
            "method": "GET",
            "url": f"{BASE}/query?q=SELECT+Id+FROM+Account",
            "referenceId": f"q{n}",
        }
        for n in range(6)
    ]
    assert org.error(composite(org, queries), 400)["errorCode"] == "LIMIT_EXCEEDED"
    assert composite(org, queries[:5]).status_code == 200
    twice = [{**part, "referenceId": "same"}, {**part, "referenceId": "same"}]
    assert org.error(composite(org, twice), 400)["errorCode"] == "JSON_PARSER_ERROR"
    odd = [{**part, "referenceId": "not-allowed"}]
    assert org.error(composite(org, odd), 400)["errorCode"] == "JSON_PARSER_ERROR"


def test_batch_runs_parts_on_their_own_and_counts_each(org):
    used = org.control.settings()["used_calls"]
    answer = org.call(
        "POST",
        "/composite/batch",
        {
            "batchRequests": [
                {"method": "GET", "url": "v66.0/limits"},
                {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {"Name": "a"}},
                {"method": "GET", "url": "v66.0/sobjects/Nothing"},
                {"method": "PATCH", "url": "v66.0/sobjects/Account/001", "richInput": {}},
            ]
        },
    )
    body = answer.json()
    assert body["hasErrors"] is True
    assert [part["statusCode"] for part in body["results"]] == [200, 201, 404, 400]
    assert body["results"][0]["result"]["DailyApiRequests"]["Max"] == 100_000
    assert org.control.settings()["used_calls"] == used + 4
    assert len(org.control.records("Account")) == 1


def test_batch_halts_when_asked(org):
    answer = org.call(
        "POST",
        "/composite/batch",
        {
            "haltOnError": True,
            "batchRequests": [
                {"method": "GET", "url": "v66.0/nothing"},
                {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {"Name": "a"}},
            ],
        },
    )
    results = answer.json()["results"]
    assert [part["statusCode"] for part in results] == [404, 412]
    assert results[1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert org.control.records("Account") == []
