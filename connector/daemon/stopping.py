"""Waiting that ends when somebody wants the work to stop."""

from __future__ import annotations

from datetime import datetime

from connector.ports.clock import ClockPort
from connector.ports.stopping import StopSignal


class StoppableClock:
    """The clock of one task: its sleep ends with StoppedError when the task should stop.

    Who sleeps waits before a call or between two, so that nothing is half done there.
    """

    def __init__(self, clock: ClockPort, stop: StopSignal) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> datetime:
        """Now, in UTC."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; StoppedError as soon as the task should stop."""
        self._stop.check()
        self._stop.wait(seconds)
        self._stop.check()
