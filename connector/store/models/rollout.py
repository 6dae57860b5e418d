"""How far each connection is rolled out, step by step."""

from __future__ import annotations

from django.db import models


class RolloutStepRow(models.Model):
    """A connection was moved to a stage; rows are added, never changed, the latest holds."""

    connection = models.TextField()
    stage = models.TextField()
    who = models.TextField()
    why = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "rollout_step"
        indexes = [models.Index(fields=["connection"], name="rollout_step_connection")]


class BaselineFlag(models.Model):
    """A flag that was open when the connection's tasks were switched on."""

    connection = models.TextField()
    party_id = models.TextField()
    code = models.TextField()
    since = models.DateField()
    severity = models.BigIntegerField()

    class Meta:
        db_table = "baseline_flag"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "party_id", "code"], name="baseline_flag_one"
            )
        ]
