"""Time as an argument: one port for wall time, monotonic time and sleep."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class ClockPort(Protocol):
    """Wall clock in UTC, monotonic seconds, and an interruptible sleep."""

    def now(self) -> datetime:
        """Aware datetime in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; a fake clock moves on at once."""
        ...
