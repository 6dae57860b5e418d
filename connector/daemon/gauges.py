"""Figures for Prometheus: counted here as jobs end, or read from the store when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connector.daemon.pulse import Pulse
from connector.daemon.workers import Ended, Task
from connector.domain.change import ChangeState
from connector.errors import CreditflagError
from connector.ports.allowance import CallUse
from connector.ports.clock import ClockPort
from connector.ports.store import StorePort
from connector.sync.intake import Intake
from connector.sync.land import FeedReport
from connector.sync.run import RunReport

_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 14_400)
_ROWS = ("new", "changed", "re_read", "deleted", "problems", "skipped")


class Gauges:
    """The daemon's registry; labels are names of ours, never of customers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._tick_errors = self._count("tick_errors", "Ticks that met an error")
        self._jobs = self._count("jobs", "Jobs ended", "job", "outcome")
        self._missed = self._count("missed_runs", "Slots that never ran", "job")
        self._rows = self._count("rows", "Records read", "connection", "feed", "outcome")
        self._written = self._count("changes", "Changes by where they ended", "connection", "state")
        self._calls = self._count("api_calls", "Calls to the vendor", "connection", "class")
        self._seconds = Histogram(
            "creditflag_job_seconds", "How long jobs took", ["job"], buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip

    def _count(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"creditflag_{name}", meaning, labels, registry=self.registry)

    def watch(self, store: StorePort, pulse: Pulse, clock: ClockPort) -> None:
        """Add what is read at the moment of asking."""
        self.registry.register(_Reading(store, pulse, clock))

    def note_tick_error(self) -> None:
        """Count a tick that met an error."""
        self._tick_errors.inc()

    def note_missed(self, job: str, slots: int) -> None:
        """Count slots that never ran."""
        self._missed.labels(job).inc(slots)

    def note_ended(self, task: Task, ended: Ended, seconds: float) -> None:
        """Count a job that ended."""
        self._jobs.labels(task.job.name, ended.outcome).inc()
        self._seconds.labels(task.job.name).observe(seconds)

    def note_report(self, _task: Task, told: object) -> None:
        """Count what a job reports of its reading and writing."""
        if isinstance(told, RunReport):
            self._note_feeds(told.feeds)
            for connection, pushed in told.pushes.items():
                for state, n in pushed.ended.items():
                    self._written.labels(connection, ChangeState(state).value).inc(n)
            for connection, calls in told.calls.items():
                for kind, n in calls.items():
                    self._calls.labels(connection, kind).inc(n)
        elif isinstance(told, Intake):
            self._note_feeds(told.feeds)

    def _note_feeds(self, feeds: Sequence[FeedReport]) -> None:
        for feed in feeds:
            for outcome in _ROWS:
                rows = getattr(feed, outcome)
                self._rows.labels(feed.connection, feed.feed, outcome).inc(rows)

    def text(self, store: StorePort) -> bytes:
        """Everything in Prometheus' text format; the store's connection of this thread ends."""
        try:
            return generate_latest(self.registry)
        finally:
            store.close()


class _Reading(Collector):
    """Tick age, due times, freshness and calls, as they are when they are asked for."""

    def __init__(self, store: StorePort, pulse: Pulse, clock: ClockPort) -> None:
        self._store = store
        self._pulse = pulse
        self._clock = clock

    def describe(self) -> list[Metric]:
        """Nothing: asking the store at registration would be too early."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures; without the store those of the process remain."""
        yield GaugeMetricFamily(
            "creditflag_tick_age_seconds", "Seconds since the last tick", value=self._pulse.age
        )
        try:
            now = self._clock.now()
            jobs, freshness = self._store.jobs(), self._store.freshness()
            calls = self._store.call_use(now)
        except CreditflagError:
            return  # told by /readyz; the figures of the process are worth having all the same
        yield from _list_calls(calls)
        due = GaugeMetricFamily(
            "creditflag_job_due_seconds", "Seconds until a job is due; negative: late",
            labels=["job"],
        )  # fmt: skip
        for job in jobs:
            due.add_metric([job.name], (job.next_due - now).total_seconds())
        yield due
        fresh = GaugeMetricFamily(
            "creditflag_freshness_seconds", "Seconds since a connection was read or refreshed",
            labels=["connection", "what"],
        )  # fmt: skip
        for name, found in freshness.items():
            for what, at in (("read", found.pulled_at), ("refreshed", found.refreshed_at)):
                if at is not None:
                    fresh.add_metric([name, what], (now - at).total_seconds())
        yield fresh


def _list_calls(calls: Mapping[str, CallUse]) -> Iterator[Metric]:
    used = GaugeMetricFamily(
        "creditflag_api_calls_used", "Calls of the last 24 hours, all processes together",
        labels=["connection"],
    )  # fmt: skip
    allowed = GaugeMetricFamily(
        "creditflag_api_calls_allowed", "Calls that may be sent in 24 hours", labels=["connection"]
    )
    for name, use in calls.items():
        used.add_metric([name], use.used)
        if use.allowed is not None:
            allowed.add_metric([name], use.allowed)
    yield used
    yield allowed
