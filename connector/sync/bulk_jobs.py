"""Bulk jobs: many rows as one job of the vendor, and what a crash left of them.

::

    job opened → noted in the store → rows SENT → loaded → started → ended → results → forgotten

A job is noted before anything is given to it, so whoever comes after a crash asks the job first:
one that was not started is given up and its rows are planned again, a running one is waited for,
an ended one is read, and of one that the vendor keeps no longer only the records tell. Rows of a
live job are never sent a second time.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.domain.change import Change, ChangeKind, ChangeState
from connector.errors import RefusedError, TransientError, VendorError
from connector.ports.bulk import UNPROCESSED, BulkPort, JobPhase, JobStatus
from connector.ports.crm import RowOutcome
from connector.ports.store import WriteJob
from connector.sync.crash import crash_point
from connector.sync.sending import Sending, new_batch_id, to_row
from connector.sync.verify import settle_unknown

FIRST_PAUSE = 1.0
PAUSE_GROWTH = 1.5
LONGEST_PAUSE = 30.0
WAIT_AT_MOST = 3600.0
"""Seconds: pauses between two looks grow to half a minute; a run gives up waiting after an hour."""

_IN_DOUBT = (ChangeState.SENT, ChangeState.UNKNOWN)


def find_bulk(sending: Sending, changes: Sequence[Change]) -> BulkPort | None:
    """The target's bulk side, if these changes of one kind and object are better sent by a job."""
    writer, first = sending.connection.writer, changes[0]
    if not isinstance(writer, BulkPort) or first.object_name in sending.jobless:
        return None
    if first.kind is ChangeKind.CREATE and not sending.connection.keyed(first):
        return None
    free = sum(c.id not in sending.by_batch for c in changes)
    return writer if free and writer.prefers_job(first.object_name, free) else None


def send_job(
    sending: Sending, bulk: BulkPort, changes: Sequence[Change]
) -> tuple[list[Change], Sequence[Change]]:
    """Send as many of the changes as one job takes; those to try again, and the rest unsent."""
    desk, first = sending.desk, changes[0]
    key_field = "" if first.kind is ChangeKind.UPDATE else first.key_field
    rows = [to_row(change) for change in changes]
    fitting = bulk.fit_into_job(first.object_name, key_field, rows)
    batch, rows, rest = list(changes[:fitting]), rows[:fitting], changes[fitting:]
    crash_point("before-job")
    job_id = bulk.open_job(first.object_name, key_field)
    crash_point("after-job-opened")
    job = WriteJob(job_id, new_batch_id(), first.object_name, first.kind, key_field)
    desk.store.note_job(sending.connection.name, desk.run_id, job, desk.clock.now(), desk.fence)
    crash_point("after-job-noted")
    sending.intend(batch, job.batch_id)
    crash_point("after-job-intended")
    desk.renew_lease()
    sending.report.jobs += 1
    try:
        behind = bulk.load_job(job_id, first.object_name, key_field, rows)
    except (TransientError, RefusedError) as error:
        return _give_up(sending, bulk, job, batch, error), rest
    crash_point("after-job-loaded")
    refusal = _start(bulk, job_id) if len(behind) < len(batch) else None
    if refusal is not None:
        return _give_up(sending, bulk, job, batch, refusal), rest
    crash_point("after-job-started")
    status = _wait(sending, bulk, job_id) if len(behind) < len(batch) else None
    return _finish(sending, bulk, job, batch, status, dict(behind)), rest


def settle_jobs(sending: Sending) -> None:
    """Before anything else in a run: end every job that an earlier run left behind."""
    store, connection = sending.desk.store, sending.connection
    writer = connection.writer
    jobs = store.open_jobs(connection.name)
    if not jobs or not isinstance(writer, BulkPort):
        return
    by_id = {c.id: c for c in store.open_changes(connection.name)}
    for job in jobs:
        members = [by_id[i] for i in store.job_members(connection.name, job.batch_id) if i in by_id]
        batch = [change for change in members if change.state in _IN_DOUBT]
        _finish(sending, writer, job, batch, _wait(sending, writer, job.job_id), {})


def _start(bulk: BulkPort, job_id: str) -> VendorError | None:
    """Start the job; the refusal, when it really was not started.

    When nobody knows whether it was, because looking fails as well, that error goes up: the job
    may be running, and the next run asks it again.
    """
    try:
        bulk.start_job(job_id)
    except VendorError as error:
        if bulk.look_at_job(job_id).phase is JobPhase.WAITING:
            return error
    return None


def _give_up(
    sending: Sending, bulk: BulkPort, job: WriteJob, batch: Sequence[Change], error: VendorError
) -> list[Change]:
    """The job was not started: nothing was written, the rows are free again."""
    bulk.abort_job(job.job_id)
    passing = isinstance(error, TransientError)
    state = ChangeState.RETRY if passing else ChangeState.PLANNED
    sending.note(batch, state, job.batch_id, error)
    _forget(sending, job)
    if not passing:
        raise error
    sending.pace.slow(job.object_name, getattr(error, "retry_after", None))
    return list(batch)


def _wait(sending: Sending, bulk: BulkPort, job_id: str) -> JobStatus:
    """Look at the job until it does not run any more, keeping the lease."""
    desk = sending.desk
    ends = desk.clock.monotonic() + WAIT_AT_MOST
    pause = FIRST_PAUSE
    while True:
        status = bulk.look_at_job(job_id)
        if status.phase is not JobPhase.RUNNING:
            return status
        desk.renew_lease()
        desk.stop.check()
        if desk.clock.monotonic() + pause > ends:
            raise TransientError(
                "{name} still works on the bulk job {job}.",
                code="JOB_STILL_RUNNING",
                where=sending.connection.name,
                next_step="Run again later: it goes on with this job.",
                name=sending.connection.name,
                job=job_id,
            )
        desk.clock.sleep(pause)
        pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)


def _finish(
    sending: Sending,
    bulk: BulkPort,
    job: WriteJob,
    batch: Sequence[Change],
    status: JobStatus | None,
    behind: dict[int, RowOutcome],
) -> list[Change]:
    """Take what the job tells about each row, read back what it does not; forget the job.

    `status` is None for a job that got no row at all.
    """
    if status is None or status.phase is JobPhase.WAITING:
        bulk.abort_job(job.job_id)
    if status is not None and status.phase is JobPhase.WAITING:
        sending.note(batch, ChangeState.PLANNED, job.batch_id)
        _forget(sending, job)
        return []
    told: Sequence[RowOutcome | None] = [None] * len(batch)
    if status is not None and status.phase is JobPhase.ENDED and batch:
        rows = [to_row(change) for change in batch]
        told = bulk.read_job(job.job_id, job.object_name, job.key_field, rows)
    crash_point("after-job-read")
    outcomes = [behind.get(position, outcome) for position, outcome in enumerate(told)]
    if all(o is None or o.code == UNPROCESSED for o in outcomes):
        sending.jobless.add(job.object_name)
    again = _take(sending, job, batch, outcomes)
    _forget(sending, job)
    crash_point("after-job-forgotten")
    return again


def _take(
    sending: Sending,
    job: WriteJob,
    batch: Sequence[Change],
    outcomes: Sequence[RowOutcome | None],
) -> list[Change]:
    pairs = [(c, o) for c, o in zip(batch, outcomes, strict=True) if o is not None]
    # Rows that another may have pulled down are sent once more in batches, which can be halved.
    pairs = [(c, _once_more(o)) for c, o in pairs]
    silent = [c for c, o in zip(batch, outcomes, strict=True) if o is None]
    sending.by_batch |= {c.id for c, o in pairs if o.state == "retry" and o.code != UNPROCESSED}
    again = sending.take([c for c, _ in pairs], job.batch_id, [o for _, o in pairs])
    if silent:
        sending.note(silent, ChangeState.UNKNOWN, job.batch_id)
        again += settle_unknown(sending.desk, sending.connection, silent, sending.report)
    return again


def _once_more(outcome: RowOutcome) -> RowOutcome:
    if not outcome.together:
        return outcome
    return RowOutcome("retry", outcome.record_id, outcome.code, outcome.message, outcome.fields)


def _forget(sending: Sending, job: WriteJob) -> None:
    desk = sending.desk
    desk.store.end_job(sending.connection.name, job.job_id, desk.fence)
