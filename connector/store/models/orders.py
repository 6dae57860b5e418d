"""Credit reserved for orders to come, and orders that a person released."""

from __future__ import annotations

from django.db import models

from connector.store.fields import ExactDecimalField


class ReservationRow(models.Model):
    """Credit set aside for an order until `expires_at`, in the currency of the decisions."""

    reservation_id = models.TextField(unique=True)
    party_id = models.TextField()
    order_number = models.TextField()
    account = models.TextField(default="")
    amount = ExactDecimalField()
    order_amount = ExactDecimalField()
    currency = models.TextField()
    made_at = models.DateTimeField()
    made_by = models.TextField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(default="")

    class Meta:
        db_table = "reservation"
        indexes = [models.Index(fields=["party_id", "ended_at"], name="reservation_party")]


class ReleaseRow(models.Model):
    """A release of one order; rows are added, never changed, the latest holds."""

    party_id = models.TextField()
    order_number = models.TextField()
    account = models.TextField(default="")
    amount = ExactDecimalField()
    currency = models.TextField()
    until = models.DateField()
    who = models.TextField()
    why = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "order_release"
        indexes = [models.Index(fields=["party_id", "order_number"], name="order_release_order")]
