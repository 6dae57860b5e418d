"""Roll-out: a stage writes what it says, what was true makes no task, each step is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.domain.rollout import Stage
from connector.errors import InputError, RefusedError, StateError
from connector.service.entering import Author
from connector.service.main_job import apply_file, run_main_job
from connector.service.office import Office
from connector.service.reporting import measure_freshness
from connector.service.rolling_out import parse_stage, preview_step, show_stage, take_step
from connector.sync.run import RunReport
from connector.testing.builders import invoice_values
from tests.unit.service.offices import crm_of

pytestmark = pytest.mark.usefixtures("small_credit")

ANN = Author("ann", "agreed with sales")


@pytest.fixture
def begun(office: Office) -> Office:
    """A connection whose settings say `rollout = "observe"`, after its first run."""
    office.house = replace(office.house, rollout={"crm": "observe"})
    run_main_job(office)
    return office


def accounts(office: Office) -> dict[str, dict[str, Any]]:
    return {str(r["Name"]): dict(r) for r in crm_of(office).records("Account").values()}


def tasks(office: Office) -> int:
    return len(crm_of(office).records("Task"))


def move(office: Office, stage: Stage) -> None:
    office.clock.sleep(60)
    take_step(office, "crm", stage, ANN)


def run_through(office: Office) -> RunReport:
    """A run; what waits for a person is applied."""
    office.clock.sleep(60)
    report = run_main_job(office)
    if "crm" in report.plan_files:
        apply_file(office, report.plan_files["crm"])
    return report


def add_overdue(office: Office, name: str, amount: int) -> None:
    (account,) = [k for k, r in crm_of(office).records("Account").items() if r["Name"] == name]
    values = invoice_values(account, f"R-{name}-{amount}", amount, Due="2025-01-01")
    crm_of(office).add("Invoice", values)


def test_the_whole_way_up(begun: Office) -> None:
    """Observe writes nothing, show writes fields, notify adds tasks for news, hold adds holds."""
    crm = crm_of(begun)
    report = run_main_job(begun)
    assert (report.exit_code, report.plan_files) == (0, {})
    assert len(report.plans[0].to_write) == 3  # planned and reported
    assert report.heartbeats == {}
    assert crm.call_counts()["write"] == 0

    move(begun, Stage.SHOW)
    run_through(begun)
    held = accounts(begun)["Säumig KG"]
    assert (held["Grade"], held["Colour"], held["Hold"]) == ("D", "red", False)
    assert tasks(begun) == 0

    move(begun, Stage.NOTIFY)
    run_through(begun)
    assert tasks(begun) == 0  # what was true is baseline
    add_overdue(begun, "Muster AG", 3_000)
    run_through(begun)
    assert tasks(begun) == 1
    assert accounts(begun)["Säumig KG"]["Hold"] is False

    move(begun, Stage.HOLD)
    run_through(begun)
    assert accounts(begun)["Säumig KG"]["Hold"] is True
    assert tasks(begun) == 1
    assert run_through(begun).pushes == {}

    move(begun, Stage.NOTIFY)
    run_through(begun)
    assert accounts(begun)["Säumig KG"]["Hold"] is False  # our hold is taken off
    assert tasks(begun) == 1
    steps = show_stage(begun, "crm").steps
    assert [s.stage.value for s in steps] == ["notify", "hold", "notify", "show"]
    assert {(s.who, s.why) for s in steps} == {("ann", "agreed with sales")}


def test_a_step_is_shown_before_it_is_taken_and_keeps_nothing(begun: Office) -> None:
    crm = crm_of(begun)
    before = begun.store.open_changes("crm")
    shown = preview_step(begun, "crm", Stage.HOLD)
    assert (shown.before, shown.after, shown.records) == (Stage.OBSERVE, Stage.HOLD, 3)
    assert shown.baseline == 2  # both late customers' flags are true already
    (load,) = shown.loads
    assert (load.owner, load.tasks, load.held, load.orders) == ("Rita Rep", 0, 1, 0)
    assert show_stage(begun, "crm").steps == []
    assert begun.store.open_changes("crm") == before
    assert crm.call_counts()["write"] == 0
    assert preview_step(begun, "crm", Stage.OBSERVE).records == 0


def test_a_flag_that_gets_worse_after_the_step_makes_its_task(begun: Office) -> None:
    move(begun, Stage.NOTIFY)
    run_through(begun)
    flags = begun.store.rollout.baseline("crm")
    assert flags.num_rows == 2
    weaker = flags.set_column(3, flags.schema.field(3), [[1] * 2])
    begun.clock.sleep(60)
    begun.store.rollout.move(show_stage(begun, "crm").steps[0], weaker)
    run_through(begun)
    assert tasks(begun) == 2


def test_a_hold_that_a_person_set_stays_below_the_stage_hold(begun: Office) -> None:
    move(begun, Stage.SHOW)
    run_through(begun)
    crm = crm_of(begun)
    (account,) = [k for k, r in crm.records("Account").items() if r["Name"] == "Muster AG"]
    crm.edit("Account", account, {"Hold": True})
    report = run_through(begun)
    assert crm.records("Account")[account]["Hold"] is True
    assert [c.record_id for c in report.plans[0].changes if c.conflicts] == [account]


def test_nobody_leaves_holds_behind(begun: Office) -> None:
    move(begun, Stage.HOLD)
    run_through(begun)
    with pytest.raises(RefusedError, match="1 accounts of crm are on hold because of us"):
        take_step(begun, "crm", Stage.OBSERVE, ANN)
    move(begun, Stage.SHOW)
    run_through(begun)
    move(begun, Stage.OBSERVE)
    calls = crm_of(begun).call_counts()["write"]
    add_overdue(begun, "Muster AG", 90_000)
    assert run_through(begun).exit_code == 0
    assert crm_of(begun).call_counts()["write"] == calls


def test_plans_of_another_stage_are_refused(office: Office) -> None:
    """A plan with holds must not be applied after the connection was moved back."""
    waiting = run_main_job(office).plan_files["crm"]
    move(office, Stage.SHOW)
    with pytest.raises(RefusedError, match="made before crm was moved to the stage show"):
        apply_file(office, waiting)
    move(office, Stage.OBSERVE)
    with pytest.raises(RefusedError, match="crm is only observed"):
        apply_file(office, waiting)
    assert crm_of(office).call_counts()["write"] == 0


def test_what_nobody_configured_is_at_hold_as_ever(office: Office) -> None:
    standing = show_stage(office, "crm")
    assert (standing.stage, standing.steps) == (Stage.HOLD, [])
    with pytest.raises(StateError, match="Nothing has been decided yet"):
        preview_step(office, "crm", Stage.SHOW)


def test_steps_that_change_nothing_and_unknown_stages_are_refused(begun: Office) -> None:
    with pytest.raises(RefusedError, match="crm is at the stage observe already"):
        take_step(begun, "crm", Stage.OBSERVE, ANN)
    with pytest.raises(InputError, match=r"fly is not a stage.*observe, show, notify, hold"):
        parse_stage("fly")
    with pytest.raises(InputError, match="There is no connection erp"):
        show_stage(begun, "erp")
    begun.connect("crm").target = None
    with pytest.raises(InputError, match="Nothing is ever written to crm"):
        show_stage(begun, "crm")


def test_an_observed_connection_is_fresh_when_it_was_read(begun: Office) -> None:
    move(begun, Stage.SHOW)
    run_through(begun)
    move(begun, Stage.OBSERVE)
    begun.clock.sleep(timedelta(days=3).total_seconds())
    assert measure_freshness(begun)[0]["stale"]
    run_main_job(begun)
    assert not measure_freshness(begun)[0]["stale"]
