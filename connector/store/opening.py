"""Open a store: find its database, bring its tables up to date, keep its files private."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import BusyError, StateError
from connector.store.addresses import LOCK_SECONDS, describe, postgres_config, sqlite_config
from connector.store.database import register, setup

if TYPE_CHECKING:
    from connector.store.store import DjangoStore

FILE_NAME = "store.sqlite3"
_LOCK_NAME = "store.lock"
_ADVISORY_LOCK = 0x63726564  # any fixed number; "cred"


def open_store(
    folder: Path,
    database_url: str | None = None,
    *,
    secret_key: str = "",
    lock_seconds: float = LOCK_SECONDS,
) -> DjangoStore:
    """The store of a state folder: a file in it, or the PostgreSQL server that the URL names.

    Creates or brings up to date the tables. `secret_key` signs sessions where a console is
    served; `lock_seconds` is how long a writer waits for another one.

    Raises StateError when the database cannot be used or was made by a later version, BusyError
    when another process holds it for longer than `lock_seconds`, SettingsError for a wrong URL.
    """
    setup(secret_key=secret_key)
    _make_private_folder(folder)
    if database_url:
        config = postgres_config(database_url, lock_seconds)
    else:
        config = sqlite_config(folder / FILE_NAME, lock_seconds)
        _make_private_file(folder / FILE_NAME)
    alias = register(config)
    from connector.store.failures import translated

    with translated(alias), _driver_present(config):
        _refuse_later_version(alias, config)
        if _pending(alias):
            with _alone(alias, folder, lock_seconds):
                _migrate(alias)
    from connector.store.store import DjangoStore

    return DjangoStore(alias)


def _make_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error


def _make_private_file(path: Path) -> None:
    """Create the file for its owner only; SQLite gives its log files the same mode.

    One that is there is not opened: closing any handle of a file drops all locks of this process
    on it (POSIX), those of SQLite's connections in other threads too.
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> StateError:
    return StateError(
        "The state folder cannot be used: {reason}.",
        where=str(path),
        next_step="Name a folder that this user may write to.",
        reason=error.strerror or type(error).__name__,
    )


def _refuse_later_version(alias: str, config: dict[str, Any]) -> None:
    from django.db import connections
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connections[alias])
    ours = {name for label, name in loader.disk_migrations if label == "store"}
    applied = {name for label, name in loader.applied_migrations if label == "store"}
    if later := sorted(applied - ours):
        raise StateError(
            "The store was made by a later version of creditflag: this one does not know {names}.",
            where=describe(config),
            next_step="Install that version or a later one, or restore a backup made before it.",
            names=", ".join(later),
        )


def _pending(alias: str) -> bool:
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[alias])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrate(alias: str) -> None:
    from django.core.management import call_command

    call_command("migrate", database=alias, interactive=False, verbosity=0)


@contextmanager
def _alone(alias: str, folder: Path, lock_seconds: float) -> Iterator[None]:
    """Let one process at a time bring the tables up to date."""
    from django.db import connections
    from filelock import FileLock, Timeout

    connection = connections[alias]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_ADVISORY_LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ADVISORY_LOCK])
        return
    try:
        with FileLock(folder / _LOCK_NAME, timeout=lock_seconds, mode=0o600):
            yield
    except Timeout as error:
        raise BusyError(
            "Another process is bringing the store up to date.",
            where=str(folder),
            next_step="Wait until it has finished, then try again.",
        ) from error


@contextmanager
def _driver_present(config: dict[str, Any]) -> Iterator[None]:
    from django.core.exceptions import ImproperlyConfigured

    try:
        yield
    except ImproperlyConfigured as error:
        raise StateError(
            "The driver for the store's database is not installed.",
            where=describe(config),
            next_step="Install it with: pip install 'creditflag[postgres]'",
        ) from error
