"""A daemon's inner parts on a fake clock: real ticker and workers, jobs in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import cast

from connector.daemon.claim import Claim
from connector.daemon.gauges import Gauges
from connector.daemon.jobs import register_jobs
from connector.daemon.pulse import Pulse
from connector.daemon.ticker import Ticker
from connector.daemon.workers import Ended, Task, Workers
from connector.errors import BusyError, CreditflagError
from connector.ports.store import Fence, ScheduledJob, StorePort
from connector.settings import JobSettings
from connector.testing.clock import FakeClock

FENCE = Fence("daemon", "host:1:1", 1)
PATIENCE = 30.0


@dataclass
class MemoryJobs:
    """The part of a store that the ticker uses. `trouble` is raised by its next call."""

    kept: dict[str, ScheduledJob] = field(default_factory=dict)
    trouble: list[CreditflagError] = field(default_factory=list)
    writes: int = 0

    def jobs(self) -> Sequence[ScheduledJob]:
        self._fail()
        return [self.kept[name] for name in sorted(self.kept)]

    def keep_job(self, job: ScheduledJob, fence: Fence) -> None:
        self._fail()
        assert fence == FENCE
        self.kept[job.name] = job
        self.writes += 1

    def drop_jobs(self, names: Sequence[str], fence: Fence) -> None:
        for name in names:
            del self.kept[name]

    def renew_lease(self, fence: Fence, now: datetime, seconds: int) -> None:
        self._fail()

    def lose_lease(self) -> None:
        self.trouble.append(BusyError("The lease {name} was lost; {owner} holds it.", name="daemon",
                                      owner="other:1:1"))  # fmt: skip

    def _fail(self) -> None:
        if self.trouble:
            raise self.trouble.pop()


@dataclass
class Plant:
    """Ticker, workers and clock; `ran` holds each task that was done, in order."""

    wanted: Mapping[str, JobSettings]
    timezone: str = "UTC"
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    do: Callable[[Task], Ended] = lambda _task: Ended("ok", 0)
    clock: FakeClock = field(init=False)
    store: MemoryJobs = field(default_factory=MemoryJobs)
    ran: list[Task] = field(default_factory=list)
    gauges: Gauges = field(init=False)

    def __post_init__(self) -> None:
        self.clock = FakeClock(self.start)
        self.boot()

    def boot(self) -> None:
        """A new process: what was in memory is gone, what the store keeps is there."""
        store = cast("StorePort", self.store)
        self.bell: SimpleQueue[str] = SimpleQueue()
        register_jobs(store, self.wanted, self.timezone, self.clock.now(), FENCE)
        self.workers = Workers(self.clock, self.bell)
        self.pulse = Pulse(self.clock, 5)
        self.gauges = Gauges()
        deadlines = dict.fromkeys(self.wanted, 3600.0)
        self.ticker = Ticker(
            store, self.clock, Claim(store, self.clock, FENCE), self.workers, self._work,
            deadlines, self.pulse, self.gauges,
        )  # fmt: skip

    def _work(self, task: Task) -> Ended:
        self.ran.append(task)
        return self.do(task)

    def tick(self) -> None:
        """One tick, the end of what it started, and one more that takes it in; until idle."""
        self.ticker.tick()
        while self.workers.tasks:
            self.bell.get(timeout=PATIENCE)
            self.ticker.tick()

    def job(self, name: str) -> ScheduledJob:
        return self.store.kept[name]

    def slots(self, name: str) -> list[datetime]:
        """Slots of the job that ran."""
        return [task.turn.slot for task in self.ran if task.job.name == name]
