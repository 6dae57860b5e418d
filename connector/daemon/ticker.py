"""One tick: keep the lease, take in what has ended, start what is due. A tick cannot raise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connector.daemon.claim import Claim
from connector.daemon.due import Turn, ease_off, take_turn
from connector.daemon.gauges import Gauges
from connector.daemon.jobs import LANES
from connector.daemon.pulse import Pulse
from connector.daemon.workers import Ended, Task, Work, Workers
from connector.errors import EXIT_BUSY, BusyError, CreditflagError
from connector.logs import get_logger, mask
from connector.ports.clock import ClockPort
from connector.ports.store import ScheduledJob, StorePort

FIRST_PATIENCE = 60.0
MOST_PATIENCE = 900.0
"""Seconds before a job that met a lock or a vendor out of reach is tried again, doubling."""


class Ticker:
    """The daemon's heart; `tick` is called every few seconds by one thread.

    A slot ends when its job has ended, well or not; a job that was stopped or met a passing trouble
    (exit code 75, or a budget pause) keeps its slot and is tried again.
    """

    def __init__(
        self,
        store: StorePort,
        clock: ClockPort,
        claim: Claim,
        workers: Workers,
        work: Work,
        deadlines: Mapping[str, float],
        pulse: Pulse,
        gauges: Gauges,
    ) -> None:
        self.lost = False
        self.closing = False
        self.codes: list[int] = []
        self._store = store
        self._clock = clock
        self._claim = claim
        self._workers = workers
        self._work = work
        self._deadlines = deadlines
        self._pulse = pulse
        self._gauges = gauges
        self._tries: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def tick(self) -> None:
        """Everything once. Errors are logged and counted, and the next tick tries again."""
        try:
            self._claim.renew()
            self._take_in()
            self._workers.expire_late()
            if not self.closing:
                self._start_due()
            self._pulse.beat()
        except Exception as error:
            # Only the loss of the lease names an owner; a store that is busy passes.
            self.lost = self.lost or (isinstance(error, BusyError) and "owner" in error.params)
            self._pulse.note_error(mask(_sentence(error)))
            self._gauges.note_tick_error()
            get_logger().error("tick_failed", error=_sentence(error))

    def forget_waits(self) -> None:
        """Try everything that is due again at once."""
        self._not_before.clear()

    def _start_due(self) -> None:
        now = self._clock.now()
        for job in sorted(self._store.jobs(), key=lambda job: job.next_due):
            if not self._workers.free(LANES[job.kind]):
                continue
            if self._clock.monotonic() < self._not_before.get(job.name, 0.0):
                continue
            turn = take_turn(job, now)
            if turn is None:
                continue
            if turn.runs:
                self._start(job, turn)
            else:
                self._let_pass(job, turn)

    def _start(self, job: ScheduledJob, turn: Turn) -> None:
        now = self._clock.now()
        started = replace(job, last_started=now)
        self._store.keep_job(started, self._claim.fence)
        get_logger().info("job_started", job=job.name)
        task = Task(
            started, turn, LANES[job.kind], self._deadlines[job.name], now, self._clock.monotonic()
        )
        self._workers.start(task, self._work)

    def _let_pass(self, job: ScheduledJob, turn: Turn) -> None:
        """What passed is too old to run."""
        passed = replace(job, next_due=turn.following, missed=job.missed + turn.missed)
        self._store.keep_job(passed, self._claim.fence)
        self._gauges.note_missed(job.name, turn.missed)
        get_logger().warning("slots_missed", job=job.name, rows=turn.missed)

    def _take_in(self) -> None:
        for task in self._workers.tasks:
            ended = task.ended
            if ended is None:
                continue
            # The lane is cleared last: a store that fails here is asked again by the next tick.
            self._store.keep_job(self._after(task, ended), self._claim.fence)
            self._workers.clear(task)
            self.codes.append(ended.code)
            if not _waits(ended):
                self._gauges.note_missed(task.job.name, task.turn.missed)
            self._gauges.note_ended(task, ended, self._clock.monotonic() - task.started)
            get_logger().info("job_ended", job=task.job.name, outcome=ended.outcome,
                              code=ended.code, error=ended.error)  # fmt: skip
            if ended.short:
                get_logger().warning("polls_slowed", job=task.job.name)
            self._set_patience(task.job.name, ended)

    def _after(self, task: Task, ended: Ended) -> ScheduledJob:
        now = self._clock.now()
        job = replace(
            task.job, last_ended=now, last_outcome=ended.outcome, last_error=mask(ended.error)
        )
        if ended.outcome == "ok":
            job = replace(job, last_ok=now)
        if _waits(ended):
            return job
        following = ease_off(job, task.turn) if ended.short else task.turn.following
        return replace(job, next_due=following, missed=job.missed + task.turn.missed)

    def _set_patience(self, name: str, ended: Ended) -> None:
        if not _waits(ended):
            self._tries.pop(name, None)
            self._not_before.pop(name, None)
            return
        tries = self._tries.get(name, 0)
        self._tries[name] = tries + 1
        patience = min(FIRST_PATIENCE * 2.0 ** min(tries, 8), MOST_PATIENCE)
        self._not_before[name] = self._clock.monotonic() + (ended.again_in or patience)


def _waits(ended: Ended) -> bool:
    """Whether the slot stays due: a passing trouble, or the job was asked to stop."""
    return ended.code == EXIT_BUSY or ended.again_in is not None


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, CreditflagError) else type(error).__name__
