"""Runs, scheduled jobs, leases, and the seam between ledger and store."""

from __future__ import annotations

from django.db import models


class Seam(models.Model):
    """One row: the ledger this store belongs to, and how far decisions have come.

    Decisions whose `number` is at most `visible_number` are in force. Staged ones carry the next
    number; `staged_run` names their run once all of them are stored.
    """

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    ledger_id = models.TextField(default="")
    ledger_seq = models.BigIntegerField(default=0)
    decided_through_seq = models.BigIntegerField(default=0)
    basis = models.TextField(default="{}")
    visible_number = models.BigIntegerField(default=0)
    staged_run = models.TextField(default="")

    class Meta:
        db_table = "seam"


class Lease(models.Model):
    """Who may write. `number` rises with each acquisition and outlives the owner."""

    name = models.TextField(primary_key=True)
    owner = models.TextField(default="")
    number = models.BigIntegerField(default=0)
    since = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)

    class Meta:
        db_table = "lease"


class Run(models.Model):
    """One pass, from its start to its end; `ended_at` is null while it goes on or after a crash.

    `kind` is what was done: run, pull, plan, apply, census.
    """

    run_id = models.TextField(unique=True)
    kind = models.TextField(default="run")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    as_of = models.DateField()
    outcome = models.TextField(default="")
    exit_code = models.IntegerField(null=True)
    summary = models.TextField(default="{}")

    class Meta:
        db_table = "run"


class ScheduledJobRow(models.Model):
    """A job of the daemon: its timetable, when it is due next, and how it went last.

    `anchor` is where the slots of an interval start. `missed` counts slots that never ran.
    """

    name = models.TextField(primary_key=True)
    kind = models.TextField()
    connection = models.TextField(default="")
    spec = models.TextField()
    timezone = models.TextField()
    misfire = models.TextField()
    grace_seconds = models.BigIntegerField()
    seed = models.TextField()
    anchor = models.DateTimeField()
    next_due = models.DateTimeField()
    last_started = models.DateTimeField(null=True)
    last_ended = models.DateTimeField(null=True)
    last_ok = models.DateTimeField(null=True)
    last_outcome = models.TextField(default="")
    last_error = models.TextField(default="")
    missed = models.BigIntegerField(default=0)

    class Meta:
        db_table = "scheduled_job"
