"""The app in a running org: planned, installed, mended, taken away; others' things untouched."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adapters.salesforce.components import pack
from adapters.salesforce.deploy import CHINESE, MAIN, PARTS, load_app
from adapters.salesforce.deployment import deploy
from adapters.salesforce.emulator import RunningEmulator, start
from adapters.salesforce.retrieval import Retrieval
from adapters.salesforce.session import SalesforceSession
from adapters.salesforce.setup import SalesforceSetup
from connector.errors import RefusedError, SettingsError, TransientError
from connector.ports.setup import FieldsWanted, SetupItem, SetupPlan, Step
from tests.adapters.salesforce.connections import FakeClock, make_opening
from tests.emulator.deployment_kit import account_package, document, make_zip, manifest

NOTHING = FieldsWanted({})
CHINESE_ON = {
    "package.xml": manifest(Translations=["zh_CN"]),
    "translations/zh_CN.translation": document("Translations", ""),
}
Setup = Callable[..., SalesforceSetup]


def untold(_done: int, _all: int) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningEmulator]:
    with start(tls=False) as running:
        yield running


@pytest.fixture
def emulator(server: RunningEmulator) -> RunningEmulator:
    server.control.reset()
    return server


@pytest.fixture
def opened(emulator: RunningEmulator) -> Iterator[Setup]:
    """Opens the set-up side of a connection, with options as keywords."""
    made: list[SalesforceSetup] = []

    def open_one(clock: FakeClock | None = None, **options: str) -> SalesforceSetup:
        opening = make_opening(
            emulator.url, client_id=emulator.client_id, secret=emulator.client_secret,
            options=options, clock=clock or FakeClock(emulator.control.now()),
        )  # fmt: skip
        made.append(SalesforceSetup(opening))
        return made[-1]

    yield open_one
    for setup in made:
        setup.close()


@pytest.fixture
def session(emulator: RunningEmulator) -> Iterator[SalesforceSession]:
    opening = make_opening(
        emulator.url, client_id=emulator.client_id, secret=emulator.client_secret,
        clock=FakeClock(emulator.control.now()),
    )  # fmt: skip
    made = SalesforceSession(opening)
    yield made
    made.close()


def install(setup: SalesforceSetup, *parts: str) -> SetupPlan:
    plan = setup.plan_app(parts)
    outcomes = setup.apply_app(plan, untold)
    assert [o.item.name for o in outcomes if not o.done] == []
    assert len(outcomes) == len(plan.pending)
    return plan


def steps(plan: SetupPlan) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in plan.items:
        counts[item.step] = counts.get(item.step, 0) + 1
    return counts


def named(plan: SetupPlan, name: str) -> SetupItem:
    return next(item for item in plan.items if item.name == name)


def send(session: SalesforceSession, files: dict[str, Any]) -> None:
    """Somebody else's deployment."""
    ready = {path: body.encode() if isinstance(body, str) else body for path, body in files.items()}
    report = deploy(session, ready, untold)
    assert report.success, report


def inventory(session: SalesforceSession) -> dict[str, set[str]]:
    """Names of all components of the org, by type."""
    kinds = ("CustomObject", "CustomField", "ListView", "CompactLayout", "ValidationRule",
             "PermissionSet", "CustomPermission", "LightningComponentBundle",
             "CustomObjectTranslation")  # fmt: skip
    retrieval = Retrieval(session)
    return {kind: retrieval.list_names(kind) for kind in kinds}


# -- the whole way -----------------------------------------------------------------------------


def test_an_empty_org_is_planned_filled_and_emptied_again(
    emulator: RunningEmulator, opened: Setup, session: SalesforceSession
) -> None:
    theirs = account_package(Region__c="<label>Region</label><type>Text</type><length>40</length>")
    send(session, theirs)
    (account,) = emulator.control.seed("Account", [{"Name": "Acme", "Region__c": "north"}])
    before, records = inventory(session), emulator.control.records("Account")
    setup = opened()

    plan = setup.plan_app(PARTS)
    app = load_app(MAIN) | load_app("order-hold")
    assert {(i.kind, i.name) for i in plan.items if i.step is Step.CREATE} == app.keys()
    assert inventory(session) == before  # a plan changes nothing

    assert [o for o in setup.apply_app(plan, untold) if not o.done] == []
    assert setup.plan_app(PARTS).pending == ()
    grown = inventory(session)
    assert all(before[kind] <= grown[kind] for kind in before)

    removal = setup.plan_removal(NOTHING)
    assert {item.step for item in removal.items} == {Step.REMOVE}
    holding = {item.name for item in removal.items if item.data}
    assert {"Account.Credit_Limit__c", "CreditFlag_Heartbeat__c"} <= holding
    assert "Account.Credit_Flag_Icon__c" not in holding
    setup.apply_app(removal, untold)
    assert inventory(session) == before
    assert setup.plan_removal(NOTHING).items == []
    rows = emulator.control.records("Account")
    assert [(r["Id"], r["Region__c"]) for r in rows] == [(account, "north")]
    assert records == rows


def test_what_sales_reps_read_is_calculated_from_what_is_written(
    emulator: RunningEmulator, opened: Setup, session: SalesforceSession
) -> None:
    install(opened())
    made: list[dict[str, Any]] = [
        {"Name": "Good", "Credit_Light__c": "green", "Credit_Grade__c": "A"},
        {"Name": "Held", "Credit_Light__c": "amber", "Credit_Hold__c": True},
        {"Name": "New"},
    ]
    ids = emulator.control.seed("Account", made)
    emulator.control.seed(
        "Opportunity",
        [{"Name": n, "AccountId": i, "StageName": "Prospecting", "CloseDate": "2026-12-01"}
         for n, i in zip(("good", "held", "new"), ids, strict=True)],
    )  # fmt: skip
    setup_rights = session.name_call("write", "assignment")
    (row,) = session.query(
        "SELECT Id FROM PermissionSet WHERE Name = 'CreditFlag_Integration'", setup_rights
    )["records"]
    user = session.ask_root("/services/oauth2/userinfo", session.name_call("login", "userinfo"))
    emulator.control.seed(
        "PermissionSetAssignment",
        [{"PermissionSetId": row["Id"], "AssigneeId": user["user_id"]}],
    )
    soql = (
        "SELECT Name, Credit_Flag_Icon__c, Credit_Light__c, Credit_Hold__c, Credit_Grade__c "
        "FROM Opportunity ORDER BY Name"
    )
    good, held, new = session.query(soql, session.name_call("read", "Opportunity"))["records"]
    assert "flag_green.gif" in good["Credit_Flag_Icon__c"]
    assert good["Credit_Flag_Icon__c"].endswith(" Green")
    assert (good["Credit_Light__c"], good["Credit_Grade__c"]) == ("green", "A")
    assert held["Credit_Flag_Icon__c"].endswith(" On hold")
    assert held["Credit_Hold__c"] is True
    assert new["Credit_Flag_Icon__c"] == "Not rated"


# -- differences -------------------------------------------------------------------------------


def test_a_changed_component_is_mended_and_what_an_admin_widened_is_kept(
    opened: Setup, session: SalesforceSession
) -> None:
    setup = opened()
    install(setup)
    longer = (
        "<description>Grade. Made by creditflag.</description><label>Class</label>"
        "<type>Text</type><length>40</length>"
    )
    send(session, account_package(Credit_Grade__c=longer))
    plan = setup.plan_app(())
    (change,) = plan.pending
    assert (change.name, change.step) == ("Account.Credit_Grade__c", Step.CHANGE)
    assert "label" in str(change.params["names"])
    assert "length" not in str(change.params["names"])
    assert [o.done for o in setup.apply_app(plan, untold)] == [True]
    assert setup.plan_app(()).pending == ()
    key = ("CustomField", "Account.Credit_Grade__c")
    assert Retrieval(session).fetch([key])[key].text("length") == "40"


@pytest.mark.parametrize("by_fields", [False, True])
def test_a_choice_that_an_admin_added_outlives_a_change(
    opened: Setup, session: SalesforceSession, by_fields: bool
) -> None:
    setup = opened()
    install(setup)
    key = ("CustomField", "Account.Credit_Light__c")
    theirs = Retrieval(session).fetch([key])[key]
    values = theirs.document.find("{*}valueSet/{*}valueSetDefinition")
    assert values is not None
    blue = copy.deepcopy(values.find("{*}value"))
    assert blue is not None
    for part, text in (("fullName", "blue"), ("label", "Blue")):
        blue.find(f"{{*}}{part}").text = text  # type: ignore[union-attr]  # it is there
    values.append(blue)
    theirs.document.find("{*}label").text = "Mine"  # type: ignore[union-attr]  # it is there
    send(session, {"package.xml": manifest(CustomField=[key[1]]), **pack([theirs])})
    if by_fields:
        plan = setup.plan_fields(FieldsWanted({"colour": ("Account", "Credit_Light__c")}))
        assert all(outcome.done for outcome in setup.apply_fields(plan))
    else:
        install(setup)
    mended = Retrieval(session).fetch([key])[key]
    names = [e.text for e in mended.document.findall("{*}valueSet//{*}value/{*}fullName")]
    assert names == ["green", "amber", "red", "grey", "blue"]
    assert mended.text("label") == "Credit light"


def test_a_field_of_another_type_blocks_and_nothing_is_changed(
    opened: Setup, session: SalesforceSession
) -> None:
    send(session, account_package(
        Credit_Score__c="<label>S</label><type>Text</type><length>9</length>",
        Credit_Grade__c="<label>G</label><type>Text</type><length>3</length>",
    ))  # fmt: skip
    plan = opened().plan_app(())
    score, grade = (named(plan, f"Account.Credit_{name}__c") for name in ("Score", "Grade"))
    assert (score.step, grade.step) == (Step.BLOCKED, Step.BLOCKED)
    assert dict(score.params) == {"ours": "Number", "theirs": "Text"}
    assert dict(grade.params) == {"ours": "10", "theirs": "3"}
    assert score.next_step
    assert grade.next_step


def test_somebody_elses_field_of_our_name_is_used_and_left(
    opened: Setup, session: SalesforceSession
) -> None:
    theirs = "<label>Their grade</label><type>Text</type><length>20</length>"
    send(session, account_package(Credit_Grade__c=theirs))
    setup = opened()
    plan = install(setup)
    assert named(plan, "Account.Credit_Grade__c").step is Step.KEPT
    removal = setup.plan_removal(NOTHING)
    assert named(removal, "Account.Credit_Grade__c").step is Step.KEPT
    setup.apply_app(removal, untold)
    assert inventory(session)["CustomField"] >= {"Account.Credit_Grade__c"}
    assert steps(setup.plan_removal(NOTHING)) == {Step.KEPT: 1}


def test_a_panel_of_an_earlier_release_is_brought_up_to_date(
    opened: Setup, session: SalesforceSession
) -> None:
    setup = opened()
    install(setup)
    key = ("LightningComponentBundle", "creditBar")
    bundle = Retrieval(session).fetch([key])[key]
    old = {**bundle.files, "creditBar.css": b"/* old */"}
    send(session, {
        "package.xml": manifest(LightningComponentBundle=["creditBar"]),
        **{f"lwc/creditBar/{name}": content for name, content in old.items()},
    })  # fmt: skip
    plan = install(setup)
    assert [item.name for item in plan.pending] == ["creditBar"]
    assert Retrieval(session).fetch([key])[key].files == bundle.files


def test_somebody_elses_component_of_our_name_is_not_overwritten_nor_removed(
    opened: Setup, session: SalesforceSession
) -> None:
    send(session, {
        "package.xml": manifest(LightningComponentBundle=["creditBar"]),
        "lwc/creditBar/creditBar.js": "export const theirs = 1;\n",
        "lwc/creditBar/creditBar.js-meta.xml": document(
            "LightningComponentBundle",
            "<apiVersion>66.0</apiVersion><isExposed>false</isExposed>",
        ),
    })  # fmt: skip
    setup = opened()
    assert named(setup.plan_app(()), "creditBar").step is Step.BLOCKED
    assert named(setup.plan_removal(NOTHING), "creditBar").step is Step.KEPT
    key = ("LightningComponentBundle", "creditBar")
    assert b"theirs" in Retrieval(session).fetch([key])[key].files["creditBar.js"]


def test_what_an_admin_widened_in_our_permission_sets_stays(
    opened: Setup, session: SalesforceSession
) -> None:
    setup = opened()
    install(setup)
    key = ("PermissionSet", "CreditFlag_Integration")
    wider = Retrieval(session).fetch([key])[key]
    (orders,) = [
        entry for entry in wider.document.findall("{*}objectPermissions")
        if entry.findtext("{*}object") == "Order"
    ]  # fmt: skip
    orders.find("{*}allowEdit").text = "true"  # type: ignore[union-attr]  # it is there
    send(session, {"package.xml": manifest(PermissionSet=[key[1]]), **pack([wider])})
    assert setup.plan_app(()).pending == ()

    wider.document.find("{*}label").text = "Mine"  # type: ignore[union-attr]  # it is there
    send(session, {"package.xml": manifest(PermissionSet=[key[1]]), **pack([wider])})
    install(setup)
    mended = Retrieval(session).fetch([key])[key].document
    rights = {e.findtext("{*}object"): e.findtext("{*}allowEdit")
              for e in mended.findall("{*}objectPermissions")}  # fmt: skip
    assert rights == {"Account": "true", "Opportunity": "false", "Order": "true"}
    assert mended.findtext("{*}label") == "CreditFlag Integration"


def test_a_refused_deployment_changes_nothing_and_tells_each_reason(
    opened: Setup, session: SalesforceSession
) -> None:
    setup = opened()
    plan = setup.plan_app(())
    component = setup._app._ready["CustomField", "Account.Credit_Score__c"]
    component.document.find("{*}precision").text = "99"  # type: ignore[union-attr]  # it is there
    outcomes = setup.apply_app(plan, untold)
    assert not any(outcome.done for outcome in outcomes)
    told = {o.item.name: o.detail for o in outcomes if o.detail}
    assert "recision" in told["Account.Credit_Score__c"]
    assert "Account.Credit_Grade__c" not in inventory(session)["CustomField"]


def test_fields_that_others_use_are_not_torn_out(
    emulator: RunningEmulator, opened: Setup, session: SalesforceSession
) -> None:
    setup = opened()
    install(setup)
    setup.apply_fields(setup.plan_fields(NOTHING))
    send(session, account_package(
        Mine__c="<label>M</label><type>Text</type><formula>Credit_Grade__c</formula>"
    ))  # fmt: skip
    outcomes = setup.apply_app(setup.plan_removal(NOTHING), untold)
    told = {o.item.name: o.detail for o in outcomes if o.detail}
    assert "Account.Mine__c" in told["Account.Credit_Grade__c"]
    assert setup.plan_app(()).pending == ()
    assert setup.plan_fields(NOTHING).pending == ()  # the daily user has its rights again
    assert emulator.control.records("PermissionSetAssignment", deleted=False)


# -- what an org can take ----------------------------------------------------------------------


def test_chinese_is_brought_where_it_is_enabled(
    emulator: RunningEmulator, opened: Setup, session: SalesforceSession
) -> None:
    setup = opened()
    assert named(setup.plan_app(()), CHINESE).step is Step.LEFT_OUT
    emulator.control.settings(languages="zh_CN")
    send(session, CHINESE_ON)
    install(setup)
    assert inventory(session)["CustomObjectTranslation"] >= {"Account-zh_CN", "Order-zh_CN"}
    assert setup.plan_app(()).pending == ()
    assert not [i for i in setup.plan_removal(NOTHING).items if "zh_CN" in i.name]


def test_an_org_without_orders_gets_the_rest(emulator: RunningEmulator, opened: Setup) -> None:
    emulator.control.apply_schema({"orders_enabled": False})
    setup = opened()
    plan = install(setup)
    assert named(plan, "orders").step is Step.LEFT_OUT
    assert not [item for item in plan.items if item.name.startswith("Order.")]
    assert setup.plan_app(()).pending == ()


def test_the_order_hold_comes_only_when_it_is_asked_for(opened: Setup) -> None:
    setup = opened()
    assert setup.parts == ("order-hold",)
    first = install(setup)
    assert named(first, "order-hold").step is Step.LEFT_OUT
    second = install(setup, "order-hold")
    assert {item.name for item in second.pending} == {
        "Order.CreditFlag_Order_Hold", "CreditFlag_Order_Override",
    }  # fmt: skip


def test_assigned_permission_sets_are_taken_back_first(
    emulator: RunningEmulator, opened: Setup
) -> None:
    setup = opened()
    install(setup)
    wanted = FieldsWanted({"grade": ("Account", "Credit_Grade__c")})
    setup.apply_fields(setup.plan_fields(wanted))
    assert emulator.control.records("PermissionSetAssignment", deleted=False)
    outcomes = setup.apply_app(setup.plan_removal(NOTHING), untold)
    assert all(outcome.done for outcome in outcomes)
    assert not emulator.control.records("PermissionSetAssignment", deleted=False)


def test_rights_taken_half_way_are_given_back(
    emulator: RunningEmulator, opened: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = opened()
    install(setup)
    setup.apply_fields(setup.plan_fields(NOTHING))
    (given,) = emulator.control.records("PermissionSetAssignment", deleted=False)
    ann = next(r for r in emulator.control.records("User") if r["Username"].startswith("ann"))
    emulator.control.seed(
        "PermissionSetAssignment",
        [{"PermissionSetId": given["PermissionSetId"], "AssigneeId": ann["Id"]}],
    )
    monkeypatch.setattr("adapters.salesforce.rights._BATCH", 1)
    plan = setup.plan_removal(NOTHING)
    refusal = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "not this one"}]
    emulator.control.add_faults(
        {"action": "respond", "method": "DELETE", "skip": 1, "status": 403, "body": refusal}
    )
    with pytest.raises(RefusedError, match="not this one"):
        setup.apply_app(plan, untold)
    held = emulator.control.records("PermissionSetAssignment", deleted=False)
    assert {row["AssigneeId"] for row in held} == {given["AssigneeId"], ann["Id"]}


# -- waiting, rights, hostility ----------------------------------------------------------------


def test_a_slow_deployment_is_waited_for_and_told(emulator: RunningEmulator, opened: Setup) -> None:
    emulator.control.settings(deploy_polls=4)
    clock = FakeClock(emulator.control.now())
    setup = opened(clock)
    told: list[tuple[int, int]] = []
    outcomes = setup.apply_app(setup.plan_app(()), lambda *n: told.append(n))
    assert all(outcome.done for outcome in outcomes)
    assert len(told) == 4
    assert told[-1] == (len(outcomes), len(outcomes))
    assert clock.sleeps[-3:] == [0.5, 1.0, 2.0]


def test_a_deployment_that_never_ends_is_given_up(emulator: RunningEmulator, opened: Setup) -> None:
    setup = opened()
    plan = setup.plan_app(())
    emulator.control.settings(deploy_polls=1_000_000)
    with pytest.raises(TransientError, match=r"0Af\w+ has not ended within 60 minutes"):
        setup.apply_app(plan, untold)


def test_a_user_without_rights_learns_which_it_needs(
    emulator: RunningEmulator, opened: Setup
) -> None:
    emulator.control.settings(setup_rights=False)
    with pytest.raises(RefusedError) as caught:
        opened().plan_app(())
    assert "Modify Metadata Through Metadata API Functions" in str(caught.value)
    assert "setup_client_id" in str(caught.value)
    assert emulator.client_secret not in str(caught.value)


def test_an_admins_app_is_named_wholly_or_not(opened: Setup) -> None:
    with pytest.raises(SettingsError, match="setup_client_secret"):
        opened(setup_client_id="3MVG9admin")


def test_an_expired_session_is_renewed_within_soap(
    emulator: RunningEmulator, session: SalesforceSession
) -> None:
    retrieval = Retrieval(session)
    retrieval.list_names("CustomField")
    emulator.control.expire_sessions()
    assert retrieval.list_names("ListView") == set()


def test_a_retrieved_zip_that_is_a_bomb_is_refused(
    session: SalesforceSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.salesforce.retrieval.UNZIPPED_MAX", 10)
    with pytest.raises(TransientError, match="zip cannot be read"):
        Retrieval(session).fetch([("CustomField", "Account.Name")])


@pytest.mark.parametrize("spoil", [(6, 1), (8, 99)])
def test_a_retrieved_zip_that_python_cannot_read_is_refused(
    session: SalesforceSession, monkeypatch: pytest.MonkeyPatch, spoil: tuple[int, int]
) -> None:
    """Encrypted, or packed in a way nobody knows."""
    content = bytearray(make_zip({"unpackaged/package.xml": "<Package/>"}))
    offset, value = spoil
    content[offset] = value
    content[content.index(b"PK\x01\x02") + offset + 2] = value
    monkeypatch.setattr(
        "adapters.salesforce.retrieval._read_zip", lambda _state, _call: bytes(content)
    )
    with pytest.raises(TransientError, match="zip cannot be read"):
        Retrieval(session).fetch([("CustomField", "Account.Name")])
