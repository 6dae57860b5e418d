"""What the daemon's jobs do, and how the settings' jobs become those of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from connector.daemon.due import slots_of
from connector.daemon.workers import Ended, Task, Work
from connector.domain.timetable import Interval, parse_duration, parse_timetable
from connector.errors import EXIT_OK, EXIT_PARTIAL
from connector.ports.allowance import Pressure
from connector.ports.store import Fence, ScheduledJob, StorePort
from connector.service.main_job import pull_only, run_main_job
from connector.service.office import Office
from connector.service.reporting import verify_journal
from connector.settings import JobSettings

OpenOffice = Callable[[Task], AbstractContextManager[Office]]
"""An office of its own for one task, whose clock heeds the task's stop signal."""

LANES = {"run": "ledger", "pull": "ledger", "census": "ledger", "audit": "store"}
"""Jobs that need the same thing wait for each other: the ledger has one writer."""


def register_jobs(
    store: StorePort, wanted: Mapping[str, JobSettings], timezone: str, now: datetime, fence: Fence
) -> None:
    """Bring the store's jobs in line with the settings; what was due stays due.

    A new interval is due at once. A job whose timetable was changed waits for its next slot.
    """
    known = {job.name: job for job in store.jobs()}
    store.drop_jobs([name for name in known if name not in wanted], fence)
    for name, settings in wanted.items():
        fresh = _scheduled(name, settings, timezone, now)
        old = known.get(name)
        if old is None:
            store.keep_job(fresh, fence)
        elif (old.spec, old.timezone) == (fresh.spec, fresh.timezone):
            kept = replace(
                old, kind=fresh.kind, connection=fresh.connection, misfire=fresh.misfire,
                grace_seconds=fresh.grace_seconds, seed=fresh.seed,
            )  # fmt: skip
            if kept != old:
                store.keep_job(kept, fence)
        else:
            moved = replace(
                old, spec=fresh.spec, timezone=fresh.timezone, anchor=now, kind=fresh.kind,
                connection=fresh.connection, misfire=fresh.misfire,
                grace_seconds=fresh.grace_seconds, seed=fresh.seed,
            )  # fmt: skip
            store.keep_job(replace(moved, next_due=next(slots_of(moved, now))), fence)


def _scheduled(name: str, wanted: JobSettings, timezone: str, now: datetime) -> ScheduledJob:
    made = ScheduledJob(
        name=name,
        kind=wanted.do,
        connection=wanted.connection,
        spec=wanted.when,
        timezone=wanted.timezone or timezone,
        misfire=wanted.misfire,
        grace_seconds=parse_duration(wanted.grace),
        seed=f"{wanted.connection}/{name}",
        anchor=now,
        next_due=now,
    )
    if isinstance(parse_timetable(wanted.when), Interval):
        return made
    return replace(made, next_due=next(slots_of(made, now - timedelta(seconds=1))))


def work_of(open_office: OpenOffice, report: Callable[[Task, object], None]) -> Work:
    """What a worker calls: opens an office, does the job there, hands its report on."""

    def work(task: Task) -> Ended:
        with open_office(task) as office:
            code, told = _DOING[task.job.kind](office, task)
            report(task, told)
            reads = LANES[task.job.kind] == "ledger"
            return Ended("ok", code, short=reads and office.pressure >= Pressure.SLOW_POLLS)

    return work


def _run(office: Office, task: Task) -> tuple[int, object]:
    done = run_main_job(office, task.turn.as_of, only=task.job.connection, stop=task.stop)
    return done.exit_code, done


def _pull(office: Office, task: Task) -> tuple[int, object]:
    return _read(office, task, census=False)


def _census(office: Office, task: Task) -> tuple[int, object]:
    return _read(office, task, census=True)


def _read(office: Office, task: Task, *, census: bool) -> tuple[int, object]:
    intake = pull_only(office, only=task.job.connection, stop=task.stop, census=census)
    return (EXIT_PARTIAL if intake.problems else EXIT_OK), intake


def _audit(office: Office, task: Task) -> tuple[int, object]:
    events = {}
    for name in _audited(office, task):
        task.stop.check()
        events[name] = verify_journal(office, name)
    return EXIT_OK, events


def _audited(office: Office, task: Task) -> Iterator[str]:
    yield from [task.job.connection] if task.job.connection else office.writing_names


_DOING: Mapping[str, Callable[[Office, Task], tuple[int, object]]] = {
    "run": _run,
    "pull": _pull,
    "census": _census,
    "audit": _audit,
}
