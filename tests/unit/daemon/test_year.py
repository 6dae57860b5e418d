"""A year on a fake clock: no slot missed, none doubled, through changes of clocks and restarts."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from connector.settings import JobSettings
from tests.unit.daemon.plant import Plant

END = datetime(2027, 1, 1, tzinfo=UTC)
JOBS = {
    "night": JobSettings(when="daily 02:30"),
    "often": JobSettings(do="audit", when="every 6h"),
    "monday": JobSettings(do="pull", when="cron 15 2 * * mon"),
}


def live_through(plant: Plant, chance: random.Random, *, restarts: int) -> None:
    """Tick at uneven moments for a year, with restarts between."""
    moments = sorted(chance.randrange(365 * 24 * 60) for _ in range(restarts))
    boots = [plant.start + timedelta(minutes=minute) for minute in moments]
    while plant.clock.now() < END:
        plant.clock.move(seconds=chance.uniform(600, 3_400))
        if boots and plant.clock.now() > boots[0]:
            boots.pop(0)
            plant.boot()
        plant.tick()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_year_misses_no_slot_and_doubles_none(zone: str) -> None:
    tz = ZoneInfo(zone)
    plant = Plant(JOBS, timezone=zone)
    live_through(plant, random.Random(zone), restarts=40)

    days = Counter(slot.astimezone(tz).date() for slot in plant.slots("night"))
    whole = [date(2026, 1, 2) + timedelta(days=n) for n in range(363)]
    assert {days[day] for day in whole} == {1}
    times = Counter(slot.astimezone(tz).strftime("%H:%M") for slot in plant.slots("night"))
    assert times["02:30"] == sum(times.values()) - 1  # the day on which 02:30 does not exist
    assert set(times) == {"02:30", "03:00"}

    often = plant.slots("often")
    assert often[0] == plant.start
    gaps = {later - slot for slot, later in pairwise(often[1:])}
    assert gaps == {timedelta(hours=6)}
    assert len(often) in (1460, 1461)

    mondays = [slot.astimezone(tz).date() for slot in plant.slots("monday")]
    assert mondays == [date(2026, 1, 5) + timedelta(weeks=n) for n in range(52)]
    assert {job.missed for job in plant.store.kept.values()} == {0}


def test_a_run_starts_soon_after_its_slot_and_never_before() -> None:
    plant = Plant({"night": JOBS["night"]}, timezone="Europe/Berlin")
    live_through(plant, random.Random(2), restarts=5)
    late = [task.started_at - task.turn.slot for task in plant.ran]
    assert len(late) > 360
    assert min(late) >= timedelta(0)
    assert max(late) <= timedelta(seconds=3_400)


def test_outages_are_caught_up_or_counted() -> None:
    """Whole days down, again and again: each slot either ran or is counted as missed."""
    chance = random.Random(7)
    plant = Plant({"night": JobSettings(when="daily 02:30", grace="6h")}, timezone="Europe/Berlin")
    while plant.clock.now() < END:
        plant.clock.move(seconds=chance.choice((600, 600, 600, 3 * 86_400, 7 * 3600)))
        plant.boot()
        plant.tick()
    slots = plant.slots("night")
    assert len(slots) == len(set(slots))
    last = plant.job("night").next_due.astimezone(ZoneInfo("Europe/Berlin")).date()
    assert len(slots) + plant.job("night").missed == (last - date(2026, 1, 1)).days
    assert plant.job("night").missed > 20
    assert all(task.started_at - task.turn.slot <= timedelta(hours=6) for task in plant.ran)
