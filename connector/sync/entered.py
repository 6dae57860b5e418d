"""Facts that people entered, landed like any feed: a full list from the store, at each run.

What was withdrawn is missing from the list and leaves the ledger; its history stays. A list that
the ledger has already is not landed again, so that nothing counts as news that is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

import pyarrow as pa

from connector.domain.change import digest
from connector.domain.entering import ENTERABLE
from connector.domain.entities import ENTITIES, Kind
from connector.ports.entering import ENTERED_CONNECTION, FactRevision
from connector.ports.facts import LandBatch, SnapshotClose, row_schema
from connector.sync.desk import Desk
from connector.sync.land import FeedReport

_NUMBERS = (Kind.MONEY, Kind.QUANTITY, Kind.RATE)


def land_entered(desk: Desk) -> list[FeedReport]:
    """Land the entered facts in force that the ledger does not hold yet, entity by entity."""
    by_entity: dict[str, list[FactRevision]] = {name: [] for name in ENTERABLE}
    facts = sorted(desk.store.entering.in_force(), key=lambda fact: fact.entity)
    for name, group in groupby(facts, key=lambda fact: fact.entity):
        by_entity[name] = list(group)
    landed = (_land(desk, name, found) for name, found in by_entity.items())
    return [report for report in landed if report is not None]


def _land(desk: Desk, entity: str, facts: Sequence[FactRevision]) -> FeedReport | None:
    known = desk.ledger.cursor(ENTERED_CONNECTION, entity)
    listed = digest([[f.fact_id, f.revision, dict(f.values)] for f in facts])
    if known == listed or (known is None and not facts):
        return None
    result = desk.ledger.land(
        LandBatch(
            connection=ENTERED_CONNECTION,
            feed=entity,
            entity=entity,
            run_id=desk.run_id,
            known_at=desk.clock.now(),
            rows=fact_rows(entity, facts),
            snapshot=SnapshotClose(pa.array([f.fact_id for f in facts], pa.string()), desk.as_of),
            cursor=listed,
        )
    )
    report = FeedReport(ENTERED_CONNECTION, entity, entity, records=len(facts) + result.deleted)
    report.add(result)
    return report


def fact_rows(entity: str, facts: Iterable[FactRevision]) -> pa.Table:
    """Entered facts as rows of the ledger; where they come from says who entered them."""
    columns = ENTITIES[entity].columns
    rows = [
        {
            "id": fact.fact_id,
            "where_from": f"{fact.who}, revision {fact.revision}",
            **{c.name: _typed(fact.values.get(c.name), c.kind) for c in columns},
        }
        for fact in facts
    ]
    return pa.Table.from_pylist(rows, schema=row_schema(entity))


def _typed(text: str | None, kind: Kind) -> object:
    if text is None or kind is Kind.TEXT:
        return text
    if kind is Kind.DATE:
        return date.fromisoformat(text)
    if kind is Kind.FLAG:
        return text == "true"
    return Decimal(text) if kind in _NUMBERS else int(text)
