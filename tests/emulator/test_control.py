from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.emulatorkit.client import EmulatorControlError


def test_control_calls_never_count(org):
    before = org.control.counters()
    org.control.seed("Account", [{"Name": "a"}])
    org.control.records("Account")
    org.control.now()
    after = org.control.counters()
    assert after == before
    assert org.control.settings()["used_calls"] == 0


def test_seeds_keep_given_ids_and_stamps(credit_org):
    control = credit_org.control
    given = "001RM000003oCpr"
    ids = control.seed(
        "Account",
        [
            {
                "Id": given,
                "name": "old",
                "Credit_Limit__c": 5,
                "CreatedDate": "2020-02-03T04:05:06+02:00",
                "LastModifiedById": control.settings()["run_as"],
            },
            {"Name": "new"},
        ],
    )
    assert ids[0] == "001RM000003oCprYAE"
    old = control.record("Account", ids[0])
    assert old["CreatedDate"] == old["SystemModstamp"] == "2020-02-03T02:05:06.000+0000"
    assert old["Credit_Limit__c"] == 5.0
    new = control.record("Account", ids[1])
    assert new["CreatedById"] == control.settings()["human"]
    assert control.writes() == []


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ([{"Nope": 1}], "has no field 'Nope'"),
        (["x"], "record 1 is not an object"),
        ([{"Id": "003RM000003oCpr"}], "is no Account id"),
        ([{"Id": "001RM000003oCpr"}, {"Id": "001RM000003oCpr"}], "same id"),
        ([{"CreatedDate": "yesterday"}], "no time with a zone"),
        ([{"AnnualRevenue": "lots"}], "record 1: AnnualRevenue"),
        ([{"NumberOfEmployees": [1]}], "record 1: NumberOfEmployees"),
    ],
)
def test_wrong_seeds_insert_nothing(org, records, text):
    with pytest.raises(EmulatorControlError, match=text):
        org.control.seed("Account", [{"Name": "good"}, *records])
    assert org.control.records("Account") == []


def test_wrong_control_calls_say_what_is_wrong(org):
    for method, action, body, text in (
        ("POST", "nothing", {}, "no control call POST nothing"),
        ("POST", "schema", {"object": []}, "unknown keys"),
        ("POST", "schema", {"hide": ["Account.Nope"]}, "there is no field Account.Nope"),
        ("POST", "schema", {"objects": [{"name": "X__c", "fields": [{"name": "A"}]}]}, "type"),
        ("POST", "clock", {"set": "2026-01-01T00:00:00"}, "zone"),
        ("POST", "clock", {"move": 1}, "unknown keys"),
        ("POST", "settings", {"daily_limit": "many"}, "daily_limit"),
        ("POST", "faults", {"rules": [{"action": "explode"}]}, "must be one of"),
        ("POST", "faults", {"rules": [{"action": "delay", "wait": 1}]}, "wait"),
        ("POST", "edit", {"object": "Nope__c"}, "there is no object 'Nope__c'"),
        ("POST", "edit", {"object": "Account", "fields": {}, "user": "x"}, "no user 'x'"),
        ("POST", "merge", {"object": "Account"}, "losers"),
    ):
        with pytest.raises(EmulatorControlError, match=text):
            org.control.ask(method, action, body)


def test_a_human_edit_names_its_user(credit_org):
    org = credit_org
    org.control.freeze()
    record_id = org.create("Account", Name="a", Credit_Limit__c=5)
    org.control.advance(5)
    ben = org.control.add_user(LastName="Berg", FirstName="Ben")
    org.control.edit("Account", record_id, {"Credit_Limit__c": 9}, user="berg@example.com")
    row = org.control.record("Account", record_id)
    assert row["LastModifiedById"] == ben
    assert row["SystemModstamp"] > row["CreatedDate"]
    effect = org.control.writes()[-1]
    assert (effect["via"], effect["by"], effect["call"]) == ("human", ben, 0)
    assert (effect["fields"], effect["before"]) == (
        {"Credit_Limit__c": 9.0},
        {"Credit_Limit__c": 5.0},
    )
    assert org.control.counters()["record_writes"] == {"Account": {record_id: 1}}


def test_the_write_log_tells_which_call_did_what(org):
    record_id = org.create("Account", Name="a")
    org.call("PATCH", f"/sobjects/Account/{record_id}", {"Name": "b"})
    org.call("PATCH", f"/sobjects/Account/{record_id}", {"Nope": "b"})
    org.call("DELETE", f"/sobjects/Account/{record_id}")
    effects = org.control.writes()
    assert [effect["action"] for effect in effects] == ["create", "update", "delete"]
    calls = {call["number"]: call for call in org.control.calls()}
    assert [calls[effect["call"]]["kind"] for effect in effects] == [
        "row_create",
        "row_update",
        "row_delete",
    ]
    assert org.control.writes(since=effects[1]["seq"]) == effects[2:]
    statuses = [call["status"] for call in calls.values() if call["kind"] == "row_update"]
    assert statuses == [204, 400]
    org.control.reset_counters()
    assert org.control.writes() == []
    assert org.control.counters()["calls"] == 0
    org.create("Account", Name="c")
    assert org.control.writes()[0]["seq"] > effects[-1]["seq"]


def test_a_late_commit_has_its_stamp_before_it_is_seen(org):
    control = org.control
    control.set_clock(datetime(2026, 1, 1, 10, tzinfo=UTC), frozen=True)
    org.sign_in()
    record_id = org.create("Account", Name="a")
    control.advance(10)
    control.edit("Account", record_id, {"Name": "late"}, late=30)
    control.advance(20)
    assert org.names("Name != null") == ["a"]
    locked = org.call("PATCH", f"/sobjects/Account/{record_id}", {"Site": "x"})
    assert org.error(locked, 400)["errorCode"] == "UNABLE_TO_LOCK_ROW"
    control.advance(10)
    row = org.rows("SELECT Name, SystemModstamp FROM Account")[0]
    assert row["Name"] == "late"
    assert row["SystemModstamp"] == "2026-01-01T10:00:10.000+0000"
    patched = org.call("PATCH", f"/sobjects/Account/{record_id}", {"Site": "x"})
    assert patched.status_code == 204


def test_late_rows_can_be_released_by_hand(org):
    ids = org.control.seed("Account", [{"Name": "a"}, {"Name": "b"}], late="manual")
    org.control.advance(3600)
    org.sign_in()
    assert org.names("Name != null") == []
    assert org.control.release([ids[0]]) == 1
    assert org.names("Name != null") == ["a"]
    assert org.control.release() == 1
    assert org.names("Name != null") == ["a", "b"]


def test_bin_purge_and_undelete(org):
    ids = org.control.seed("Account", [{"Name": "a"}, {"Name": "b"}])
    org.control.remove("Account", ids)
    assert org.names("Name != null") == []
    org.control.remove("Account", [ids[0]], "undelete")
    assert org.names("Name != null") == ["a"]
    org.control.remove("Account", [ids[1]], "hard")
    assert org.query("SELECT COUNT() FROM Account", "/queryAll").json()["totalSize"] == 1
    answer = org.call("GET", f"/sobjects/Account/{ids[1]}")
    assert org.error(answer, 404)["errorCode"] == "NOT_FOUND"


def test_merge_moves_children_and_marks_the_loser(credit_org):
    org = credit_org
    org.control.freeze()
    winner, loser = org.control.seed("Account", [{"Name": "winner"}, {"Name": "loser"}])
    invoice = org.control.seed("Invoice__c", [{"Account__c": loser}])[0]
    org.control.advance(5)
    org.control.merge("Account", winner, [loser])
    rows = org.rows("SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true", "/queryAll")
    assert [(row["Id"], row["MasterRecordId"]) for row in rows] == [(loser, winner)]
    moved = org.control.record("Invoice__c", invoice)
    assert moved["Account__c"] == winner
    kept = org.control.record("Account", winner)
    assert kept["SystemModstamp"] == moved["SystemModstamp"] > kept["CreatedDate"]


def test_the_clock_runs_on_after_thawing(org):
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    org.control.set_clock(moment, frozen=True)
    assert org.control.now() == moment
    org.control.set_clock(moment, frozen=False)
    assert org.control.now() > moment


def test_custom_records_are_named_and_can_have_tasks(org):
    org.control.apply_schema({"objects": [{"name": "Payment__c", "fields": []}]})
    created = org.create("Payment__c")
    seeded = org.control.seed("Payment__c", [{}])[0]
    assert [row["Name"] for row in org.control.records("Payment__c")] == [created, seeded]
    task = org.create("Task", Subject="Ask", WhatId=created)
    assert org.control.record("Task", task)["WhatId"] == created


def test_a_removed_field_and_object_are_gone(credit_org):
    org = credit_org
    org.control.apply_schema(
        {"remove_fields": ["Account.ERP_Id__c"], "remove_objects": ["Invoice__c"]}
    )
    assert "No such column" in org.query("SELECT ERP_Id__c FROM Account").text
    assert "INVALID_TYPE" in org.query("SELECT Id FROM Invoice__c").text
    assert org.create("Account", Name="still works")
