"""How the daemon itself is: its ticks, its errors, what its jobs came to. Read from any thread."""

from __future__ import annotations

import threading

from connector.ports.clock import ClockPort

SILENT_TICKS = 3
"""A tick that is this many periods late means that the daemon hangs."""


class Pulse:
    """Facts of this process; what must outlast it stands in the store."""

    def __init__(self, clock: ClockPort, tick_seconds: float) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._silence = tick_seconds * SILENT_TICKS
        self._beat = clock.monotonic()
        self._error = ""
        self.started_at = clock.now()

    def beat(self) -> None:
        """A tick went well."""
        with self._lock:
            self._beat = self._clock.monotonic()
            self._error = ""

    def note_error(self, sentence: str) -> None:
        """A tick did not go well; it ended all the same, so the daemon lives."""
        with self._lock:
            self._beat = self._clock.monotonic()
            self._error = sentence

    @property
    def age(self) -> float:
        """Seconds since the last tick."""
        with self._lock:
            return self._clock.monotonic() - self._beat

    @property
    def alive(self) -> bool:
        """Whether ticks come as they should."""
        return self.age < self._silence

    @property
    def error(self) -> str:
        """What the last tick met, empty when it went well."""
        with self._lock:
            return self._error
