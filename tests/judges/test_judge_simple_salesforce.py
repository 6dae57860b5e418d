"""simple-salesforce works against the emulator as against an org, its Bulk 2.0 client included."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceResourceNotFound

WAIT = 0.05  # seconds between the client's polls


@pytest.fixture
def sf(emulator: Any, token: str) -> Iterator[Any]:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(emulator.ca_file)
    yield Salesforce(
        session=session, session_id=token, instance_url=emulator.tls_url, version="66.0"
    )
    session.close()


def accounts(count: int) -> list[dict[str, Any]]:
    return [
        {"ERP_Id__c": f"K{n:03d}", "Name": f'Firm "{n}", Ltd', "Credit_Limit__c": n + 0.25}
        for n in range(count)
    ]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_pages_of_a_query_are_followed(emulator: Any, sf: Any) -> None:
    emulator.control.seed("Account", accounts(12))
    head = {"Sforce-Query-Options": "batchSize=5"}
    page = sf.query("SELECT ERP_Id__c FROM Account ORDER BY ERP_Id__c", headers=head)
    keys = [row["ERP_Id__c"] for row in page["records"]]
    while not page["done"]:
        page = sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
        keys += [row["ERP_Id__c"] for row in page["records"]]
    assert keys == [f"K{n:03d}" for n in range(12)]


def test_rows_live_and_die(emulator: Any, sf: Any, by_key: Any) -> None:
    made = sf.Account.create({"Name": "Acme", "ERP_Id__c": "A"})
    assert sf.Account.update(made["id"], {"Credit_Limit__c": 12.5}) == 204
    assert by_key()["A"]["Credit_Limit__c"] == 12.5
    assert sf.Account.upsert("ERP_Id__c/A", {"Name": "Acme 2"}) == 200
    assert sf.Account.upsert("ERP_Id__c/B", {"Name": "Bolt"}) == 201
    assert {key: row["Name"] for key, row in by_key().items()} == {"A": "Acme 2", "B": "Bolt"}
    assert sf.Account.delete(made["id"]) == 204
    assert list(by_key()) == ["B"]
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.get(made["id"])


def test_updated_and_deleted_between_two_times(emulator: Any, sf: Any) -> None:
    emulator.control.set_clock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC), frozen=True)
    kept, gone = emulator.control.seed("Account", accounts(2))
    emulator.control.remove("Account", [gone])
    emulator.control.advance(600)
    now = emulator.control.now()
    start = now - timedelta(minutes=15)
    updated = sf.Account.updated(start, now)
    assert updated["ids"] == [kept]
    deleted = sf.Account.deleted(start, now)
    assert [entry["id"] for entry in deleted["deletedRecords"]] == [gone]
    assert deleted["latestDateCovered"] == "2026-03-02T12:10:00.000+0000"


def test_bulk_writes_in_all_operations(emulator: Any, sf: Any, by_key: Any) -> None:
    (job,) = sf.bulk2.Account.insert(records=accounts(250), wait=WAIT)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (250, 0)
    done = rows(sf.bulk2.Account.get_successful_records(job["job_id"]))
    ids = {row["ERP_Id__c"]: row["sf__Id"] for row in done}
    world = by_key()
    assert len(world) == 250
    assert {key: row["Id"] for key, row in world.items()} == ids
    assert world["K007"]["Name"] == 'Firm "7", Ltd'

    changes = [{"Id": ids["K001"], "Credit_Limit__c": "#N/A"}, {"Id": ids["K002"], "Name": ""}]
    changes[0]["Name"], changes[1]["Credit_Limit__c"] = "One", "7.5"
    (job,) = sf.bulk2.Account.update(records=changes, wait=WAIT)
    assert job["numberRecordsFailed"] == 0
    world = by_key()
    assert (world["K001"]["Name"], world["K001"]["Credit_Limit__c"]) == ("One", None)
    assert (world["K002"]["Name"], world["K002"]["Credit_Limit__c"]) == ('Firm "2", Ltd', 7.5)

    both = [{"ERP_Id__c": "K003", "Name": "Three"}, {"ERP_Id__c": "NEW", "Name": "New"}]
    (job,) = sf.bulk2.Account.upsert(records=both, external_id_field="ERP_Id__c", wait=WAIT)
    assert job["numberRecordsFailed"] == 0
    assert (by_key()["K003"]["Name"], by_key()["NEW"]["Name"]) == ("Three", "New")

    doomed = [{"Id": ids[f"K{n:03d}"]} for n in range(100)]
    sf.bulk2.Account.delete(records=doomed, wait=WAIT)
    assert len(by_key()) == 151
    emulator.control.settings(bulk_hard_delete=True)
    sf.bulk2.Account.hard_delete(records=[{"Id": ids["K200"]}], wait=WAIT)
    assert ids["K200"] not in {row["Id"] for row in emulator.control.records("Account")}


def test_bulk_failures_are_told_row_by_row(emulator: Any, sf: Any, by_key: Any) -> None:
    records = [{"ERP_Id__c": "A", "Name": "Acme"}, {"ERP_Id__c": "B" * 30, "Name": "Bolt"}]
    (job,) = sf.bulk2.Account.insert(records=records, wait=WAIT)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    (failed,) = rows(sf.bulk2.Account.get_failed_records(job["job_id"]))
    assert failed["sf__Error"].startswith("STRING_TOO_LONG:")
    assert failed["Name"] == "Bolt"
    assert rows(sf.bulk2.Account.get_unprocessed_records(job["job_id"])) == []
    assert list(by_key()) == ["A"]


def test_bulk_queries_both_ways(emulator: Any, sf: Any, tmp_path: Any) -> None:
    emulator.control.seed("Account", accounts(7))
    soql = "SELECT ERP_Id__c, Name, Credit_Limit__c, Owner.Name FROM Account ORDER BY ERP_Id__c"
    pages = list(sf.bulk2.Account.query(soql, max_records=3, wait=WAIT))
    found = [row for page in pages for row in rows(page)]
    assert len(pages) == 3
    assert [row["ERP_Id__c"] for row in found] == [f"K{n:03d}" for n in range(7)]
    assert found[3]["Name"] == 'Firm "3", Ltd'
    assert (found[3]["Credit_Limit__c"], found[3]["Owner.Name"]) == ("3.25", "Ann Admin")
    saved = sf.bulk2.Account.download(soql, path=str(tmp_path), max_records=100, wait=WAIT)
    assert sum(result["number_of_records"] for result in saved) == 7
    assert not emulator.control.writes() or all(
        effect["via"] == "seed" for effect in emulator.control.writes()
    )


def test_the_older_bulk_client(emulator: Any, sf: Any, by_key: Any) -> None:
    done = sf.bulk.Account.insert(accounts(3))
    assert [result["success"] for result in done] == [True] * 3
    world = by_key()
    assert [row["id"] for row in done] == [world[f"K{n:03d}"]["Id"] for n in range(3)]
    changes = [{"ERP_Id__c": "K001", "Name": "One"}, {"ERP_Id__c": "NEW", "Name": "New"}]
    done = sf.bulk.Account.upsert(changes, "ERP_Id__c")
    assert [result["created"] for result in done] == [False, True]
    assert {by_key()["K001"]["Name"], by_key()["NEW"]["Name"]} == {"One", "New"}
    found = sf.bulk.Account.query("SELECT ERP_Id__c FROM Account ORDER BY ERP_Id__c")
    assert [row["ERP_Id__c"] for row in found] == ["K000", "K001", "K002", "NEW"]
    sf.bulk.Account.delete([{"Id": world["K000"]["Id"]}])
    assert sorted(by_key()) == ["K001", "K002", "NEW"]
