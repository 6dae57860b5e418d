"""The heartbeat: one record of a hierarchical custom setting for the whole org."""

from __future__ import annotations

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from adapters.salesforce.setup import SalesforceSetup
from connector.errors import RefusedError, VendorError
from connector.ports.heartbeat import as_heartbeat
from tests.adapters.salesforce.connections import FakeClock, make_opening

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


@pytest.fixture
def deployed(emulator: RunningEmulator, clock: FakeClock) -> RunningEmulator:
    """An org with the setting as the app brings it."""
    opening = make_opening(
        emulator.url, client_id=emulator.client_id, secret=emulator.client_secret, clock=clock
    )
    setup = SalesforceSetup(opening)
    try:
        setup.apply_app(setup.plan_app(()), lambda _done, _all: None)
    finally:
        setup.close()
    return emulator


def test_a_create_whose_answer_was_lost_makes_no_second_record(
    deployed: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    deployed.control.add_faults({"action": "drop_after", "method": "POST", "path": SETTING})
    adapter.write_heartbeat(SETTING, VALUES)
    (record,) = deployed.control.records(SETTING)
    assert record["Connection__c"] == "crm"


def test_a_record_that_an_admin_deleted_is_made_anew(
    deployed: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    adapter.write_heartbeat(SETTING, VALUES)
    (old,) = deployed.control.records(SETTING)
    deployed.service.org.records.remove(SETTING, old["Id"])
    adapter.write_heartbeat(SETTING, VALUES)
    (new,) = deployed.control.records(SETTING)
    assert new["Id"] != old["Id"]


def test_a_user_who_may_not_write_settings_is_told_the_permission(
    deployed: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    deployed.control.settings(setup_rights=False)
    with pytest.raises(RefusedError) as caught:
        adapter.write_heartbeat(SETTING, VALUES)
    assert "Customize Application" in str(caught.value)


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("GET", {"totalSize": 1, "done": True, "records": [{"Id": "nonsense"}]}),
        ("GET", {"totalSize": 1, "done": True, "records": ["x"]}),
        ("POST", {"success": True, "errors": []}),
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_of_the_vendor(
    deployed: RunningEmulator, adapter: SalesforceAdapter, method: str, body: dict[str, object]
) -> None:
    path = "/query" if method == "GET" else SETTING
    deployed.control.add_faults(
        {"action": "respond", "method": method, "path": path, "status": 200, "body": body,
         "times": None}
    )  # fmt: skip
    with pytest.raises(VendorError):
        adapter.write_heartbeat(SETTING, VALUES)


def test_a_value_that_the_field_cannot_hold_is_an_error_of_the_vendor(
    deployed: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    with pytest.raises(VendorError, match="Stale_After_Hours__c"):
        adapter.write_heartbeat(SETTING, {"Stale_After_Hours__c": "soon"})
