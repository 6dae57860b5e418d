"""The demo as a process, and the way that the README tells, from an empty folder."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.salesforce.demo_schema import schema_for_demo
from adapters.salesforce.emulator import RunningEmulator, start
from connector.domain.texts import Language, say
from tests.scenario.world import PROGRAM, WRITES, Ended, share_programs

pytestmark = pytest.mark.slow

CHAPTERS = (
    "A company and its customers",
    "What the credit department keeps in lists",
    "First contact: read, decide, plan; write nothing yet",
    "The plan, as a person reads it",
    "Apply the plan",
    "Why?",
    "A second run: nothing has changed, nothing is written",
    "An order is checked before it is accepted, and its credit reserved",
    "A promise on the telephone",
    "Roll-out: what a step would do, before it is taken",
    "A sales rep raises the limit by hand",
)
TURN = "Your turn"
KEPT = ("terms", "agreement", "guarantee", "insurance_policy", "insured_limit", "bill", "promise",
        "dispute", "trade_reference", "statement", "bureau_report", "event", "limit")  # fmt: skip
REQUIRED = (
    "Credit_Score__c", "Credit_Grade__c", "Credit_Light__c", "Credit_Hold__c", "Credit_Flags__c",
    "Credit_Reason_Text__c", "Credit_Limit__c", "Credit_Limit_State__c",
)  # fmt: skip
SECRET = "SCENARIO_CLIENT_SECRET"
ROOT = Path(__file__).resolve().parents[2]
HERE = {**os.environ, "PYTHONPATH": str(ROOT)}
"""The environment of a process that starts in another folder."""


def _hear_ctrl_c() -> None:
    """A shell's background job, as a test run may be, ignores Ctrl-C, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def start_demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The demo in a process group of its own, which is gone at the end in any case."""
    share_programs(folder / ".creditflag")
    command = [sys.executable, "-c", PROGRAM, *options, "--folder", str(folder)]
    with subprocess.Popen(
        command, cwd=folder, env=HERE, text=True, encoding="utf-8", start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_hear_ctrl_c,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def listens(folder: Path) -> bool:
    """Whether the emulator that the demo's settings name takes connections."""
    settings = tomllib.loads((folder / "creditflag.toml").read_text(encoding="utf-8"))
    address = urlsplit(settings["connections"]["crm"]["url"])
    assert address.hostname == "127.0.0.1"
    assert address.port
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname, address.port)) == 0


def assert_group_is_gone(process: subprocess.Popen[str]) -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def told_in(text: str, chapter: str) -> str:
    """What an English story tells in the chapter."""
    parts = re.split(r"^── (.+?) ─+$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[chapter]


def chapters_in(text: str, language: Language) -> list[str]:
    """The known chapters' titles in the order in which they stand in the text."""
    titles = {say(title, language): title for title in (*CHAPTERS, TURN)}
    lines = [line.strip("─ ") for line in text.splitlines() if line.startswith("── ")]
    return [titles[line] for line in lines]


@pytest.mark.skipif(os.name != "posix", reason="looks at the process group")
def test_the_demo_tells_its_story_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with start_demo(tmp_path, "--language", "en", "demo", "--once") as process:
        out, err = process.communicate(timeout=400)
        assert_group_is_gone(process)
    assert process.returncode == 0, err
    assert err == ""
    assert chapters_in(out, "en") == list(CHAPTERS)
    second = told_in(out, "A second run: nothing has changed, nothing is written")
    assert "Nothing to write: 0 write calls." in second
    assert "The emulator counted 0 write calls." in second
    orders = told_in(out, "An order is checked before it is accepted, and its credit reserved")
    verdicts = re.findall(r"^(Pass|Review|Hold): ", orders, re.MULTILINE)
    assert verdicts == ["Pass", "Hold", "Pass"]
    assert "The credit is reserved until" in orders
    assert "hold → show" in told_in(out, "Roll-out: what a step would do, before it is taken")
    conflict = told_in(out, "A sales rep raises the limit by hand")
    assert re.search(r"entered\.promise +1 +1 ", conflict)
    assert re.search(r"Conflict: .*the CRM holds 9999999", conflict)
    assert "waits for a person, nothing is written" in conflict
    why = told_in(out, "Why?")
    assert "grade" in why
    assert "The insurer reduced or withdrew the insured limit" in why
    lists = told_in(out, "What the credit department keeps in lists")
    assert all(re.search(rf"^{kind} +[1-9]", lists, re.MULTILINE) for kind in KEPT)
    read = told_in(out, "First contact: read, decide, plan; write nothing yet")
    assert all(re.search(rf"credit\.{kind}\w* .* 0 *$", read, re.MULTILINE) for kind in KEPT)
    assert not listens(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal")
def test_the_demo_in_chinese_stays_until_ctrl_c(tmp_path: Path) -> None:
    with start_demo(tmp_path, "--language", "zh", "demo") as process:
        text = read_to_last_command(process)
        assert listens(tmp_path)
        beside = subprocess.run(
            [sys.executable, "-c", PROGRAM, "--language", "zh", "status"],
            cwd=tmp_path, env=HERE, text=True, encoding="utf-8", capture_output=True, check=False,
        )  # fmt: skip
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=120)
        assert_group_is_gone(process)
    assert process.returncode == 0, err
    assert err == ""
    assert chapters_in(text, "zh") == [*CHAPTERS, TURN]
    assert say("The emulator counted {n} write calls.", "zh", n=0) in text
    assert say("waits for a person, nothing is written", "zh") in text
    assert beside.returncode == 0, beside.stderr
    assert say("in service", "zh") in beside.stdout
    assert not listens(tmp_path)


def read_to_last_command(process: subprocess.Popen[str]) -> str:
    """What the demo says until it waits: the last of the commands to try is `run`."""
    assert process.stdout is not None
    read: list[str] = []
    for line in process.stdout:
        read.append(line)
        if "creditflag --config" in line and line.endswith(" run\n"):
            return "".join(read)
    raise AssertionError(f"the demo ended: {process.communicate()} after {read[-20:]}")


@dataclass
class Newcomer:
    """A person with an empty folder and an org."""

    folder: Path
    emulator: RunningEmulator

    def __call__(self, *arguments: str) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments], cwd=self.folder, text=True,
            capture_output=True, timeout=240, encoding="utf-8", check=False,
            env={**HERE, SECRET: self.emulator.client_secret},
        )  # fmt: skip
        assert "Traceback" not in ended.stdout + ended.stderr
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def begin(self) -> None:
        """`init` and `connect`, as the README writes them."""
        made = self("init", "--company", "Nordlicht Handel GmbH", "--currency", "EUR",
                    "--timezone", "Europe/Berlin")  # fmt: skip
        assert made.code == 0, made.err
        assert "creditflag connect crm" in made.out
        connected = self(
            "connect", "crm", "salesforce", "--set", f"url={self.emulator.url}",
            "--set", f"client_id={self.emulator.client_id}",
            "--set", f"client_secret=env:{SECRET}",
        )  # fmt: skip
        assert connected.code == 0, connected.err
        assert "creditflag mapping check crm" in connected.out

    def write_calls(self) -> int:
        counts = self.emulator.control.counters()["by_kind"]
        return sum(n for kind, n in counts.items() if kind.endswith(WRITES))


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    with start(tls=False) as emulator:
        emulator.control.set_clock(datetime(2026, 3, 31, 18, tzinfo=UTC), frozen=False)
        share_programs(tmp_path / ".creditflag")
        yield Newcomer(tmp_path, emulator)


def test_from_an_empty_folder_to_the_daily_run(newcomer: Newcomer) -> None:
    control = newcomer.emulator.control
    control.apply_schema(schema_for_demo())
    (account,) = control.seed("Account", [{"Name": "Nordlicht Kunde", "AccountNumber": "77"}])
    control.seed(
        "Invoice__c",
        [{"Name": "R1", "Account__c": account, "Amount__c": 1000.0, "Currency__c": "USD",
          "Invoice_Date__c": "2026-02-01", "Due_Date__c": "2026-03-03"}],
    )  # fmt: skip
    (newcomer.folder / "exports").mkdir()
    (newcomer.folder / "exports" / "rates.csv").write_text(
        "Currency,Quote,Date,Rate\nUSD,EUR,2026-03-30,0.92\n", encoding="utf-8"
    )
    newcomer.begin()
    erp = newcomer("connect", "erp", "files", "--set", "folder=exports", "--accounts", "crm")
    assert erp.code == 0, erp.err
    assert newcomer("describe", "crm", "Account").code == 0
    checked = newcomer("mapping", "check", "crm")
    assert checked.code == 0, checked.out
    assert " 0 errors" in checked.out
    day = ("--as-of", "2026-03-31")
    first = newcomer("run", *day)
    assert first.code == 5, first.err
    assert newcomer.write_calls() == 0
    (plan,) = re.findall(r"creditflag apply --plan (\S+)", first.out)
    applied = newcomer("apply", "--plan", plan)
    assert applied.code == 0, applied.err
    assert control.record("Account", account)["Credit_Exposure__c"] == 920
    written = newcomer.write_calls()
    assert written > 0
    second = newcomer("run", *day)
    assert second.code == 0, second.err
    assert newcomer.write_calls() == written
    explained = newcomer("explain", "Nordlicht")
    assert explained.code == 0, explained.err
    assert "R1" in explained.out
    for command in (["status"], ["journal", "crm", "--verify"], ["doctor"], ["plan", *day]):
        ended = newcomer(*command)
        assert ended.code == 0, (command, ended.err)


def test_an_org_without_our_fields_gets_a_list_of_what_to_do(newcomer: Newcomer) -> None:
    newcomer.begin()
    before = newcomer.emulator.control.records("Account")
    checked = newcomer("mapping", "check", "crm")
    assert checked.code == 2
    lines = checked.out.splitlines()
    for name in REQUIRED:
        (place,) = [
            n for n, line in enumerate(lines) if f"error: Account has no field {name}" in line
        ]
        assert "Setup → Object Manager → Account → Fields & Relationships → New" in lines[place + 1]
    invoices = [line for line in lines if "Invoice__c" in line]
    assert invoices
    assert not [line for line in lines if "error" in line and "Payment__c" in line]
    ended = newcomer("run")
    assert ended.code == 2
    assert "creditflag mapping check crm" in ended.err
    assert newcomer.emulator.control.records("Account") == before
