"""Several processes: a kill at any moment keeps the chain whole, and only one writes at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest

from connector.domain.change import ChangeState
from connector.errors import BusyError
from connector.ports.store import JournalEntry
from connector.store.models import Decision
from tests.unit.store.conftest import OpenStore
from tests.unit.store.samples import CHANGES, NOW, TODAY, decision, decisions, plan

ROOT = Path(__file__).parents[3]
START = """
import pathlib, sys
from datetime import timedelta
from connector.domain.change import ChangeState
from connector.ports.store import JournalEntry, Written
from connector.store.opening import open_store
from tests.unit.store.samples import *
store = open_store(pathlib.Path(sys.argv[1]), sys.argv[2] or None)
def say(text):
    print(text, flush=True)
"""
APPEND = """
fence = store.acquire_lease("run", "child:1:1", NOW, 60)
store.save_plan(plan("r1", *CHANGES), fence)
say("planned")
while True:
    for state in (ChangeState.SENT, ChangeState.UNKNOWN, ChangeState.ACKED, ChangeState.VERIFIED):
        entries = [JournalEntry(change.id, state, payload={"a": "x" * 500}) for change in CHANGES]
        written = [Written("Account", c.record_id, {"State": state.value}) for c in CHANGES]
        store.append_journal("crm", "r1", entries, written, NOW, fence)
        say(state.value)
"""
STAGE = """
from connector.store import staging
staging.MAX_COMMIT_ROWS = 5
fence = store.acquire_lease("run", "child:1:1", NOW, 60)
rows = [decision(f"p{number:04}", "h2") for number in range(5000)]
insert = staging.insert_columns
def telling(*args, **kwargs):
    insert(*args, **kwargs)
    say("portion")
staging.insert_columns = telling
store.stage_decisions(decisions("r2", *rows), fence)
"""
HOLD = """
store.acquire_lease("run", "child:1:1", NOW, 60)
say("held")
sys.stdin.readline()
"""
LOCK = """
from django.db import transaction
from connector.store.models import Lease
with transaction.atomic(using=store.alias):
    Lease.objects.using(store.alias).update(since=NOW)
    say("locked")
    sys.stdin.readline()
say("free")
"""


@contextmanager
def child(
    script: str, folder: Path, url: str | None
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A process that runs the script on the test's store; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", START + script, str(folder), url or ""],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    try:
        yield process, process.stdout
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 3, 6])
def test_a_kill_while_appending_keeps_the_chain_whole(
    tmp_path: Path, database_url: str | None, reopen: OpenStore, steps: int
) -> None:
    with child(APPEND, tmp_path / "state", database_url) as (process, told):
        lines = [told.readline().strip() for _ in range(steps + 1)]
        process.kill()
        process.wait()
        lines += told.read().split()
    store = reopen()
    events = store.verify_journal("crm")
    whole, rest = divmod(events, len(CHANGES))
    assert rest == 0
    assert whole - len(lines) in (0, 1), "what was told is stored, and at most one call more"
    states = set(store.change_states("crm", [change.id for change in CHANGES]).values())
    mirrored = set(store.last_written("crm")["value"].to_pylist())
    assert len(states) == 1
    assert mirrored == ({str(*states)} - {"planned"})


@pytest.mark.slow
def test_a_kill_while_staging_shows_nothing_and_is_cleaned_up(
    tmp_path: Path, database_url: str | None, reopen: OpenStore
) -> None:
    store = reopen()
    fence = store.acquire_lease("run", "parent:1:1", NOW, 60)
    store.stage_decisions(decisions("r1", decision("p0001", "h1")), fence)
    store.commit_run("r1", 1, {}, [], fence)
    store.release_lease(fence)
    with child(STAGE, tmp_path / "state", database_url) as (process, told):
        for _ in range(4):
            assert told.readline() == "portion\n"
        process.kill()
        process.wait()
    assert Decision.objects.using(store.alias).count() > 1
    assert store.prior_decisions()["decision_hash"].to_pylist() == ["h1"]
    fence = store.acquire_lease("run", "parent:1:1", NOW + timedelta(seconds=61), 60)
    assert store.stage_decisions(decisions("r3", decision("p0001", "h1")), fence) == 0
    assert Decision.objects.using(store.alias).count() == 1


@pytest.mark.slow
def test_a_lease_held_by_another_process_is_respected_until_it_expires(
    tmp_path: Path, database_url: str | None, reopen: OpenStore
) -> None:
    store = reopen()
    with child(HOLD, tmp_path / "state", database_url) as (_, told):
        assert told.readline() == "held\n"
        with pytest.raises(BusyError, match="held by child:1:1"):
            store.acquire_lease("run", "parent:2:2", NOW, 60)
    with pytest.raises(BusyError, match="held by child:1:1"):
        store.acquire_lease("run", "parent:2:2", NOW + timedelta(seconds=59), 60)
    assert store.acquire_lease("run", "parent:2:2", NOW + timedelta(seconds=60), 60).number == 2


@pytest.mark.slow
def test_a_second_writer_waits_for_the_first(
    tmp_path: Path, database_url: str | None, reopen: OpenStore
) -> None:
    store = reopen()
    fence = store.acquire_lease("run", "parent:1:1", NOW, 60)
    impatient = lock_time(store.alias)
    with child(LOCK, tmp_path / "state", database_url) as (process, told):
        assert told.readline() == "locked\n"
        with impatient(0.1), pytest.raises(BusyError, match="in use by another process"):
            store.save_plan(plan("r1", CHANGES[0]), fence)
        assert store.last_runs() == []
        with impatient(30):
            assert process.stdin
            process.stdin.write("\n")
            process.stdin.flush()
            store.save_plan(plan("r1", CHANGES[0]), fence)
        assert told.readline() == "free\n"
    entry = JournalEntry(CHANGES[0].id, ChangeState.SENT)
    store.append_journal("crm", "r1", [entry], [], NOW, fence)
    store.start_run("r1", TODAY, NOW)
    assert store.verify_journal("crm") == 2


def lock_time(alias: str) -> Callable[[float], AbstractContextManager[None]]:
    """A context in which the store's connection waits that many seconds for a lock."""
    from django.db import connections

    @contextmanager
    def within(seconds: float) -> Iterator[None]:
        connection = connections[alias]
        milliseconds = round(seconds * 1000)
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
            else:
                cursor.execute(f"SET lock_timeout = {milliseconds}")
        yield

    return within
