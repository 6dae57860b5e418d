"""The pace of the ticks, on `schedule`, and how jumps of the wall clock are noticed.

`schedule` knows local wall time only: when that is set back by an hour, it would wait for the hour.
So its one job is made anew after a jump, and the process runs in UTC.
"""

from __future__ import annotations

from collections.abc import Callable

import schedule

from connector.ports.clock import ClockPort

JUMP_SECONDS = 30.0
"""Difference between wall and monotonic time that counts as a jump."""


class Pace:
    """Calls `tick` every few seconds; `jumped` is called after a jump of the wall clock."""

    def __init__(
        self, clock: ClockPort, seconds: int, tick: Callable[[], None],
        jumped: Callable[[float], None],
    ) -> None:  # fmt: skip
        self._clock = clock
        self._seconds = seconds
        self._tick = tick
        self._jumped = jumped
        self._scheduler = schedule.Scheduler()
        self._plan()

    def run_pending(self) -> None:
        """Tick when it is time, and at once after a jump."""
        jump = self._measure_jump()
        if abs(jump) > JUMP_SECONDS:
            self._plan()
            self._jumped(jump)
            self._tick()
        self._scheduler.run_pending()

    @property
    def idle(self) -> float:
        """Seconds until the next tick, never more than its period."""
        return min(max(self._scheduler.idle_seconds or 0.0, 0.0), float(self._seconds))

    def _plan(self) -> None:
        self._scheduler.clear()
        self._scheduler.every(self._seconds).seconds.do(self._tick)
        self._wall = self._clock.now()
        self._steady = self._clock.monotonic()

    def _measure_jump(self) -> float:
        wall, steady = self._clock.now(), self._clock.monotonic()
        jump = (wall - self._wall).total_seconds() - (steady - self._steady)
        self._wall, self._steady = wall, steady
        return jump
