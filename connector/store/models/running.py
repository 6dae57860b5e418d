"""Runs, leases, and the seam between ledger and store."""

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
    """One pass, from its start to its end; `ended_at` is null while it goes on or after a crash."""

    run_id = models.TextField(unique=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    as_of = models.DateField()
    outcome = models.TextField(default="")
    exit_code = models.IntegerField(null=True)
    summary = models.TextField(default="{}")

    class Meta:
        db_table = "run"
