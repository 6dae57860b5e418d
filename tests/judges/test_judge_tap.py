"""tap-salesforce discovers the emulated org and syncs from it, whole and then what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.judges.programs import HERE, find_tap, run

Json = dict[str, Any]
Tap = Callable[..., list[Json]]


@pytest.fixture
def tap(emulator: Any, tmp_path: Path) -> Tap:
    """A function that runs the tap and returns the JSON lines it printed."""
    python = find_tap()
    config = {
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
        "refresh_token": emulator.control.ask("POST", "refresh_token", {})["refresh_token"],
        "start_date": "2020-01-01T00:00:00Z",
    }

    def work(*options: str, api: str = "REST") -> list[Json]:
        (tmp_path / "config.json").write_text(json.dumps({**config, "api_type": api}))
        launcher = [str(python), str(HERE / "tap_at_emulator.py"), emulator.url]
        said = run([*launcher, "--config", "config.json", *options], {"NO_PROXY": "*"}, tmp_path)
        if "--discover" in options:
            return list(json.loads(said)["streams"])
        return [json.loads(line) for line in said.splitlines() if line.strip()]

    return work


def select(stream: Json) -> Json:
    """Select a stream with all its fields, to be synced by its change stamp."""
    for entry in stream["metadata"]:
        entry["metadata"]["selected"] = True
        if not entry["breadcrumb"]:
            keys = entry["metadata"]["valid-replication-keys"]
            entry["metadata"] |= {
                "replication-method": "INCREMENTAL",
                "replication-key": keys[0],
            }
    return stream


def test_discovers_objects_with_their_types(tap: Tap) -> None:
    streams = {stream["stream"]: stream for stream in tap("--discover")}
    assert {"Account", "Contact", "Order", "OrderItem", "Task", "User"} <= set(streams)
    properties = streams["Account"]["schema"]["properties"]
    assert properties["Credit_Limit__c"]["type"] == ["null", "number"]
    assert properties["Credit_Hold__c"]["type"] == ["null", "boolean"]
    moments = properties["SystemModstamp"]
    assert "date-time" in {kind.get("format") for kind in moments.get("anyOf", [moments])}
    (root,) = (m["metadata"] for m in streams["Account"]["metadata"] if not m["breadcrumb"])
    assert root["valid-replication-keys"] == ["SystemModstamp"]


def test_syncs_all_and_then_what_changed(emulator: Any, tap: Tap, tmp_path: Path) -> None:
    control = emulator.control
    control.set_clock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC), frozen=True)
    wanted = [{"Name": f"Firm {n}", "Credit_Limit__c": n + 0.25} for n in range(2300)]
    ids = control.seed("Account", wanted[:2000])
    control.advance(7200)
    late = control.seed("Account", wanted[2000:])
    streams = [select(stream) for stream in tap("--discover") if stream["stream"] == "Account"]
    (tmp_path / "streams.json").write_text(json.dumps({"streams": streams}))

    first = tap("--properties", "streams.json")
    records = {line["record"]["Id"]: line["record"] for line in first if line["type"] == "RECORD"}
    world = {row["Id"]: row for row in control.records("Account")}
    assert set(records) == set(world) == {*ids, *late}
    for record_id, record in records.items():
        assert record["Name"] == world[record_id]["Name"]
        assert float(record["Credit_Limit__c"]) == world[record_id]["Credit_Limit__c"]

    state = [line["value"] for line in first if line["type"] == "STATE"][-1]
    (tmp_path / "state.json").write_text(json.dumps(state))
    control.advance(3600)
    control.edit("Account", ids[0], {"Name": "Renamed"})
    control.remove("Account", [ids[1]])
    second = tap("--properties", "streams.json", "--state", "state.json")
    changed = {line["record"]["Id"]: line["record"] for line in second if line["type"] == "RECORD"}
    assert changed[ids[0]]["Name"] == "Renamed"
    assert changed[ids[1]]["IsDeleted"] is True
    assert set(changed) - set(late) == set(ids[:2])


def test_syncs_in_bulk_what_it_syncs_by_rest(emulator: Any, tap: Tap, tmp_path: Path) -> None:
    wanted = [{"Name": f'Firm "{n}", Ltd', "Credit_Limit__c": n + 0.25} for n in range(20)]
    emulator.control.seed("Account", wanted)
    (stream,) = [s for s in tap("--discover", api="BULK") if s["stream"] == "Account"]
    (tmp_path / "streams.json").write_text(json.dumps({"streams": [select(stream)]}))
    synced = {
        api: {
            line["record"]["Id"]: (line["record"]["Name"], float(line["record"]["Credit_Limit__c"]))
            for line in tap("--properties", "streams.json", api=api)
            if line["type"] == "RECORD"
        }
        for api in ("BULK", "REST")
    }
    assert synced["BULK"] == synced["REST"]
    world = {
        r["Id"]: (r["Name"], r["Credit_Limit__c"]) for r in emulator.control.records("Account")
    }
    assert synced["BULK"] == world
