"""Opening: private files, migrations, several stores in one process, and bad places in words."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from connector.errors import BusyError, SettingsError, StateError
from connector.ports.store import Fence, StorePort
from connector.store.addresses import describe, postgres_config, sqlite_config
from connector.store.database import setup
from connector.store.opening import FILE_NAME, open_store
from connector.store.store import DjangoStore
from tests.unit.store.conftest import OpenStore
from tests.unit.store.samples import NOW, TODAY, plan, update

SECRET = "s3cr:t/p@ss"
URL = "postgresql://ann:s3cr%3At%2Fp%40ss@db.example:6432/credit?sslmode=require"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_folder_and_files_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(tmp_path / "deep" / "state")
        store.start_run("r1", TODAY, NOW)
    finally:
        os.umask(before)
    files = list((tmp_path / "deep" / "state").iterdir())
    assert len(files) >= 3
    assert {mode(path) for path in files} == {0o600}
    assert mode(tmp_path / "deep" / "state") == 0o700
    store.close()


def test_a_store_keeps_what_it_was_given(reopen: OpenStore) -> None:
    store: StorePort = reopen()
    fence = store.acquire_lease("run", "a:1:1", NOW, 60)
    store.save_plan(plan("r1", update("1", "B")), fence)
    store.close()
    again = reopen()
    assert list(again.open_changes("crm")) == [update("1", "B")]
    with pytest.raises(BusyError):
        again.acquire_lease("run", "b:1:1", NOW, 60)


def test_stores_of_one_process_stand_apart(tmp_path: Path) -> None:
    stores = [open_store(tmp_path / name) for name in ("a", "b")]
    stores[0].start_run("of a", TODAY, NOW)
    assert [len(store.last_runs()) for store in stores] == [1, 0]
    assert len(open_store(tmp_path / "a").last_runs()) == 1
    for store in stores:
        store.close()


LOOK_AND_LEAVE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM run").fetchone()[0])
connection.close()
"""


def test_opening_again_in_a_process_gives_up_no_lock_of_it(tmp_path: Path) -> None:
    """A daemon's worker opens the store that the daemon holds open. Another process must still see
    its locks, or it would take itself for the last one and clear the log away under it."""

    def look_from_outside() -> str:
        return subprocess.run(
            [sys.executable, "-c", LOOK_AND_LEAVE, str(tmp_path / FILE_NAME)],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    store = open_store(tmp_path)
    store.start_run("r1", TODAY, NOW)
    thread = threading.Thread(target=lambda: open_store(tmp_path).close())
    thread.start()
    thread.join()
    assert look_from_outside() == "1"
    store.start_run("r2", TODAY, NOW)
    assert look_from_outside() == "2"
    store.close()


def test_threads_share_a_store(store: DjangoStore, fence: Fence) -> None:
    found: list[int] = []

    def work() -> None:
        store.save_plan(plan("r1", update("1", "B")), fence)
        found.append(len(store.open_changes("crm")))
        store.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [1]
    assert len(store.open_changes("crm")) == 1


def test_sqlite_waits_in_line_and_commits_for_good(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with connections[store.alias].cursor() as cursor:
        told = {}
        for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys"):
            cursor.execute(f"PRAGMA {name}")
            told[name] = cursor.fetchone()[0]
    full = 2
    assert told == {
        "journal_mode": "wal", "synchronous": full, "busy_timeout": 30_000, "foreign_keys": 1
    }  # fmt: skip
    assert connections[store.alias].settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    store.close()


def test_the_tables_are_those_of_the_models(store: DjangoStore) -> None:
    call_command("makemigrations", "store", check=True, dry_run=True, verbosity=0)
    call_command("check", "store", fail_level="WARNING")
    assert connections[store.alias].introspection.table_names()


def test_a_store_of_a_later_version_is_refused(reopen: OpenStore) -> None:
    store = reopen()
    MigrationRecorder(connections[store.alias]).record_applied("store", "0999_from_the_future")
    with pytest.raises(StateError, match=r"later version .* 0999_from_the_future.*Install that"):
        reopen()


def test_a_store_that_stopped_before_its_first_table_is_brought_up_to_date(
    tmp_path: Path,
) -> None:
    (tmp_path / FILE_NAME).touch()
    store = open_store(tmp_path)
    assert store.last_runs() == []
    store.close()


def test_two_processes_may_open_a_new_store_at_once(
    tmp_path: Path, database_url: str | None
) -> None:
    script = (
        "import sys, pathlib\n"
        "from connector.store.opening import open_store\n"
        "store = open_store(pathlib.Path(sys.argv[1]), sys.argv[2] or None)\n"
        "print(len(store.last_runs()))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "state"), database_url or ""]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate() for process in both]
    assert [(process.returncode, out) for process, (out, _) in zip(both, answers, strict=True)] == [
        (0, "0\n"),
        (0, "0\n"),
    ], answers


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is a letter, not a database\n" * 40)
    with pytest.raises(StateError, match=r"not a creditflag store.*Restore it from a backup"):
        open_store(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes().startswith(b"this is a letter")


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(StateError, match=r"state folder cannot be used.*Name a folder"):
        open_store(tmp_path / "state")


def test_a_url_becomes_a_connection_and_never_shows_its_password() -> None:
    config = postgres_config(URL, 5)
    assert (config["HOST"], config["PORT"], config["NAME"]) == ("db.example", "6432", "credit")
    assert (config["USER"], config["PASSWORD"]) == ("ann", SECRET)
    assert config["OPTIONS"]["sslmode"] == "require"
    assert config["OPTIONS"]["options"] == "-c lock_timeout=5000"
    assert describe(config) == "PostgreSQL credit at db.example:6432"
    assert describe(sqlite_config(Path("a.db"))) == "a.db"


@pytest.mark.parametrize(
    "url",
    ["mysql://ann:s3cret@host/db", "postgresql://ann:s3cret@host", "postgresql://a:s3cret@h:no/d"],
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"postgresql://USER:PASSWORD@HOST") as caught:
        open_store(tmp_path, url)
    assert "s3cret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_told_without_its_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("psycopg", reason="the driver of the postgres extra is not installed")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"postgresql://ann:s3cret@127.0.0.1:{port}/credit"
    with caplog.at_level(logging.DEBUG), pytest.raises(StateError) as caught:
        open_store(tmp_path, url)
    assert "cannot be reached" in str(caught.value)
    assert f"PostgreSQL credit at 127.0.0.1:{port}" in str(caught.value)
    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"


@pytest.mark.postgres
@pytest.mark.parametrize(("user", "database"), [("nobody-here", None), (None, "no_such_database")])
def test_a_refused_user_or_database_is_told_without_the_password(
    tmp_path: Path, postgres_url: str, user: str | None, database: str | None
) -> None:
    parts = urlsplit(postgres_url)
    sign_in = f"{user}:s3cret" if user else f"{parts.username}:{parts.password}"
    url = f"postgresql://{sign_in}@{parts.hostname}:{parts.port}/{database or parts.path[1:]}"
    with pytest.raises(StateError, match="refused the user, the password or the database") as e:
        open_store(tmp_path, url)
    assert "s3cret" not in str(e.value)
    assert str(parts.password) not in str(e.value)


def test_djangos_own_parts_get_the_database_and_key_they_are_given(tmp_path: Path) -> None:
    from django.conf import settings

    made_up = settings.SECRET_KEY
    before = connections.settings["default"]
    try:
        setup(sqlite_config(tmp_path / "own.sqlite3"), secret_key="of-the-console")
        assert settings.SECRET_KEY == "of-the-console"
        assert connections["default"].settings_dict["NAME"] == str(tmp_path / "own.sqlite3")
        assert (settings.DEBUG, settings.TIME_ZONE, settings.USE_TZ) == (False, "UTC", True)
        assert len(made_up) > 50
    finally:
        settings.SECRET_KEY = made_up
        del connections["default"]
        connections.settings["default"] = before


def test_importing_the_room_opens_and_configures_nothing() -> None:
    script = (
        "import connector.store.opening, connector.store.django_settings, sys\n"
        "from django.conf import settings\n"
        "print(settings.configured, 'sqlite3' in sys.modules, 'duckdb' in sys.modules)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False", "False", "False"]
