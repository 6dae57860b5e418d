"""Settings written by `init` and `connect`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from connector.errors import EXIT_CONFIG, EXIT_OK
from connector.registry import load_manifest
from connector.settings import Settings, load_settings
from tests.unit.cli.conftest import Creditflag

CANARY = "canary-71aa02"


def written(file: Path) -> Settings:
    return load_settings(file, lambda name: load_manifest(name).options)


def test_init_writes_settings_that_can_be_read(creditflag: Creditflag, folder: Path) -> None:
    answer = creditflag(
        "init", "--company", 'Müller "Nord" \\ 北方', "--currency", "eur", "--timezone",
        "Asia/Shanghai",
    )  # fmt: skip
    assert answer.code == EXIT_OK
    company = written(folder / "creditflag.toml").company
    assert company.name == 'Müller "Nord" \\ 北方'
    assert (company.currency, company.timezone, company.language) == ("EUR", "Asia/Shanghai", "en")
    assert "creditflag connect" in answer.out
    assert not list(folder.glob("*.draft"))


def test_init_in_chinese_makes_chinese_the_language(creditflag: Creditflag, folder: Path) -> None:
    assert creditflag("--language", "zh", "init").code == EXIT_OK
    assert written(folder / "creditflag.toml").company.language == "zh"


def test_init_refuses_to_overwrite(creditflag: Creditflag, settings: Path) -> None:
    before = settings.read_bytes()
    answer = creditflag("init", "--company", "Other")
    assert answer.code == EXIT_CONFIG
    assert "There is a settings file already (creditflag.toml)." in answer.err
    assert settings.read_bytes() == before


@pytest.mark.parametrize(
    "arguments", [["--currency", "EURO"], ["--timezone", "Shanghai"], ["--timezone", "../x"]]
)
def test_init_writes_nothing_that_could_not_be_read(
    creditflag: Creditflag, folder: Path, arguments: list[str]
) -> None:
    answer = creditflag("init", *arguments)
    assert answer.code == EXIT_CONFIG
    assert "  - company." in answer.err
    assert not (folder / "creditflag.toml").exists()


def test_init_in_a_folder_that_is_not_there(creditflag: Creditflag, folder: Path) -> None:
    answer = creditflag("--config", "nowhere/creditflag.toml", "init")
    assert answer.code == EXIT_CONFIG
    assert "cannot be written" in answer.err


def test_connect_before_init_names_init(creditflag: Creditflag) -> None:
    answer = creditflag("connect", "erp", "files", "--set", "folder=exports")
    assert answer.code == EXIT_CONFIG
    assert "creditflag init" in answer.err


def test_connect_adds_a_connection_and_keeps_the_rest(
    creditflag: Creditflag, folder: Path, settings: Path
) -> None:
    before = settings.read_text(encoding="utf-8") + "# my own remark\n"
    settings.write_text(before, encoding="utf-8")
    (folder / "exports").mkdir()
    answer = creditflag("connect", "erp", "files", "--set", "folder=exports")
    assert answer.code == EXIT_OK, answer.err
    text = settings.read_text(encoding="utf-8")
    assert text.startswith(before)
    assert written(settings).connections["erp"].options == {"folder": "exports"}
    assert "creditflag mapping check erp" in answer.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x", "hal"], "There is no adapter hal. Known adapters: files, salesforce."),
        (["x", "?"], "Known adapters: files, salesforce."),
        (["x", "files", "--set", "colour=red"], "files has no option colour. Its options: folder"),
        (["x", "files", "--set", "folder"], "Write --set NAME=VALUE."),
        (["Big", "files", "--set", "folder=exports"], "small letters"),
        (["x", "files", "--set", "folder=nowhere"], "nowhere"),
        (["x", "files", "--set", "folder=exports", "--mapping", "none.yaml"], "none.yaml"),
        (["x", "files", "--set", "folder=exports", "--accounts", "crm"], "no connection crm"),
        (["x", "files"], "folder: missing"),
        (["x", "salesforce", "--set", "url=https://a.example"], "client_secret: missing"),
    ],
)
def test_connect_refuses_what_cannot_work_and_leaves_the_file_alone(
    creditflag: Creditflag, folder: Path, settings: Path, arguments: list[str], told: str
) -> None:
    (folder / "exports").mkdir()
    before = settings.read_bytes()
    answer = creditflag("connect", *arguments)
    assert answer.code == EXIT_CONFIG
    assert told in answer.err
    assert settings.read_bytes() == before


def test_connecting_a_name_twice_is_refused_in_words(
    creditflag: Creditflag, folder: Path, settings: Path
) -> None:
    (folder / "exports").mkdir()
    assert creditflag("connect", "erp", "files", "--set", "folder=exports").code == EXIT_OK
    before = settings.read_bytes()
    answer = creditflag("connect", "erp", "files", "--set", "folder=exports")
    assert answer.code == EXIT_CONFIG
    assert "erp" in answer.err
    assert settings.read_bytes() == before


def test_a_secret_given_as_value_is_neither_shown_nor_stored(
    creditflag: Creditflag, folder: Path, settings: Path
) -> None:
    answer = creditflag(
        "connect", "crm", "salesforce", "--set", "url=https://a.example", "--set", "client_id=b",
        "--set", f"client_secret={CANARY}",
    )  # fmt: skip
    assert answer.code == EXIT_CONFIG
    assert "must be a reference" in answer.err
    assert CANARY not in answer.out + answer.err
    kept = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    assert kept
    assert not [content for content in kept if CANARY.encode() in content]


def test_a_secret_that_leads_nowhere_stops_connect(
    creditflag: Creditflag, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDITFLAG_TEST_SECRET", raising=False)
    before = settings.read_bytes()
    answer = creditflag(
        "connect", "crm", "salesforce", "--set", "url=http://127.0.0.1:9", "--set", "client_id=b",
        "--set", "client_secret=env:CREDITFLAG_TEST_SECRET",
    )  # fmt: skip
    assert answer.code == EXIT_CONFIG
    assert "env:CREDITFLAG_TEST_SECRET" in answer.err
    assert settings.read_bytes() == before


def test_without_check_nothing_is_tried(creditflag: Creditflag, settings: Path) -> None:
    answer = creditflag("connect", "erp", "files", "--set", "folder=later", "--no-check")
    assert answer.code == EXIT_OK
    assert tomllib.loads(settings.read_text(encoding="utf-8"))["connections"]["erp"]["folder"] == (
        "later"
    )


def test_doctor_looks_at_everything_and_says_how_it_is(
    creditflag: Creditflag, folder: Path, settings: Path
) -> None:
    (folder / "exports").mkdir()
    assert creditflag("connect", "erp", "files", "--set", "folder=exports").code == EXIT_OK
    answer = creditflag("doctor", "--json")
    checks = {check["name"]: check["well"] for check in json.loads(answer.out)}
    assert set(checks) == {"packages", "policy", "store", "ledger", "erp"}
    assert all(checks.values())
    assert answer.code == EXIT_OK
    (folder / "exports").rmdir()
    answer = creditflag("doctor")
    assert answer.code == EXIT_CONFIG
    assert "✗ erp" in answer.out
