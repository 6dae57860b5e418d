"""Canaries: secrets, sessions and customers' names are planted, every command and many faults are
run, and everything that was printed or left behind is searched."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from adapters.salesforce.emulator import RunningEmulator, start
from adapters.salesforce.seed import seed_emulator
from connector.bootstrap import SystemClock
from connector.cli import main
from connector.demo.company import DemoCompany, DemoSize, build_company
from connector.errors import (
    EXIT_BUDGET,
    EXIT_BUSY,
    EXIT_CONFIG,
    EXIT_OK,
    EXIT_PARTIAL,
    EXIT_RED,
    EXIT_SIGN_IN,
    EXIT_WAITS,
)
from tests.scenario.world import share_programs
from tests.unit.cli.conftest import Answer

pytestmark = pytest.mark.slow

SECRET = "Cnry!Secret&7f3a9c1e=%20"
NOWHERE = "http://127.0.0.1:9"  # the discard port
WRONG = "Cnry!Wrong/55d0e2b8+x=="
AS_OF = date(2026, 3, 31)
SETTINGS = """
[company]
currency = "CNY"
[logs]
level = "debug"
[rates]
EUR = 7.8
USD = 7.15
GBP = 9.1
"""
SIGN_IN = "oauth2/token"
FAULTS: tuple[dict[str, object], ...] = (
    {"action": "respond", "status": 503},
    {"action": "drop_before"},
    {"action": "html"},
    # The only call that carries the secret; a proxy in between may well send it back.
    {"action": "respond", "status": 400, "path": SIGN_IN, "body": {"error": SECRET}},
    {"action": "respond", "status": 400, "path": SIGN_IN,
     "body": {"error": "invalid_client", "error_description": f"bad client_secret={SECRET}"}},
    {"action": "respond", "status": 403, "path": SIGN_IN,
     "body": [{"errorCode": "X", "message": f"got {SECRET}"}]},
    {"action": "respond", "status": 502, "path": SIGN_IN, "body": f"<html>{SECRET}</html>"},
)  # fmt: skip
FAILURES = {EXIT_CONFIG, EXIT_SIGN_IN, EXIT_BUDGET, EXIT_RED, EXIT_BUSY}


@pytest.fixture(scope="module")
def company() -> DemoCompany:
    """The demo company, as small as its cast allows."""
    return build_company(3, AS_OF, DemoSize(accounts=40, months=6))


@pytest.fixture(scope="module")
def emulator(company: DemoCompany) -> Iterator[RunningEmulator]:
    """An org whose secret is the canary."""
    with start(tls=False, client_secret=SECRET) as running:
        seed_emulator(running.control, company.rows, company.as_of, company.crm_values)
        yield running


@pytest.fixture(autouse=True)
def without_faults_and_waiting(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Faults end with the test that set them, and repetitions come at once."""
    monkeypatch.setattr(SystemClock, "sleep", lambda _clock, _seconds: None)
    yield
    emulator.control.clear_faults()


class Watch:
    """A connected company; keeps everything printed, and every session that was ever open.

    The secret lies in a file outside of `folder`, which is what is searched.
    """

    def __init__(self, folder: Path, emulator: RunningEmulator) -> None:
        self.folder = folder
        self.secret = folder.parent / f"{folder.name}-secret"
        self.secret.write_text(SECRET, encoding="utf-8")
        self.secret.chmod(0o600)
        self.settings = folder / "creditflag.toml"
        self.settings.write_text(SETTINGS, encoding="utf-8")
        self.printed: list[str] = []
        self.sessions: set[str] = set()
        self._emulator = emulator
        connected = self(
            "connect", "crm", "salesforce", "--set", f"url={emulator.url}", "--set",
            f"client_id={emulator.client_id}", "--set", f"client_secret=file:{self.secret}",
        )  # fmt: skip
        assert connected.code == EXIT_OK, connected.err

    def __call__(self, *arguments: str) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main.run(["--config", str(self.settings), *arguments])
        answer = Answer(code, out.getvalue(), err.getvalue())
        self.printed += [answer.out, answer.err]
        self.sessions |= set(self._emulator.service.org.sessions)
        assert "Traceback" not in answer.out + answer.err
        return answer

    def find(self, *needles: str) -> list[str]:
        """Where a needle turns up: in what was printed, or in a file that was left behind."""
        found = [f"printed: {n}" for n in needles for text in self.printed if n in text]
        for path in self.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                found += [f"{path.name}: {n}" for n in needles if n.encode() in content]
        return found


@pytest.fixture
def watched(tmp_path: Path, emulator: RunningEmulator) -> Watch:
    """A company that has connected and done nothing else."""
    folder = tmp_path / "company"
    folder.mkdir()
    share_programs(folder / ".creditflag")
    return Watch(folder, emulator)


def run_everything(watch: Watch, company: DemoCompany) -> None:
    """Every command, as a company meets them."""
    account = str(company.rows["account"][0]["name"])
    day = ("--as-of", AS_OF.isoformat())
    for arguments in (
        ["doctor"], ["describe", "crm"], ["describe", "crm", "Account"], ["mapping", "check"],
        ["pull", "--json"],
        ["plan", *day, "--markdown", "--out", str(watch.folder / "own.plan.json")],
    ):  # fmt: skip
        assert watch(*arguments).code in (EXIT_OK, EXIT_PARTIAL), arguments
    assert watch("run", *day).code == EXIT_WAITS
    (plan,) = (watch.folder / ".creditflag" / "plans").glob("*.plan.json")
    assert watch("apply", "--plan", str(plan)).code == EXIT_OK
    for arguments in (
        ["run", *day, "--json"], ["status"], ["status", "--json"], ["explain", account, "--json"],
        ["journal", "crm"], ["journal", "crm", "--json"], ["journal", "crm", "--verify"],
    ):  # fmt: skip
        assert watch(*arguments).code in (EXIT_OK, EXIT_CONFIG), arguments


def test_no_command_lets_a_secret_out_and_the_log_names_no_customer(
    watched: Watch, company: DemoCompany, emulator: RunningEmulator
) -> None:
    run_everything(watched, company)
    emulator.control.expire_sessions()
    emulator.control.add_faults({"action": "respond", "status": 503, "times": 2})
    assert watched("run", "--as-of", AS_OF.isoformat()).code == EXIT_OK
    assert len(watched.sessions) >= 2
    assert watched.find(SECRET, *watched.sessions) == []
    log = (watched.folder / ".creditflag" / "creditflag.log").read_text(encoding="utf-8")
    assert log
    names = {str(row["name"]) for row in company.rows["account"]}
    numbers = {str(row["number"]) for row in company.rows["invoice"]}
    assert [text for text in names | numbers if text in log] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_lets_a_secret_out(
    watched: Watch, emulator: RunningEmulator, fault: dict[str, object]
) -> None:
    emulator.control.expire_sessions()
    emulator.control.add_faults({**fault, "times": 50})
    answer = watched("doctor")
    assert answer.code in FAILURES
    assert "✗ crm" in answer.out
    assert watched.find(SECRET, *watched.sessions) == []


def test_a_wrong_secret_is_refused_and_not_shown(watched: Watch, emulator: RunningEmulator) -> None:
    watched.secret.write_text(WRONG, encoding="utf-8")
    emulator.control.expire_sessions()
    answer = watched("run")
    assert answer.code == EXIT_SIGN_IN
    assert answer.err.count("\n") == 1
    assert watched.find(SECRET, WRONG, *watched.sessions) == []


def test_an_org_that_is_gone_is_said_in_a_sentence(
    watched: Watch, emulator: RunningEmulator
) -> None:
    text = watched.settings.read_text(encoding="utf-8")
    watched.settings.write_text(text.replace(emulator.url, NOWHERE), encoding="utf-8")
    answer = watched("run")
    assert answer.code == EXIT_BUSY
    assert answer.err.count("\n") == 1
    assert watched.find(SECRET, *watched.sessions) == []
