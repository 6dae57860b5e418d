"""Reads: what the engine, the plan and people ask the store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from django.db.models import QuerySet

from connector.ports.store import (
    ADOPTED_SCHEMA,
    APPROVED_LIMIT_SCHEMA,
    LAST_WRITTEN_SCHEMA,
    LINK_SCHEMA,
    PRIOR_FLAG_SCHEMA,
    PRIOR_SCHEMA,
    RunRecord,
)
from connector.store.models import (
    AdoptedValue,
    ApprovedLimit,
    ConfirmedLink,
    ConnectionState,
    LastWritten,
    Run,
    Seam,
)
from connector.store.payloads import read_payloads
from connector.store.rows import arrow_rows
from connector.store.staging import visible, visible_flags


def decided_through(alias: str) -> int:
    """The seq up to which landings are decided, 0 before the first."""
    seam = Seam.objects.using(alias).first()
    return seam.decided_through_seq if seam else 0


def decided_basis(alias: str) -> dict[str, str]:
    """What the decisions in force rest on, empty before the first."""
    seam = Seam.objects.using(alias).first()
    return dict(json.loads(seam.basis)) if seam else {}


def prior_decisions(alias: str) -> pa.Table:
    """PRIOR_SCHEMA, one row a party and selling company."""
    return _table(PRIOR_SCHEMA, visible(alias))


def prior_flags(alias: str) -> pa.Table:
    """PRIOR_FLAG_SCHEMA."""
    return _table(PRIOR_FLAG_SCHEMA, visible_flags(alias))


def decision_tables(
    alias: str, party_id: str | None, names: Sequence[str] = ()
) -> dict[str, pa.Table]:
    """Decision tables in force by name (all without `names`), of one party or all."""
    found = visible(alias)
    if party_id is not None:
        found = found.filter(party_id=party_id)
    ordered = found.order_by("party_id", "selling_company")
    rows = ordered.values_list("party_id", "selling_company", "payload")
    return read_payloads(rows.iterator(), names)


def approved_limits(alias: str) -> pa.Table:
    """APPROVED_LIMIT_SCHEMA."""
    return _table(APPROVED_LIMIT_SCHEMA, ApprovedLimit.objects.using(alias).all())


def confirmed_links(alias: str) -> pa.Table:
    """LINK_SCHEMA."""
    return _table(LINK_SCHEMA, ConfirmedLink.objects.using(alias).all())


def last_written(alias: str, connection: str) -> pa.Table:
    """LAST_WRITTEN_SCHEMA."""
    rows = LastWritten.objects.using(alias).filter(connection=connection)
    return _table(LAST_WRITTEN_SCHEMA, rows)


def adopted(alias: str, connection: str) -> pa.Table:
    """ADOPTED_SCHEMA."""
    return _table(ADOPTED_SCHEMA, AdoptedValue.objects.using(alias).filter(connection=connection))


def first_contact(alias: str, connection: str) -> bool:
    """Whether no plan was applied on this connection yet."""
    applied = ConnectionState.objects.using(alias).filter(connection=connection)
    return not applied.exclude(first_plan="").exists()


def last_runs(alias: str, limit: int) -> list[RunRecord]:
    """Runs, latest first."""
    rows = Run.objects.using(alias).order_by("-started_at", "-pk")[: max(limit, 0)]
    return [_run_record(row) for row in rows]


def _run_record(row: Run) -> RunRecord:
    summary: Mapping[str, object] = json.loads(row.summary)
    return RunRecord(
        run_id=row.run_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        as_of=row.as_of,
        outcome=row.outcome,
        exit_code=row.exit_code,
        summary=summary,
        kind=row.kind,
    )


def _table(schema: pa.Schema, rows: QuerySet[Any]) -> pa.Table:
    return arrow_rows(schema, rows.order_by("pk").values_list(*schema.names).iterator())
