"""What people decided."""

from __future__ import annotations

from django.db import models

from connector.store.fields import ExactDecimalField


class ApprovedLimit(models.Model):
    """The limit in force for a party and selling company; `amount` only when state is amount."""

    party_id = models.TextField()
    selling_company = models.TextField(default="")
    state = models.TextField()
    amount = ExactDecimalField(null=True)
    currency = models.TextField(null=True)
    source = models.TextField(null=True)
    approver = models.TextField(null=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    review_on = models.DateField(null=True)

    class Meta:
        db_table = "approved_limit"
        constraints = [
            models.UniqueConstraint(
                fields=["party_id", "selling_company"], name="approved_limit_one"
            )
        ]


class ConfirmedLink(models.Model):
    """An account that a person assigned to a party."""

    connection = models.TextField()
    account_id = models.TextField()
    party_id = models.TextField()

    class Meta:
        db_table = "confirmed_link"
        constraints = [
            models.UniqueConstraint(fields=["connection", "account_id"], name="confirmed_link_one")
        ]
