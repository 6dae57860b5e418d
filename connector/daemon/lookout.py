"""Looks at watched connections between slots: what changed and then lies still is read at once.

Level, not edge: a look only makes a job due that would come anyway, and the job reads what there
is. What is still being written changes between two looks and is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from connector.errors import CreditflagError
from connector.logs import get_logger, mask
from connector.ports.clock import ClockPort
from connector.ports.store import Fence, ScheduledJob, StorePort
from connector.ports.watching import Glimpse, WatchedPort

READING = ("run", "pull")
"""Jobs that read a connection; the first kind there is, is the one that comes at once."""


@dataclass
class _Watch:
    """What is known of one connection. `settled` lay still at two looks; `wanted` is since when it
    waits to be read."""

    next_look: float = 0.0
    last: Glimpse | None = None
    settled: str | None = None
    wanted: datetime | None = None
    trouble: str = ""


class Lookout:
    """`look` is called at every tick, by its thread; it cannot raise."""

    def __init__(
        self, watched: Mapping[str, WatchedPort], store: StorePort, clock: ClockPort, fence: Fence
    ) -> None:
        self._watched = watched
        self._store = store
        self._clock = clock
        self._fence = fence
        self._watches = {name: _Watch() for name in watched}

    def look(self) -> None:
        """Look where it is time, and bring forward what reads the changed ones."""
        for name, watch in self._watches.items():
            try:
                self._look_at(name, watch)
                if watch.wanted is not None:
                    self._ring(name, watch, watch.wanted)
                watch.trouble = ""
            except Exception as error:
                told = str(error) if isinstance(error, CreditflagError) else type(error).__name__
                if watch.trouble != told:
                    watch.trouble = told
                    get_logger().warning("look_failed", connection=name, error=mask(told))

    def _look_at(self, name: str, watch: _Watch) -> None:
        adapter = self._watched[name]
        if self._clock.monotonic() < watch.next_look:
            return
        watch.next_look = self._clock.monotonic() + adapter.watch_seconds
        before, watch.last = watch.last, adapter.glimpse()
        still = before is not None and before.print == watch.last.print
        if not still or watch.last.print == watch.settled:
            return
        first, watch.settled = watch.settled is None, watch.last.print
        if not first or self._is_unread(name, watch.last):
            watch.wanted = self._clock.now()
            get_logger().info("change_seen", connection=name)

    def _is_unread(self, name: str, seen: Glimpse) -> bool:
        """Whether something came while no daemon looked: since the last job that read began."""
        job = self._job_of(name)
        if job is None or seen.changed_at is None:
            return False
        return job.last_started is None or job.last_started < seen.changed_at

    def _ring(self, name: str, watch: _Watch, since: datetime) -> None:
        """Make the job due, until one has begun after the change."""
        job = self._job_of(name)
        if job is None or (job.last_started is not None and job.last_started >= since):
            watch.wanted = None
        elif job.next_due > self._clock.now():
            self._store.keep_job(replace(job, next_due=self._clock.now()), self._fence)

    def _job_of(self, name: str) -> ScheduledJob | None:
        found = [job for job in self._store.jobs() if job.connection in ("", name)]
        for kind in READING:
            of_kind = [job for job in found if job.kind == kind]
            if of_kind:
                return min(of_kind, key=lambda job: (job.next_due, job.name))
        return None
