"""`fields` and `deploy` as an admin types them, against a running org."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.salesforce.emulator import RunningEmulator, start
from tests.unit.cli.conftest import Creditflag


@pytest.fixture(scope="module")
def server() -> Iterator[RunningEmulator]:
    with start(tls=False) as running:
        yield running


@pytest.fixture
def org(server: RunningEmulator, settings: Path) -> RunningEmulator:
    """An empty org, and a settings file with the connection crm."""
    server.control.reset()
    secret = settings.with_name("client-secret")
    secret.touch(mode=0o600)
    secret.write_text(server.client_secret, encoding="utf-8")
    settings.write_text(
        settings.read_text(encoding="utf-8")
        + f'\n[connections.crm]\nadapter = "salesforce"\nurl = "{server.url}"\n'
        f'client_id = "{server.client_id}"\nclient_secret = "file:{secret}"\nbudget_share = 1.0\n'
        f'\n[connections.erp]\nadapter = "files"\nfolder = "."\nmapping = ["files-erp"]\n'
        'accounts = "crm"\n',
        encoding="utf-8",
    )
    return server


def test_fields_are_planned_made_and_then_there(
    org: RunningEmulator, creditflag: Creditflag
) -> None:
    planned = creditflag("--language", "en", "fields", "crm", "--plan")
    assert planned.code == 0
    assert "Credit_Score__c" in planned.out
    assert "creditflag fields crm --apply" in planned.out
    assert org.control.records("PermissionSet") == []
    done = creditflag("--language", "en", "fields", "crm", "--apply")
    assert done.code == 0
    assert "Done on crm:" in done.out
    again = creditflag("--language", "en", "fields", "crm", "--plan")
    assert again.code == 0
    assert "There is nothing to do on crm." in again.out


def test_the_app_comes_and_goes(org: RunningEmulator, creditflag: Creditflag) -> None:
    assert creditflag("deploy", "crm", "--apply").code == 0
    report = json.loads(creditflag("deploy", "crm", "--json").out)
    assert {item["step"] for item in report["plan"]} == {"same", "left out"}
    asked = creditflag("--language", "en", "deploy", "crm", "--uninstall")
    assert asked.code == 5
    assert "of them store values" in asked.out
    assert "creditflag deploy crm --uninstall --yes" in asked.out
    removed = creditflag("deploy", "crm", "--uninstall", "--yes", "--json")
    assert removed.code == 0
    outcomes = json.loads(removed.out)["outcomes"]
    assert len(outcomes) > 40
    assert all(outcome["done"] for outcome in outcomes)
    left = creditflag("--language", "en", "deploy", "crm", "--uninstall")
    assert (left.code, "There is nothing to do" in left.out) == (0, True)


def test_chinese_admins_read_chinese(org: RunningEmulator, creditflag: Creditflag) -> None:
    answer = creditflag("--language", "zh", "deploy", "crm", "--plan")
    assert answer.code == 0
    assert "新建" in answer.out
    assert "没有改动 crm。要执行，请运行：creditflag deploy crm --apply" in answer.out


def test_what_a_person_must_settle_ends_with_five(
    org: RunningEmulator, creditflag: Creditflag
) -> None:
    field = {"name": "Credit_Score__c", "type": "string", "length": 10, "label": "S"}
    org.control.apply_schema({"objects": [{"name": "Account", "fields": [field]}]})
    answer = creditflag("--language", "en", "deploy", "crm", "--apply")
    assert answer.code == 5
    assert "It is of type Text in the CRM, and creditflag needs Number." in answer.out
    assert "Waits for a person: 1." in answer.out
    assert org.control.records("PermissionSet") == []
    some = creditflag("--language", "en", "fields", "crm", "--apply")
    assert some.code == 5
    assert "Done on crm:" in some.out


def test_a_user_without_rights_reads_which_ones(
    org: RunningEmulator, creditflag: Creditflag
) -> None:
    org.control.settings(setup_rights=False)
    for command in ("fields", "deploy"):
        answer = creditflag("--language", "en", command, "crm")
        assert answer.code == 2
        assert "Customize Application" in answer.err
        assert org.client_secret not in answer.out + answer.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("fields", "crm", "--plan", "--apply"), "Only one of --plan, --apply"),
        (("deploy", "crm", "--apply", "--uninstall"), "Only one of --plan, --apply"),
        (("deploy", "crm", "--with", "frills"), "There is no part frills. "),
        (("fields", "moon"), "There is no connection moon."),
        (("fields", "erp"), "The adapter of erp has nothing to set up."),
    ],
)
def test_wrong_wishes_are_sentences(
    org: RunningEmulator, creditflag: Creditflag, arguments: tuple[str, ...], told: str
) -> None:
    answer = creditflag("--language", "en", *arguments)
    assert answer.code == 2
    assert told in answer.err
