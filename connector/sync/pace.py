"""Pace: how many rows a write call takes, by object, and how long to wait before the next try.

Locks and time-outs halve the size at once; every clean call lets it grow a little again. The size
is remembered, so that a slow org is not found out anew by each run.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.domain.change import digest

GROWTH = 20
"""A clean call lets the size grow by one part in so many of the full size."""

LONGEST_PAUSE = 30.0
MOST_TOLD = 300.0
"""Seconds: a vendor who wishes for a longer wait is left alone until the next run."""


@dataclass
class Pace:
    """Batch sizes by object; `full` is the most that the vendor takes."""

    full: int
    sizes: dict[str, int]
    changed: set[str] = field(default_factory=set)
    told: float = 0.0

    def size(self, object_name: str) -> int:
        """Rows in the next call."""
        return max(1, min(self.full, self.sizes.get(object_name, self.full)))

    def slow(self, object_name: str, retry_after: float | None = None) -> None:
        """A call met a lock, a time-out or an overload; `retry_after` is the vendor's wish."""
        self._set(object_name, max(1, self.size(object_name) // 2))
        self.told = max(self.told, retry_after or 0.0)

    def ease(self, object_name: str) -> None:
        """A call went through cleanly."""
        size = self.size(object_name)
        if size < self.full:
            self._set(object_name, min(self.full, size + max(1, self.full // GROWTH)))

    def pause(self, attempt: int, key: str) -> float:
        """Seconds before the next attempt: the vendor's wish, or a growing pause, up to half as
        long again, so that several runners do not come back at once."""
        spread = int(digest([key, attempt])[:4], 16) / 0xFFFF
        pause = max(min(2.0**attempt, LONGEST_PAUSE), self.told)
        self.told = 0.0
        return pause * (1 + spread / 2)

    def _set(self, object_name: str, size: int) -> None:
        self.sizes[object_name] = size
        self.changed.add(object_name)
