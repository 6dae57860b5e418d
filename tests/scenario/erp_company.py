"""A small company for scenarios: accounts in an emulated Salesforce, receivables in ERP exports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from adapters.salesforce.demo_schema import schema_for_demo
from adapters.salesforce.emulator import RunningEmulator, start
from connector.domain.metrics import METRICS
from tests.scenario.world import PROGRAM, SMALL_POLICY, WRITES, Ended, share_programs, small_policy

AS_OF = date(2026, 3, 31)
RECEIVABLES = ("Invoice__c", "Credit_Note__c", "Payment__c")

ACCOUNTS = {
    "1001": "佛山安砺物流股份有限公司",
    "1002": "Müller Maschinenbau GmbH",
    "1003": "Northwind Trading Ltd",
    "1004": "Harbour Foods plc",
    "1005": "Lakeside Timber Inc",
    "1006": "Prospect without papers",
}
"""Names of the accounts by account number."""

SETTINGS = """\
[company]
name = "Scenario"
currency = "CNY"

[rates]
EUR = "7.80"

[truth]
order = ["erp"]

[connections.crm]
adapter = "salesforce"
mapping = ["salesforce"]
url = "{url}"
client_id = "{client_id}"
client_secret = "file:{secret}"
budget_share = 1.0

[connections.erp]
adapter = "files"
folder = "erp"
accounts = "crm"
"""


@dataclass
class ErpCompany:
    """The emulator with its accounts, a folder of exports, and creditflag as a process."""

    folder: Path
    emulator: RunningEmulator
    accounts: Mapping[str, str]
    """Record id by account number."""
    environment: dict[str, str] = field(default_factory=dict)
    program: str = PROGRAM
    policy: Path | None = None
    """A policy document in place of the shipped one."""

    @property
    def config(self) -> Path:
        return self.folder / "creditflag.toml"

    @property
    def state(self) -> Path:
        return self.folder / ".creditflag"

    @property
    def secret_file(self) -> Path:
        return self.folder / "client-secret"

    def settings(self, more: str = "", **replaced: str) -> str:
        """The settings as text; each keyword replaces a text in them."""
        text = SETTINGS.format(
            url=self.emulator.url, client_id=self.emulator.client_id, secret=self.secret_file
        )
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        if self.policy is not None and "[policy]" not in more:
            text = SMALL_POLICY.replace("small.yaml", str(self.policy)) + text
        return text + more

    def put(self, name: str, text: str, encoding: str = "utf-8", folder: str = "erp") -> Path:
        """An export as text."""
        path = self.folder / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode(encoding))
        return path

    def put_workbook(self, name: str, rows: Sequence[Sequence[object]]) -> Path:
        """An export as a workbook with one sheet."""
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for row in rows:
            sheet.append(list(row))
        path = self.folder / "erp" / name
        book.save(path)
        return path

    def start(self, *arguments: str, config: Path | None = None) -> subprocess.Popen[str]:
        """A creditflag process, started and not waited for."""
        command = [sys.executable, "-c", self.program, "--config", str(config or self.config)]
        return subprocess.Popen(
            [*command, *arguments], env={**os.environ, **self.environment}, text=True,
            encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def call(self, *arguments: str, config: Path | None = None) -> Ended:
        """Run creditflag to its end; a traceback in what it prints fails the test."""
        process = self.start(*arguments, config=config)
        out, err = process.communicate(timeout=240)
        assert "Traceback" not in out + err, out + err
        return Ended(process.returncode, out, err)

    def run(self, *options: str, config: Path | None = None) -> Ended:
        """The main job for the day, as JSON."""
        return self.call("run", "--json", "--as-of", AS_OF.isoformat(), *options, config=config)

    def settle(self) -> Ended:
        """First contact: run, then apply the plan it wrote; gives the run."""
        first = self.run()
        assert first.code == 5, first.err
        applied = self.call("apply", "--plan", first.json["plan_files"]["crm"])
        assert applied.code == 0, applied.err
        return first

    def record(self, number: str) -> dict[str, Any]:
        """The account as the emulator holds it; a field that was never filled is None."""
        held = self.emulator.control.record("Account", self.accounts[number])
        return defaultdict(lambda: None, held)

    def money(self, number: str, name: str) -> Decimal | None:
        """An amount in the emulator's record of an account: Exposure, Overdue, Available, …"""
        value = self.record(number)[f"Credit_{name}__c"]
        return None if value is None else Decimal(str(value))

    def write_calls(self) -> int:
        """Write calls by the emulator's own count."""
        counts: Mapping[str, int] = self.emulator.control.counters()["by_kind"]
        return sum(n for kind, n in counts.items() if kind.endswith(WRITES))

    def explain(self, number: str) -> dict[str, Any]:
        """The explanation of an account as JSON."""
        ended = self.call("explain", number, "--json")
        assert ended.code == 0, ended.err
        content: dict[str, Any] = json.loads(ended.out)
        return content

    def metrics(self, number: str) -> dict[str, str]:
        """An account's figures by name, over all selling companies, without trailing zeros."""
        (row,) = [r for r in self.explain(number)["metric"] if r["selling_company"] == ""]
        told = {name: str(row[name]) for name in METRICS if row[name] is not None}
        return {name: re.sub(r"\.?0+$", "", text) if "." in text else text
                for name, text in told.items()}  # fmt: skip


def feeds_of(ended: Ended) -> dict[str, dict[str, Any]]:
    """A run's feeds by `connection.feed`."""
    return {f"{f['connection']}.{f['feed']}": f for f in ended.json["feeds"]}


@contextmanager
def build_company(
    folder: Path,
    accounts: Mapping[str, str] = ACCOUNTS,
    client_secret: str = "",
    *,
    whole_policy: bool = True,
) -> Iterator[ErpCompany]:
    """An org without receivables, its accounts, and settings; no exports yet. Without the whole
    policy it has the small one."""
    schema = schema_for_demo()
    objects: Any = schema["objects"]
    schema["objects"] = [o for o in objects if o["name"] not in RECEIVABLES]
    with start(tls=False, client_secret=client_secret) as emulator:
        control = emulator.control
        control.apply_schema(schema)
        control.set_clock(datetime(2026, 3, 31, 18, tzinfo=UTC), frozen=False)
        ids = control.seed(
            "Account", [{"Name": name, "AccountNumber": n} for n, name in accounts.items()]
        )
        made = ErpCompany(folder, emulator, dict(zip(accounts, ids, strict=True)))
        made.secret_file.touch(mode=0o600)
        made.secret_file.write_text(emulator.client_secret, encoding="utf-8")
        if not whole_policy:
            made.policy = folder / "small.yaml"
            made.policy.write_text(small_policy(), encoding="utf-8")
        made.config.write_text(made.settings(), encoding="utf-8")
        (folder / "erp").mkdir()
        share_programs(made.state)
        control.reset_counters()
        yield made
