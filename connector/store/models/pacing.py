"""What keeps writing in step with the vendor: running jobs, batch sizes, calls of the day."""

from __future__ import annotations

from django.db import models


class WriteJobRow(models.Model):
    """A bulk job of ours that has not been settled; its rows are the events of `batch_id`."""

    connection = models.TextField()
    job_id = models.TextField()
    batch_id = models.TextField()
    object_name = models.TextField()
    kind = models.TextField()
    key_field = models.TextField(default="")
    run_id = models.TextField()
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "write_job"
        constraints = [
            models.UniqueConstraint(fields=["connection", "job_id"], name="write_job_one")
        ]


class BatchSize(models.Model):
    """Rows in one write call that this org's object has borne lately."""

    connection = models.TextField()
    object_name = models.TextField()
    size = models.BigIntegerField()

    class Meta:
        db_table = "batch_size"
        constraints = [
            models.UniqueConstraint(fields=["connection", "object_name"], name="batch_size_one")
        ]


class CallHour(models.Model):
    """API calls that were taken within one hour, by every process, and the most that all hours of
    the window may come to, as whoever took some last knew it."""

    connection = models.TextField()
    hour = models.DateTimeField()
    calls = models.BigIntegerField(default=0)
    ceiling = models.BigIntegerField(null=True)

    class Meta:
        db_table = "call_hour"
        constraints = [models.UniqueConstraint(fields=["connection", "hour"], name="call_hour_one")]
