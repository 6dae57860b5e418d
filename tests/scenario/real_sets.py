"""Plays the main job on a public set at a date, phase by phase, and keeps what each phase left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from connector.bootstrap import open_office
from connector.credit.facts import LINKED, OURS, PLAIN
from connector.credit.policy.document import PolicyDoc
from connector.demo.real_sets import read_real_set
from connector.ledger import open_snapshot
from connector.service.main_job import apply_file, run_main_job
from connector.service.office import Office
from connector.sync.run import RunReport
from scripts.load_real import CONNECTION, Staged, stage
from tests.scenario.world import share_programs

Record = dict[str, Any]
TYPED_LIMIT = 123_456
OTHER_GRADE = "Z"
OTHER_STATE = "unlimited"


@dataclass
class Phase:
    """What one run left: its report, the accounts by customer, and what the emulator saw."""

    report: RunReport
    accounts: Mapping[str, Record]
    write_calls: int
    effects: list[Record]

    @cached_property
    def decisions(self) -> dict[str, Record]:
        """The total decision by party."""
        assert self.report.decided is not None
        rows = self.report.decided.tables["decision"].to_pylist()
        return {row["party_id"]: row for row in rows if row["selling_company"] == ""}

    @cached_property
    def by_party(self) -> dict[str, dict[str, list[Record]]]:
        """The long tables, as `long` gives them, each read once."""
        return {}

    def long(self, name: str) -> dict[str, list[Record]]:
        """Rows of a long table about the total, by party."""
        if name not in self.by_party:
            assert self.report.decided is not None
            found: dict[str, list[Record]] = {}
            for row in self.report.decided.tables[name].to_pylist():
                if row["selling_company"] == "":
                    found.setdefault(row["party_id"], []).append(row)
            self.by_party[name] = found
        return self.by_party[name]

    def written_accounts(self) -> set[str]:
        """Salesforce ids of the accounts that were written."""
        return {effect["id"] for effect in self.effects if effect["object"] == "Account"}


@dataclass
class Played:
    """All phases of one set at one date."""

    dataset: str
    as_of: date
    policy: PolicyDoc
    party_of: dict[str, str]
    first: Phase
    second: Phase
    next_day: Phase
    edited: Phase
    edited_grade: str
    edited_state: str
    typed_limit: str
    facts: dict[str, pa.Table]

    @cached_property
    def customer_of(self) -> dict[str, str]:
        """Customer by party."""
        return {party: customer for customer, party in self.party_of.items()}


def play(dataset: str, as_of: date, data: Path, folder: Path) -> Played:
    """First run with its plan applied, second run, next day, three edits by hand and a last run."""
    real = read_real_set(dataset, data)
    share_programs(folder / ".creditflag")
    tomorrow = as_of + timedelta(days=1)
    with stage(real, as_of, folder) as staged:
        first = _phase(staged, lambda office: _run_and_apply(office, as_of))
        facts = _copy_facts(staged)
        second = _phase(staged, lambda office: run_main_job(office, as_of))
        staged.emulator.control.advance(24 * 3600)
        next_day = _phase(staged, lambda office: _run_and_apply(office, tomorrow))
        graded, stated, typed = sorted(first.written_accounts())[:3]
        control = staged.emulator.control
        control.edit("Account", graded, {"Credit_Grade__c": OTHER_GRADE})
        control.edit("Account", stated, {"Credit_Limit_State__c": OTHER_STATE})
        control.edit("Account", typed, {"Credit_Limit__c": TYPED_LIMIT})
        edited = _phase(staged, lambda office: run_main_job(office, tomorrow))
        with open_office(staged.config) as office:
            policy, snapshots = office.policy, office.snapshots
        return Played(
            dataset, as_of, policy, _parties(snapshots, first), first, second, next_day, edited,
            graded, stated, typed, facts,
        )  # fmt: skip


def _run_and_apply(office: Office, as_of: date) -> RunReport:
    """A run, and its plan applied when it waits for a person."""
    report = run_main_job(office, as_of)
    for path in report.plan_files.values():
        applied = apply_file(office, path)
        assert not applied.moved
    return report


def _phase(staged: Staged, work: Callable[[Office], RunReport]) -> Phase:
    control = staged.emulator.control
    before = len(control.writes())
    last_call = max((call["number"] for call in control.calls()), default=0)
    with open_office(staged.config) as office:
        report = work(office)
    effects = [e for e in control.writes()[before:] if e["via"] == "api"]
    sent = [c for c in control.calls(last_call) if _is_write(c)]
    accounts = {r["AccountNumber"]: r for r in control.records("Account", deleted=False)}
    return Phase(report, accounts, len(sent), effects)


def _is_write(call: Mapping[str, Any]) -> bool:
    """A data call that may change a record, whether or not it did."""
    return call["method"] in ("POST", "PATCH", "PUT", "DELETE") and "oauth2" not in call["path"]


def _copy_facts(staged: Staged) -> dict[str, pa.Table]:
    """The tables that the engine read in the run before, by qualified name."""
    names = [f'linked."{name}"' for name in (*LINKED, *OURS)] + list(PLAIN)
    with (
        open_office(staged.config) as office,
        open_snapshot(office.snapshots) as snapshot,
    ):
        return {name: snapshot.query(f"SELECT * FROM {name}") for name in names}


def _parties(snapshots: Path, phase: Phase) -> dict[str, str]:
    """Party by customer (the account number)."""
    with open_snapshot(snapshots) as snapshot:
        links: pa.Table = snapshot.query(
            "SELECT account_id, party_id FROM account_party WHERE connection = ?", [CONNECTION]
        )
    party = dict(zip(links["account_id"].to_pylist(), links["party_id"].to_pylist(), strict=True))
    return {customer: party[record["Id"]] for customer, record in phase.accounts.items()}


def load_facts(copy: duckdb.DuckDBPyConnection, facts: Mapping[str, pa.Table]) -> None:
    """Put the facts of a run into an empty database, as tables that can be changed."""
    copy.execute("CREATE SCHEMA linked")
    for name, content in facts.items():
        copy.register("content", content)
        copy.execute(f"CREATE TABLE {name} AS SELECT * FROM content")
        copy.unregister("content")


def open_items(copy: duckdb.DuckDBPyConnection, party: str) -> pa.Table:
    """The customer's invoices that no payment names; these sets know no part payments."""
    return copy.execute(
        "SELECT party_id, connection, id, currency, NULL AS seller, due_date, "
        "amount AS undisputed_open FROM linked.invoice AS i WHERE party_id = ? AND NOT EXISTS "
        "(SELECT 1 FROM linked.payment AS p WHERE p.connection = i.connection "
        "AND p.invoice_id = i.id)",
        [party],
    ).fetch_arrow_table()
