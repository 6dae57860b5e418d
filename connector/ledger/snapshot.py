"""Immutable read-only copies of the ledger, so that readers never wait for its writer.

A copy is a file of its own, `snapshot-<seq>-<n>.duckdb`; `snapshot.json` names the latest. The
pointer is replaced atomically after the copy is safely on disk, and the one before stays, so a
reader that holds it, or has just read the pointer, is not disturbed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from connector.errors import StateError
from connector.ledger.database import CONFIG, QUIET, unusable

POINTER_NAME = "snapshot.json"
KEPT = 2
_COPY_NAME = re.compile(r"snapshot-(\d+)-(\d+)\.duckdb$")
_ATTEMPTS = 5


class LedgerSnapshot:
    """A read-only copy of the ledger as it was at `last_seq`."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, ledger_id: str, last_seq: int
    ) -> None:
        self._connection = connection
        self.ledger_id = ledger_id
        self.last_seq = last_seq

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The read-only DuckDB connection."""
        return self._connection

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | list[object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """Result of one statement; `tables` are visible to it under their names."""
        return select(self._connection, sql, params, tables)

    def close(self) -> None:
        """Give up the copy."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def select(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    params: Mapping[str, object] | list[object] | None = None,
    tables: Mapping[str, pa.Table] | None = None,
) -> pa.Table:
    """Result of one statement as Arrow, with Arrow tables visible to it under their names."""
    names = list(tables or {})
    try:
        for name in names:
            connection.register(name, (tables or {})[name])
        return connection.execute(sql, params).fetch_arrow_table()
    finally:
        for name in names:
            connection.unregister(name)


def publish_snapshot(
    connection: duckdb.DuckDBPyConnection, ledger_id: str, last_seq: int, folder: Path
) -> Path:
    """Copy the open database to `folder`, point to the copy, and clear away all but two.

    StateError when the folder cannot be written; readers then keep the copy they have.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 1 + max((n for _, n, _ in _copies(folder)), default=0)
        path = folder / f"snapshot-{last_seq}-{number}.duckdb"
        _copy_database(connection, path)
        _sync(path)
        _point_to(folder, path, ledger_id, last_seq)
    except (OSError, duckdb.IOException) as error:
        raise unusable(folder, error) from error
    _clear_away(folder, path)
    return path


def open_snapshot(folder: Path) -> LedgerSnapshot:
    """Open the latest copy read-only; StateError when there is none yet or it is damaged."""
    for attempt in range(_ATTEMPTS):
        pointer = _read_pointer(folder)
        path = folder / str(pointer["file"])
        try:
            connection = duckdb.connect(str(path), read_only=True, config=CONFIG)
            connection.execute(QUIET)
        except duckdb.Error as error:
            # Two later copies may have come between reading the pointer and opening the file.
            if not path.exists() and attempt + 1 < _ATTEMPTS:
                continue
            raise StateError(
                "The ledger's copy for readers cannot be opened: {reason}.",
                where=str(path),
                next_step="Run `creditflag run` to publish a new one.",
                reason=str(error).splitlines()[0].rstrip("."),
            ) from error
        return LedgerSnapshot(connection, str(pointer["ledger_id"]), int(str(pointer["seq"])))
    raise AssertionError("the last attempt returns or raises")


def _read_pointer(folder: Path) -> dict[str, object]:
    try:
        pointer = json.loads((folder / POINTER_NAME).read_text(encoding="utf-8"))
        if _COPY_NAME.match(pointer["file"]) and int(pointer["seq"]) >= 0:
            return {key: pointer[key] for key in ("file", "ledger_id", "seq")}
    except FileNotFoundError:
        raise StateError(
            "There is no copy of the ledger for readers yet.",
            where=str(folder),
            next_step="Run `creditflag run` first.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise StateError(
        "The pointer to the ledger's copy for readers is unreadable.",
        where=str(folder / POINTER_NAME),
        next_step="Run `creditflag run` to publish a new one.",
    )


def _copy_database(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    row = connection.execute("SELECT current_database()").fetchone()
    source = str(row[0]).replace('"', '""') if row else ""
    literal = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{literal}' AS publication")
    try:
        connection.execute(f'COPY FROM DATABASE "{source}" TO publication')
    finally:
        connection.execute("DETACH publication")


def _point_to(folder: Path, path: Path, ledger_id: str, last_seq: int) -> None:
    text = json.dumps({"file": path.name, "ledger_id": ledger_id, "seq": last_seq})
    draft = folder / f"{POINTER_NAME}.draft"
    draft.write_text(text, encoding="utf-8")
    _sync(draft)
    draft.replace(folder / POINTER_NAME)
    if os.name == "posix":
        _sync(folder)


def _sync(path: Path) -> None:
    """Make sure that a file's (or folder's) content is on disk."""
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copies(folder: Path) -> list[tuple[int, int, Path]]:
    """Copies in a folder as (seq, n, path)."""
    found = []
    for path in folder.iterdir():
        match = _COPY_NAME.match(path.name)
        if match:
            found.append((int(match.group(1)), int(match.group(2)), path))
    return found


def _clear_away(folder: Path, latest: Path) -> None:
    ordered = sorted(_copies(folder), key=lambda copy: copy[1], reverse=True)
    for _, _, path in ordered[KEPT:]:
        if path != latest:
            try:
                path.unlink()
            except OSError:
                # A reader on Windows holds it; the next publication tries again.
                continue
