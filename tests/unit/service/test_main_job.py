"""The main job as use cases: what is written when, what is recorded, numbers that add up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from connector.domain.change import ChangeState
from connector.errors import (
    EXIT_BUG,
    BudgetError,
    InputError,
    RedRunError,
    StoppedError,
    WaitsForPersonError,
)
from connector.ledger import open_snapshot
from connector.ports.stopping import StopSignal
from connector.service.main_job import apply_file, plan_only, pull_only, run_main_job
from connector.service.office import Office
from connector.service.reporting import problems, status
from connector.service.summary import summarise_apply, summarise_run
from connector.sync.run import RunReport
from connector.testing.builders import invoice_values
from connector.testing.faults import Trouble
from tests.unit.service.offices import crm_of

pytestmark = pytest.mark.usefixtures("small_credit")


def settle(office: Office) -> RunReport:
    """First contact: run, then apply the plan that waits."""
    report = run_main_job(office)
    apply_file(office, report.plan_files["crm"])
    return report


def late_invoice(office: Office, amount: int = 90_000) -> None:
    account = next(iter(crm_of(office).records("Account")))
    values = invoice_values(account, "R-NEW", amount, Due="2025-01-01")
    crm_of(office).add("Invoice", values)
    office.clock.sleep(60)


def runs(office: Office) -> list[tuple[str, int | None]]:
    return [(run.outcome, run.exit_code) for run in office.store.last_runs(10)]


def test_first_contact_waits_and_writes_nothing(office: Office) -> None:
    report = run_main_job(office)
    assert report.exit_code == 5
    assert crm_of(office).call_counts()["write"] == 0
    assert report.plan_files["crm"].is_file()
    assert runs(office) == [("ok", 5)]


def test_after_the_plan_was_applied_runs_write_and_are_quiet(office: Office) -> None:
    settle(office)
    crm = crm_of(office)
    calls = crm.call_counts()["write"]
    assert run_main_job(office).exit_code == 0
    assert crm.call_counts()["write"] == calls
    late_invoice(office)
    report = run_main_job(office)
    assert report.pushes["crm"][ChangeState.VERIFIED] == 2  # the account, and its alert task
    assert run_main_job(office).pushes == {}


def test_without_news_nothing_is_computed_again(office: Office) -> None:
    settle(office)
    report = run_main_job(office)
    assert report.decided is not None
    assert report.decided.changed is None
    assert report.decided.tables["decision"].num_rows == 3


def test_planning_neither_pulls_nor_writes_and_leaves_a_file(
    office: Office, tmp_path: Path
) -> None:
    settle(office)
    late_invoice(office)
    before = crm_of(office).call_counts()
    out = tmp_path / "p.json"
    assert plan_only(office, out=out).plans[0].to_write == ()
    assert not out.exists()
    pull_only(office)
    report = plan_only(office, out=out)
    assert len(report.plans[0].to_write) == 2
    after = crm_of(office).call_counts()
    assert (after["write"], after["read_back"]) == (before["write"], before["read_back"])
    applied = apply_file(office, out)
    assert applied.pushed.ended == {ChangeState.VERIFIED: 2}
    assert json.loads(json.dumps(summarise_apply(applied)))["moved_count"] == 0


def test_a_mass_hold_waits_run_after_run_until_it_is_applied(office: Office) -> None:
    """Nothing new to decide is no reason to let through what waited before."""
    crm = crm_of(office)
    for number in range(6):
        account = crm.add("Account", {"Name": f"Customer {number}", "Terms": 30})
        crm.add("Invoice", invoice_values(account, f"G-{number}", 9000, Due="2026-03-20"))
    settle(office)
    calls = crm.call_counts()["write"]
    office.clock.sleep(30 * 86_400)
    for _again in range(2):
        report = run_main_job(office)
        assert [f.params["n"] for f in report.findings if "hold" in f.message] == [6]
        assert report.exit_code == 5
        assert crm.call_counts()["write"] == calls
    apply_file(office, report.plan_files["crm"])
    assert crm.call_counts()["write"] > calls
    assert run_main_job(office).exit_code == 0


@pytest.mark.parametrize(
    ("call", "trouble", "error", "code"),
    [
        ("pull", Trouble.MISCOUNT, RedRunError, 6),
        ("pull", Trouble.BUDGET, BudgetError, 4),
        ("update", Trouble.BUDGET, BudgetError, 4),
    ],
)
def test_what_ended_a_run_is_recorded(
    office: Office, call: str, trouble: Trouble, error: type[Exception], code: int
) -> None:
    settle(office)
    late_invoice(office)
    crm_of(office).fail(call, trouble)
    with pytest.raises(error):
        run_main_job(office)
    assert runs(office)[0] == (error.__name__, code)
    assert "error" in office.store.last_runs(1)[0].summary
    assert run_main_job(office).exit_code == 0


def test_a_bug_of_ours_is_recorded_without_its_text(office: Office) -> None:
    with patch("connector.sync.run.link", side_effect=KeyError("a customer's name")), \
            pytest.raises(KeyError):  # fmt: skip
        run_main_job(office)
    (run,) = office.store.last_runs(1)
    assert (run.outcome, run.exit_code, run.summary) == ("KeyError", EXIT_BUG, {})
    assert run.ended_at is not None


def test_a_refused_row_makes_the_run_partial(office: Office) -> None:
    settle(office)
    late_invoice(office)
    crm = crm_of(office)
    crm.refuse(next(iter(crm.records("Account"))), "rejected", code="VALIDATION")
    report = run_main_job(office)
    assert (report.problems, report.exit_code) == (1, 1)
    (refusal,) = summarise_run(report)["pushed"]["crm"]["refusals"]
    assert refusal["code"] == "VALIDATION"


def test_a_bad_row_is_listed_with_its_reason(office: Office) -> None:
    account = next(iter(crm_of(office).records("Account")))
    bad = crm_of(office).add("Invoice", invoice_values(account, "R-BAD", 5, Currency="Euro"))
    report = run_main_job(office)
    assert report.problems == 1
    (row,) = problems(office)
    assert (row["record_id"], row["field"]) == (bad, "currency")


def test_the_numbers_of_a_run_add_up(office: Office) -> None:
    settle(office)
    late_invoice(office)
    crm = crm_of(office)
    edited = list(crm.records("Account"))[1]
    crm.edit("Account", edited, {"LimitState": "unlimited", "Grade": "Z"})
    office.clock.sleep(60)
    summary: dict[str, Any] = json.loads(json.dumps(summarise_run(run_main_job(office))))
    for feed in summary["feeds"]:
        parts = ("new", "changed", "re_read", "deleted", "problems", "skipped")
        assert feed["records"] == sum(feed[part] for part in parts)
    (plan,) = summary["plans"]
    ends = ("unchanged", "planned", "within_tolerance", "waiting")
    assert plan["records"] == sum(plan[end] for end in ends) == 3
    assert plan["conflicts"] == 1
    assert sum(summary["pushed"]["crm"]["ended"].values()) == plan["planned"] + plan["tasks"]
    assert sum(summary["grades"].values()) == 3
    assert sum(summary["scope"].values()) == 4
    assert summary["calls"]["crm"]["write"] == crm.call_counts()["write"]


def test_status_shows_runs_and_conflicts(office: Office) -> None:
    settle(office)
    crm = crm_of(office)
    edited = next(iter(crm.records("Account")))
    crm.edit("Account", edited, {"LimitState": "unlimited"}, by="Rita Rep")
    office.clock.sleep(60)
    run_main_job(office)
    shown = json.loads(json.dumps(status(office)))
    (connection,) = shown["connections"]
    assert (connection["first_contact"], connection["open_changes"]) == (False, 0)
    (conflict,) = connection["conflicts"]
    assert (conflict["record"], conflict["modified_by"]) == (edited, "Rita Rep")
    assert [f["theirs"] for f in conflict["fields"]] == ["unlimited"]
    assert [(run["kind"], run["outcome"]) for run in shown["runs"]] == [
        ("run", "ok"), ("apply", "ok"), ("run", "ok"),
    ]  # fmt: skip


def test_pulling_and_applying_are_recorded_as_runs(office: Office) -> None:
    settle(office)
    pull_only(office)
    assert [(run.kind, run.exit_code) for run in office.store.last_runs(3)] == [
        ("pull", 0), ("apply", 0), ("run", 5),
    ]  # fmt: skip
    assert office.store.last_runs(1)[0].summary["feeds"]


def test_what_was_read_to_its_end_is_fresh(office: Office) -> None:
    crm_of(office).fail("pull", Trouble.MISCOUNT)
    with pytest.raises(RedRunError):
        pull_only(office)
    assert office.store.freshness() == {}
    pull_only(office)
    assert office.store.freshness()["crm"].pulled_at == office.clock.now()


def test_a_run_that_is_asked_to_stop_writes_nothing_and_the_next_one_goes_on(
    office: Office,
) -> None:
    settle(office)
    late_invoice(office)
    crm = crm_of(office)
    calls = crm.call_counts()["write"]
    stop = StopSignal()

    def ask(step: str, *_what: object) -> None:
        if step == "push":
            stop.ask()

    with pytest.raises(StoppedError):
        run_main_job(office, tell=ask, stop=stop)
    assert runs(office)[0] == ("StoppedError", 75)
    assert crm.call_counts()["write"] == calls
    assert run_main_job(office).pushes["crm"][ChangeState.VERIFIED] == 2


def test_one_connection_may_be_run_alone(office: Office) -> None:
    settle(office)
    late_invoice(office)
    assert run_main_job(office, only="crm").pushes["crm"][ChangeState.VERIFIED] == 2
    with pytest.raises(InputError):
        pull_only(office, only="other")


def test_readers_see_what_was_published(office: Office) -> None:
    pull_only(office)
    with open_snapshot(office.snapshots) as snapshot:
        rows = snapshot.query("SELECT count(*) AS n FROM account_current").to_pylist()
    assert rows == [{"n": 4}]


def test_waiting_is_an_error_with_its_own_code() -> None:
    assert WaitsForPersonError("x").exit_code == 5


def test_status_tells_what_changed_at_the_source(office: Office) -> None:
    run_main_job(office)
    crm = crm_of(office)
    info = crm.describe("Invoice")
    assert info is not None
    amount = replace(info.fields["Amount"], scale=info.fields["Amount"].scale + 1)
    crm.define(replace(info, fields={**info.fields, "Amount": amount}))
    report = run_main_job(office)
    assert [change.kind for change in report.intake.drift] == ["scale"]
    (told,) = status(office)["drift"]
    assert (told["object_name"], told["field"], told["policy"]) == ("Invoice", "Amount", "alert")


def test_a_blocked_feed_holds_writes_back_and_the_run_says_so(office: Office) -> None:
    settle(office)
    late_invoice(office)
    pull_only(office)
    crm = crm_of(office)
    info = crm.describe("Invoice")
    assert info is not None
    amount = replace(info.fields["Amount"], vendor_type="text")
    crm.define(replace(info, fields={**info.fields, "Amount": amount}))
    writes = crm.call_counts()["write"]
    report = run_main_job(office)
    assert report.exit_code == 5
    assert report.problems == 1
    assert any("grow old" in finding.message for finding in report.findings)
    assert crm.call_counts()["write"] == writes
    crm.define(info)
    assert run_main_job(office).exit_code == 0
