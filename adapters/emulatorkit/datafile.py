"""The file (SQLite) that lets a restarted emulator keep its records and settings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# A replaced row keeps its place, so that a restart reads rows in the order of creation.
_STORE_ROW = (
    "INSERT INTO records VALUES (?, ?, ?) "
    "ON CONFLICT (object, id) DO UPDATE SET body = excluded.body"
)


class DataFile:
    """Rows by table and id, and named settings, each as JSON text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # The server runs in one thread; opening may happen in another one before it starts.
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS records (object TEXT, id TEXT, body TEXT, "
            "PRIMARY KEY (object, id))"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, body TEXT)")

    def read_rows(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield table, id and row of every stored record."""
        for table, record_id, body in self._db.execute(
            "SELECT object, id, body FROM records ORDER BY rowid"
        ):
            yield table, record_id, json.loads(body)

    def write_rows(self, rows: Iterable[tuple[str, str, dict[str, Any] | None]]) -> None:
        """Store rows in one transaction; a row of None deletes the record."""
        self._db.execute("BEGIN")
        for table, record_id, row in rows:
            if row is None:
                self._db.execute(
                    "DELETE FROM records WHERE object = ? AND id = ?", (table, record_id)
                )
            else:
                self._db.execute(
                    _STORE_ROW,
                    (table, record_id, json.dumps(row, ensure_ascii=False)),
                )
        self._db.execute("COMMIT")

    def read_setting(self, name: str) -> Any:
        """Return a stored setting, or None."""
        found = self._db.execute("SELECT body FROM settings WHERE name = ?", (name,)).fetchone()
        return None if found is None else json.loads(found[0])

    def write_setting(self, name: str, value: Any) -> None:
        """Store a setting."""
        self._db.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def clear_org(self) -> None:
        """Forget all rows and settings but the certificate authority."""
        self._db.execute("DELETE FROM records")
        self._db.execute("DELETE FROM settings WHERE name <> 'ca'")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
