"""Later runs of a day, with the real engine and a CRM: few are decided on, and all stands right."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.scenario.world import AS_OF, World, build_world

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with build_world(tmp_path_factory.mktemp("changed")) as made:
        made.settle()
        yield made


def test_later_runs_decide_on_few_and_leave_what_a_run_on_all_leaves(world: World) -> None:
    """Goes red when a party whose facts changed is left as it was: the run on all would write."""
    first, second, third = world.customers()[:3]
    moving = world.add_overdue_invoice(first, "LATE-1", 900_000)
    ended = world.run()
    assert ended.code == 0, ended.err
    assert ended.json["decided_on"] is None, "the first decisions are everybody's prior state now"

    leaving = world.add_overdue_invoice(second, "LATE-2", 800_000)
    before = len(world.effects())
    ended = world.call("run", "--as-of", AS_OF.isoformat())
    assert ended.code == 0, ended.err
    told = re.search(r"(\d+) of \d+ parties were decided on", " ".join(ended.out.split()))
    assert told is not None
    assert 1 <= int(told[1]) <= 8
    assert {e["id"] for e in world.effects()[before:] if e["object"] == "Account"} == {second}

    world.emulator.control.edit("Invoice__c", moving, {"Account__c": third})
    world.emulator.control.remove("Invoice__c", [leaving])
    before = len(world.effects())
    ended = world.run()
    assert ended.code == 0, ended.err
    assert 3 <= ended.json["decided_on"] <= 12
    written = {e["id"] for e in world.effects()[before:] if e["object"] == "Account"}
    assert written >= {first, second, third}

    before = world.write_calls()
    config = world.config.read_text(encoding="utf-8")
    # A rate of a currency that nobody uses: everybody is decided on, and nothing is another.
    world.config.write_text(config.replace("[rates]", '[rates]\nJPY = "0.05"'), encoding="utf-8")
    ended = world.run()
    assert ended.code == 0, ended.err
    assert ended.json["decided_on"] is None
    assert ended.json["decided"] is not None
    assert ended.json["plans"][0]["planned"] == 0
    assert world.write_calls() == before
