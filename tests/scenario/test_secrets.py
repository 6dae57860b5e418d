"""Canaries: a secret and access tokens pass through every command and many faults, as processes.

Everything that was printed, left in the folder or handed to another process is searched. Names of
customers may stand in what a person asked for, never in the log or in an error.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.scenario.erp_company import AS_OF, ErpCompany, build_company
from tests.scenario.world import PROGRAM, Ended

pytestmark = pytest.mark.slow

SECRET = "Kanarie/Secret+7f3a&9c1e=="
CUSTOMER = "Kanarienvogel Kundin 4711"
SPAWNED = "spawned.txt"
# Notes every start of another process with what it is given, and the environment at the end.
WATCHED = """
import atexit, os, sys
def note(*what):
    with open({file!r}, "a", encoding="utf-8") as file:
        print(*what, dict(os.environ), file=file)
def watch(event, details):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork"):
        note(event, repr(details))
sys.addaudithook(watch)
atexit.register(note, "end", repr(sys.argv))
"""
INVOICES = """Customer No,Invoice No,Currency,Amount,Invoice Date,Due Date
1001,F-001,CNY,12000.00,2026-01-31,2026-03-02
1001,F-002,CNY,not a number,2026-02-13,2026-03-15
"""
MORE = INVOICES.splitlines()[0] + "\n1001,F-003,CNY,90000.00,2026-01-31,2026-03-02\n"
LIMITS = "Customer No,State,Currency,Limit\n1001,amount,CNY,20000.00\n"
DAY = ("--as-of", AS_OF.isoformat())
ECHO = {"error": "invalid_client", "error_description": f"bad client_secret={SECRET}"}


@dataclass
class Told:
    """All that was said, and the tokens that were in use meanwhile."""

    ends: list[tuple[str, Ended]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErpCompany]:
    folder = tmp_path_factory.mktemp("secrets")
    known = {"1001": CUSTOMER}
    with build_company(folder, known, client_secret=SECRET, whole_policy=False) as made:
        made.config.write_text(made.settings('[logs]\nlevel = "debug"\n'), encoding="utf-8")
        made.put("invoices.csv", INVOICES)
        made.put("limits_20260331.csv", LIMITS)
        made.program = WATCHED.format(file=str(folder / SPAWNED)) + PROGRAM
        yield made


@pytest.fixture(scope="module")
def told(company: ErpCompany) -> Told:
    """Every command, then faults; what was said."""
    said = Told()

    def say(*arguments: str) -> Ended:
        ended = company.call(*arguments)
        said.ends.append((" ".join(arguments), ended))
        said.tokens |= set(company.emulator.service.org.sessions)
        return ended

    say("doctor")
    say("describe", "crm", "Account")
    say("mapping", "check")
    first = say("run", "--json", *DAY)
    assert first.code == 5, first.err
    assert say("apply", "--plan", json.loads(first.out)["plan_files"]["crm"]).code == 0
    for command in (["status"], ["explain", "1001"], ["explain", "1001", "--json"],
                    ["journal", "crm", "--json"], ["journal", "crm", "--verify"],
                    ["plan", *DAY, "--markdown"]):  # fmt: skip
        assert say(*command).code == 0, command
    run_into_faults(company, say)
    return said


def run_into_faults(company: ErpCompany, say: object) -> None:
    """Sign-in that echoes the secret, cut lines, a lost answer to a write, an ended session."""
    assert callable(say)
    control = company.emulator.control
    refusal = {"action": "respond", "status": 400, "path": "oauth2/token", "body": ECHO}
    control.add_faults({**refusal, "times": None})
    assert say("pull").code == 3
    control.clear_faults()
    control.add_faults(
        {"action": "respond", "status": 502, "path": "oauth2/token", "body": f"<p>{SECRET}</p>"},
        {"action": "truncate", "path": "/query", "bytes": 40},
        {"action": "expire_sessions", "path": "/query", "skip": 2},
        {"action": "drop_after", "method": "PATCH"},
    )
    company.put("invoices_more.csv", MORE)
    assert say("run", *DAY).code in (0, 75)
    control.clear_faults()
    assert say("run", *DAY).code == 0
    right = company.secret_file.read_text(encoding="utf-8")
    company.secret_file.write_text(f"{right}-wrong", encoding="utf-8")
    assert say("doctor").code == 3
    company.secret_file.write_text(right, encoding="utf-8")


def forms(secret: str, client_id: str) -> set[bytes]:
    """The spellings in which a secret could travel."""
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    plain = base64.b64encode(secret.encode()).decode()
    texts = {secret, quote(secret, safe=""), quote_plus(secret), basic, plain}
    return {text.encode() for text in texts} | {secret.encode("utf-16-le")}


def files_with(needles: set[bytes], folder: Path) -> list[str]:
    """Names of the files under the folder that hold any of the texts."""
    kept = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(
        str(path.relative_to(folder)) for path in kept
        if any(needle in path.read_bytes() for needle in needles)
    )  # fmt: skip


def hunted(company: ErpCompany, told: Told) -> set[bytes]:
    """The secret in all its spellings, and every access token."""
    assert len(told.tokens) >= 5
    tokens = {token.encode() for token in told.tokens}
    return forms(SECRET, company.emulator.client_id) | tokens


def test_no_secret_is_printed(company: ErpCompany, told: Told) -> None:
    needles = hunted(company, told)
    leaks = [
        command for command, ended in told.ends
        if any(needle in (ended.out + ended.err).encode() for needle in needles)
    ]  # fmt: skip
    assert leaks == []


def test_no_secret_is_left_in_the_folder(company: ErpCompany, told: Told) -> None:
    found = files_with(hunted(company, told), company.folder)
    assert found == [company.secret_file.name]


def test_the_search_finds_what_is_there(company: ErpCompany, told: Told) -> None:
    assert files_with({CUSTOMER.encode()}, company.state / "plans")
    assert files_with({b"F-001"}, company.folder / "erp") == ["invoices.csv"]


def test_no_secret_is_handed_to_another_process(company: ErpCompany, told: Told) -> None:
    noted = (company.folder / SPAWNED).read_bytes()
    assert noted.count(b"\nend ") + noted.startswith(b"end ") >= len(told.ends)
    assert not [needle for needle in hunted(company, told) if needle in noted]


def test_the_log_names_no_customer(company: ErpCompany, told: Told) -> None:
    log = (company.state / "creditflag.log").read_text(encoding="utf-8")
    assert log
    assert all(json.loads(line)["event"] for line in log.splitlines())
    assert CUSTOMER not in log
    assert "F-001" not in log


def test_errors_name_no_customer(told: Told) -> None:
    errors = [ended.err for _, ended in told.ends if ended.err]
    assert errors
    assert not [text for text in errors if CUSTOMER in text]


def test_the_state_is_its_owners_alone(company: ErpCompany, told: Told) -> None:
    assert company.state.stat().st_mode & 0o077 == 0
    plans = list((company.state / "plans").iterdir())
    for path in [*plans, company.state / "creditflag.log", company.state / "store.sqlite3"]:
        assert path.stat().st_mode & 0o077 == 0, path
