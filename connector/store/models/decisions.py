"""Decisions in force: one row a party and selling company, and its flags."""

from __future__ import annotations

from django.db import models

from connector.store.fields import ExactDecimalField


class Decision(models.Model):
    """A decision as one staging wrote it; the highest visible number of a party is in force.

    `payload` holds the whole decision with its long tables (see `payloads`); the other columns
    repeat what the engine reads back and what lists filter and sort by. `gone` marks a party that
    left the scope.
    """

    number = models.BigIntegerField()
    party_id = models.TextField()
    selling_company = models.TextField(default="")
    gone = models.BooleanField(default=False)
    as_of = models.DateField(null=True)
    currency = models.TextField(null=True)
    score = ExactDecimalField(null=True)
    grade = models.TextField(null=True)
    colour = models.TextField(null=True)
    hold = models.BooleanField(null=True)
    band = models.BigIntegerField(null=True)
    net_exposure = ExactDecimalField(null=True)
    overdue = ExactDecimalField(null=True)
    available = ExactDecimalField(null=True)
    utilisation = ExactDecimalField(null=True, places=10)
    proposed_amount = ExactDecimalField(null=True)
    next_review = models.DateField(null=True)
    decision_hash = models.TextField(default="")
    payload = models.TextField(default="{}")

    class Meta:
        db_table = "decision_current"
        constraints = [
            models.UniqueConstraint(
                fields=["party_id", "number", "selling_company"], name="decision_current_one"
            )
        ]
        indexes = [models.Index(fields=["number"], name="decision_current_number")]


class DecisionFlag(models.Model):
    """An open flag of a decision, for queries; its parameters stand in the decision's payload."""

    number = models.BigIntegerField()
    party_id = models.TextField()
    selling_company = models.TextField(default="")
    code = models.TextField()
    severity = models.BigIntegerField()
    since = models.DateField()
    amount = ExactDecimalField(null=True)

    class Meta:
        db_table = "decision_flag"
        indexes = [
            models.Index(fields=["party_id", "number"], name="decision_flag_party"),
            models.Index(fields=["number"], name="decision_flag_number"),
        ]
