"""Slots of timetables over a year with its changes of the clocks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.timetable import (
    JITTER,
    Interval,
    jitter_of,
    next_slot,
    parse_duration,
    parse_timetable,
    slots_after,
)

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "UTC")


def slots(spec: str, zone: str, start: datetime = YEAR, days: int = 365) -> list[datetime]:
    end = start + timedelta(days=days)
    found = slots_after(parse_timetable(spec), start, ZoneInfo(zone), YEAR)
    return list(takewhile(lambda slot: slot < end, found))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "01:30", "02:00", "02:30", "03:00", "23:59"])
def test_each_local_day_has_its_slot_exactly_once(zone: str, at: str) -> None:
    days = Counter(slot.astimezone(ZoneInfo(zone)).date() for slot in slots(f"daily {at}", zone))
    whole = [date(2026, 1, 2) + timedelta(days=n) for n in range(363)]
    assert [day for day in whole if days[day] != 1] == []


@pytest.mark.parametrize(
    ("zone", "spec", "day", "expected"),
    [
        # 29 March 2026: Berlin goes from 02:00 to 03:00 at 01:00 UTC.
        ("Europe/Berlin", "daily 02:30", (2026, 3, 29), ["2026-03-29T01:00:00"]),
        ("Europe/Berlin", "daily 02:00", (2026, 3, 29), ["2026-03-29T01:00:00"]),
        ("Europe/Berlin", "daily 03:00", (2026, 3, 29), ["2026-03-29T01:00:00"]),
        # 25 October: 02:30 comes twice, at 00:30 and 01:30 UTC.
        ("Europe/Berlin", "daily 02:30", (2026, 10, 25), ["2026-10-25T00:30:00"]),
        # 8 March and 1 November in New York.
        ("America/New_York", "daily 02:30", (2026, 3, 8), ["2026-03-08T07:00:00"]),
        ("America/New_York", "daily 01:30", (2026, 11, 1), ["2026-11-01T05:30:00"]),
        # Lord Howe moves by half an hour: 4 October from 02:00 to 02:30.
        ("Australia/Lord_Howe", "daily 02:10", (2026, 10, 4), ["2026-10-03T15:30:00"]),
        # Several skipped times come as one.
        ("Europe/Berlin", "cron 0,20,40 2 * * *", (2026, 3, 29), ["2026-03-29T01:00:00"]),
    ],
)
def test_skipped_times_come_at_the_first_moment_and_repeated_ones_once(
    zone: str, spec: str, day: tuple[int, int, int], expected: list[str]
) -> None:
    tz = ZoneInfo(zone)
    start = datetime(*day, tzinfo=tz) - timedelta(seconds=1)
    found = takewhile(
        lambda slot: slot.astimezone(tz).date() == date(*day),
        slots_after(parse_timetable(spec), start.astimezone(UTC), tz, YEAR),
    )
    assert [slot.replace(tzinfo=None).isoformat() for slot in found] == expected


@pytest.mark.parametrize("zone", ZONES)
def test_cron_with_every_hour_follows_the_real_hours(zone: str) -> None:
    found = slots("cron */30 * * * *", zone)
    assert {later - slot for slot, later in pairwise(found)} == {timedelta(minutes=30)}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("cron 30 6 * * 1-5", ["2026-01-01T06:30", "2026-01-02T06:30", "2026-01-05T06:30"]),
        ("cron 0 6 * * sun", ["2026-01-04T06:00", "2026-01-11T06:00", "2026-01-18T06:00"]),
        ("cron 0 6 * * 7", ["2026-01-04T06:00", "2026-01-11T06:00", "2026-01-18T06:00"]),
        ("cron 0 0 1 */3 *", ["2026-04-01T00:00", "2026-07-01T00:00", "2026-10-01T00:00"]),
        ("cron 0 12 13 * fri", ["2026-01-02T12:00", "2026-01-09T12:00", "2026-01-13T12:00"]),
        ("cron 0 0 29 feb *", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        ("cron 5/20 8-9 * * *", ["2026-01-01T08:05", "2026-01-01T08:25", "2026-01-01T08:45"]),
    ],
)
def test_cron_fields(spec: str, expected: list[str]) -> None:
    found = islice(slots_after(parse_timetable(spec), YEAR, ZoneInfo("UTC"), YEAR), 3)
    assert [slot.strftime("%Y-%m-%dT%H:%M") for slot in found] == expected


@pytest.mark.parametrize(
    "text",
    ["", "often", "every", "every 0m", "every 15", "every 1.5h", "daily", "daily 6:30",
     "daily 24:00", "daily 06:60", "cron", "cron * * * *", "cron 60 * * * *", "cron * * 0 * *",
     "cron * * * 13 *", "cron */0 * * * *", "cron 5-1 * * * *", "cron 0 0 31 2 *",
     "cron 0 0 30 feb *", "cron a * * * *", "cron 1, * * * *", "cron 99999 * * * *"],
)  # fmt: skip
def test_what_is_no_timetable_is_refused_in_words(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"is no|is none|cannot be read|outside|never comes|cron has"
    ):
        parse_timetable(text)


def test_durations() -> None:
    assert [parse_duration(text) for text in ("90s", "15m", "12h", "2d")] == [
        90, 900, 43_200, 172_800,
    ]  # fmt: skip


@given(
    st.integers(1, 100_000), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.text(max_size=5),
)  # fmt: skip
def test_an_interval_is_kept_to_the_second_after_its_first_slot(
    seconds: int, after: datetime, seed: str
) -> None:
    moment = after.replace(tzinfo=UTC)
    found = list(islice(slots_after(Interval(seconds), moment, ZoneInfo("UTC"), YEAR, seed), 4))
    assert all(slot > moment for slot in found)
    gaps = {later - slot for slot, later in pairwise(found[1:])}
    assert gaps == {timedelta(seconds=seconds)}
    assert abs((found[1] - found[0]).total_seconds() - seconds) <= seconds * JITTER + 1
    # The next slot of a slot is the one that follows it: nothing is skipped, nothing repeated.
    assert next_slot(Interval(seconds), found[1], ZoneInfo("UTC"), YEAR, seed) == found[2]


def test_the_first_slot_of_an_interval_is_its_anchor() -> None:
    before = YEAR - timedelta(hours=5)
    assert next_slot(Interval(60), before, ZoneInfo("UTC"), YEAR, "x") == YEAR


def test_jitter_is_always_the_same_and_differs_between_jobs() -> None:
    drawn = [jitter_of(f"crm-{n}/run") for n in range(200)]
    assert drawn == [jitter_of(f"crm-{n}/run") for n in range(200)]
    assert all(-1 <= value <= 1 for value in drawn)
    assert len({round(value, 2) for value in drawn}) > 100
