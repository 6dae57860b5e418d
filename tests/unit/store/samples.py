"""Small decisions, changes and plans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from connector.domain.change import (
    Change,
    ChangeKind,
    ChangeState,
    FieldChange,
    Owner,
    Plan,
    PlanCounts,
)
from connector.ports.store import DecisionSet
from connector.store.payloads import SCHEMAS

NOW = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC)
TODAY = date(2026, 3, 1)


def decision(party: str, hash: str = "h1", seller: str = "", **cells: object) -> dict[str, object]:
    return {
        "party_id": party,
        "selling_company": seller,
        "as_of": TODAY,
        "currency": "EUR",
        "party_kind": "company",
        "coverage": Decimal("0.1234567890"),
        "colour": "green",
        "hold": False,
        "approved_state": "none",
        "proposed_state": "amount",
        "proposed_amount": Decimal("12345678901234.5678"),
        "band": 101,
        "decision_hash": hash,
        **cells,
    }


def flag(party: str, code: str = "overdue", **cells: object) -> dict[str, object]:
    return {
        "party_id": party,
        "selling_company": "",
        "code": code,
        "severity": 2,
        "since": TODAY,
        "params": "{}",
        **cells,
    }


def reason(party: str, rank: int, **cells: object) -> dict[str, object]:
    return {
        "party_id": party,
        "selling_company": "",
        "rank": rank,
        "source": "flag",
        "code": "overdue",
        "params": "{}",
        **cells,
    }


def tables(**rows: Sequence[dict[str, object]]) -> dict[str, pa.Table]:
    """Decision tables from rows by table name."""
    return {
        name: pa.Table.from_pylist(list(rows.get(name, ())), schema=SCHEMAS[name])
        for name in SCHEMAS
    }


def decisions(
    run_id: str,
    *rows: dict[str, object],
    flags: Sequence[dict[str, object]] = (),
    reasons: Sequence[dict[str, object]] = (),
    among: Sequence[str] | None = None,
) -> DecisionSet:
    return DecisionSet(
        run_id=run_id,
        as_of=TODAY,
        policy_hash="policy",
        tables=tables(decision=rows, flag=flags, reason=reasons),
        among=among,
    )


def update(record_id: str, grade: str, **cells: object) -> Change:
    fields = (
        FieldChange("Grade__c", "grade", base=None, theirs="C", ours=grade),
        FieldChange("Hold__c", "hold", base="false", theirs="false", ours="true", owner=Owner.ASK),
    )
    values: dict[str, object] = {
        "connection": "crm",
        "object_name": "Account",
        "record_id": record_id,
        "party_id": f"party-{record_id}",
        "label": f"Kunde Größe 客户 {record_id}",
        "kind": ChangeKind.UPDATE,
        "fields": fields,
        "decision_hash": "h1",
        "band": 101,
        "modified_by": "005",
        "modified_at": "2026-02-28T10:00:00Z",
        **cells,
    }
    return Change(**values)  # type: ignore[arg-type]  # keywords of a test


def create(key: str, subject: str = "call", **cells: object) -> Change:
    fields = (FieldChange("Subject", "", base=None, theirs=None, ours=subject),)
    return update("", "", **{"object_name": "Task", "kind": ChangeKind.CREATE, "key": key,
                             "key_field": "Key__c", "fields": fields, **cells})  # fmt: skip


def conflict(record_id: str, grade: str) -> Change:
    return update(record_id, grade, state=ChangeState.CONFLICT)


def plan(run_id: str, *changes: Change, connection: str = "crm") -> Plan:
    return Plan(
        connection=connection,
        run_id=run_id,
        as_of=TODAY,
        created_at=NOW,
        policy_hash="policy",
        changes=changes,
        counts=PlanCounts(records=len(changes), planned=len(changes)),
    )


CHANGES = [update(f"{number:03}", "B") for number in range(50)]
