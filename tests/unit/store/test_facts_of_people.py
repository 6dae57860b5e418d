"""The seam, approved limits, adopted values, links, first contact and runs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from connector.errors import EXIT_CONFIG, StateError
from connector.ports.store import ADOPTED_SCHEMA, APPROVED_LIMIT_SCHEMA, LINK_SCHEMA, Fence
from connector.store.models import ConfirmedLink
from connector.store.store import DjangoStore
from tests.unit.store.conftest import OpenStore
from tests.unit.store.samples import NOW, TODAY, decision, decisions


def limit(party: str, amount: str | None, **cells: object) -> dict[str, object]:
    return {
        "party_id": party,
        "selling_company": "",
        "state": "amount" if amount else "cash_only",
        "amount": Decimal(amount) if amount else None,
        "currency": "EUR",
        "source": "inherited",
        "review_on": TODAY,
        **cells,
    }


def limits(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=APPROVED_LIMIT_SCHEMA)


def adopted(*values: tuple[str, str, str | None]) -> pa.Table:
    rows = [
        {
            "object_name": "Account",
            "record_id": record,
            "field": field,
            "credit_field": "limit",
            "value": value,
            "party_id": "p1",
            "adopted_on": TODAY,
            "review_on": TODAY + timedelta(90),
        }
        for record, field, value in values
    ]
    return pa.Table.from_pylist(rows, schema=ADOPTED_SCHEMA)


def test_the_first_ledger_is_remembered(reopen: OpenStore) -> None:
    reopen().bind_ledger("ledger-a", 3)
    reopen().bind_ledger("ledger-a", 4)
    with pytest.raises(
        StateError, match=r"belongs to ledger ledger-a.*found here is ledger-b"
    ) as e:
        reopen().bind_ledger("ledger-b", 9)
    assert e.value.exit_code == EXIT_CONFIG
    assert e.value.next_step


def test_a_ledger_that_ends_before_what_was_decided_is_refused(
    store: DjangoStore, fence: Fence
) -> None:
    store.bind_ledger("ledger-a", 9)
    store.stage_decisions(decisions("r1", decision("p1")), fence)
    store.commit_run("r1", 9, {}, [], fence)
    store.bind_ledger("ledger-a", 9)
    with pytest.raises(StateError, match=r"ends at landing 8, but .* up to landing 9"):
        store.bind_ledger("ledger-a", 8)


def test_a_ledger_that_was_landed_into_but_not_decided_may_fall_back(
    store: DjangoStore, fence: Fence
) -> None:
    store.bind_ledger("ledger-a", 9)
    store.bind_ledger("ledger-a", 5)
    assert store.decided_through() == 0


def test_limits_are_inserted_or_replaced_and_only_changes_count(
    store: DjangoStore, fence: Fence
) -> None:
    first = limits(limit("p1", "25000.0001"), limit("p2", None))
    assert store.put_approved_limits(first, fence) == 2
    assert store.put_approved_limits(first, fence) == 0
    second = limits(limit("p1", "30000", source="person", approver="ann"), limit("p2", None))
    assert store.put_approved_limits(second, fence) == 1
    assert store.approved_limits().sort_by("party_id").equals(second)
    other = limits(limit("p1", "1", selling_company="s1"))
    assert store.put_approved_limits(other, fence) == 1
    assert len(store.approved_limits()) == 3
    assert store.put_approved_limits(limits(), fence) == 0


def test_adopted_values_are_kept_as_first_seen(store: DjangoStore, fence: Fence) -> None:
    assert (
        store.adopt("crm", adopted(("1", "Limit__c", "100"), ("1", "Grade__c", None)), fence) == 2
    )
    assert store.adopt("crm", adopted(("1", "Limit__c", "999"), ("2", "Limit__c", "5")), fence) == 1
    found = store.adopted("crm")
    assert found.schema == ADOPTED_SCHEMA
    assert {(r["record_id"], r["field"]): r["value"] for r in found.to_pylist()} == {
        ("1", "Limit__c"): "100", ("1", "Grade__c"): None, ("2", "Limit__c"): "5",
    }  # fmt: skip
    assert store.adopt("erp", adopted(("1", "Limit__c", "7")), fence) == 1
    assert len(store.adopted("crm")) == 3


def test_confirmed_links_are_read(store: DjangoStore) -> None:
    assert store.confirmed_links().equals(LINK_SCHEMA.empty_table())
    ConfirmedLink.objects.using(store.alias).create(
        connection="crm", account_id="001", party_id="p1"
    )
    assert store.confirmed_links().to_pylist() == [
        {"connection": "crm", "account_id": "001", "party_id": "p1"}
    ]


def test_first_contact_ends_with_the_first_applied_plan(store: DjangoStore, fence: Fence) -> None:
    assert store.first_contact("crm")
    store.end_first_contact("crm", "plan-1", fence)
    store.end_first_contact("crm", "plan-2", fence)
    assert not store.first_contact("crm")
    assert store.first_contact("erp")


def test_runs_are_listed_latest_first(store: DjangoStore) -> None:
    store.start_run("r1", TODAY, NOW)
    store.end_run("r1", NOW + timedelta(minutes=2), "ok", 0, {"planned": 3, "on": date(2026, 3, 1)})
    store.start_run("r2", TODAY, NOW + timedelta(hours=1))
    later, earlier = store.last_runs()
    assert (later.run_id, later.ended_at, later.exit_code, later.summary) == ("r2", None, None, {})
    assert (earlier.outcome, earlier.exit_code, earlier.as_of) == ("ok", 0, TODAY)
    assert earlier.ended_at == NOW + timedelta(minutes=2)
    assert earlier.summary == {"planned": 3, "on": "2026-03-01"}
    assert [run.run_id for run in store.last_runs(1)] == ["r2"]


def test_a_run_starts_once_and_ends_only_after_it_started(store: DjangoStore) -> None:
    store.start_run("r1", TODAY, NOW)
    with pytest.raises(StateError, match="Run r1 is recorded already"):
        store.start_run("r1", TODAY, NOW)
    with pytest.raises(StateError, match="Run r9 ended but was never recorded"):
        store.end_run("r9", NOW, "ok", 0, {})
    assert [run.run_id for run in store.last_runs()] == ["r1"]
