"""Hard deletes: the log of deletions, once a day, and what it no longer reaches back to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from connector.errors import TransientError
from connector.ports.crm import Deletion, Page, PullRequest
from tests.adapters.salesforce.connections import count_rows, read_all

START = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
DAY = 86_400
NAMES = PullRequest("Account", ("Name",))


@pytest.fixture
def ids(emulator: RunningEmulator) -> list[str]:
    emulator.control.set_clock(START, frozen=True)
    return emulator.control.seed("Account", [{"Name": f"Account {i}"} for i in range(5)])


def pull_again(adapter: SalesforceAdapter, pages: list[Page]) -> list[Page]:
    return read_all(adapter, replace(NAMES, cursor=pages[-1].cursor))


def log_calls(emulator: RunningEmulator) -> int:
    kinds: dict[str, int] = emulator.control.counters()["by_kind"]
    return sum(n for kind, n in kinds.items() if "deleted" in kind)


def test_what_was_deleted_for_good_is_found_the_next_day(
    emulator: RunningEmulator, adapter: SalesforceAdapter, ids: list[str]
) -> None:
    first = read_all(adapter, NAMES)
    emulator.control.advance(3600)
    emulator.control.remove("Account", [ids[0]], "hard")
    second = pull_again(adapter, first)
    assert not any(page.deletions for page in second)
    assert log_calls(emulator) == 0
    emulator.control.advance(DAY)
    third = pull_again(adapter, second)
    assert [d for page in third for d in page.deletions] == [Deletion(ids[0])]
    assert third[-1].expected == count_rows(third)
    assert not third[-1].incomplete
    assert log_calls(emulator) == 1
    pull_again(adapter, third)
    assert log_calls(emulator) == 1  # once a day


def test_what_lies_in_the_bin_or_came_back_is_not_told_twice(
    emulator: RunningEmulator, adapter: SalesforceAdapter, ids: list[str]
) -> None:
    first = read_all(adapter, NAMES)
    emulator.control.advance(DAY)
    emulator.control.remove("Account", ids[:2])
    emulator.control.remove("Account", [ids[1]], "undelete")
    pages = pull_again(adapter, first)
    assert [d for page in pages for d in page.deletions] == [Deletion(ids[0])]
    assert pages[-1].expected == count_rows(pages)


def test_a_cursor_older_than_the_log_asks_for_a_comparison_of_all_ids(
    emulator: RunningEmulator, adapter: SalesforceAdapter, ids: list[str]
) -> None:
    first = read_all(adapter, NAMES)
    emulator.control.advance(timedelta(days=20).total_seconds())
    assert pull_again(adapter, first)[-1].incomplete


def test_an_object_without_a_log_is_read_all_the_same(
    emulator: RunningEmulator, adapter: SalesforceAdapter, ids: list[str]
) -> None:
    first = read_all(adapter, NAMES)
    emulator.control.advance(DAY)
    emulator.control.add_faults(
        {
            "path": "/deleted", "action": "respond", "status": 400,
            "body": [{"errorCode": "INVALID_TYPE", "message": "not replicateable"}],
        }
    )  # fmt: skip
    pages = pull_again(adapter, first)
    assert not pages[-1].incomplete


def test_a_log_that_this_user_may_not_read_is_not_taken_for_an_empty_one(
    emulator: RunningEmulator, adapter: SalesforceAdapter, ids: list[str]
) -> None:
    first = read_all(adapter, NAMES)
    emulator.control.advance(DAY)
    refusal = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    emulator.control.add_faults(
        {"action": "respond", "path": "/deleted", "status": 403, "body": refusal}
    )
    assert pull_again(adapter, first)[-1].incomplete


@pytest.mark.parametrize("row", [{}, {"id": "nonsense"}, "nonsense"])
def test_a_log_without_ids_is_no_answer(
    emulator: RunningEmulator, adapter: SalesforceAdapter, ids: list[str], row: object
) -> None:
    first = read_all(adapter, NAMES)
    emulator.control.advance(DAY)
    body = {"deletedRecords": [row], "latestDateCovered": "2026-03-02T09:00:00.000+0000"}
    emulator.control.add_faults(
        {"action": "respond", "path": "/deleted", "status": 200, "body": body}
    )
    with pytest.raises(TransientError, match="names no records"):
        pull_again(adapter, first)
