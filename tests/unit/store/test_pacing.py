"""Unsettled bulk jobs, batch sizes, values in agreement, and the calls of the day."""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.domain.change import ChangeKind, ChangeState
from connector.errors import BusyError
from connector.ports.allowance import AllowancePort, CallUse, OwnAllowance
from connector.ports.store import Fence, JournalEntry, WriteJob, Written
from tests.unit.store.samples import CHANGES, NOW, plan

if TYPE_CHECKING:
    from connector.store.store import DjangoStore

JOB = WriteJob("750A", "batch-1", "Account", ChangeKind.UPDATE)


def test_a_job_is_remembered_until_it_is_settled(store: DjangoStore, fence: Fence) -> None:
    later = WriteJob("750B", "batch-2", "Task", ChangeKind.CREATE, "Key__c")
    store.note_job("crm", "run-1", JOB, NOW, fence)
    store.note_job("crm", "run-1", later, NOW, fence)
    store.note_job("other", "run-1", JOB, NOW, fence)
    assert store.open_jobs("crm") == [JOB, later]
    store.end_job("crm", "750A", fence)
    store.end_job("crm", "750A", fence)
    assert store.open_jobs("crm") == [later]
    assert store.open_jobs("other") == [JOB]


def test_a_jobs_members_are_the_changes_sent_under_its_batch(
    store: DjangoStore, fence: Fence
) -> None:
    saved = plan("run-1", *CHANGES[:3])
    store.save_plan(saved, fence)
    first, second, *_ = CHANGES
    entries = [
        JournalEntry(second.id, ChangeState.SENT, "batch-1"),
        JournalEntry(first.id, ChangeState.SENT, "batch-1"),
        JournalEntry(first.id, ChangeState.RETRY, "batch-1"),
        JournalEntry(first.id, ChangeState.SENT, "batch-2"),
    ]
    store.append_journal(saved.connection, "run-1", entries, [], NOW, fence)
    assert store.job_members(saved.connection, "batch-1") == [second.id, first.id]
    assert store.job_members(saved.connection, "batch-2") == [first.id]
    assert store.job_members(saved.connection, "batch-3") == []


def test_only_the_holder_of_the_lease_notes_jobs_and_sizes(store: DjangoStore) -> None:
    lost = Fence("run", "nobody", 1)
    with pytest.raises(BusyError):
        store.note_job("crm", "run-1", JOB, NOW, lost)
    with pytest.raises(BusyError):
        store.keep_batch_size("crm", "Account", 25, lost)
    assert (store.open_jobs("crm"), store.batch_sizes("crm")) == ([], {})


def test_batch_sizes_are_kept_by_connection_and_object(store: DjangoStore, fence: Fence) -> None:
    for size in (100, 50):
        store.keep_batch_size("crm", "Account", size, fence)
    store.keep_batch_size("crm", "Task", 25, fence)
    assert store.batch_sizes("crm") == {"Account": 50, "Task": 25}
    assert store.batch_sizes("other") == {}


def test_what_the_crm_made_of_a_value_is_kept_beside_it(store: DjangoStore, fence: Fence) -> None:
    cut = Written("Account", "1", {"Text": "long", "Grade": "A"}, 7, {"Text": "lo"}, "2026-03-02")
    store.agree("crm", [cut], fence)
    rows = {row["field"]: row for row in store.last_written("crm").to_pylist()}
    assert (rows["Text"]["value"], rows["Text"]["altered"], rows["Text"]["held"]) == (
        "long", True, "lo",
    )  # fmt: skip
    assert (rows["Grade"]["altered"], rows["Grade"]["held"]) == (False, None)
    assert {row["stamp"] for row in rows.values()} == {"2026-03-02"}
    store.agree("crm", [Written("Account", "1", {"Text": "short"}, 7)], fence)
    rows = {row["field"]: row for row in store.last_written("crm").to_pylist()}
    assert (rows["Text"]["altered"], rows["Text"]["held"]) == (False, None)


@pytest.fixture
def allowances(store: DjangoStore) -> list[AllowancePort]:
    """The one in the store, and the one of a process without a store: they count alike."""
    return [store.allowance("crm"), OwnAllowance()]


def test_calls_are_granted_up_to_the_ceiling(allowances: list[AllowancePort]) -> None:
    for allowance in allowances:
        assert allowance.take(25, None, NOW).granted == 25
        second = allowance.take(25, 40, NOW)
        assert (second.granted, second.taken) == (15, 25)
        third = allowance.take(1, 40, NOW)
        assert (third.granted, third.taken) == (0, 40)
        allowance.give_back(10, NOW)
        assert allowance.take(25, 40, NOW).granted == 10


def test_calls_leave_the_window_after_a_day(allowances: list[AllowancePort]) -> None:
    for allowance in allowances:
        allowance.take(30, None, NOW)
        later = NOW + timedelta(hours=23)
        told = allowance.take(5, 30, later)
        assert (told.granted, told.taken) == (0, 30)
        assert told.frees_at is not None
        assert later < told.frees_at <= NOW + timedelta(hours=25)
        assert allowance.take(5, 30, told.frees_at).granted == 5
        assert allowance.take(5, 30, told.frees_at).taken == 5


def test_calls_given_back_in_a_later_hour_still_count(allowances: list[AllowancePort]) -> None:
    for allowance in allowances:
        allowance.take(30, None, NOW)
        allowance.give_back(20, NOW + timedelta(hours=2))
        assert allowance.take(1, None, NOW + timedelta(hours=2)).taken == 10


def test_calls_are_told_by_connection_with_the_ceiling_known_last(store: DjangoStore) -> None:
    crm, erp = store.allowance("crm"), store.allowance("erp")
    later = NOW + timedelta(hours=2)
    crm.take(1, None, NOW)
    crm.take(25, 300, NOW)
    crm.take(10, 200, later)
    crm.give_back(4, later)
    erp.take(3, None, NOW)
    assert store.call_use(later) == {"crm": CallUse(32, 200), "erp": CallUse(3)}
    assert store.call_use(NOW + timedelta(hours=26)) == {"crm": CallUse(6, 200)}


def _take_all(folder: str, ceiling: int, answers: multiprocessing.Queue[int]) -> None:
    from connector.store.opening import open_store

    store = open_store(Path(folder))
    allowance = store.allowance("crm")
    got = 0
    while granted := allowance.take(7, ceiling, NOW).granted:
        got += granted
    answers.put(got)
    store.close()


def test_two_processes_share_one_allowance(tmp_path: Path) -> None:
    from connector.store.opening import open_store

    folder = tmp_path / "shared"
    open_store(folder).close()
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[int] = context.Queue()
    others = [context.Process(target=_take_all, args=(str(folder), 150, answers)) for _ in "ab"]
    for process in others:
        process.start()
    got = [answers.get(timeout=120) for _ in others]
    for process in others:
        process.join(timeout=120)
    assert sum(got) == 150


def test_the_vendors_name_for_what_it_acknowledged_is_found_again(
    store: DjangoStore, fence: Fence
) -> None:
    saved = plan("run-1", *CHANGES[:3])
    store.save_plan(saved, fence)
    first, second, third = CHANGES[:3]
    entries = [
        JournalEntry(first.id, ChangeState.ACKED, "b", "old"),
        JournalEntry(first.id, ChangeState.ACKED, "b", "new"),
        JournalEntry(second.id, ChangeState.RETRY, "b", "never"),
    ]
    store.append_journal(saved.connection, "run-1", entries, [], NOW, fence)
    ids = [first.id, second.id, third.id]
    assert store.acked_records(saved.connection, ids) == {first.id: "new"}
    assert store.acked_records("other", ids) == {}
