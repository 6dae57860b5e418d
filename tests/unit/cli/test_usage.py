"""What the command says to a person who types something that cannot be done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector import __version__
from connector.errors import EXIT_CONFIG, EXIT_OK
from tests.unit.cli.conftest import Creditflag

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["fly"], "fly"),
        (["run", "--fast"], "--fast"),
        (["run", "--as-of"], "--as-of"),
        (["apply"], "--plan"),
        (["explain"], "ACCOUNT"),
        (["journal", "crm", "--limit", "many"], "--limit"),
        (["journal", "crm", "--limit", "0"], "--limit"),
        (["emulator", "--port", "high"], "--port"),
        (["mapping", "draw"], "draw"),
        (["run", "one", "two"], "one"),
        (["--config"], "--config"),
    ],
)
def test_bad_usage_ends_with_2_and_a_sentence(
    creditflag: Creditflag, arguments: list[str], told: str
) -> None:
    answer = creditflag(*arguments)
    assert answer.code == EXIT_CONFIG
    assert told.lower() in answer.err.lower()
    assert "See `creditflag --help`." in answer.err
    assert answer.out == ""


def test_bad_usage_in_chinese_names_the_help_in_chinese(
    creditflag: Creditflag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    answer = creditflag("fly")
    assert answer.code == EXIT_CONFIG
    assert "请参阅 `creditflag --help`。" in answer.err


def test_without_arguments_it_shows_what_there_is(creditflag: Creditflag) -> None:
    answer = creditflag()
    assert answer.code in (EXIT_OK, EXIT_CONFIG)
    for command in ("init", "connect", "run", "explain"):
        assert command in answer.out + answer.err
    assert "bug" not in answer.err


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["mapping", "--help"]])
def test_help_is_data_and_no_failure(creditflag: Creditflag, arguments: list[str]) -> None:
    answer = creditflag(*arguments)
    assert answer.code == EXIT_OK
    assert "Usage: creditflag" in answer.out
    assert answer.err == ""


def test_the_version_is_ours(creditflag: Creditflag) -> None:
    answer = creditflag("--version")
    assert (answer.code, answer.out) == (EXIT_OK, f"creditflag {__version__}\n")


def test_an_unknown_language_is_refused(creditflag: Creditflag) -> None:
    answer = creditflag("--language", "fr", "status")
    assert answer.code == EXIT_CONFIG
    assert answer.err == "fr is not a language that creditflag speaks. Use en or zh.\n"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LC_ALL": "zh_CN.UTF-8"}, "找不到设置文件"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW.UTF-8"}, "找不到设置文件"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "找不到设置文件"),
        ({"LC_ALL": "de_DE.UTF-8", "LANG": "zh_CN.UTF-8"}, "There is no settings file"),
        ({"LC_ALL": "C.UTF-8"}, "There is no settings file"),
    ],
)
def test_the_locale_chooses_the_language(
    creditflag: Creditflag,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    expected: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    answer = creditflag("status")
    assert expected in answer.err
    assert answer.code == EXIT_CONFIG


def test_the_option_goes_before_the_locale(
    creditflag: Creditflag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "There is no settings file" in creditflag("--language", "en", "status").err


def test_a_reader_who_goes_away_is_no_failure(folder: Path) -> None:
    script = "import sys; from connector.cli import main; sys.argv[1:] = ['--help']; main.main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-c", script], stdout=writer, stderr=subprocess.PIPE, text=True,
            cwd=folder, env=environment, check=False,
        )  # fmt: skip
    finally:
        os.close(writer)
    assert ended.stderr == ""
    assert ended.returncode == EXIT_OK
