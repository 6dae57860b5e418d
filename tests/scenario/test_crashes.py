"""A crash before and after every durable step, then a run: nothing lost, nothing doubled.

The judge is the emulator's own record of effects, not anything that creditflag says of itself.
"""

from __future__ import annotations

import json
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connector.demo.company import DemoSize
from connector.ledger import open_snapshot
from connector.sync.crash import EXIT_CODE, JOB_POINTS, POINTS
from tests.scenario.world import World, build_world

pytestmark = pytest.mark.slow

FULL = "CREDITFLAG_FULL_SWEEP" in os.environ
"""`scripts/bench crashes` sets it: every point, a run after each, the whole policy, many kills."""

RUN_POINTS = tuple(point for point in POINTS if point not in JOB_POINTS)
APPLY_POINTS = ("before-sent", "after-sent", "after-call", "after-acked", "after-read-back",
                "after-verified", *(["after-mirror"] if FULL else []))  # fmt: skip
"""A plan that crashed at so many of them one after the other has nothing left to write."""
BULK_POINTS = (
    JOB_POINTS
    if FULL
    else ("after-job-intended", "after-job-loaded", "after-job-started", "after-job-read")
)


def in_rows(points: Sequence[str], rows: int) -> list[tuple[str, ...]]:
    """The points one by one in the full sweep, else as so many rows, each from begin to end."""
    return [tuple(points[n :: len(points) if FULL else rows]) for n in
            range(len(points) if FULL else rows)]  # fmt: skip


KILLS = 200 if FULL else 4
SMALL = DemoSize(accounts=40, months=6)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    size = DemoSize(accounts=80 + 2 * KILLS, months=6)
    with build_world(tmp_path_factory.mktemp("crashes"), size, whole_policy=FULL) as made:
        made.settle()
        yield made


@pytest.fixture(scope="module")
def victims(world: World) -> Iterator[str]:
    """Accounts that nothing has happened to yet, one for each test."""
    return iter(world.customers())


def assert_each_effect_once(effects: list[dict[str, Any]]) -> None:
    """No record got the same values twice, no task key stands twice."""
    seen = Counter((e["object"], e["id"], json.dumps(e["fields"], sort_keys=True)) for e in effects)
    assert [key for key, n in seen.items() if n > 1] == []
    unchanged = [e for e in effects if e["action"] == "update" and e["fields"] == e["before"]]
    assert unchanged == []


def assert_tasks_unique(world: World) -> None:
    tasks = world.emulator.control.records("Task", deleted=False)
    keys = Counter(task["CreditFlag_Key__c"] for task in tasks)
    assert [key for key, n in keys.items() if n > 1] == []


def assert_nothing_undecided(world: World, account: str) -> None:
    """The published ledger's decisions cover the landed change, and the CRM shows them."""
    (record,) = [
        r for r in world.emulator.control.records("Account", deleted=False) if r["Id"] == account
    ]
    assert record["Credit_Hold__c"] is True
    assert "oldest_overdue" in record["Credit_Flags__c"]
    with open_snapshot(world.folder / ".creditflag" / "snapshots") as snapshot:
        held = snapshot.query(
            "SELECT count(*) AS n FROM invoice_current WHERE account_key = ? AND amount = 3000000",
            [account],
        ).to_pylist()
    assert held[0]["n"] >= 1


@pytest.mark.parametrize("points", in_rows(RUN_POINTS, 2), ids=" ".join)
def test_crashes_then_a_run(world: World, victims: Iterator[str], points: Sequence[str]) -> None:
    """A run that recovers from one crash may meet the next."""
    accounts, before = [], len(world.effects())
    for point in points:
        accounts.append(next(victims))
        world.add_overdue_invoice(accounts[-1], f"INV-{point}")
        if point == "after-land":
            world.add_second_page(accounts[-1])
        crashed = world.run(crash=point)
        assert crashed.code == EXIT_CODE, (point, crashed.code, crashed.err)
    after = world.run()
    assert after.code == 0, after.err

    assert_each_effect_once(world.effects()[before:])
    assert_tasks_unique(world)
    for account in accounts:
        assert_nothing_undecided(world, account)


def test_after_all_crashes_a_run_is_quiet(world: World) -> None:
    calls = world.write_calls()
    ended = world.run()
    assert ended.code == 0, ended.err
    assert world.write_calls() == calls


@pytest.mark.parametrize("points", in_rows(BULK_POINTS, 1), ids=" ".join)
def test_crashes_in_a_bulk_job_then_a_run(
    world: World, victims: Iterator[str], points: Sequence[str]
) -> None:
    """Goes red when the rows of a live job are sent again, or a job is not asked before them."""
    accounts, before = [], len(world.effects())
    with world.option("bulk_write_rows = 1"):
        for point in points:
            accounts.append(next(victims))
            world.add_overdue_invoice(accounts[-1], f"INV-{point}")
            crashed = world.run(crash=point)
            assert crashed.code == EXIT_CODE, (point, crashed.code, crashed.err)
        after = world.run()
        assert after.code == 0, after.err
    assert_each_effect_once(world.effects()[before:])
    assert_tasks_unique(world)
    for account in accounts:
        assert_nothing_undecided(world, account)
    jobs = world.emulator.control.ask("GET", "bulk/jobs")["jobs"]
    assert {job["state"] for job in jobs if job["total"]} <= {"JobComplete", "Aborted"}


@pytest.mark.parametrize("points", in_rows(APPLY_POINTS, 1), ids=" ".join)
def test_crashes_while_the_first_plan_is_applied(
    points: Sequence[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("apply")
    with build_world(folder, SMALL, whole_policy=FULL) as world:
        plan = world.run().json["plan_files"]["crm"]
        for point in points:
            crashed = world.call("apply", "--plan", plan, crash=point)
            assert crashed.code == EXIT_CODE, (point, crashed.code, crashed.err)

        again = world.call("apply", "--json", "--plan", plan)
        assert again.code == 0, again.err

        assert again.json["moved_count"] == 0
        assert_each_effect_once(world.effects())
        assert_tasks_unique(world)
        written = {e["id"] for e in world.effects() if e["object"] == "Account"}
        wanted = json.loads(Path(plan).read_text(encoding="utf-8"))["plan"]["changes"]
        assert written == {c["record_id"] for c in wanted if c["kind"] == "update"}
        calls = world.write_calls()
        quiet = world.run()
        assert quiet.code == 0, quiet.err
        assert world.write_calls() == calls


def test_an_answer_lost_after_the_write_was_applied(world: World, victims: Iterator[str]) -> None:
    account = next(victims)
    before = len(world.effects())
    world.add_overdue_invoice(account, "INV-LOST-ANSWER")
    world.emulator.control.add_faults(
        {"kind": "collection_update", "action": "drop_after", "times": 1},
        {"kind": "collection_upsert", "action": "drop_after", "times": 1},
    )
    ended = world.run()
    world.emulator.control.clear_faults()
    assert ended.code == 0, ended.err
    assert_each_effect_once(world.effects()[before:])
    assert_tasks_unique(world)
    assert_nothing_undecided(world, account)


def test_killed_at_random_moments(world: World, victims: Iterator[str]) -> None:
    chance = random.Random(5)
    before = len(world.effects())
    accounts = []
    for turn in range(KILLS):
        accounts.append(next(victims))
        world.add_overdue_invoice(accounts[-1], f"INV-KILL-{turn}")
        process = world.start("run", "--as-of", "2026-03-31")
        timer = threading.Timer(chance.uniform(0.5, 6.0), process.kill)
        timer.start()
        process.communicate(timeout=240)
        timer.cancel()
    ended = world.run()
    assert ended.code == 0, ended.err
    assert_each_effect_once(world.effects()[before:])
    assert_tasks_unique(world)
    for account in accounts:
        assert_nothing_undecided(world, account)
