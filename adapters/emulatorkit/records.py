"""The record store: tables of dictionaries, transactions, late commits, indexes.

A stored row is never changed in place: every change puts another dictionary in
its place. A caller that holds rows (a query locator) therefore holds a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from adapters.emulatorkit.clock import EmulatorClock
from adapters.emulatorkit.counters import Counters, Effect
from adapters.emulatorkit.datafile import DataFile

Row = dict[str, Any]
IndexKey = Callable[[Any], Any]


@dataclass(slots=True)
class LateRow:
    """A row that is stamped but not committed; `visible_at` None waits for a release."""

    row: Row
    visible_at: float | None
    effect: Effect


class RecordStore:
    """All rows of an emulator by table and id, in memory, optionally kept in a file."""

    def __init__(
        self, clock: EmulatorClock, counters: Counters, datafile: DataFile | None = None
    ) -> None:
        self.clock = clock
        self.counters = counters
        self.datafile = datafile
        self.tables: dict[str, dict[str, Row]] = {}
        self.late: dict[tuple[str, str], LateRow] = {}
        self._indexes: dict[tuple[str, str], tuple[IndexKey, dict[Any, set[str]]]] = {}
        self._undo: list[tuple[str, str, Row | None]] = []
        self._effects: list[Effect] = []
        self._depth = 0

    def load(self) -> None:
        """Read all rows from the data file."""
        if self.datafile is not None:
            for table, record_id, row in self.datafile.read_rows():
                self.tables.setdefault(table, {})[record_id] = row
            for (table, field), (key_of, _) in list(self._indexes.items()):
                self.add_index(table, field, key_of)

    def table(self, name: str) -> dict[str, Row]:
        """Return the committed rows of a table by id (do not change it)."""
        return self.tables.setdefault(name, {})

    def get(self, table: str, record_id: str) -> Row | None:
        """Return a committed row."""
        return self.tables.get(table, {}).get(record_id)

    def is_held(self, table: str, record_id: str) -> bool:
        """Say whether another transaction holds this row (a late commit)."""
        return (table, record_id) in self.late

    def put(self, table: str, record_id: str, row: Row) -> None:
        """Insert or replace a row inside a transaction."""
        rows = self.tables.setdefault(table, {})
        old = rows.get(record_id)
        self._undo.append((table, record_id, old))
        rows[record_id] = row
        self._reindex(table, record_id, old, row)

    def remove(self, table: str, record_id: str) -> None:
        """Remove a row for good inside a transaction."""
        old = self.tables.get(table, {}).pop(record_id, None)
        if old is not None:
            self._undo.append((table, record_id, old))
            self._reindex(table, record_id, old, None)

    def note(self, effect: Effect) -> None:
        """Add an effect to the running transaction."""
        self._effects.append(effect)

    def next_effect_seq(self) -> int:
        """Return a rising number for an effect."""
        seq = self.counters.next_effect
        self.counters.next_effect += 1
        return seq

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Apply all puts inside, or none when the block raises; may be nested."""
        undo_mark, effect_mark = len(self._undo), len(self._effects)
        self._depth += 1
        try:
            yield
        except BaseException:
            self._roll_back(undo_mark, effect_mark)
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._commit()

    def load_bulk(self, table: str, rows: list[tuple[str, Row]]) -> None:
        """Insert many rows at once without undo; the ids must be unused."""
        self.table(table).update(rows)
        for (name, field), (key_of, entries) in self._indexes.items():
            if name == table:
                for record_id, row in rows:
                    value = row.get(field)
                    if value is not None:
                        entries.setdefault(key_of(value), set()).add(record_id)
        if self.datafile is not None:
            self.datafile.write_rows((table, record_id, row) for record_id, row in rows)

    def put_late(self, table: str, record_id: str, late: LateRow) -> None:
        """Hold a stamped row back until its time or a release."""
        self.late[(table, record_id)] = late

    def settle(self) -> None:
        """Commit the late rows whose time has come."""
        if self.late:
            now = self.clock.timestamp()
            self._release(
                [
                    k
                    for k, v in self.late.items()
                    if v.visible_at is not None and v.visible_at <= now
                ]
            )

    def release(self, ids: list[str] | None = None) -> int:
        """Commit late rows at once (all, or those with the given ids); returns how many."""
        keys = [key for key in self.late if ids is None or key[1] in ids]
        self._release(keys)
        return len(keys)

    def add_index(self, table: str, field: str, key_of: IndexKey) -> None:
        """Keep an index from `key_of(value)` to the ids of the rows with that value."""
        entries: dict[Any, set[str]] = {}
        for record_id, row in self.table(table).items():
            value = row.get(field)
            if value is not None:
                entries.setdefault(key_of(value), set()).add(record_id)
        self._indexes[(table, field)] = (key_of, entries)

    def drop_index(self, table: str, field: str) -> None:
        """Stop keeping an index."""
        self._indexes.pop((table, field), None)

    def has_index(self, table: str, field: str) -> bool:
        """Say whether an index is kept."""
        return (table, field) in self._indexes

    def find(self, table: str, field: str, value: Any) -> set[str]:
        """Return the ids of the rows whose indexed field has this value."""
        key_of, entries = self._indexes[(table, field)]
        return entries.get(key_of(value), set())

    def _release(self, keys: list[tuple[str, str]]) -> None:
        with self.transaction():
            for key in keys:
                late = self.late.pop(key)
                self.put(key[0], key[1], late.row)
                self.note(late.effect)

    def _reindex(self, table: str, record_id: str, old: Row | None, row: Row | None) -> None:
        for (name, field), (key_of, entries) in self._indexes.items():
            if name != table:
                continue
            before = None if old is None else old.get(field)
            after = None if row is None else row.get(field)
            if before == after:
                continue
            if before is not None:
                entries.get(key_of(before), set()).discard(record_id)
            if after is not None:
                entries.setdefault(key_of(after), set()).add(record_id)

    def _roll_back(self, undo_mark: int, effect_mark: int) -> None:
        while len(self._undo) > undo_mark:
            table, record_id, old = self._undo.pop()
            rows = self.tables.setdefault(table, {})
            present = rows.get(record_id)
            if old is None:
                rows.pop(record_id, None)
            else:
                rows[record_id] = old
            self._reindex(table, record_id, present, old)
        del self._effects[effect_mark:]

    def _commit(self) -> None:
        if self.datafile is not None and self._undo:
            touched = dict.fromkeys((table, record_id) for table, record_id, _ in self._undo)
            self.datafile.write_rows(
                (table, record_id, self.tables[table].get(record_id))
                for table, record_id in touched
            )
        self.counters.add_effects(self._effects)
        self._undo.clear()
        self._effects = []
