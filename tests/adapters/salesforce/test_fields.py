"""Fields and rights by the Tooling and REST APIs: what a mapping needs, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.custom_fields import CREDIT_FIELD_NAMES
from adapters.salesforce.emulator import RunningEmulator, start
from adapters.salesforce.setup import SalesforceSetup
from connector.errors import RefusedError, UnknownOutcomeError
from connector.mapping.feeds import load_mapping
from connector.ports.setup import FieldsWanted, SetupItem, SetupPlan, Step
from connector.service.installing import read_wanted
from tests.adapters.salesforce.connections import FakeClock, MemorySecrets, make_opening
from tests.emulator.test_grants import make_pair

USER = "creditflag.integration@example.com"
WANTED = FieldsWanted(
    {key: ("Account", name) for key, name in CREDIT_FIELD_NAMES.items()},
    ("Activity", "CreditFlag_Key__c"),
)
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningEmulator]:
    with start(tls=False) as running:
        yield running


@pytest.fixture
def emulator(server: RunningEmulator) -> RunningEmulator:
    server.control.reset()
    return server


@pytest.fixture
def opened(emulator: RunningEmulator) -> Iterator[Open]:
    made: list[Any] = []

    def open_one(kind: Any = SalesforceSetup, **options: str) -> Any:
        opening = make_opening(
            emulator.url, client_id=emulator.client_id, secret=emulator.client_secret,
            options=options, clock=FakeClock(emulator.control.now()),
        )  # fmt: skip
        made.append(kind(opening))
        return made[-1]

    yield open_one
    for setup in made:
        setup.close()


def do(setup: SalesforceSetup, wanted: FieldsWanted = WANTED) -> SetupPlan:
    plan = setup.plan_fields(wanted)
    outcomes = setup.apply_fields(plan)
    assert [(o.item.name, o.detail) for o in outcomes if not o.done] == []
    assert len(outcomes) == len(plan.pending)
    return plan


def named(plan: SetupPlan, name: str) -> SetupItem:
    return next(item for item in plan.items if item.name == name)


def test_everything_is_made_once_and_the_daily_user_may_use_it(
    emulator: RunningEmulator, opened: Open
) -> None:
    setup, daily = opened(), opened(SalesforceAdapter)
    plan = do(setup)
    kinds = [item.kind for item in plan.pending]
    assert kinds.count("CustomField") == len(CREDIT_FIELD_NAMES) + 1
    assert kinds.count("PermissionSet") == 2
    assert kinds.count("PermissionSetAssignment") == 1
    assert setup.plan_fields(WANTED).pending == ()
    info = daily.describe("Account")
    assert info is not None
    hidden = [name for name in CREDIT_FIELD_NAMES.values() if name not in info.fields]
    assert not hidden
    assert all(info.fields[name].updateable for name in CREDIT_FIELD_NAMES.values())
    assert info.fields["Credit_Light__c"].choices == ("green", "amber", "red", "grey")
    assert (info.fields["Credit_Limit__c"].precision, info.fields["Credit_Limit__c"].scale) == (
        18,
        2,
    )
    key = daily.describe("Task").fields["CreditFlag_Key__c"]
    assert (key.external_id, key.unique, key.length) == (True, True, 80)


def test_a_plan_changes_nothing(emulator: RunningEmulator, opened: Open) -> None:
    setup = opened()
    first = setup.plan_fields(WANTED)
    assert setup.plan_fields(WANTED) == first
    assert emulator.control.records("PermissionSet") == []


def test_the_shipped_mapping_is_satisfied_and_may_read_what_it_names(
    emulator: RunningEmulator, opened: Open
) -> None:
    emulator.control.apply_schema(
        {"objects": [{"name": "Account", "fields": [{"name": "LEI__c", "type": "string"}]}]}
    )
    mapping = load_mapping(["salesforce"], Path.cwd(), "salesforce")
    wanted = read_wanted(mapping)
    assert wanted.credit_fields == WANTED.credit_fields
    assert wanted.task_key == WANTED.task_key
    setup = opened()
    plan = do(setup, wanted)
    granted = {i.name.partition(": ")[2] for i in plan.pending if i.kind == "FieldPermissions"}
    assert {"Account.LEI__c", "Account.AccountNumber", "Opportunity.Amount"} < granted
    assert not {name for name in granted if name.startswith("User.")}
    rows = emulator.control.records("FieldPermissions")
    rights = {r["Field"]: r["PermissionsEdit"] for r in rows}
    assert rights["Task.Description"]
    assert not rights["Account.AccountNumber"]
    objects = {i.name.partition(": ")[2] for i in plan.items if i.kind == "ObjectPermissions"}
    assert objects == {"Account", "Opportunity", "Order"}
    assert setup.plan_fields(wanted).pending == ()


def test_names_are_the_mappings_and_standard_fields_are_left_alone(
    opened: Open, emulator: RunningEmulator
) -> None:
    wanted = FieldsWanted({
        "grade": ("Account", "Risk_Class__c"),
        "colour": ("Account", "Rating"),
        "limit": ("Account", "pkg__Limit__c"),
    })  # fmt: skip
    setup = opened()
    plan = setup.plan_fields(wanted)
    made = [i.name for i in plan.pending if i.kind == "CustomField"]
    assert made == ["Account.Risk_Class__c"]
    left = {i.name for i in plan.items if i.step is Step.LEFT_OUT}
    assert left == {"Account.Rating", "Account.pkg__Limit__c"}
    # The package's field is not there, so nobody can be given a right to it.
    assert named(plan, "CreditFlag_Integration: Account.Rating").step is Step.CREATE
    assert not [i for i in plan.items if "pkg__" in i.name and i.kind == "FieldPermissions"]
    do(setup, wanted)
    (removed,) = [i for i in setup.plan_removal(wanted).items if i.kind == "CustomField"]
    assert removed.name == "Account.Risk_Class__c"


def test_a_field_that_differs_is_mended_and_one_of_another_type_waits(
    emulator: RunningEmulator, opened: Open
) -> None:
    setup = opened()
    do(setup)
    field = tooling_row(emulator, "Credit_Score")
    changed = {"label": "Old", "type": "Number", "precision": 4, "scale": 0,
               "description": "Made by creditflag."}  # fmt: skip
    ask_tooling(emulator, "PATCH", f"/{field}", {"Metadata": changed})
    plan = setup.plan_fields(WANTED)
    (change,) = plan.pending
    assert (change.name, change.step) == ("Account.Credit_Score__c", Step.CHANGE)
    assert [o.done for o in setup.apply_fields(plan)] == [True]
    assert setup.plan_fields(WANTED).pending == ()

    other = FieldsWanted({"hold": ("Account", "Credit_Grade__c")})
    blocked = setup.plan_fields(other)
    item = named(blocked, "Account.Credit_Grade__c")
    assert (item.step, dict(item.params)) == (
        Step.BLOCKED, {"ours": "Checkbox", "theirs": "Text"},
    )  # fmt: skip


def test_a_right_that_was_taken_away_is_given_again(
    emulator: RunningEmulator, opened: Open
) -> None:
    setup = opened()
    do(setup)
    rows = emulator.control.records("FieldPermissions")
    row = next(r for r in rows if r["Field"] == "Account.Credit_Hold__c" and r["PermissionsEdit"])
    emulator.control.edit("FieldPermissions", row["Id"], {"PermissionsEdit": False})
    plan = setup.plan_fields(WANTED)
    (item,) = plan.pending
    assert (item.kind, item.step, dict(item.params)) == (
        "FieldPermissions", Step.CHANGE, {"names": "Edit"},
    )  # fmt: skip
    do(setup)
    assert setup.plan_fields(WANTED).pending == ()


def test_set_up_can_sign_in_as_an_admin_while_the_rights_go_to_the_daily_user(
    emulator: RunningEmulator, opened: Open
) -> None:
    key, certificate = make_pair()
    emulator.control.ask("POST", "logins", {"certificate": certificate})
    emulator.control.settings(setup_rights=False)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()  # fmt: skip
    by_key = {"client_secret": "", "private_key": "env:KEY", "username": USER,
              "audience": "https://login.salesforce.com"}  # fmt: skip
    opening = make_opening(
        emulator.url, client_id=emulator.client_id, secret="",
        options={**by_key, "setup_username": "ann.admin@example.com"},
        clock=FakeClock(emulator.control.now()),
    )  # fmt: skip
    assert isinstance(opening.secrets, MemorySecrets)
    opening.secrets.values["env:KEY"] = pem
    setup = SalesforceSetup(opening)
    try:
        plan = do(setup)
    finally:
        setup.close()
    assert named(plan, f"CreditFlag_Integration: {USER}").step is Step.CREATE
    users = {row["Id"]: row["Username"] for row in emulator.control.records("User")}
    given = emulator.control.records("PermissionSetAssignment", deleted=False)
    assert [users[row["AssigneeId"]] for row in given] == [USER]


@pytest.mark.parametrize("kind", ["tooling", "row_create", "collection_create"])
def test_a_lost_answer_is_made_good_by_the_next_plan(
    emulator: RunningEmulator, opened: Open, kind: str
) -> None:
    setup = opened()
    plan = setup.plan_fields(WANTED)
    emulator.control.add_faults({"action": "drop_after", "kind": kind, "skip": 1})
    with pytest.raises(UnknownOutcomeError):
        setup.apply_fields(plan)
    emulator.control.clear_faults()
    rest = do(setup)
    assert len(rest.pending) < len(plan.pending)
    assert setup.plan_fields(WANTED).pending == ()


def test_without_the_right_nothing_is_begun(emulator: RunningEmulator, opened: Open) -> None:
    emulator.control.settings(setup_rights=False)
    with pytest.raises(RefusedError, match="Customize Application"):
        opened().plan_fields(WANTED)


def ask_tooling(emulator: RunningEmulator, method: str, path: str, body: Any = None) -> Any:
    """Somebody else's Tooling call."""
    import requests

    def send(verb: str, url: str, **more: Any) -> Any:
        answer = requests.request(verb, emulator.url + url, timeout=30, **more)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    form = {"grant_type": "client_credentials", "client_id": emulator.client_id,
            "client_secret": emulator.client_secret}  # fmt: skip
    token = send("POST", "/services/oauth2/token", data=form)["access_token"]
    head = {"Authorization": f"Bearer {token}"}
    where = "/services/data/v66.0/tooling"
    if path.startswith("?"):
        return send(method, f"{where}/query{path}", headers=head)
    return send(method, f"{where}/sobjects/CustomField{path}", headers=head, json=body)


def tooling_row(emulator: RunningEmulator, name: str) -> str:
    soql = (
        f"SELECT Id FROM CustomField WHERE DeveloperName = '{name}' AND TableEnumOrId = 'Account'"
    )
    (row,) = ask_tooling(emulator, "GET", f"?q={soql.replace(' ', '+')}")["records"]
    return str(row["Id"])
