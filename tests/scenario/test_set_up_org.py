"""An org that knows nothing of credit, set up by its admin, worked in, and left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization

from adapters.salesforce import seed
from adapters.salesforce.custom_fields import CREDIT_FIELD_NAMES
from adapters.salesforce.demo_schema import schema_for_demo
from connector.cli import main
from connector.demo.company import DemoSize
from tests.emulator.test_grants import make_pair
from tests.scenario import world as worlds
from tests.scenario.world import HEARTBEAT, Ended, World, build_world

pytestmark = pytest.mark.slow

DAILY, ADMIN = "creditflag.integration@example.com", "ann.admin@example.com"
OURS = {*CREDIT_FIELD_NAMES.values(), "CreditFlag_Key__c"}
SIGN_IN = """\
private_key = "file:{key}"
username = "{daily}"
setup_username = "{admin}"
audience = "https://login.salesforce.com"
"""


def schema_without_credit() -> dict[str, Any]:
    """The demo org before creditflag came: its own fields and objects."""
    objects: list[Any] = schema_for_demo()["objects"]  # type: ignore[assignment]  # a list
    return {
        "objects": [
            {**one, "fields": [f for f in one["fields"] if f["name"] not in OURS]}
            for one in objects
        ]
    }


def seed_without_credit(control: Any, rows: Any, as_of: Any, _crm_values: Any) -> Any:
    """The demo company in a CRM that holds no credit values yet."""
    return seed.seed_emulator(control, rows, as_of)


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """An org whose daily user has no rights of an admin; both users sign in with a key."""
    monkeypatch.setattr(seed, "schema_for_demo", schema_without_credit)
    monkeypatch.setattr(worlds, "seed_emulator", seed_without_credit)

    def call(world: World, *arguments: str, crash: str = "") -> Ended:
        """A command in this process, which has loaded everything already."""
        assert not crash
        capsys.readouterr()
        code = main.run(["--config", str(world.config), *arguments])
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    monkeypatch.setattr(World, "call", call)
    with build_world(tmp_path, DemoSize(accounts=30, months=6)) as made:
        key, certificate = make_pair()
        made.emulator.control.ask("POST", "logins", {"certificate": certificate})
        made.emulator.control.settings(setup_rights=False)
        # An assertion holds for minutes by both clocks.
        made.emulator.control.set_clock(datetime.now(UTC), frozen=False)
        pem = tmp_path / "key.pem"
        pem.touch(mode=0o600)
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        lines = made.config.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = "".join(line for line in lines if not line.startswith("client_secret"))
        sign_in = SIGN_IN.format(key=pem, daily=DAILY, admin=ADMIN)
        made.config.write_text(kept + sign_in, encoding="utf-8")
        yield made


def set_up(world: World) -> None:
    """What the README tells an admin to type."""
    for command in ("deploy", "fields"):
        done = world.call(command, "crm", "--apply")
        assert done.code == 0, done.out + done.err


def list_ours(world: World) -> set[str]:
    """Everything of the org that carries one of our names."""
    org = world.emulator.service.org
    fields = {f"{s.name}.{f.name}" for s in org.schema.everything() for f in s.fields.values()}
    named = {name for name in fields if name.partition(".")[2] in OURS or "Credit_" in name}
    named |= {s.name for s in org.schema.everything() if "CreditFlag" in s.name}
    sets = world.emulator.control.records("PermissionSet", deleted=False)
    return named | {row["Name"] for row in sets}


def read_accounts(world: World) -> list[dict[str, Any]]:
    """Accounts with a grade, as the integration user sees them through the API."""
    emulator = world.emulator
    form = {
        "grant_type": "client_credentials",
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
    }
    signed_in = requests.post(f"{emulator.url}/services/oauth2/token", data=form, timeout=30)
    soql = (
        "SELECT Name, Credit_Light__c, Credit_Hold__c, Credit_Flag_Icon__c, "
        "Credit_Refreshed_At__c, Credit_Stale_After_Hours__c "
        "FROM Account WHERE Credit_Grade__c != null"
    )
    answer = requests.get(
        f"{emulator.url}/services/data/v66.0/query",
        params={"q": soql},
        headers={"Authorization": f"Bearer {signed_in.json()['access_token']}"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    records: list[dict[str, Any]] = answer.json()["records"]
    return records


def check_formulas(world: World) -> None:
    """What panels and lists show follows from what was written."""
    (beat,) = world.emulator.control.records(HEARTBEAT)
    accounts = read_accounts(world)
    assert len(accounts) >= 10
    pictures = {"green": "flag_green.gif", "amber": "flag_yellow.gif", "red": "flag_red.gif"}
    for account in accounts:
        light = "red" if account["Credit_Hold__c"] else account["Credit_Light__c"]
        assert pictures.get(light, "Not rated") in account["Credit_Flag_Icon__c"]
        assert account["Credit_Refreshed_At__c"] == beat["Refreshed_At__c"]
        assert account["Credit_Stale_After_Hours__c"] == beat["Stale_After_Hours__c"] > 0
    assert len({account["Credit_Flag_Icon__c"] for account in accounts}) >= 2


def test_an_empty_org_is_set_up_used_and_left(world: World) -> None:
    before = list_ours(world)
    set_up(world)
    assert list_ours(world) > {HEARTBEAT, "CreditFlag_Integration", "Order.Credit_Flag_Icon__c"}

    world.settle()
    quiet = world.write_calls()
    second = world.run()
    assert second.code == 0, second.err
    assert world.write_calls() == quiet
    assert "Customize Application" in second.json["heartbeats"]["crm"]
    assert not world.emulator.control.records(HEARTBEAT)

    world.emulator.control.settings(setup_rights=True)
    third = world.run()
    assert third.json["heartbeats"] == {"crm": "written"}, third.err
    assert world.write_calls() == quiet

    check_formulas(world)
    removed = world.call("deploy", "crm", "--uninstall", "--yes")
    assert removed.code == 0, removed.out + removed.err
    assert list_ours(world) == before
    left = world.call("deploy", "crm", "--uninstall", "--json")
    assert left.json["plan"] == []
