"""Rows that other transactions hold for a while."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class RowLock:
    """A lock on a record that also stops writes of its children, as parents are locked with them.

    It stops `times` writes (None: until it is released), only those in calls of at
    least `from_records` records.
    """

    id: str
    times: int | None = None
    from_records: int = 1


@dataclass(slots=True)
class LockBook:
    """The locks in force by record id."""

    locks: dict[str, RowLock] = field(default_factory=dict)

    def strike(self, record_ids: list[str], records_in_call: int) -> str:
        """Return the locked id among the rows that a write touches, or an empty text."""
        for record_id in record_ids:
            lock = self.locks.get(record_id)
            if lock is None or records_in_call < lock.from_records:
                continue
            if lock.times is not None:
                lock.times -= 1
                if lock.times <= 0:
                    del self.locks[record_id]
            return record_id
        return ""
