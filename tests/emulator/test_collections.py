from __future__ import annotations

import pytest


def record(kind, **fields):
    return {"attributes": {"type": kind}, **fields}


def post(org, records, **more):
    return org.call("POST", "/composite/sobjects", {"records": records, **more})


def patch(org, records, **more):
    return org.call("PATCH", "/composite/sobjects", {"records": records, **more})


@pytest.fixture
def ids(credit_org):
    rows = [{"Name": f"A{n}", "ERP_Id__c": f"E{n}"} for n in range(3)]
    return credit_org.control.seed("Account", rows)


def test_create_keeps_the_order_of_results(credit_org):
    answer = post(
        credit_org,
        [record("Account", Name="a"), record("Account"), record("Contact", LastName="b")],
    )
    first, second, third = answer.json()
    assert answer.status_code == 200
    assert first["success"]
    assert first["id"].startswith("001")
    assert second == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }
    assert third["id"].startswith("003")


def test_update_applies_the_good_and_reports_the_bad(credit_org, ids):
    answer = patch(
        credit_org,
        [
            record("Account", id=ids[0], Credit_Score__c=41),
            record("Account", id="001xx000003DGb9999", Credit_Score__c=77),
            record("Account", id=ids[1][:15], Credit_Score__c=42),
            record("Account", Credit_Score__c=43),
        ],
    )
    good, bad, short, without = answer.json()
    assert good == {"id": ids[0], "success": True, "errors": []}
    assert bad["errors"] == [
        {
            "statusCode": "MALFORMED_ID",
            "message": "Account ID: id value of incorrect type: 001xx000003DGb9999",
            "fields": ["Id"],
        }
    ]
    assert short["id"] == ids[1]
    assert without["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    scores = credit_org.rows("SELECT Credit_Score__c FROM Account ORDER BY Name")
    assert [row["Credit_Score__c"] for row in scores] == [41.0, 42.0, None]


def test_all_or_none_rolls_everything_back(credit_org, ids):
    before = credit_org.control.records("Account")
    answer = patch(
        credit_org,
        [
            record("Account", id=ids[0], Credit_Score__c=41),
            record("Account", id=ids[1], Credit_Score__c=4100),
        ],
        allOrNone=True,
    )
    rolled, failed = answer.json()
    assert rolled["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert failed["errors"][0]["statusCode"] == "NUMBER_OUTSIDE_VALID_RANGE"
    assert credit_org.control.records("Account") == before
    assert credit_org.control.writes() == []


def test_the_same_id_twice(credit_org, ids):
    answer = patch(
        credit_org,
        [
            record("Account", id=ids[0], Credit_Score__c=1),
            record("Account", id=ids[0][:15], Credit_Score__c=2),
        ],
    )
    first, second = answer.json()
    assert first["success"]
    assert second["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert credit_org.control.record("Account", ids[0])["Credit_Score__c"] == 1.0


def test_no_more_than_200_records_and_10_chunks(credit_org):
    many = [record("Account", Name=str(n)) for n in range(201)]
    error = credit_org.error(post(credit_org, many), 400)
    assert error["errorCode"] == "EXCEEDED_MAX_SIZE_REQUEST"
    assert all(result["success"] for result in post(credit_org, many[:200]).json())
    mixed = [
        record("Account", Name="x") if n % 2 else record("Contact", LastName="x") for n in range(11)
    ]
    assert credit_org.error(post(credit_org, mixed), 400)["errorCode"] == "LIMIT_EXCEEDED"
    assert all(result["success"] for result in post(credit_org, mixed[:10]).json())
    assert len(credit_org.control.records("Account")) == 205


@pytest.mark.parametrize(
    "body",
    [
        {"records": [{"Name": "no attributes"}]},
        {"records": "none"},
        {},
        {"records": [{"attributes": {"type": "Account"}, "AnnualRevenue": "abc", "Name": "x"}]},
    ],
)
def test_a_call_that_is_not_well_formed_fails_whole(credit_org, body):
    whole = {"records": [record("Account", Name="good"), *body.get("records", [])]}
    sent = whole if isinstance(body.get("records"), list) else body
    error = credit_org.error(credit_org.call("POST", "/composite/sobjects", sent), 400)
    assert error["errorCode"] == "JSON_PARSER_ERROR"
    assert credit_org.control.records("Account") == []


def test_upsert_reports_created(credit_org, ids):
    answer = credit_org.call(
        "PATCH",
        "/composite/sobjects/Account/ERP_Id__c",
        {
            "records": [
                record("Account", ERP_Id__c="e0", Name="old"),
                record("Account", ERP_Id__c="E9", Name="new"),
                record("Account", Name="keyless"),
            ]
        },
    )
    old, new, keyless = answer.json()
    assert old == {"id": ids[0], "success": True, "errors": [], "created": False}
    assert new["created"] is True
    assert keyless["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    assert credit_org.names("ERP_Id__c IN ('E0', 'E9')") == ["new", "old"]


def test_upsert_with_one_key_twice_writes_neither(credit_org):
    records = [record("Account", ERP_Id__c=key, Name=key) for key in ("x", "X", "y")]
    answer = credit_org.call("PATCH", "/composite/sobjects/Account/ERP_Id__c", {"records": records})
    codes = [[e["statusCode"] for e in result["errors"]] for result in answer.json()]
    assert codes == [["DUPLICATE_VALUE"], ["DUPLICATE_VALUE"], []]
    assert [row["Name"] for row in credit_org.control.records("Account")] == ["y"]


def test_upsert_of_an_ambiguous_key(credit_org):
    for name in ("a", "b"):
        credit_org.create("Account", Name=name, Region_Key__c="r")
    answer = credit_org.call(
        "PATCH",
        "/composite/sobjects/Account/Region_Key__c",
        {"records": [record("Account", Region_Key__c="r", Name="c")]},
    )
    assert answer.json()[0]["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"


def test_upsert_by_id_creates_for_null(credit_org, ids):
    answer = credit_org.call(
        "PATCH",
        "/composite/sobjects/Account/Id",
        {
            "records": [
                record("Account", Id=None, Name="fresh"),
                record("Account", Id=ids[0], Name="known"),
            ]
        },
    )
    fresh, known = answer.json()
    assert fresh["created"] is True
    assert (known["id"], known["created"]) == (ids[0], False)


def test_upsert_takes_one_type_only(credit_org):
    answer = credit_org.call(
        "PATCH",
        "/composite/sobjects/Account/ERP_Id__c",
        {"records": [record("Contact", ERP_Id__c="1")]},
    )
    assert credit_org.error(answer, 400)["errorCode"] == "INVALID_FIELD"


def test_delete_many(credit_org, ids):
    gone = ids[0]
    credit_org.call("DELETE", f"/sobjects/Account/{gone}")
    answer = credit_org.call("DELETE", f"/composite/sobjects?ids={','.join(ids)}&allOrNone=false")
    first, *rest = answer.json()
    assert first["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    assert [result["success"] for result in rest] == [True, True]
    undone = credit_org.control.seed("Account", [{"Name": "stays"}])[0]
    answer = credit_org.call("DELETE", f"/composite/sobjects?ids={undone},{gone}&allOrNone=true")
    assert [result["success"] for result in answer.json()] == [False, False]
    assert credit_org.control.record("Account", undone)["IsDeleted"] is False


def test_retrieve_by_get_and_post_with_null_for_missing(credit_org, ids):
    missing = "001RM0000000000AAA"
    credit_org.call("DELETE", f"/sobjects/Account/{ids[2]}")
    wanted = [ids[1], missing, ids[0][:15], ids[2]]
    by_get = credit_org.call(
        "GET", f"/composite/sobjects/Account?ids={','.join(wanted)}&fields=Name,erp_id__c"
    ).json()
    by_post = credit_org.call(
        "POST", "/composite/sobjects/Account", {"ids": wanted, "fields": ["Name", "ERP_Id__c"]}
    ).json()
    assert by_get == by_post
    assert [row and row["Name"] for row in by_post] == ["A1", None, "A0", None]
    assert list(by_post[0]) == ["attributes", "Name", "ERP_Id__c"]


def test_retrieve_takes_2000_ids(credit_org):
    many = credit_org.control.seed("Account", [{"Name": str(n)} for n in range(2001)])
    fields = {"fields": ["Id"]}
    path = "/composite/sobjects/Account"
    assert credit_org.error(credit_org.call("POST", path, {"ids": many, **fields}), 400)
    answer = credit_org.call("POST", path, {"ids": many[:2000], **fields})
    assert [row["Id"] for row in answer.json()] == many[:2000]
    unknown = credit_org.call("POST", path, {"ids": many[:1], "fields": ["Nope"]})
    assert credit_org.error(unknown, 400)["errorCode"] == "INVALID_FIELD"


def test_one_collection_is_one_api_call(credit_org, ids):
    used = credit_org.control.settings()["used_calls"]
    patch(credit_org, [record("Account", id=i, Credit_Score__c=1) for i in ids])
    assert credit_org.control.settings()["used_calls"] == used + 1
    counters = credit_org.control.counters()
    assert counters["by_kind"]["collection_update"] == 1
    assert counters["record_writes"]["Account"] == dict.fromkeys(ids, 1)
