"""Before the first run: every check says what it found, and one that fails stops no other."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from connector.errors import InputError, SignInError
from connector.service.checking import check_all, check_mappings, describe, list_objects
from connector.service.office import LEASE, Office
from connector.testing.builders import account_object, without_field
from tests.unit.service.offices import crm_of


def test_all_is_well(office: Office) -> None:
    checks = {check.name: check for check in check_all(office)}
    assert set(checks) == {"packages", "policy", "store", "ledger", "crm"}
    assert all(check.well for check in checks.values())
    assert checks["crm"].found == "organisation: in memory, user: integration"
    assert checks["policy"].found.startswith("standard")


def test_a_refused_sign_in_is_one_line_of_several(office: Office) -> None:
    refusal = SignInError("The client secret was refused.", next_step="Enter it again.")
    with patch.object(crm_of(office), "check", side_effect=refusal):
        checks = {check.name: check for check in check_all(office)}
    assert not checks["crm"].well
    assert checks["crm"].error is refusal
    assert checks["ledger"].well


def test_a_desk_that_is_taken_is_one_line_of_several(office: Office) -> None:
    office.store.acquire_lease(LEASE, "elsewhere:7:bb", office.clock.now(), 600)
    checks = {check.name: check for check in check_all(office)}
    assert not checks["ledger"].well
    assert "elsewhere:7:bb" in checks["ledger"].found
    assert checks["crm"].well


def test_a_mapping_that_fits_has_no_errors(office: Office) -> None:
    assert [f for f in check_mappings(office, "crm") if f.level == "error"] == []


def test_a_field_that_the_org_lacks_is_found(office: Office) -> None:
    crm_of(office).define(without_field(account_object(), "Grade"))
    errors = [f for f in check_mappings(office, "crm") if f.level == "error"]
    assert any("Grade" in str(finding) for finding in errors)


def test_objects_are_listed_and_described(office: Office) -> None:
    assert set(list_objects(office, "crm")) == {"Account", "User", "Invoice", "Task"}
    assert describe(office, "crm", "Account").find("limitstate") is not None


@pytest.mark.parametrize(("connection", "name"), [("crm", "Contract"), ("erp", "Account")])
def test_what_is_not_there_is_a_sentence(office: Office, connection: str, name: str) -> None:
    with pytest.raises(InputError, match=r"no object Contract|no connection erp"):
        describe(office, connection, name)
