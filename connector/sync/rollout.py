"""Roll-out: what a connection's stage lets a plan write, and what a step to another would do.

Below the stage `hold` the hold field is false, and a hold that a person set there stays; one of
ours is taken off. Below `notify` there are no tasks. At `observe` the plan is made and reported,
and nothing of it is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.change import Change, ChangeKind, Owner, Plan
from connector.domain.decision import TOTAL
from connector.domain.rollout import Stage
from connector.mapping.targets import WriteTarget
from connector.mapping.write import read_value
from connector.ports.rollout import BASELINE_SCHEMA
from connector.ports.store import StorePort
from connector.sync.alerts import AlertRule
from connector.sync.desk import Connection, Desk, House


@dataclass(frozen=True, slots=True)
class Load:
    """What a plan puts on one owner: tasks, accounts newly on hold, and their open orders with
    what is not invoiced of them, by currency. `owner` is "" for accounts without one."""

    owner: str
    tasks: int
    held: int
    orders: int
    amounts: Mapping[str, str]


def stage_of(store: StorePort, house: House, connection: str) -> Stage:
    """Where a person moved the connection, else where its settings let it begin."""
    steps = store.rollout.steps(connection)
    return steps[0].stage if steps else Stage(house.rollout.get(connection, Stage.HOLD))


def limit_holds(decided: Mapping[str, pa.Table], stage: Stage) -> dict[str, pa.Table]:
    """The decisions as the stage shows them: below `hold` nobody is on hold."""
    tables = dict(decided)
    if not stage.holds:
        decision = tables["decision"]
        at = decision.column_names.index("hold")
        none = pa.array([False] * decision.num_rows, pa.bool_())
        tables["decision"] = decision.set_column(at, decision.schema.field(at), none)
    return tables


def yield_holds(targets: Sequence[WriteTarget], stage: Stage) -> tuple[WriteTarget, ...]:
    """The targets as the stage writes them: below `hold` a hold that a person sets is theirs."""
    if stage.holds:
        return tuple(targets)
    return tuple(
        replace(
            target,
            fields={
                name: replace(field, owner=Owner.THEIRS) if name == "hold" else field
                for name, field in target.fields.items()
            },
        )
        for target in targets
    )


def open_episodes(flags: pa.Table, rule: AlertRule) -> pa.Table:
    """Flags in force that would raise a task (BASELINE_SCHEMA)."""
    kept = pc.and_(
        pc.and_(
            pc.equal(flags["selling_company"], TOTAL),
            pc.is_in(flags["code"], pa.array(list(rule.codes), pa.string())),
        ),
        pc.greater_equal(flags["severity"], rule.least_severity),
    )
    return flags.filter(kept).select(BASELINE_SCHEMA.names).cast(BASELINE_SCHEMA)


def holds_of_ours(desk: Desk, connection: Connection) -> int:
    """Records on which a hold that we wrote last still stands."""
    fields = {
        (target.object_name, field.field): field
        for target in connection.mapping.targets
        for name, field in target.fields.items()
        if name == "hold"
    }
    rows = desk.store.last_written(connection.name).to_pylist()
    found = [(fields.get((row["object_name"], row["field"])), row["value"]) for row in rows]
    return sum(1 for field, value in found if field and read_value(field, value) == "true")


def weigh(desk: Desk, connection: Connection, plan: Plan) -> list[Load]:
    """What a plan means for the owners of accounts: tasks, and orders that would be held."""
    task = connection.mapping.task_target
    owner_field = task.slots.get("owner") if task else None
    created = [c for c in plan.to_write if c.kind is ChangeKind.CREATE]
    owners = [{f.field: f.ours for f in c.fields}.get(owner_field or "") or "" for c in created]
    held = sorted({c.record_id for c in plan.to_write if _puts_on_hold(connection, c)})
    rows = desk.ledger.query(
        _WEIGH,
        {"connection": connection.name},
        {
            "task": pa.table({"owner_id": pa.array(owners, pa.string())}),
            "held": pa.table({"id": pa.array(held, pa.string())}),
        },
    )
    loads: dict[str, dict[str, Any]] = {}
    for row in rows.to_pylist():
        load = loads.setdefault(row["owner"], {**row, "amounts": {}, "orders": 0})
        load["orders"] += row["orders"]
        if row["currency"]:
            load["amounts"][row["currency"]] = str(row["amount"])
    return [
        Load(load["owner"], load["tasks"], load["held"], load["orders"], load["amounts"])
        for load in loads.values()
    ]


def _puts_on_hold(connection: Connection, change: Change) -> bool:
    fields = connection.written_fields(change.object_name)
    return any(
        item.credit_field == "hold" and read_value(fields[item.field], item.ours) == "true"
        for item in change.writes
        if item.field in fields
    )


_WEIGH = """
WITH account AS (
    SELECT a.id, coalesce(a.owner_id, '') AS owner_id, link.party_id
    FROM held JOIN account_current AS a ON a.connection = $connection AND a.id = held.id
    JOIN account_party AS link ON link.connection = a.connection AND link.account_id = a.id
), tasks AS (
    SELECT owner_id, count(*) AS n FROM task GROUP BY owner_id
), holds AS (
    SELECT owner_id, count(*) AS n FROM account GROUP BY owner_id
), orders AS (
    SELECT h.owner_id, o.currency, count(*) AS n, sum(o.uninvoiced) AS amount
    FROM (SELECT DISTINCT owner_id, party_id FROM account) AS h
    JOIN linked."order" AS o ON o.party_id = h.party_id WHERE o.uninvoiced > 0
    GROUP BY h.owner_id, o.currency
), owners AS (
    SELECT owner_id FROM tasks UNION SELECT owner_id FROM holds
)
SELECT coalesce(u.name, owner_id) AS owner, coalesce(tasks.n, 0) AS tasks,
       coalesce(holds.n, 0) AS held, coalesce(orders.n, 0) AS orders, orders.currency,
       orders.amount
FROM owners LEFT JOIN tasks USING (owner_id) LEFT JOIN holds USING (owner_id)
LEFT JOIN orders USING (owner_id)
LEFT JOIN user_current AS u ON u.connection = $connection AND u.id = owner_id
ORDER BY tasks DESC, held DESC, owner, orders.currency
"""
