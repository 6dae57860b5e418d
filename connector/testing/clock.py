"""A clock that only moves when it is told to: years of runs in seconds, no waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""Where a fake clock starts: a Monday morning."""


class FakeClock:
    """A `ClockPort` whose sleep moves its time at once. `slept` holds every wait asked for.

    The wall clock may be turned with `turn`, backwards too; monotonic time never goes back.
    """

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The time that was set, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds moved on since the start."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Note the wait and move on by it."""
        self.slept.append(seconds)
        self.move(seconds=seconds)

    def move(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Let time pass."""
        passed = timedelta(days=days, hours=hours, seconds=seconds)
        if passed < timedelta():
            raise ValueError("time does not pass backwards; turn the wall clock instead")
        self._now += passed
        self._monotonic += passed.total_seconds()

    def turn(self, moment: datetime) -> None:
        """Set the wall clock, as an administrator or a time server would."""
        self._now = moment.astimezone(UTC)
