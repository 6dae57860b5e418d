"""The daemon's life: claim, jobs, health, ticks, and an end in which nothing is half done."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import FrameType

from connector.bootstrap import office_of
from connector.daemon.claim import Claim, claim_daemon
from connector.daemon.gauges import Gauges
from connector.daemon.health import build_app, serve_health
from connector.daemon.jobs import register_jobs, work_of
from connector.daemon.lookout import Lookout
from connector.daemon.notify import notify
from connector.daemon.pace import Pace
from connector.daemon.pulse import Pulse
from connector.daemon.stopping import StoppableClock
from connector.daemon.ticker import Ticker
from connector.daemon.watch import look_alive, look_ready
from connector.daemon.workers import Task, Workers
from connector.domain.timetable import parse_duration
from connector.errors import EXIT_BUSY, EXIT_OK, BusyError, CreditflagError
from connector.logs import get_logger, mask
from connector.ports.clock import ClockPort
from connector.ports.secrets import SecretsPort
from connector.ports.watching import WatchedPort
from connector.service.office import Office
from connector.service.reporting import DAEMON_LEASE
from connector.settings import Settings

_STOP = "stop"
_SEVEREST = (70, 6, 3, 2, 4, 75, 5, 1, 0)
"""Exit codes; the first that any job of a single pass came to is the pass's own."""

Ready = Callable[[int | None], None]
"""Called when the daemon is at work, with the port of its health endpoints."""


def unseen(_port: int | None) -> None:
    """Nobody waits for the start."""


@dataclass
class Daemon:
    """One daemon of one settings file; `serve` is its whole life.

    `leave` ends the process at once, for a stop that was forced.
    """

    settings: Settings
    clock: ClockPort
    secrets: SecretsPort
    ready: Ready = unseen
    leave: Callable[[int], None] = os._exit
    _bell: SimpleQueue[str] = field(default_factory=SimpleQueue)
    _stops: int = 0

    def stop(self) -> None:
        """Ask for a graceful end, a second time for a forced one.

        May be called from a signal handler: putting into a simple queue is reentrant.
        """
        self._bell.put(_STOP)

    def serve(self, once: bool = False) -> int:
        """Work until asked to stop, or with `once` until nothing is due; the exit code.

        BusyError when another daemon works here (it names the holder) or took over.
        """
        with ExitStack() as stack:
            office = stack.enter_context(office_of(self.settings, self.clock, self.secrets))
            claim = stack.enter_context(
                claim_daemon(office.folder, office.store, self.clock, office.owner)
            )
            now, timezone = self.clock.now(), self.settings.company.timezone
            register_jobs(office.store, self.settings.daemon.jobs, timezone, now, claim.fence)
            workers = Workers(self.clock, self._bell)
            pulse = Pulse(self.clock, self.settings.daemon.tick_seconds)
            gauges = Gauges()
            gauges.watch(office.store, pulse, self.clock)
            ticker = self._ticker(office, claim, workers, pulse, gauges)
            if once:
                return self._pass_once(ticker, workers)
            port = stack.enter_context(self._health(office, claim, pulse, gauges))
            return self._live(ticker, workers, self._lookout(office, claim), port)

    def _ticker(
        self, office: Office, claim: Claim, workers: Workers, pulse: Pulse, gauges: Gauges
    ) -> Ticker:
        jobs = self.settings.daemon.jobs
        deadlines = {name: float(parse_duration(job.deadline)) for name, job in jobs.items()}
        work = work_of(self._open_office, gauges.note_report)
        return Ticker(office.store, self.clock, claim, workers, work, deadlines, pulse, gauges)

    def _lookout(self, office: Office, claim: Claim) -> Lookout:
        """Watches the connections whose adapter can be looked at and whose settings ask for it."""
        watched = {}
        for name in office.connection_names:
            if "watch_seconds" not in self.settings.connections[name].options:
                continue
            try:
                adapter = office.connect(name).adapter
            except CreditflagError as error:  # its jobs tell the same; the others go on
                get_logger().warning("look_failed", connection=name, error=mask(str(error)))
                continue
            if isinstance(adapter, WatchedPort) and adapter.watch_seconds:
                watched[name] = adapter
        return Lookout(watched, office.store, self.clock, claim.fence)

    @contextmanager
    def _open_office(self, task: Task) -> Iterator[Office]:
        clock = StoppableClock(self.clock, task.stop)
        with office_of(self.settings, clock, self.secrets) as office:
            yield office

    @contextmanager
    def _health(
        self, office: Office, claim: Claim, pulse: Pulse, gauges: Gauges
    ) -> Iterator[int | None]:
        wanted = self.settings.daemon
        if not wanted.health:
            yield None
            return
        app = build_app(
            lambda: look_alive(pulse),
            lambda: look_ready(office, claim, pulse),
            lambda: gauges.text(office.store),
        )
        with serve_health(app, wanted.health_host, wanted.health_port) as port:
            yield port

    def _live(self, ticker: Ticker, workers: Workers, lookout: Lookout, port: int | None) -> int:
        def tick() -> None:
            lookout.look()
            ticker.tick()
            notify("WATCHDOG=1")

        def jumped(seconds: float) -> None:
            get_logger().warning("clock_jumped", ms=round(seconds * 1000))
            ticker.forget_waits()

        pace = Pace(self.clock, self.settings.daemon.tick_seconds, tick, jumped)
        tick()
        notify("READY=1")
        get_logger().info("daemon_ready")
        self.ready(port)
        while not self._stops and not ticker.lost:
            if self._listen(pace.idle):
                tick()
            pace.run_pending()
        self._close(ticker, workers)
        if ticker.lost:
            raise BusyError(
                "Another daemon took over the lease {name}; this one has stopped.",
                next_step="See who holds it with `creditflag status`.",
                name=DAEMON_LEASE,
            )
        return EXIT_OK

    def _listen(self, seconds: float) -> bool:
        """Wait for a task's end or a wish to stop, at most so long; whether anything came."""
        try:
            note = self._bell.get(timeout=max(seconds, 0.01))
        except Empty:
            return False
        self._stops += note == _STOP
        return True

    def _pass_once(self, ticker: Ticker, workers: Workers) -> int:
        ticker.tick()
        while workers.tasks and not self._stops and not ticker.lost:
            self._listen(float(self.settings.daemon.tick_seconds))
            ticker.tick()
        stopped = bool(self._stops)
        self._close(ticker, workers)
        if stopped:
            return EXIT_OK
        return next((code for code in _SEVEREST if code in ticker.codes), EXIT_OK)

    def _close(self, ticker: Ticker, workers: Workers) -> None:
        """Let tasks end their call in flight; forced by a second wish or when it takes too long."""
        notify("STOPPING=1")
        get_logger().info("daemon_stopping", rows=len(workers.tasks))
        ticker.closing = True
        workers.ask_all()
        end = self.clock.monotonic() + self.settings.daemon.stop_seconds
        ticker.tick()
        # How a task ended cannot be kept without the lease: its slot stays due for the next daemon.
        while workers.at_work if ticker.lost else workers.tasks:
            if self._stops > 1 or self.clock.monotonic() > end:
                # What was done is durable, the call in flight is settled by the next run; only
                # ending the process ends its threads.
                get_logger().error("daemon_forced", code=EXIT_BUSY)
                self.leave(EXIT_BUSY)
                return
            self._listen(1.0)
            ticker.tick()
        get_logger().info("daemon_stopped")


def heed_signals(daemon: Daemon) -> None:
    """SIGTERM and SIGINT (and Ctrl-Break on Windows) ask the daemon to stop."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        daemon.stop()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, ask)


def use_utc() -> None:
    """Local time of this process is UTC, so that the tick's library knows no summer time."""
    os.environ["TZ"] = "UTC"
    if hasattr(time, "tzset"):
        time.tzset()
