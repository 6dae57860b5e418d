"""What adapters offer whose source can be looked at cheaply, to be read soon after it changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What lies there, without its content: the same `print` twice means that nothing was added,
    taken away or is still being written. `changed_at` is the moment of the last change (UTC)."""

    print: str
    changed_at: datetime | None


@runtime_checkable
class WatchedPort(Protocol):
    """A source that is worth a look between its slots."""

    @property
    def watch_seconds(self) -> int:
        """So often somebody should look; 0: never."""
        ...

    def glimpse(self) -> Glimpse:
        """Look, reading nothing."""
        ...
