"""What databases say when they cannot, in words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from django.db import connections
from django.db.utils import DatabaseError, OperationalError

from connector.errors import BusyError, StateError
from connector.store.failures import translated
from connector.store.opening import FILE_NAME, open_store
from connector.store.store import DjangoStore
from tests.unit.store.conftest import OpenStore
from tests.unit.store.samples import NOW, TODAY, decision, decisions, plan, reason, update


def test_a_full_disk_is_told_and_nothing_half_done_is_kept(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    fence = store.acquire_lease("run", "a:1:1", NOW, 60)
    store.save_plan(plan("r1", update("1", "B")), fence)
    with connections[store.alias].cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    wide = reason("p1", 1, value="x" * 100_000)
    with pytest.raises(StateError, match=r"disk is full or failing.*Make room"):
        store.stage_decisions(decisions("r2", decision("p1"), reasons=[wide]), fence)
    with pytest.raises(StateError, match="disk is full"):
        store.save_plan(plan("r2", *(update(str(n), "A") for n in range(500))), fence)
    assert list(store.open_changes("crm")) == [update("1", "B")]
    assert store.verify_journal("crm") == 1
    store.close()


def test_a_file_damaged_while_open_is_told(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.start_run("r1", TODAY, NOW)
    store.close()
    for path in tmp_path.glob(f"{FILE_NAME}*"):
        path.write_bytes(b"\x07" * max(path.stat().st_size, 4096))
    with pytest.raises(StateError, match="damaged"):
        store.last_runs()


def test_a_second_writer_waits_its_time_and_is_told_to_try_again(
    tmp_path: Path,
) -> None:
    store = open_store(tmp_path, lock_seconds=0.05)
    blocker = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError, match=r"in use by another process.*Wait until"):
        store.start_run("r1", TODAY, NOW)
    assert store.last_runs() == []
    blocker.execute("ROLLBACK")
    blocker.close()
    store.start_run("r1", TODAY, NOW)
    assert len(store.last_runs()) == 1
    store.close()


@pytest.mark.postgres
def test_a_lock_on_the_server_is_waited_for_and_told(tmp_path: Path, reopen: OpenStore) -> None:
    store = reopen(lock_seconds=0.1)
    connection = connections[store.alias]
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks the whole file")
    import psycopg

    fence = store.acquire_lease("run", "a:1:1", NOW, 60)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT * FROM lease FOR UPDATE")
        with pytest.raises(BusyError, match="in use by another process"):
            store.save_plan(plan("r1", update("1", "B")), fence)
        other.rollback()
    store.save_plan(plan("r1", update("1", "B")), fence)
    assert len(store.open_changes("crm")) == 1


@pytest.mark.postgres
def test_a_broken_connection_is_told_and_the_next_call_connects_again(reopen: OpenStore) -> None:
    store = reopen()
    connection = connections[store.alias]
    if connection.vendor != "postgresql":
        pytest.skip("a file has no connection to break")
    import psycopg

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(BusyError, match="Wait until"):
        store.last_runs()
    assert store.last_runs() == []


class _CodedError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("driver says so")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "kind", "told"),
    [
        ("40P01", BusyError, "in use by another process"),
        ("57P03", BusyError, "in use by another process"),
        ("53100", StateError, "disk is full"),
        ("28P01", StateError, "refused the user"),
        ("22021", StateError, "refused an operation: driver says so"),
    ],
)
def test_the_servers_codes_become_our_errors(
    store: DjangoStore, sqlstate: str, kind: type[Exception], told: str
) -> None:
    error = DatabaseError("driver says so")
    error.__cause__ = _CodedError(sqlstate)
    with pytest.raises(kind, match=told), translated(store.alias):
        raise error


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("unable to open database file", "cannot be opened for writing"),
        ("attempt to write a readonly database", "cannot be opened for writing"),
        ("disk I/O error", "disk is full or failing"),
        ("database disk image is malformed", "damaged"),
        ("connection failed", "cannot be reached"),
    ],
)
def test_the_files_texts_become_our_errors(store: DjangoStore, text: str, told: str) -> None:
    with pytest.raises(StateError, match=told), translated(store.alias):
        raise OperationalError(text)
