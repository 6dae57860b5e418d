"""A credit engine of one statement, so that the spine can be run hundreds of times.

Grade and hold follow open and overdue amounts of the linked ledger; everything the steps around an
engine need is there: prior state, approved limits, flags with the day their episode began.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from connector.credit.engine import Coverage
from connector.credit.facts import Inputs
from connector.credit.policy.document import PolicyDoc
from connector.domain.change import digest
from connector.domain.decision import DECISION_TABLES
from connector.ledger.snapshot import select
from connector.ports.facts import table_schema
from connector.ports.store import PRIOR_SCHEMA

LATE = 1_000
"""Overdue from here on raises the flag `oldest_overdue`."""
HELD = 5_000
"""Overdue from here on holds new orders."""

_DECIDE = """
WITH owed AS (
    SELECT party_id, sum(open_amount) AS exposure,
           coalesce(sum(open_amount) FILTER (due_date < $as_of), 0) AS overdue,
           min(due_date) FILTER (due_date < $as_of) AS oldest
    FROM linked.invoice WHERE open_amount > 0 AND party_id IS NOT NULL GROUP BY party_id
), stood AS (
    SELECT scope.party_id, coalesce(exposure, 0)::DECIMAL(18,4) AS exposure,
           coalesce(overdue, 0)::DECIMAL(18,4) AS overdue, oldest,
           CASE WHEN overdue >= $held THEN 'D' WHEN overdue >= $late THEN 'C'
                WHEN exposure >= 10000 THEN 'B' ELSE 'A' END AS grade
    FROM scope LEFT JOIN owed USING (party_id)
    WHERE in_scope AND ($all OR party_id IN (SELECT party_id FROM among))
)
SELECT stood.party_id, '' AS selling_company, $as_of::DATE AS as_of, 'EUR' AS currency,
       'company' AS party_kind, (100 - 20 * (ascii(grade) - 65))::DECIMAL(18,4) AS score,
       1::DECIMAL(18,10) AS coverage, grade,
       CASE grade WHEN 'D' THEN 'red' WHEN 'C' THEN 'amber' ELSE 'green' END AS colour,
       grade = 'D' AS hold, exposure AS gross_exposure, exposure AS net_exposure,
       exposure AS open_receivables, overdue, oldest AS oldest_due_date,
       coalesce(approved.state, 'none') AS approved_state, approved.amount AS approved_amount,
       approved.source AS approved_source, 'amount' AS proposed_state,
       round(exposure * 1.2, -2)::DECIMAL(18,4) AS proposed_amount,
       (approved.amount - exposure)::DECIMAL(18,4) AS available,
       (exposure // 10000)::BIGINT AS band,
       (date_trunc('month', $as_of::DATE) + to_months(4 - (ascii(grade) - 65)))::DATE AS next_review
FROM stood LEFT JOIN approved ON approved.party_id = stood.party_id
"""
_FLAGS = """
SELECT decided.party_id, '' AS selling_company, 'oldest_overdue' AS code, 2::BIGINT AS severity,
       coalesce(prior.since, $as_of::DATE) AS since, '{"due_date": "then"}' AS params
FROM decided LEFT JOIN prior ON prior.party_id = decided.party_id AND prior.code = 'oldest_overdue'
WHERE decided.overdue >= $late
"""


@dataclass(frozen=True)
class SmallDecided:
    """What the decide step takes from an engine."""

    tables: dict[str, pa.Table]
    coverage: Coverage
    receivables: pa.Table | None = None
    portfolio: dict[str, pa.Table] = field(default_factory=dict)


def decide(
    connection: duckdb.DuckDBPyConnection,
    inputs: Inputs,
    policy: PolicyDoc,
    as_of: date,
    run_id: str,
    *,
    programs: Path | None = None,
    among: pa.Table | None = None,
) -> SmallDecided:
    """The engine's signature; the policy decides nothing here."""
    nobody = PRIOR_SCHEMA.empty_table()
    decided = select(
        connection, _DECIDE,
        {"as_of": as_of, "late": LATE, "held": HELD, "all": among is None},
        {"approved": inputs.approved_limits, "among": nobody if among is None else among},
    )  # fmt: skip
    flags = select(
        connection, _FLAGS, {"as_of": as_of, "late": LATE},
        {"decided": decided, "prior": inputs.prior_flags},
    )  # fmt: skip
    rows: dict[str, list[dict[str, Any]]] = {
        "decision": [
            {
                **row,
                "decision_hash": str(sorted((k, str(v)) for k, v in row.items() if k != "as_of")),
            }
            for row in decided.to_pylist()
        ],
        "flag": flags.to_pylist(),
    }
    tables = {
        name: pa.Table.from_pylist(
            [{c: row.get(c) for c in entity.column_names} for row in rows.get(name, [])],
            schema=table_schema(entity),
        )
        for name, entity in DECISION_TABLES.items()
    }
    count = decided.num_rows
    return SmallDecided(tables, Coverage(count, count, 0, 0, 0, 0, 0))


def _digest(row: dict[str, Any]) -> str:
    """What the decision says, whatever the day."""
    return digest([str(value) for name, value in row.items() if name != "as_of"])
