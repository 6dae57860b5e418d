"""What people enter by hand, revision by revision."""

from __future__ import annotations

from django.db import models


class FactRevisionRow(models.Model):
    """One revision of an entered fact; rows are added, never changed. `payload` is JSON, values in
    canonical text by column."""

    fact_id = models.TextField()
    revision = models.BigIntegerField()
    entity = models.TextField()
    payload = models.TextField()
    withdrawn = models.BooleanField(default=False)
    who = models.TextField()
    why = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "fact_revision"
        constraints = [
            models.UniqueConstraint(fields=["fact_id", "revision"], name="fact_revision_one")
        ]
        indexes = [models.Index(fields=["entity"], name="fact_revision_entity")]
