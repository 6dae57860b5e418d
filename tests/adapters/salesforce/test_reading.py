"""Readings that break off and go on, windows that Salesforce is too slow for, records by id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from adapters.salesforce.position import Position, read_position
from adapters.salesforce.selection import Window
from connector.errors import TransientError
from connector.ports.crm import Deletion, Page, PullRequest
from tests.adapters.salesforce.conftest import Connect
from tests.adapters.salesforce.connections import count_rows, read_all

START = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
NAMES = PullRequest("Account", ("Name",))
TOO_SLOW = {
    "action": "respond", "kind": "query", "status": 400,
    "body": [{"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running too long"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def frozen(emulator: RunningEmulator) -> None:
    emulator.control.set_clock(START, frozen=True)


def seed(emulator: RunningEmulator, count: int, seconds: int = 1) -> list[str]:
    """Accounts of one second; the clock goes on afterwards."""
    ids = emulator.control.seed("Account", [{"Name": f"Account {i}"} for i in range(count)])
    emulator.control.advance(seconds)
    return ids


def break_off(pages: Iterator[Page], after: int) -> list[Page]:
    """The first pages of a reading that then ends as a killed process would."""
    taken = [next(pages) for _ in range(after)]
    del pages
    return taken


def list_ids(pages: list[Page]) -> set[str]:
    return {str(record["Id"]) for page in pages for record in page.records}


# -- going on ----------------------------------------------------------------------------------


def test_a_reading_goes_on_behind_the_last_page_that_landed(
    emulator: RunningEmulator, connect: Connect
) -> None:
    ids = [one for _ in range(3) for one in seed(emulator, 2000)]
    before = break_off(connect().pull(NAMES), 2)
    assert all(page.resume for page in before)
    emulator.control.advance(3600)
    emulator.control.reset_counters()
    after = read_all(connect(), replace(NAMES, resume=before[-1].resume))
    assert list_ids(before) | list_ids(after) == set(ids)
    # Stamps are whole seconds: what shares the last one is read again, nothing else.
    assert after[-1].expected == count_rows(after) == 4000
    assert emulator.control.counters()["by_kind"]["query"] == 2  # the count below, and the rest
    # Whatever changed since the reading began is asked for by the next one.
    assert after[-1].cursor == (START + timedelta(seconds=3)).isoformat()


def test_what_changed_and_went_in_between_is_not_missed(
    emulator: RunningEmulator, connect: Connect
) -> None:
    ids = [one for _ in range(3) for one in seed(emulator, 2000)]
    before = break_off(connect().pull(NAMES), 2)
    emulator.control.edit("Account", ids[0], {"Name": "moved"})
    emulator.control.remove("Account", [ids[1]])
    emulator.control.advance(5)
    adapter = connect()
    after = read_all(adapter, replace(NAMES, resume=before[-1].resume))
    names = {r["Id"]: r["Name"] for page in after for r in page.records}
    assert names[ids[0]] == "moved"
    later = read_all(adapter, replace(NAMES, cursor=after[-1].cursor))
    assert Deletion(ids[1]) in [d for page in later for d in page.deletions]


def test_rows_missing_below_the_place_start_the_reading_anew(
    emulator: RunningEmulator, connect: Connect
) -> None:
    ids = [one for _ in range(3) for one in seed(emulator, 2000)]
    before = break_off(connect().pull(NAMES), 2)
    told = read_position(before[-1].resume, None)
    assert told is not None
    assert told.given == 2000
    # As if a page had come one row short without a word.
    after = read_all(connect(), replace(NAMES, resume=replace(told, given=1999).spell()))
    assert list_ids(after) == set(ids)


@pytest.mark.parametrize("text", ["", "x", "{}", '{"started": "never", "windows": []}', "[]"])
def test_a_place_that_cannot_be_read_is_none(
    emulator: RunningEmulator, adapter: SalesforceAdapter, text: str
) -> None:
    seed(emulator, 3)
    assert count_rows(read_all(adapter, replace(NAMES, resume=text))) == 3


def test_a_place_is_the_same_when_read_back_and_grows_old() -> None:
    place = Position(
        START,
        (Window(None, START), Window(START, None)),
        given=7,
        edge=START - timedelta(days=1),
        job="750",
        locator="MTAw",
        skip=5,
    )
    assert read_position(place.spell(), START) == place
    assert read_position(place.spell(), START + timedelta(days=5)) == place
    assert read_position(place.spell(), START + timedelta(days=7)) is None


# -- too slow ----------------------------------------------------------------------------------


def test_a_window_that_takes_too_long_is_halved_until_it_does_not(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = [one for _ in range(4) for one in seed(emulator, 5, seconds=86_400)]
    emulator.control.add_faults({**TOO_SLOW, "times": 2})
    pages = read_all(adapter, NAMES)
    assert list_ids(pages) == set(ids)
    assert pages[-1].expected == count_rows(pages) == 20
    assert len(pages) == 2
    # Two refusals, the first stamp, two halves.
    assert emulator.control.counters()["by_kind"]["query"] == 5


def test_a_crash_between_two_windows_loses_nothing(
    emulator: RunningEmulator, connect: Connect
) -> None:
    ids = [one for _ in range(4) for one in seed(emulator, 5, seconds=86_400)]
    emulator.control.add_faults({**TOO_SLOW, "times": 2})
    before = break_off(connect().pull(NAMES), 1)
    after = read_all(connect(), replace(NAMES, resume=before[-1].resume))
    assert list_ids(before) | list_ids(after) == set(ids)
    assert count_rows(before) + count_rows(after) == 20
    assert after[-1].expected == count_rows(after)


def test_what_cannot_be_narrower_is_given_up_in_the_end(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    seed(emulator, 5)
    emulator.control.add_faults({**TOO_SLOW, "times": None})
    with pytest.raises(TransientError) as caught:
        read_all(adapter, NAMES)
    assert caught.value.code == "QUERY_TIMEOUT"


# -- records by id -----------------------------------------------------------------------------


def test_records_by_id_come_whatever_their_form_and_say_who_survived_them(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 1200)
    emulator.control.remove("Account", [ids[0]])
    emulator.control.remove("Account", [ids[1]], "hard")
    emulator.control.merge("Account", ids[2], [ids[3]])
    asked = (*ids[:900], *(one[:15] for one in ids[900:]))
    pages = read_all(adapter, PullRequest("Account", ("Name",), ids=asked))
    assert list_ids(pages) == {ids[2], *ids[4:]}
    gone = [d for page in pages for d in page.deletions]
    assert sorted(gone, key=lambda d: d.id) == [Deletion(ids[0]), Deletion(ids[3], ids[2])]
    assert pages[-1].expected == count_rows(pages) == 1199


def test_records_by_id_keep_to_the_filter(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed(emulator, 3)
    request = PullRequest("Account", ("Name",), where="Name != 'Account 1'", ids=tuple(ids))
    assert list_ids(read_all(adapter, request)) == {ids[0], ids[2]}
