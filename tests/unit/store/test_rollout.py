"""Stages of a connection, and what was true when tasks were switched on."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from connector.domain.rollout import Stage
from connector.ports.rollout import BASELINE_SCHEMA, RolloutStep
from connector.store.store import DjangoStore
from tests.unit.store.samples import NOW, TODAY


def step(stage: Stage, days: int = 0, connection: str = "crm") -> RolloutStep:
    return RolloutStep(connection, stage, "ann", "agreed", NOW + timedelta(days=days))


def test_steps_are_kept_latest_first(store: DjangoStore) -> None:
    assert store.rollout.steps("crm") == []
    for days, stage in enumerate((Stage.OBSERVE, Stage.SHOW)):
        store.rollout.move(step(stage, days), None)
    store.rollout.move(step(Stage.HOLD, connection="erp"), None)
    assert list(store.rollout.steps("crm")) == [step(Stage.SHOW, 1), step(Stage.OBSERVE)]


def test_a_baseline_takes_the_place_of_the_one_before(store: DjangoStore) -> None:
    rows = [
        {"party_id": p, "code": "over_limit", "since": TODAY, "severity": 2} for p in ("p1", "p2")
    ]
    first = pa.Table.from_pylist(rows, schema=BASELINE_SCHEMA)
    assert store.rollout.baseline("crm").equals(BASELINE_SCHEMA.empty_table())
    store.rollout.move(step(Stage.NOTIFY), first)
    assert store.rollout.baseline("crm").equals(first)
    store.rollout.move(step(Stage.HOLD), None)
    assert store.rollout.baseline("crm").equals(first)
    store.rollout.move(step(Stage.NOTIFY), first.slice(1))
    assert store.rollout.baseline("crm").equals(first.slice(1))
    assert store.rollout.baseline("erp").num_rows == 0
