"""Errors of the settings, of use cases, and our own bugs, as a person meets them."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest

from connector import logs
from connector.errors import EXIT_BUG, EXIT_BUSY, EXIT_CONFIG, EXIT_OK, BusyError
from tests.unit.cli.conftest import Creditflag

CANARY = "canary-e0d4c8"
WORKING = [
    ["run"], ["pull"], ["plan"], ["status"], ["doctor"], ["mapping", "check"], ["explain", "A"],
    ["journal", "crm"], ["describe", "crm"], ["apply", "--plan", "x.json"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", WORKING, ids=" ".join)
def test_every_command_without_settings_names_init(
    creditflag: Creditflag, folder: Path, arguments: list[str]
) -> None:
    answer = creditflag(*arguments)
    assert answer.code == EXIT_CONFIG
    assert answer.err == (
        "There is no settings file (creditflag.toml). "
        "Run `creditflag init` here, or name the file with --config.\n"
    )
    assert answer.out == ""
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("arguments", WORKING, ids=" ".join)
def test_every_command_lists_all_problems_of_the_settings(
    creditflag: Creditflag, settings: Path, arguments: list[str]
) -> None:
    settings.write_text(
        "colour = 'red'\n[company]\ncurrency = 'EURO'\n[connections.crm]\nadapter = 'hal'\n",
        encoding="utf-8",
    )
    answer = creditflag(*arguments)
    assert answer.code == EXIT_CONFIG
    assert "The settings have 3 problem(s) (creditflag.toml)." in answer.err
    assert sum(line.startswith("  - ") for line in answer.err.splitlines()) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "\udcff"], ["facts", "list", "--account", "\udcff\udcfe"],
        ["check", "order", "--account", "A", "--seller", "\udcff", "--amount", "5"],
        ["facts", "show", "a\udc80"], ["--config", "\udcff.toml", "status"],
    ],
    ids=str,
)  # fmt: skip
def test_arguments_that_are_no_text_are_refused(
    creditflag: Creditflag, arguments: list[str]
) -> None:
    answer = creditflag(*arguments)
    assert answer.code == EXIT_CONFIG
    assert "holds bytes that are no text. Type it in the encoding of the terminal" in answer.err


def test_the_settings_file_can_be_named(creditflag: Creditflag, tmp_path: Path) -> None:
    answer = creditflag("--config", "other.toml", "status")
    assert "(other.toml)" in answer.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--as-of", "31.12.2025"], "31.12.2025 is not a date. Write it as YYYY-MM-DD."),
        (["plan", "--as-of", "tomorrow"], "tomorrow is not a date."),
        (["run", "--as-of", "2025-02-30"], "2025-02-30 is not a date."),
        (["run"], "No connection is set up yet."),
        (["plan"], "No connection is set up yet."),
        (["pull"], "No connection is set up yet."),
        (["describe", "nowhere"], "There is no connection nowhere."),
        (["mapping", "check", "nowhere"], "There is no connection nowhere."),
        (["journal", "nowhere"], "There is no connection nowhere."),
        (["journal", "nowhere", "--verify"], "There is no connection nowhere."),
        (["explain", "Acme"], "Run `creditflag run` first."),
        (["apply", "--plan", "none.json"], "There is no plan file none.json."),
        (["apply", "--plan", "creditflag.toml"], "This is not a readable plan file"),
        (["emulator", "hal"], "There is no emulator for hal."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_done_is_one_sentence_with_the_next_step(
    creditflag: Creditflag, settings: Path, arguments: list[str], told: str
) -> None:
    answer = creditflag(*arguments)
    assert answer.code == EXIT_CONFIG
    assert told in answer.err
    assert answer.err.count("\n") == 1
    assert answer.out == ""


def test_the_same_in_chinese(creditflag: Creditflag, settings: Path) -> None:
    answer = creditflag("--language", "zh", "run", "--as-of", "昨天")
    assert answer.err == "昨天 不是日期。请写成 YYYY-MM-DD。\n"
    assert answer.code == EXIT_CONFIG


@pytest.mark.parametrize("policy", ["nowhere.yaml", "unheard-of"])
def test_a_policy_that_is_not_there_is_named(
    creditflag: Creditflag, settings: Path, policy: str
) -> None:
    settings.write_text(f'[policy]\nfile = "{policy}"\n', encoding="utf-8")
    answer = creditflag("status")
    assert answer.code == EXIT_CONFIG
    assert policy in answer.err


def test_a_database_url_whose_secret_is_missing_is_named_by_reference(
    creditflag: Creditflag, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDITFLAG_TEST_URL", raising=False)
    settings.write_text('[state]\ndatabase = "env:CREDITFLAG_TEST_URL"\n', encoding="utf-8")
    answer = creditflag("status")
    assert answer.code == EXIT_CONFIG
    assert "env:CREDITFLAG_TEST_URL" in answer.err


def test_a_bug_is_one_sentence_and_its_trace_is_in_the_log_only(
    creditflag: Creditflag, folder: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError(f"client_secret={CANARY} went through here")

    monkeypatch.setattr("connector.service.reporting.status", broken)
    answer = creditflag("status")
    assert answer.code == EXIT_BUG
    assert answer.out == ""
    assert answer.err.startswith("This is a bug in creditflag (RuntimeError). Nothing was lost;")
    assert answer.err.count("\n") == 1
    assert "creditflag.log" in answer.err
    lines = (folder / ".creditflag" / "creditflag.log").read_text(encoding="utf-8").splitlines()
    (entry,) = [json.loads(line) for line in lines if json.loads(line)["event"] == "bug"]
    assert "Traceback" in entry["error"]
    assert "went through here" in entry["error"]
    assert CANARY not in "".join(lines)


def test_a_bug_before_anything_is_open_shows_no_trace_either(
    creditflag: Creditflag, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError("much too early")

    monkeypatch.setattr("connector.settings.find_settings", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(settings.parent))
    logs.configure()  # no log file, as in a fresh process
    answer = creditflag("status")
    assert answer.code == EXIT_BUG
    assert answer.out == ""
    assert "much too early" not in answer.err
    assert "This is a bug in creditflag (RuntimeError)." in answer.err
    (kept,) = settings.parent.glob("creditflag-bug-*.log")
    assert kept.name in answer.err
    assert "much too early" in kept.read_text(encoding="utf-8")


def test_ctrl_c_ends_quietly(
    creditflag: Creditflag, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("connector.service.reporting.status", stopped)
    answer = creditflag("status")
    assert (answer.code, answer.out, answer.err) == (130, "", "")


def test_an_error_of_a_use_case_keeps_its_own_exit_code(
    creditflag: Creditflag, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_given: object) -> None:
        raise BusyError("The ledger is in use by process {pid}.", pid=4711)

    monkeypatch.setattr("connector.service.reporting.status", held)
    assert creditflag("status").code == EXIT_BUSY
    assert "账本正由进程 4711 使用。" in creditflag("--language", "zh", "status").err


def test_status_of_a_fresh_company_is_empty_and_private(
    creditflag: Creditflag, folder: Path, settings: Path
) -> None:
    answer = creditflag("status", "--json")
    assert answer.code == EXIT_OK
    content = json.loads(answer.out)
    assert (content["runs"], content["connections"], content["problems"]) == ([], [], [])
    if os.name == "posix":
        for path in [folder / ".creditflag", *(folder / ".creditflag").rglob("*")]:
            assert path.stat().st_mode & 0o077 == 0, path


def test_looking_does_not_take_the_ledger(
    creditflag: Creditflag, folder: Path, settings: Path
) -> None:
    assert creditflag("status").code == EXIT_OK
    assert not (folder / ".creditflag" / "ledger").exists()
