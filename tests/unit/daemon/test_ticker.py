"""One tick after the other: misfires, troubles, deadlines, and ticks that cannot raise."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from connector.credentials import Secrets
from connector.daemon.serve import Daemon
from connector.daemon.workers import Ended, Task
from connector.errors import BudgetError, SignInError, StateError, UnreachableError
from connector.settings import DaemonSettings, JobSettings, Settings
from tests.unit.daemon.plant import PATIENCE, Plant

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def plant_of(when: str = "every 1h", **settings: str) -> Plant:
    return Plant({"job": JobSettings.model_validate({"when": when, **settings})})


def test_a_new_interval_runs_at_once_and_a_time_of_day_when_it_comes() -> None:
    plant = Plant({"a": JobSettings(when="every 1h"), "b": JobSettings(when="daily 06:00")})
    plant.tick()
    assert [task.job.name for task in plant.ran] == ["a"]
    plant.clock.move(seconds=6 * 3600)
    plant.tick()
    assert sorted(task.job.name for task in plant.ran) == ["a", "a", "b"]
    assert plant.job("b").next_due == START + timedelta(hours=30)


def test_coalesce_makes_one_run_of_what_passed_and_counts_the_rest() -> None:
    plant = plant_of()
    plant.tick()
    plant.clock.move(seconds=5.5 * 3600)
    plant.tick()
    assert len(plant.ran) == 2
    assert plant.job("job").missed == 4
    plant.tick()
    assert len(plant.ran) == 2


def test_coalesce_leaves_out_what_is_older_than_its_grace() -> None:
    plant = plant_of("daily 06:00", grace="2h")
    plant.clock.move(seconds=9 * 3600)
    plant.tick()
    assert plant.ran == []
    assert (plant.job("job").missed, plant.job("job").next_due) == (1, START + 30 * HOUR)
    plant.clock.move(seconds=22 * 3600)
    plant.tick()
    assert len(plant.ran) == 1
    assert b'creditflag_missed_runs_total{job="job"} 1.0' in metrics(plant)


def metrics(plant: Plant) -> bytes:
    from prometheus_client import generate_latest

    return generate_latest(plant.gauges.registry)


def test_skip_runs_only_what_is_on_time() -> None:
    plant = plant_of("daily 06:00", misfire="skip")
    plant.clock.move(seconds=6 * 3600 + 59)
    plant.tick()
    assert len(plant.ran) == 1
    plant.clock.move(seconds=24 * 3600 + 60)
    plant.tick()
    assert len(plant.ran) == 1
    assert plant.job("job").missed == 1


def test_run_all_catches_up_slot_by_slot_with_each_ones_day() -> None:
    plant = Plant(
        {"job": JobSettings(when="daily 01:00", misfire="run_all")}, timezone="Asia/Shanghai"
    )
    plant.clock.move(seconds=3 * 86_400)
    plant.tick()
    plant.tick()
    plant.tick()
    assert plant.slots("job") == [START + timedelta(hours=17 + 24 * n) for n in range(3)]
    # 17:00 UTC is the next day in Shanghai; the last one is on time enough for today's date.
    assert [task.turn.as_of for task in plant.ran] == [date(2026, 1, 2), date(2026, 1, 3), None]
    assert plant.job("job").missed == 0


@pytest.mark.parametrize(
    "error", [UnreachableError("no way"), BudgetError("used up", resume_after=120)]
)
def test_passing_trouble_keeps_the_slot_and_is_tried_again_later(error: Exception) -> None:
    plant = plant_of("daily 06:00")
    answers: list[Exception | None] = [error, error, None]

    def do(_task: Task) -> Ended:
        if (trouble := answers.pop(0)) is not None:
            raise trouble
        return Ended("ok", 0)

    plant.do = do
    plant.clock.move(seconds=6 * 3600)
    plant.tick()
    slot = START + 6 * HOUR
    assert (len(plant.ran), plant.job("job").next_due) == (1, slot)
    assert plant.job("job").last_outcome == type(error).__name__
    plant.tick()
    assert len(plant.ran) == 1
    plant.clock.move(seconds=121)
    plant.tick()
    plant.clock.move(seconds=30)
    plant.tick()
    assert len(plant.ran) == 2
    plant.clock.move(seconds=121)
    plant.tick()
    assert plant.slots("job") == [slot, slot, slot]
    assert (plant.job("job").last_ok, plant.job("job").missed) == (plant.clock.now(), 0)


def test_another_error_ends_the_slot_and_stands_in_the_store() -> None:
    plant = plant_of(do="run")

    def refuse(_task: Task) -> Ended:
        raise SignInError(
            "The vendor refused {who}.", who="us", next_step="Check client_secret=abc."
        )

    plant.do = refuse
    plant.tick()
    job = plant.job("job")
    assert (job.last_outcome, job.last_ok) == ("SignInError", None)
    assert "The vendor refused us." in job.last_error
    assert "abc" not in job.last_error
    assert job.next_due > plant.clock.now()


def test_a_bug_ends_the_slot_without_its_text() -> None:
    plant = plant_of()

    def stumble(_task: Task) -> Ended:
        raise KeyError("Nordlicht GmbH")

    plant.do = stumble
    plant.tick()
    assert (plant.job("job").last_outcome, plant.job("job").last_error) == ("bug", "KeyError")
    assert plant.ticker.codes == [70]


def test_a_slot_that_was_under_way_in_a_crash_runs_again() -> None:
    plant = plant_of("daily 06:00")
    entered, hold = threading.Event(), threading.Event()

    def hang(_task: Task) -> Ended:
        entered.set()
        hold.wait(PATIENCE)
        return Ended("ok", 0)

    plant.do = hang
    plant.clock.move(seconds=6 * 3600)
    plant.ticker.tick()
    assert entered.wait(PATIENCE)
    assert plant.job("job").last_started == plant.clock.now()
    plant.do = lambda _task: Ended("ok", 0)
    plant.boot()  # what was in memory is gone
    plant.tick()
    assert plant.slots("job") == [START + 6 * HOUR] * 2
    hold.set()


def test_jobs_that_need_the_ledger_wait_for_each_other() -> None:
    plant = Plant({
        "run": JobSettings(when="every 1h"), "look": JobSettings(do="pull", when="every 1h"),
        "check": JobSettings(do="audit", when="every 1h"),
    })  # fmt: skip
    gate = threading.Event()
    plant.do = lambda _task: Ended("ok", 0) if gate.wait(PATIENCE) else Ended("late", 70)
    plant.ticker.tick()
    plant.ticker.tick()
    lanes = sorted(task.lane for task in plant.workers.tasks)
    assert lanes == ["ledger", "store"]
    gate.set()
    plant.tick()
    assert sorted(task.job.name for task in plant.ran) == ["check", "look", "run"]


def test_a_job_past_its_deadline_is_asked_to_end() -> None:
    plant = plant_of()
    entered = threading.Event()

    def slow(task: Task) -> Ended:
        entered.set()
        task.stop.wait(PATIENCE)
        task.stop.check()
        return Ended("ok", 0)

    plant.do = slow
    plant.ticker.tick()
    assert entered.wait(PATIENCE)
    plant.clock.move(seconds=3599)
    plant.ticker.tick()
    assert not plant.ran[0].stop.asked
    plant.clock.move(seconds=2)
    plant.tick()
    assert plant.job("job").last_outcome == "StoppedError"
    assert "took longer" in plant.job("job").last_error


def test_a_tick_never_raises_and_the_next_one_goes_on() -> None:
    plant = plant_of()
    plant.store.trouble.append(StateError("The database server cannot be reached."))
    plant.ticker.tick()
    assert "cannot be reached" in plant.pulse.error
    assert plant.pulse.alive
    assert b"creditflag_tick_errors_total 1.0" in metrics(plant)
    assert not plant.ticker.lost
    plant.tick()
    assert (plant.pulse.error, len(plant.ran)) == ("", 1)


def test_an_end_that_could_not_be_kept_is_kept_by_the_next_tick() -> None:
    plant = plant_of()
    plant.ticker.tick()
    plant.bell.get(timeout=PATIENCE)
    plant.store.trouble.append(StateError("disk full"))
    plant.ticker.tick()
    assert plant.job("job").last_outcome == ""
    plant.tick()
    assert plant.job("job").last_outcome == "ok"
    assert len(plant.ran) == 1


def test_a_lost_lease_is_noticed() -> None:
    plant = plant_of()
    plant.clock.move(seconds=41)
    plant.store.lose_lease()
    plant.ticker.tick()
    assert plant.ticker.lost
    assert plant.ran == []


def test_a_daemon_that_lost_its_lease_ends_when_its_jobs_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Goes red when it waits for jobs whose end it may not keep any more, and has to be forced."""
    plant = plant_of()

    def until_stopped(task: Task) -> Ended:
        assert task.stop.wait(PATIENCE)
        return Ended("StoppedError", 75)

    plant.do = until_stopped
    plant.ticker.tick()

    def lose(*_what: object) -> None:
        plant.clock.move(seconds=10)
        plant.store.lose_lease()
        plant.store._fail()

    monkeypatch.setattr(plant.store, "renew_lease", lose)
    plant.clock.move(seconds=41)
    plant.ticker.tick()
    assert plant.ticker.lost
    forced: list[int] = []
    settings = cast("Settings", SimpleNamespace(daemon=DaemonSettings(stop_seconds=90)))
    daemon = Daemon(settings, plant.clock, Secrets(), leave=forced.append, _bell=plant.bell)
    daemon._close(plant.ticker, plant.workers)
    assert forced == []
    assert [task.ended for task in plant.workers.tasks] == [Ended("StoppedError", 75)]


def test_while_closing_nothing_new_is_started() -> None:
    plant = plant_of()
    plant.ticker.closing = True
    plant.tick()
    assert plant.ran == []


def test_silence_of_the_tick_shows() -> None:
    plant = plant_of()
    plant.tick()
    plant.clock.move(seconds=14)
    assert plant.pulse.alive
    plant.clock.move(seconds=1)
    assert not plant.pulse.alive


def test_changed_settings_change_jobs_and_keep_what_is_due() -> None:
    plant = Plant({"a": JobSettings(when="daily 06:00"), "b": JobSettings(when="every 1h")})
    due = plant.job("a").next_due
    plant.clock.move(seconds=86_400)
    plant.wanted = {"a": JobSettings(when="daily 06:00", grace="48h")}
    plant.boot()
    assert set(plant.store.kept) == {"a"}
    assert (plant.job("a").next_due, plant.job("a").grace_seconds) == (due, 172_800)
    plant.wanted = {"a": JobSettings(when="every 2h")}
    plant.boot()
    assert plant.job("a").next_due > plant.clock.now()
    writes = plant.store.writes
    plant.boot()
    assert plant.store.writes == writes


@pytest.mark.parametrize(
    ("when", "misfire", "hours"),
    [
        ("every 1h", "coalesce", 4),
        ("every 3h", "coalesce", 6),
        ("every 12h", "coalesce", 12),
        ("every 1h", "run_all", 1),
        ("daily 06:00", "coalesce", 24),
    ],
)
def test_while_calls_are_short_intervals_are_stretched(when: str, misfire: str, hours: int) -> None:
    """Goes red when a shortage of calls leaves the pace of polling as it is."""
    plant = plant_of(when, misfire=misfire)
    plant.do = lambda _task: Ended("ok", 0, short=True)
    plant.clock.move(seconds=6 * 3600 if when.startswith("daily") else 1)
    plant.tick()
    (first,) = plant.slots("job")
    # Slots of an interval are moved by up to a tenth of it.
    assert abs(plant.job("job").next_due - first - hours * HOUR) <= 0.2 * hours * HOUR
    assert plant.job("job").missed == 0
    plant.do = lambda _task: Ended("ok", 0)
    plant.clock.move(seconds=(plant.job("job").next_due - plant.clock.now()).total_seconds())
    plant.tick()
    second = plant.slots("job")[-1]
    usual = {"every 1h": 1, "every 3h": 3, "every 12h": 12, "daily 06:00": 24}[when]
    assert abs(plant.job("job").next_due - second - usual * HOUR) <= 0.2 * usual * HOUR
