"""Anything may happen in the CRM between and during runs: nothing lost, nothing doubled, quiet.

People edit, delete and merge, transactions commit late, answers get lost, rows are refused, days
pass. The steps are the real ones over a real ledger and store; only the credit engine is small. The
judge is the CRM's own record of effects and a model of what people did.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connector.credit.facts import Inputs
from connector.credit.policy.document import shipped_policy
from connector.credit.policy.lint import load_policy
from connector.domain.change import ChangeState
from connector.errors import BudgetError, VendorError
from connector.sync.apply import apply_plan
from connector.sync.plan_file import read_plan
from connector.sync.run import RunReport, Way, decide_and_plan, take_in, write_back
from connector.testing.builders import invoice_values
from connector.testing.faults import Trouble
from tests.unit.sync import small_engine
from tests.unit.sync.workplace import QUIET, Workplace, open_workplace

POLICY = load_policy(shipped_policy("standard"), "standard")
ASKED = ("Limit", "LimitState", "NextReview")
"""Fields whose owner is `ask`: what a person wrote there is never written over."""

AMOUNTS = st.integers(1, 20).map(lambda n: n * 700)
PICK = st.integers(0, 30)
LATE_SECONDS = st.sampled_from([0, 0, 45, 400])
TROUBLES = st.sampled_from(
    [
        Trouble.LOST_BEFORE,
        Trouble.LOST_AFTER,
        Trouble.SHORT_ANSWER,
        Trouble.TRANSIENT,
        Trouble.BUDGET,
    ]
)  # fmt: skip
HAND_EDITS = st.sampled_from(
    [
        {"Grade": "Z"}, {"Exposure": Decimal("1.5")}, {"Hold": True}, {"Flags": "by hand"},
        {"Limit": Decimal(5000)}, {"Limit": Decimal(9000), "LimitState": "amount"}, {"Limit": None},
        {"LimitState": "cash_only"}, {"NextReview": "2031-05-05"}, {"Name": "Renamed"},
    ]
)  # fmt: skip
Refusal = Literal["retry", "rejected"]
UNFINISHED = {ChangeState.SENT, ChangeState.ACKED, ChangeState.UNKNOWN}


class SyncMachine(RuleBasedStateMachine):
    """`late_until`: when the last late commit shows up. `theirs`: values of people in fields of
    theirs, by account. `merged`: survivors by account that is gone. `disturbed`: something happened
    that a run may still have to write."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="sync-machine-")
        owners = {"limit": "ask", "limit_state": "ask", "next_review": "ask"}
        self.place: Workplace = open_workplace(
            Path(self.folder.name), owners=owners, batch_size=2, page_size=3
        )
        self.crm = self.place.crm
        self.late_until = self.place.clock.now()
        self.theirs: dict[tuple[str, str], object] = {}
        self.merged: dict[str, str] = {}
        self.disturbed = False
        self.engine = patch("connector.sync.decide.decide", small_engine.decide)
        self.engine.start()

    def teardown(self) -> None:
        self.engine.stop()
        self.settle()
        self.place.close()
        self.folder.cleanup()

    # -- what people do ----------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        """A small portfolio whose first plan has been applied."""
        self.crm.add("User", {"Name": "Rita Rep", "Active": True})
        self.open_accounts([0, 1, 2, 3])
        self.invoice([(n, 4200 + 2000 * n, 20 * n, 0) for n in range(4)])
        self.run_once()

    def accounts(self) -> list[str]:
        return sorted(self.crm.records("Account"))

    def account(self, pick: int) -> str:
        known = self.accounts()
        return known[pick % len(known)]

    def commit_late(self, seconds: float) -> None:
        shown = self.place.clock.now() + timedelta(seconds=seconds)
        self.late_until = max(self.late_until, shown)

    @rule(picks=st.lists(PICK, min_size=1, max_size=2))
    def open_accounts(self, picks: list[int]) -> None:
        """Some accounts share a register number: one party with several accounts."""
        for pick in picks:
            number = {"Registration": f"HRB 100{pick % 2}", "Country": "DE"}
            shared = number if pick % 3 == 0 else {}
            self.crm.add("Account", {"Name": f"Customer {pick}", "Terms": Decimal(30), **shared})

    @rule(items=st.lists(st.tuples(PICK, AMOUNTS, st.integers(-20, 40), LATE_SECONDS),
                         min_size=2, max_size=6))  # fmt: skip
    def invoice(self, items: list[tuple[int, int, int, int]]) -> None:
        for pick, amount, overdue, late in items:
            due = (self.place.today - timedelta(days=overdue)).isoformat()
            values = invoice_values(self.account(pick), f"R-{pick}", amount, Due=due)
            self.crm.add("Invoice", values, visible_after=late)
            self.commit_late(late)

    @precondition(lambda self: self.crm.records("Invoice"))
    @rule(payments=st.lists(st.tuples(PICK, st.sampled_from([0, 50, 99]), LATE_SECONDS),
                            min_size=1, max_size=3))  # fmt: skip
    def pay(self, payments: list[tuple[int, int, int]]) -> None:
        invoices = self.crm.records("Invoice")
        for pick, share, late in payments:
            record = sorted(invoices)[pick % len(invoices)]
            left = Decimal(str(invoices[record]["Amount"])) * share / 100
            self.crm.edit("Invoice", record, {"Open": left}, visible_after=late)
            self.commit_late(late)

    @rule(edits=st.lists(st.tuples(PICK, HAND_EDITS), min_size=2, max_size=5))
    def edit_by_hand(self, edits: list[tuple[int, dict[str, object]]]) -> None:
        for pick, values in edits:
            record = self.account(pick)
            self.crm.edit("Account", record, values)
            for name in set(values) & set(ASKED):
                self.theirs[record, name] = values[name]

    @precondition(lambda self: len(self.accounts()) > 3 and self.crm.records("Invoice"))
    @rule(pick=PICK, survivor=PICK)
    def delete_or_merge(self, pick: int, survivor: int) -> None:
        """An invoice goes, and an account: merged into another one, which takes its invoices."""
        invoices = sorted(self.crm.records("Invoice"))
        self.crm.delete("Invoice", invoices[pick % len(invoices)])
        loser, winner = self.account(pick), self.account(survivor)
        self.crm.delete("Account", loser, merged_into="" if winner == loser else winner)
        if winner != loser:
            self.merged[loser] = winner
        for record, values in self.crm.records("Invoice").items():
            if values["AccountId"] == loser and winner != loser:
                self.crm.edit("Invoice", record, {"AccountId": winner})

    @rule(days=st.integers(0, 40), hours=st.integers(0, 23))
    def wait(self, days: int, hours: int) -> None:
        self.place.clock.move(days=days, hours=hours)

    # -- runs --------------------------------------------------------------------------------------

    @rule(
        trouble=st.none() | TROUBLES,
        skip=st.integers(0, 1),
        refused=st.lists(st.tuples(PICK, st.sampled_from(["retry", "rejected"])), max_size=2),
    )
    def run(self, trouble: Trouble | None, skip: int, refused: list[tuple[int, Refusal]]) -> None:
        """One pass, with what goes wrong in it; whatever breaks it off has to be harmless."""
        if trouble is not None:
            self.crm.fail("write", trouble, skip=skip)
        for pick, state in refused:
            self.crm.refuse(self.account(pick), state)
        try:
            report = self.run_once()
        except (VendorError, BudgetError):
            self.disturbed = True
        else:
            script = self.crm.script
            pending = script.faults or any(script.refusals.values())
            self.disturbed = bool(pending) or report.problems > 0

    @precondition(lambda self: not self.disturbed)
    @rule()
    def run_twice(self) -> None:
        """Without anything new the second run makes no write call."""
        self.wait_for_late_commits()
        self.run_once()
        before = self.crm.call_counts()["write"]
        report = self.run_once()
        assert self.crm.call_counts()["write"] == before
        assert all(plan.to_write == () for plan in report.plans)

    def run_once(self) -> RunReport:
        place = self.place
        place.clock.move(seconds=60)
        place.reconnect()
        plans = place.folder / "plans"
        desk = place.desk()
        way = Way([place.connection], POLICY, plans, place.folder / "snapshots")
        report = RunReport(desk.run_id, desk.as_of.isoformat())
        first = len(self.crm.effects)
        take_in(desk, way, report)
        decide_and_plan(desk, way, report)
        write_back(desk, way, report)
        for path in report.plan_files.values():
            apply_plan(place.desk(), place.connection, read_plan(path))
        self.check_run(first)
        return report

    def check_run(self, first: int) -> None:
        self.nothing_lost()
        self.nothing_undecided()
        self.nobody_decided_wrongly()
        for effect in self.crm.effects[first:]:
            for name in set(effect.after) & set(ASKED):
                known = self.theirs.get((effect.record_id, name), effect.after[name])
                assert known == effect.after[name], (effect, "written over a person's value")

    def nothing_lost(self) -> None:
        """Facts of the ledger are the facts that can be seen in the CRM."""
        ledger = self.place.ledger
        assert [r["id"] for r in ledger.query("SELECT id FROM account_current ORDER BY id")
                .to_pylist()] == self.accounts()  # fmt: skip
        rows = ledger.query("SELECT id, open_amount, account_key FROM invoice_current").to_pylist()
        assert {r["id"]: (r["open_amount"], r["account_key"]) for r in rows} == {
            record: (values["Open"], values["AccountId"])
            for record, values in self.crm.records("Invoice").items()
        }

    def nothing_undecided(self) -> None:
        assert not self.place.ledger.dirty_since(self.place.store.decided_through())

    def nobody_decided_wrongly(self) -> None:
        """Deciding on everybody gives what stands in the store, whoever was decided on."""
        place = self.place
        inputs = Inputs(
            "EUR",
            approved_limits=place.store.approved_limits(),
            prior_decisions=place.store.prior_decisions(),
            prior_flags=place.store.prior_flags(),
        )
        connection = place.ledger.connection
        whole = small_engine.decide(connection, inputs, POLICY, place.today, "whole").tables
        kept = place.store.decision_tables(names=("decision",))["decision"]
        said = [sorted(zip(t["party_id"].to_pylist(), t["decision_hash"].to_pylist(), strict=True))
                for t in (whole["decision"], kept)]  # fmt: skip
        assert said[0] == said[1]

    # -- always ------------------------------------------------------------------------------------

    @invariant()
    def every_effect_changed_something(self) -> None:
        """No write repeats what stands there already, so none was made twice."""
        idle = [e for e in self.crm.effects if e.action == "update" and e.before == e.after]
        assert idle == []

    @invariant()
    def every_task_stands_once(self) -> None:
        keys = Counter(task["Key"] for task in self.crm.records("Task").values())
        assert [key for key, n in keys.items() if n > 1] == []

    @invariant()
    def only_our_fields_were_written(self) -> None:
        ours = set(self.place.connection.written_fields("Account"))
        for effect in self.crm.effects:
            if effect.object_name == "Account":
                assert effect.action == "update"
                assert set(effect.after) <= ours
            else:
                assert effect.action == "create"

    @invariant()
    def people_keep_what_they_wrote(self) -> None:
        held = self.crm.records("Account")
        for (record, name), value in self.theirs.items():
            if record in held:
                assert held[record].get(name) == value, (record, name)

    # -- the end -----------------------------------------------------------------------------------

    def wait_for_late_commits(self) -> None:
        missing = (self.late_until - self.place.clock.now()).total_seconds()
        self.place.clock.move(seconds=max(0.0, missing) + 1)

    def settle(self) -> None:
        """Whatever went before: without trouble the CRM comes to show the facts, and is quiet."""
        self.crm.script.faults.clear()
        self.crm.script.refusals.clear()
        self.wait_for_late_commits()
        with patch("connector.sync.decide.decide", small_engine.decide):
            self.run_once()
            before = self.crm.call_counts()["write"]
            self.run_once()
        assert self.crm.call_counts()["write"] == before
        store = self.place.store
        assert not [c for c in store.open_changes("crm") if c.state in UNFINISHED]
        assert store.verify_journal("crm") > 0
        self.exposures_are_right()

    def exposures_are_right(self) -> None:
        """Each account shows its party's open amount, to the write tolerance."""
        owed: Counter[str] = Counter()
        links = self.place.ledger.query(
            "SELECT account_id, party_id FROM account_party"
        ).to_pylist()
        party = {row["account_id"]: row["party_id"] for row in links}
        for values in self.crm.records("Invoice").values():
            account = str(values["AccountId"])
            # What was committed late may still name an account that was merged meanwhile.
            while account in self.merged:
                account = self.merged[account]
            if account in party:
                owed[party[account]] += values["Open"]  # type: ignore[operator]
        for record, values in self.crm.records("Account").items():
            shown = Decimal(str(values.get("Exposure") or 0))
            wanted = Decimal(owed[party[record]])
            most = max(QUIET.least, POLICY.write.tolerance_pct * shown)
            assert abs(shown - wanted) <= most, (record, shown, wanted)


@pytest.mark.slow
def test_a_crm_where_anything_happens() -> None:
    """Goes red when a lost answer is sent again without reading back first."""
    run_state_machine_as_test(
        SyncMachine,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
