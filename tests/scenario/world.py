"""A world for scenarios: the demo company in a running emulator, and creditflag as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from adapters.salesforce.emulator import RunningEmulator, start
from adapters.salesforce.seed import SeedReport, seed_emulator
from connector.credit.policy.document import shipped_policy
from connector.demo.company import DemoCompany, DemoSize, build_company

AS_OF = date(2026, 3, 31)
WRITES = ("_create", "_update", "_upsert", "_delete")
HEARTBEAT = "CreditFlag_Heartbeat__c"
PROGRAM = "from connector.cli.main import main; main()"

SETTINGS = """\
[company]
name = "Scenario"
currency = "CNY"

[rates]
EUR = "7.80"
USD = "7.15"
GBP = "9.10"

[connections.crm]
adapter = "salesforce"
url = "{url}"
client_id = "{client_id}"
client_secret = "file:{secret}"
budget_share = 1.0
"""

SMALL_POLICY = """\
[policy]
file = "small.yaml"

"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@dataclass
class World:
    """The emulator with its company, and a settings file beside a state folder."""

    folder: Path
    emulator: RunningEmulator
    company: DemoCompany
    seeded: SeedReport
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "creditflag.toml"

    def account(self, code: str) -> str:
        """Record id of a story's account."""
        return self.seeded.id_of("account", self.company.story(code).account_id)

    def start(self, *arguments: str, crash: str = "", config: Path | None = None) -> Any:
        """A creditflag process, started and not waited for."""
        environment = {**os.environ, **self.environment}
        if crash:
            environment["CREDITFLAG_CRASH_AT"] = crash
        command = [sys.executable, "-c", PROGRAM, "--config", str(config or self.config)]
        return subprocess.Popen(
            [*command, *arguments], env=environment, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def call(self, *arguments: str, crash: str = "", config: Path | None = None) -> Ended:
        """Run creditflag to its end."""
        process = self.start(*arguments, crash=crash, config=config)
        out, err = process.communicate(timeout=240)
        return Ended(process.returncode, out, err)

    def run(self, crash: str = "", as_of: date = AS_OF) -> Ended:
        """The main job for the day."""
        return self.call("run", "--json", "--as-of", as_of.isoformat(), crash=crash)

    def settle(self) -> None:
        """First contact: run, then apply the plan it wrote."""
        first = self.run()
        assert first.code == 5, first.err
        for plan in first.json["plan_files"].values():
            applied = self.call("apply", "--plan", plan)
            assert applied.code == 0, applied.err

    @contextmanager
    def option(self, line: str) -> Iterator[None]:
        """The connection with one more option."""
        before = self.config.read_text(encoding="utf-8")
        self.config.write_text(before + line + "\n", encoding="utf-8")
        try:
            yield
        finally:
            self.config.write_text(before, encoding="utf-8")

    def write_calls(self) -> int:
        """Write calls by the emulator's own count; the heartbeat is no write of data."""
        counts: Mapping[str, int] = self.emulator.control.counters()["by_kind"]
        beats = [
            call for call in self.emulator.control.calls()
            if HEARTBEAT in call["path"] and call["kind"].endswith(WRITES)
        ]  # fmt: skip
        return sum(n for kind, n in counts.items() if kind.endswith(WRITES)) - len(beats)

    def effects(self) -> list[dict[str, Any]]:
        """Effects that API calls had on accounts and tasks."""
        return [
            e for e in self.emulator.control.writes()
            if e["via"] == "api" and e["object"] in ("Account", "Task")
        ]  # fmt: skip

    def customers(self) -> list[str]:
        """Record ids of companies in scope whose credit fields nobody has touched, in order."""
        owing = {row["account_key"] for row in self.company.rows["invoice"]}
        return [
            self.seeded.id_of("account", row["id"])
            for row in self.company.rows["account"]
            if row["id"] in owing - self.company.crm_values.keys()
            and row["party_kind"] == "company"
            and not row["own_group"]
        ]

    def add_overdue_invoice(self, account: str, number: str, amount: int = 3_000_000) -> str:
        """A large invoice that was due five months ago comes to light."""
        (record,) = self.emulator.control.seed(
            "Invoice__c",
            [
                {
                    "Name": number,
                    "Account__c": account,
                    "Amount__c": amount,
                    "Currency__c": "CNY",
                    "Invoice_Date__c": (AS_OF - timedelta(days=180)).isoformat(),
                    "Due_Date__c": (AS_OF - timedelta(days=150)).isoformat(),
                }
            ],
        )
        return record

    def add_second_page(self, account: str) -> None:
        """More opportunities than one page holds: a feed with a page that is not its last."""
        row = {
            "AccountId": account,
            "StageName": "Prospecting",
            "CloseDate": (AS_OF + timedelta(days=30)).isoformat(),
        }
        self.emulator.control.seed(
            "Opportunity", [{**row, "Name": f"Page filler {n}"} for n in range(2_001)]
        )


def small_policy() -> str:
    """The shipped policy with one flag, which holds, and without remedies, as YAML.

    It decides in half the time, for tests in which it does not matter why something is written,
    and how much.
    """
    document = yaml.safe_load(shipped_policy())
    flag = {"oldest_overdue": document["flags"]["oldest_overdue"]}
    guard = {**document["guard"], "max_share_downgraded": 1, "max_share_new_holds": 1}
    rest = {"offer": {}, "flags": flag, "guard": guard, "remedies": 0}
    return str(yaml.safe_dump({**document, "id": "small", **rest}, allow_unicode=True))


@contextmanager
def build_world(
    folder: Path, size: DemoSize | None = None, *, whole_policy: bool = True
) -> Iterator[World]:
    """A world of its own, gone at the end; without the whole policy it has the small one."""
    company = build_company(11, AS_OF, size)
    with start(tls=False) as emulator:
        seeded = seed_emulator(emulator.control, company.rows, AS_OF, company.crm_values)
        secret = folder / "client-secret"
        secret.touch(mode=0o600)
        secret.write_text(emulator.client_secret, encoding="utf-8")
        world = World(folder, emulator, company, seeded)
        world.config.write_text(
            SETTINGS.format(url=emulator.url, client_id=emulator.client_id, secret=secret),
            encoding="utf-8",
        )
        if not whole_policy:
            (folder / "small.yaml").write_text(small_policy(), encoding="utf-8")
            settings = world.config.read_text(encoding="utf-8")
            world.config.write_text(SMALL_POLICY + settings, encoding="utf-8")
        share_programs(folder / ".creditflag")
        emulator.control.reset_counters()
        yield world


def share_programs(state: Path) -> None:
    """Let a world find the compiled policies of all others."""
    state.mkdir(mode=0o700)
    (state / "programs").symlink_to(shared_programs(), target_is_directory=True)


def shared_programs() -> Path:
    """Compiled policies are the same for every world of this machine: compile them once."""
    shared = Path(tempfile.gettempdir()) / f"creditflag-test-programs-{os.getuid()}"
    shared.mkdir(mode=0o700, exist_ok=True)
    return shared
