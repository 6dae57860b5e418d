"""The heartbeat: one record of a hierarchical custom setting for the whole org."""

from __future__ import annotations

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from connector.errors import RefusedError
from connector.ports.heartbeat import as_heartbeat

SETTING = "CreditFlag_Heartbeat__c"
VALUES: dict[str, str | None] = {
    "Refreshed_At__c": "2026-03-31T22:15:00+00:00",
    "As_Of__c": "2026-03-31",
    "Stale_After_Hours__c": "26",
    "Connection__c": "crm",
}


@pytest.fixture
def org(emulator: RunningEmulator) -> RunningEmulator:
    """An org with the setting."""
    emulator.control.apply_schema(
        {
            "objects": [
                {
                    "name": SETTING,
                    "label": "Heartbeat",
                    "fields": [
                        {"name": "SetupOwnerId", "type": "string", "length": 18},
                        {"name": "Refreshed_At__c", "type": "datetime"},
                        {"name": "As_Of__c", "type": "date"},
                        {"name": "Stale_After_Hours__c", "type": "double", "precision": 5},
                        {"name": "Connection__c", "type": "string", "length": 80},
                    ],
                }
            ]
        }
    )
    return emulator


def test_the_record_is_made_once_and_then_kept_up(
    org: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    adapter.write_heartbeat(SETTING, VALUES)
    adapter.write_heartbeat(SETTING, {**VALUES, "As_Of__c": "2026-04-01"})
    (record,) = org.control.records(SETTING)
    assert record["SetupOwnerId"] == org.service.org.org_id
    assert (record["As_Of__c"], record["Connection__c"]) == ("2026-04-01", "crm")
    assert record["Refreshed_At__c"].startswith("2026-03-31T22:15:00")
    assert record["Stale_After_Hours__c"] == 26


def test_a_record_that_is_there_is_found_by_its_owner(
    org: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ours, other = org.control.seed(
        SETTING,
        [
            {"SetupOwnerId": org.service.org.org_id, "Connection__c": "old"},
            {"SetupOwnerId": "005000000000001AAA", "Connection__c": "somebody's own"},
        ],
    )
    adapter.write_heartbeat(SETTING, VALUES)
    names = {r["Id"]: r["Connection__c"] for r in org.control.records(SETTING)}
    assert names == {ours: "crm", other: "somebody's own"}


def test_its_calls_are_a_class_of_their_own(
    org: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    adapter.write_heartbeat(SETTING, VALUES)
    adapter.write_heartbeat(SETTING, VALUES)
    counts = adapter.call_counts()
    assert (counts["heartbeat"], counts["write"], counts["read"]) == (3, 0, 0)


def test_a_passing_refusal_is_tried_again(org: RunningEmulator, adapter: SalesforceAdapter) -> None:
    adapter.write_heartbeat(SETTING, VALUES)
    org.control.add_faults({"action": "drop_after", "method": "PATCH", "times": 1})
    adapter.write_heartbeat(SETTING, {**VALUES, "Connection__c": "again"})
    (record,) = org.control.records(SETTING)
    assert record["Connection__c"] == "again"


def test_a_field_that_may_not_be_written_is_a_sentence(
    org: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    with pytest.raises(RefusedError, match="Nowhere__c"):
        adapter.write_heartbeat(SETTING, {"Nowhere__c": "x"})


def test_the_adapter_says_that_it_can(adapter: SalesforceAdapter) -> None:
    assert as_heartbeat(adapter) is adapter
    assert as_heartbeat(object()) is None
