"""Rows that other transactions hold, and queries that take too long."""

from __future__ import annotations

LOCKED = "UNABLE_TO_LOCK_ROW"


def update_all(org, ids):
    records = [{"attributes": {"type": "Contact"}, "id": one, "Title": "T"} for one in ids]
    return org.call("PATCH", "/composite/sobjects", {"records": records}).json()


def test_a_locked_parent_stops_its_children_for_a_while(org):
    parent = org.create("Account", Name="Acme")
    other = org.create("Account", Name="Bolt")
    child = org.create("Contact", LastName="Ann", AccountId=parent)
    free = org.create("Contact", LastName="Bob", AccountId=other)
    org.control.ask("POST", "locks", {"ids": [parent[:15]], "times": 2})
    first = update_all(org, [child, free])
    assert [result["success"] for result in first] == [False, True]
    assert first[0]["errors"][0]["statusCode"] == LOCKED
    assert parent in first[0]["errors"][0]["message"]
    direct = org.call("PATCH", f"/sobjects/Account/{parent}", {"Site": "S"})
    assert org.error(direct, 400)["errorCode"] == LOCKED
    assert update_all(org, [child])[0]["success"] is True


def test_a_lock_may_only_stop_large_calls(org):
    parent = org.create("Account", Name="Acme")
    ids = [org.create("Contact", LastName=f"N{n}", AccountId=parent) for n in range(4)]
    org.control.ask("POST", "locks", {"ids": [parent], "from_records": 3})
    assert [result["success"] for result in update_all(org, ids)] == [False] * 4
    assert [result["success"] for result in update_all(org, ids[:2])] == [True] * 2
    org.control.edit("Contact", ids[0], {"Title": "by hand"})
    org.control.ask("DELETE", "locks")
    assert all(result["success"] for result in update_all(org, ids))


def test_a_wide_query_times_out_and_a_narrow_one_does_not(org):
    org.control.seed("Account", [{"Name": f"Firm {n}"} for n in range(5)])
    org.control.settings(query_timeout_rows=3)
    assert org.error(org.query("SELECT Id FROM Account"), 400)["errorCode"] == "QUERY_TIMEOUT"
    assert len(org.rows("SELECT Id FROM Account WHERE Name < 'Firm 3'")) == 3
    made = org.call(
        "POST", "/jobs/query", {"operation": "query", "query": "SELECT Id FROM Account"}
    )
    job = f"/jobs/query/{made.json()['id']}"
    org.call("GET", job)
    info = org.call("GET", job).json()
    assert (info["state"], info["errorMessage"].split(":")[0]) == ("Failed", "QUERY_TIMEOUT")
