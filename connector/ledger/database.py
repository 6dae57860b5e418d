"""Opening the ledger's file: one writer, and a sentence for all that can be wrong with it."""

from __future__ import annotations

import json
import os
import re
import socket
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from connector.errors import BusyError, StateError
from connector.ledger.tables import SCHEMA_VERSION, create_tables, read_meta

FILE_NAME = "ledger.duckdb"
LOCK_NAME = "writer.lock"
WRITER_NAME = "writer.json"

# Nothing is fetched at run time, and a variable of ours is never taken for a table.
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

QUIET = "SET python_enable_replacements = false; SET enable_progress_bar = false"
"""No names from the calling Python frame in queries, no progress bar on standard output."""

SHARE_OF_A_THREAD = 122_880
"""Rows of a table that DuckDB gives to one thread at a time (a row group)."""


def fit_threads(connection: duckdb.DuckDBPyConnection) -> None:
    """One thread where no table has work for two, else as many as there are cores.

    Handing the many small statements of a small book from thread to thread costs a fifth of their
    time and brings nothing.
    """
    row = connection.execute("SELECT max(estimated_size) FROM duckdb_tables()").fetchone()
    small = row is None or row[0] is None or row[0] <= SHARE_OF_A_THREAD
    connection.execute("SET threads = 1" if small else "RESET threads")


def take_writer_lock(folder: Path) -> FileLock:
    """Become the folder's one writer and leave a note who we are; BusyError names the holder."""
    lock = FileLock(folder / LOCK_NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise busy(folder) from None
    except OSError as error:
        raise unusable(folder, error) from error
    _leave_note(folder, {"pid": os.getpid(), "host": socket.gethostname()})
    return lock


def _leave_note(folder: Path, note: dict[str, object]) -> None:
    """In one step: whoever finds the note finds all of it."""
    draft = folder / f"{WRITER_NAME}.{os.getpid()}"
    draft.write_text(json.dumps(note), encoding="utf-8")
    draft.replace(folder / WRITER_NAME)


def give_back(folder: Path, lock: FileLock) -> None:
    """End being the writer."""
    (folder / WRITER_NAME).unlink(missing_ok=True)
    lock.release()


def busy(folder: Path, pid: str = "") -> BusyError:
    """Who holds the ledger, as far as the writer's note or the engine tells."""
    note = folder / WRITER_NAME
    next_step = "Wait until it ends, or stop it, then try again."
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
        since = datetime.fromtimestamp(note.stat().st_mtime, UTC).isoformat(timespec="seconds")
        return BusyError(
            "The ledger is in use by process {pid} on {host} since {since}.",
            where=str(folder),
            next_step=next_step,
            pid=pid or holder["pid"],
            host=holder["host"],
            since=since,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return BusyError(
            "The ledger is in use by process {pid}.",
            where=str(folder),
            next_step=next_step,
            pid=pid or "?",
        )


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open the file, make missing tables, refuse what we cannot read.

    BusyError when another program has it open; StateError when it is damaged or newer than us.
    """
    path = folder / FILE_NAME
    try:
        connection = duckdb.connect(str(path), config=CONFIG)
    except duckdb.Error as error:
        raise _translate(folder, path, error) from error
    try:
        connection.execute(QUIET)
        version = read_meta(connection, "schema_version")
        if version is not None and not version.isdecimal():
            raise damaged(path, "its schema version is no number")
        if version is not None and int(version) > SCHEMA_VERSION:
            raise too_new(path)
        create_tables(connection)
        fit_threads(connection)
    except duckdb.Error as error:
        connection.close()
        raise _translate(folder, path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def too_new(path: Path) -> StateError:
    """The file was written by a later version of creditflag."""
    return StateError(
        "The ledger was written by a newer version of creditflag.",
        where=str(path),
        next_step="Update creditflag, or restore a backup that this version wrote.",
    )


def damaged(path: Path, reason: str) -> StateError:
    """The file is there but is not a ledger that can be read."""
    return StateError(
        "The ledger file is damaged: {reason}.",
        where=str(path),
        next_step="Restore the last backup, or move the file away and run `creditflag run`, which "
        "reads everything again and starts a new history.",
        reason=reason,
    )


def unusable(folder: Path, error: Exception) -> StateError:
    """The folder or file cannot be read or written."""
    return StateError(
        "The ledger cannot be used: {reason}.",
        where=str(folder),
        next_step="Check permissions and free space of the folder, then try again.",
        reason=str(error).splitlines()[0].rstrip("."),
    )


def _translate(folder: Path, path: Path, error: duckdb.Error) -> BusyError | StateError:
    text = str(error)
    if "lock" in text.lower() or "being used by another process" in text:
        pid = re.search(r"PID (\d+)", text)
        return busy(folder, pid.group(1) if pid else "")
    if "we can only read version" in text:
        return too_new(path)
    broken = "valid DuckDB database file" in text or "Could not read" in text
    if isinstance(error, duckdb.IOException) and not broken:
        return unusable(folder, error)
    return damaged(path, text.splitlines()[0].rstrip("."))
