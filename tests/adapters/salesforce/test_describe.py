from __future__ import annotations

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.describe import read_field
from adapters.salesforce.emulator import RunningEmulator
from connector.domain.entities import Kind
from connector.errors import RefusedError
from tests.adapters.salesforce.connections import FakeClock


def test_fields_come_with_what_a_mapping_needs(adapter: SalesforceAdapter) -> None:
    info = adapter.describe("Opportunity")
    assert info is not None
    name, stage, amount = info.fields["Name"], info.fields["StageName"], info.fields["Amount"]
    assert (name.kind, name.length, name.required) == (Kind.TEXT, 120, True)
    assert stage.required
    assert "Closed Won" in stage.choices
    assert (amount.kind, amount.precision, amount.scale) == (Kind.MONEY, 18, 2)
    assert amount.updateable
    assert info.fields["CloseDate"].kind is Kind.DATE
    assert info.fields["SystemModstamp"].kind is Kind.TIMESTAMP
    assert info.fields["IsClosed"].kind is Kind.FLAG
    assert not info.fields["IsClosed"].updateable
    account = info.fields["AccountId"]
    assert account.refers_to == ("Account",)
    assert account.relationship == "Account"
    assert not info.fields["Id"].required


def test_what_is_hidden_or_unknown_is_missing(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    assert adapter.describe("Invoice__c") is None
    emulator.control.apply_schema({"hide": ["Account.Industry"]})
    info = adapter.describe("Account")
    assert info is not None
    assert info.find("industry") is None
    assert info.find("NAME") is info.fields["Name"]


def test_a_name_that_cannot_be_one_is_not_sent(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    for name in ("../limits", "Account?x=1", "Account/describe", "", "帐户"):
        with pytest.raises(RefusedError, match="cannot be a name"):
            adapter.describe(name)
    assert emulator.control.counters()["calls"] == 0


def test_a_description_is_kept_and_then_asked_for_only_if_changed(
    emulator: RunningEmulator, adapter: SalesforceAdapter, clock: FakeClock
) -> None:
    first = adapter.describe("Account")
    assert adapter.describe("account") is first
    assert adapter.call_counts()["describe"] == 1
    clock.sleep(301)
    assert adapter.describe("Account") is first
    assert emulator.control.counters()["by_status"]["304"] == 1
    emulator.control.advance(10)
    emulator.control.apply_schema(
        {
            "objects": [
                {"name": "Account", "fields": [{"name": "Credit_Score__c", "type": "double"}]}
            ]
        }
    )
    clock.sleep(301)
    changed = adapter.describe("Account")
    assert changed is not None
    assert "Credit_Score__c" in changed.fields


def test_objects_are_listed(adapter: SalesforceAdapter) -> None:
    names = adapter.list_objects()
    assert {"Account", "Opportunity", "Task", "User"} <= set(names)
    assert list(names) == sorted(names)


def test_formulas_and_automatic_numbers_are_not_writable() -> None:
    raw = {"name": "X", "type": "double", "createable": True, "updateable": True, "scale": 6}
    assert read_field(raw).updateable
    assert read_field(raw).kind is Kind.RATE
    for mark in ("calculated", "autoNumber"):
        field = read_field({**raw, mark: True})
        assert not field.updateable
        assert not field.createable
        assert not field.required
