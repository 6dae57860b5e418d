"""The main job as its users meet it: first contact, quiet second run, hand edits, moved bases."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.world import AS_OF, World, build_world

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with build_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def first(world: World) -> dict[str, Any]:
    ended = world.run()
    assert ended.code == 5, ended.err
    content: dict[str, Any] = ended.json
    content["write_calls"] = world.write_calls()
    applied = world.call("apply", "--json", "--plan", content["plan_files"]["crm"])
    assert applied.code == 0, applied.err
    content["applied"] = applied.json
    return content


def accounts(world: World) -> dict[str, dict[str, Any]]:
    """Accounts as the emulator holds them; a field that was never filled is None."""
    records = world.emulator.control.records("Account", deleted=False)
    return {r["Id"]: defaultdict(lambda: None, r) for r in records}


def test_first_contact_writes_a_plan_and_nothing_else(first: dict[str, Any]) -> None:
    assert first["write_calls"] == 0
    (plan,) = first["plans"]
    assert plan["first_contact"]
    assert plan["planned"] > 0
    assert plan["adopted"] > 0
    assert sum(plan[k] for k in ("planned", "unchanged", "within_tolerance")) == plan["records"]


def test_applying_the_plan_ends_in_the_records(world: World, first: dict[str, Any]) -> None:
    assert first["applied"]["pushed"]["ended"] == {
        "verified": first["plans"][0]["planned"] + first["plans"][0]["tasks"]
    }
    graded = [r for r in accounts(world).values() if r["Credit_Grade__c"]]
    assert len(graded) >= 40
    assert len({r["Credit_Grade__c"] for r in graded}) >= 3
    for record in graded:
        assert record["Credit_Light__c"] in ("green", "amber", "red", "grey")


def test_limits_and_grades_of_the_crm_are_taken_over(world: World, first: dict[str, Any]) -> None:
    before = world.company.crm_values
    assert before
    for row_id, values in before.items():
        record = accounts(world)[world.seeded.id_of("account", row_id)]
        for name, field in (("limit", "Credit_Limit__c"), ("grade", "Credit_Grade__c")):
            if values.get(name) is not None and values.get("limit_state", "amount") == "amount":
                assert str(record[field]).removesuffix(".0") == str(values[name]).removesuffix(
                    ".00"
                ).removesuffix(".0")


def test_each_alert_is_one_task(world: World, first: dict[str, Any]) -> None:
    keys = Counter(
        task["CreditFlag_Key__c"] for task in world.emulator.control.records("Task", deleted=False)
    )
    assert len(keys) == first["plans"][0]["tasks"] > 0
    assert set(keys.values()) == {1}


def test_a_second_run_makes_no_write_call(world: World, first: dict[str, Any]) -> None:
    before = world.write_calls()
    second = world.run()
    assert second.code == 0, second.err
    assert world.write_calls() == before
    assert second.json["plans"][0]["planned"] == 0
    assert second.json["calls"]["crm"]["write"] == 0


def test_the_next_day_writes_only_what_crossed_something(
    world: World, first: dict[str, Any]
) -> None:
    before = len(world.effects())
    held = accounts(world)
    tomorrow = world.run(as_of=AS_OF + timedelta(days=1))
    assert tomorrow.code == 0, tomorrow.err
    (plan,) = tomorrow.json["plans"]
    assert plan["planned"] < plan["records"] / 3
    written = {e["id"] for e in world.effects()[before:] if e["object"] == "Account"}
    assert len(written) == plan["planned"]
    crossing = (
        "Credit_Grade__c", "Credit_Score__c", "Credit_Flags__c", "Credit_Hold__c",
        "Credit_Light__c", "Credit_Limit__c", "Credit_Limit_State__c", "Proposed_Credit_Limit__c",
        "Credit_Next_Review__c", "Credit_Exposure__c", "Credit_Available__c",
    )  # fmt: skip
    after = accounts(world)
    for record_id in written:
        assert any(held[record_id][f] != after[record_id][f] for f in crossing), record_id
    back = world.run()
    assert back.code == 0, back.err


def test_a_hand_edit_is_a_conflict_and_is_not_written_over(
    world: World, first: dict[str, Any]
) -> None:
    record_id = world.account("over_limit")
    world.emulator.control.edit("Account", record_id, {"Credit_Limit__c": 7_654_321})
    ended = world.run()
    assert ended.code == 0, ended.err
    assert ended.json["plans"][0]["conflicts"] == 1
    assert accounts(world)[record_id]["Credit_Limit__c"] == 7_654_321
    shown = world.call("status", "--json").json
    (conflict,) = shown["connections"][0]["conflicts"]
    assert conflict["record"] == record_id
    assert conflict["fields"][0]["theirs"] == "7654321"


def test_an_edited_grade_is_written_again_and_reported(world: World, first: dict[str, Any]) -> None:
    record_id = world.account("steady_slow")
    grade = accounts(world)[record_id]["Credit_Grade__c"]
    world.emulator.control.edit("Account", record_id, {"Credit_Grade__c": "Z"})
    ended = world.run()
    assert ended.code == 0, ended.err
    assert ended.json["plans"][0]["causes"] == {"grade": 1}
    assert accounts(world)[record_id]["Credit_Grade__c"] == grade


def test_a_plan_whose_base_moved_is_refused_row_by_row(
    world: World, first: dict[str, Any], tmp_path: Path
) -> None:
    stays, moves = world.customers()[20:22]
    world.add_overdue_invoice(stays, "INV-STAYS")
    world.add_overdue_invoice(moves, "INV-MOVES")
    assert world.call("pull").code == 0
    plan = tmp_path / "p.json"
    planned = world.call("plan", "--as-of", AS_OF.isoformat(), "--out", str(plan))
    assert planned.code == 0, planned.err
    world.emulator.control.edit("Account", moves, {"Credit_Score__c": 1})
    applied = world.call("apply", "--json", "--plan", str(plan))
    assert applied.code == 1, applied.err
    assert [row["record"] for row in applied.json["moved"]] == [moves]
    assert accounts(world)[moves]["Credit_Score__c"] == 1
    assert accounts(world)[stays]["Credit_Hold__c"] is True


def test_a_plan_file_that_was_edited_is_refused(world: World, tmp_path: Path) -> None:
    plan = tmp_path / "p.json"
    world.add_overdue_invoice(world.customers()[25], "INV-EDITED")
    assert world.call("pull").code == 0
    world.call("plan", "--as-of", AS_OF.isoformat(), "--out", str(plan))
    content = json.loads(plan.read_text(encoding="utf-8"))
    content["plan"]["changes"][0]["fields"][0]["ours"] = "99"
    plan.write_text(json.dumps(content), encoding="utf-8")
    before = world.write_calls()
    ended = world.call("apply", "--plan", str(plan))
    assert ended.code == 2
    assert "changed after it was written" in ended.err
    assert world.write_calls() == before


def test_the_journal_holds_every_write_and_its_chain(world: World, first: dict[str, Any]) -> None:
    checked = world.call("journal", "crm", "--verify", "--json")
    assert checked.code == 0, checked.err
    assert checked.json["whole"] is True
    events = world.call("journal", "crm", "--limit", "10000", "--json").json
    verified = {e["record_id"] for e in events if e["state"] == "verified"}
    assert {e["id"] for e in world.effects() if e["object"] == "Account"} <= verified
