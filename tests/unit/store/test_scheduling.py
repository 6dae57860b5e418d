"""The daemon's jobs, lease holders and freshness, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.errors import BusyError
from connector.ports.store import Fence, Freshness, ScheduledJob
from connector.store.store import DjangoStore
from tests.unit.store.conftest import OpenStore
from tests.unit.store.samples import NOW, TODAY

JOB = ScheduledJob(
    name="nightly", kind="run", connection="", spec="daily 06:30", timezone="Europe/Berlin",
    misfire="coalesce", grace_seconds=3600, seed="nightly", anchor=NOW,
    next_due=datetime(2026, 10, 25, 5, 30, tzinfo=UTC),
)  # fmt: skip


def test_a_job_is_kept_over_a_restart(reopen: OpenStore) -> None:
    store = reopen()
    fence = store.acquire_lease("daemon", "a:1:1", NOW, 60)
    store.keep_job(JOB, fence)
    store.keep_job(replace(JOB, name="a-pull", kind="pull", connection="crm"), fence)
    store.close()
    again = reopen()
    assert [job.name for job in again.jobs()] == ["a-pull", "nightly"]
    assert again.jobs()[1] == JOB


def test_a_job_is_replaced_and_forgotten(store: DjangoStore) -> None:
    fence = store.acquire_lease("daemon", "a:1:1", NOW, 60)
    store.keep_job(JOB, fence)
    ended = replace(JOB, last_started=NOW, last_ended=NOW, last_ok=NOW, last_outcome="ok", missed=3)
    store.keep_job(ended, fence)
    assert list(store.jobs()) == [ended]
    store.drop_jobs(["other", "nightly"], fence)
    assert list(store.jobs()) == []


def test_only_the_holder_of_the_lease_moves_jobs(store: DjangoStore) -> None:
    stale = store.acquire_lease("daemon", "a:1:1", NOW, 60)
    later = NOW + timedelta(seconds=61)
    store.acquire_lease("daemon", "b:1:1", later, 60)
    with pytest.raises(BusyError):
        store.keep_job(JOB, stale)
    with pytest.raises(BusyError):
        store.drop_jobs(["nightly"], stale)
    assert list(store.jobs()) == []


def test_who_holds_a_lease_is_told_until_it_expires(store: DjangoStore) -> None:
    given_back = store.acquire_lease("runner", "a:2:1", NOW, 60)
    store.release_lease(given_back)
    store.acquire_lease("daemon", "a:1:1", NOW, 60)
    (holder,) = store.lease_holders(NOW + timedelta(seconds=59))
    assert (holder.name, holder.owner, holder.since) == ("daemon", "a:1:1", NOW)
    assert list(store.lease_holders(NOW + timedelta(seconds=60))) == []


def test_freshness_of_each_connection(store: DjangoStore, fence: Fence) -> None:
    assert store.freshness() == {}
    later = NOW + timedelta(hours=1)
    store.note_pulled("crm", NOW, fence)
    store.note_pulled("erp", NOW, fence)
    store.note_refreshed("crm", NOW, fence)
    store.note_pulled("erp", later, fence)
    assert store.freshness() == {"crm": Freshness(NOW, NOW), "erp": Freshness(later, None)}


def test_reading_a_connection_ends_no_first_contact(store: DjangoStore, fence: Fence) -> None:
    store.note_pulled("crm", NOW, fence)
    assert store.first_contact("crm")
    store.end_first_contact("crm", "p1", fence)
    store.note_refreshed("crm", NOW, fence)
    assert not store.first_contact("crm")


def test_a_run_says_what_it_was(store: DjangoStore) -> None:
    store.start_run("r1", TODAY, NOW)
    store.start_run("r2", TODAY, NOW + timedelta(seconds=1), "pull")
    assert [run.kind for run in store.last_runs()] == ["pull", "run"]
