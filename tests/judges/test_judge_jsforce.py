"""jsforce works against the emulator: reading, writing, collections, replication, Bulk 2.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.judges.programs import HERE, find_node, find_package, run

Judge = Callable[..., Any]


@pytest.fixture
def judge(emulator: Any, token: str, tmp_path: Path) -> Judge:
    """A function that runs one part of the script and returns what it found."""
    node = find_node()
    find_package("jsforce")

    def work(part: str, **environment: str) -> Any:
        org = {"EMULATOR_URL": emulator.url, "EMULATOR_TOKEN": token, **environment}
        return json.loads(run([node, str(HERE / "jsforce_judge.mjs"), part], org, tmp_path))

    return work


def test_queries_page_find_count_and_retrieve(emulator: Any, judge: Judge) -> None:
    records = [{"Name": f"Firm {n}", "ERP_Id__c": f"K{n:04d}"} for n in range(4100)]
    emulator.control.seed("Account", records)
    saw = judge("reading")
    assert (saw["first"], saw["more"], saw["total"], saw["all"]) == (2000, 2000, 4100, 4100)
    assert saw["found"] == [["Firm 2", "Ann Admin"], ["Firm 1", "Ann Admin"]]
    assert saw["counted"] == 1
    assert len(saw["retrieved"]) == 3


def test_describe_limits_and_identity(emulator: Any, judge: Judge) -> None:
    saw = judge("about")
    assert {"Name", "Credit_Limit__c", "SystemModstamp"} <= set(saw["fields"])
    assert {"Account", "Order", "Task"} <= set(saw["objects"])
    assert saw["max"] == saw["usage"]["limit"] == 100_000
    assert saw["identity"] == "creditflag.integration@example.com"
    assert saw["organization"] == emulator.control.settings()["org_id"]


def test_collections(emulator: Any, judge: Judge, by_key: Any) -> None:
    saw = judge("collections")
    assert (saw["made"], saw["deleted"], saw["updated"]) == (205, 10, True)
    assert saw["upserted"] == [True, True]
    assert saw["refused"] == ["ok", "REQUIRED_FIELD_MISSING"]
    assert saw["undone"] == [False, False]
    world = by_key()
    assert len(world) == 205 - 10 + 1
    assert [world[f"K{n:03d}"]["Credit_Limit__c"] for n in range(3)] == [0.0, 10.0, 20.0]
    assert (world["K003"]["Name"], world["NEW"]["Name"]) == ("Three", "New")
    gone = {row["Id"] for row in emulator.control.records("Account") if row["IsDeleted"]}
    assert gone == set(saw["gone"])
    names = {row["Name"] for row in emulator.control.records("Account")}
    assert "Good" in names
    assert "Undone" not in names


def test_single_rows(emulator: Any, judge: Judge) -> None:
    saw = judge("rows")
    assert saw == {
        "created": True,
        "upserted": True,
        "name": "Acme 2",
        "hold": True,
        "lost": "ENTITY_IS_DELETED",
    }
    (row,) = emulator.control.records("Account")
    assert (row["Name"], row["Credit_Hold__c"], row["IsDeleted"]) == ("Acme 2", True, True)


def test_updated_and_deleted(emulator: Any, judge: Judge) -> None:
    control = emulator.control
    kept, gone = control.seed("Account", [{"Name": "Kept"}, {"Name": "Gone"}])
    control.remove("Account", [gone])
    control.advance(120)
    now = control.now()
    start = (now - timedelta(minutes=30)).astimezone(UTC)
    saw = judge("replication", START=_iso(start), END=_iso(now))
    assert saw["updated"]["ids"] == [kept]
    assert [entry["id"] for entry in saw["deleted"]["deletedRecords"]] == [gone]
    assert saw["deleted"]["earliestDateAvailable"] < saw["deleted"]["latestDateCovered"]


def test_bulk_writes(emulator: Any, judge: Judge, by_key: Any) -> None:
    saw = judge("bulkWrites")
    assert (saw["inserted"], saw["updated"], saw["deleted"]) == (250, 0, 2)
    assert saw["created"] == [["K003", "false"], ["NEW", "true"]]
    assert [error.split(":")[0] for error in saw["failed"]] == ["STRING_TOO_LONG"]
    assert saw["unprocessed"] == 0
    world = by_key()
    assert len(world) == 250 + 1 - 2
    assert world["K007"]["Name"] == 'Firm "7", Ltd'
    assert (world["K001"]["Name"], world["K001"]["Credit_Limit__c"]) == ("One", None)
    assert (world["K002"]["Name"], world["K002"]["Credit_Limit__c"]) == ('Firm "2", Ltd', 7.5)
    assert (world["K003"]["Name"], world["NEW"]["Name"]) == ("Three", "New")


def test_bulk_queries(emulator: Any, judge: Judge) -> None:
    records = [
        {"ERP_Id__c": f"K{n}", "Name": f'Firm "{n}", Ltd', "Credit_Limit__c": n + 0.5}
        for n in range(7)
    ]
    ids = emulator.control.seed("Account", records)
    emulator.control.remove("Account", ids[6:])
    saw = judge("bulkQuery")
    assert [row["ERP_Id__c"] for row in saw["rows"]] == [f"K{n}" for n in range(6)]
    assert saw["rows"][2] == {
        "ERP_Id__c": "K2",
        "Name": 'Firm "2", Ltd',
        "Credit_Limit__c": "2.5",
        "Owner.Name": "Ann Admin",
    }
    deleted = {row["ERP_Id__c"]: row["IsDeleted"] for row in saw["all"]}
    assert deleted == {**{f"K{n}": "false" for n in range(6)}, "K6": "true"}
    assert saw["refused"] == "FEATURENOTENABLED"


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
