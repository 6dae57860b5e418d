"""Plans, their changes, the journal, and what stands in the CRM."""

from __future__ import annotations

from django.db import models


class ConnectionState(models.Model):
    """A connection's first-contact state, the head of its journal's hash chain, and its freshness.

    `pulled_at` is when all its feeds were last read to their end, `refreshed_at` when a run that
    writes to it was last complete.
    """

    connection = models.TextField(primary_key=True)
    first_plan = models.TextField(default="")
    events = models.BigIntegerField(default=0)
    head = models.TextField(default="")
    pulled_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "connection_state"


class PlanRow(models.Model):
    """A saved plan without its changes. The same plan of another run is another row."""

    connection = models.TextField()
    digest = models.TextField()
    run_id = models.TextField()
    as_of = models.DateField()
    created_at = models.DateTimeField()
    policy_hash = models.TextField()
    first_contact = models.BooleanField()
    counts = models.TextField()
    adopted = models.TextField()

    class Meta:
        db_table = "plan"
        constraints = [
            models.UniqueConstraint(fields=["connection", "digest", "run_id"], name="plan_one")
        ]


class PlannedChange(models.Model):
    """An intended write. `state` repeats the state of its last event in the journal.

    `payload` holds label, fields, and who modified the record last.
    """

    plan = models.ForeignKey(PlanRow, on_delete=models.PROTECT)
    connection = models.TextField()
    change_id = models.TextField()
    object_name = models.TextField()
    record_id = models.TextField()
    party_id = models.TextField()
    kind = models.TextField()
    decision_hash = models.TextField()
    key = models.TextField()
    key_field = models.TextField()
    band = models.BigIntegerField(null=True)
    blocking = models.BooleanField()
    state = models.TextField()
    payload = models.TextField()

    class Meta:
        db_table = "change"
        constraints = [
            models.UniqueConstraint(fields=["connection", "change_id"], name="change_one")
        ]
        indexes = [models.Index(fields=["connection", "state"], name="change_state")]


class JournalRow(models.Model):
    """One event. `hash` covers the one before, the content and `payload_digest`.

    `payload` is null once erased; its digest, made with `salt`, stays in the chain.
    """

    connection = models.TextField()
    number = models.BigIntegerField()
    at = models.DateTimeField()
    run_id = models.TextField()
    change_id = models.TextField()
    state = models.TextField()
    batch_id = models.TextField()
    record_id = models.TextField()
    payload = models.TextField(null=True)
    salt = models.TextField()
    payload_digest = models.TextField()
    previous = models.TextField()
    hash = models.TextField()

    class Meta:
        db_table = "journal"
        constraints = [models.UniqueConstraint(fields=["connection", "number"], name="journal_one")]
        indexes = [
            models.Index(fields=["connection", "record_id"], name="journal_record"),
            # With the number, or SQLite walks the whole chain for each change's last event.
            models.Index(fields=["connection", "change_id", "number"], name="journal_change"),
        ]


class LastWritten(models.Model):
    """What we last wrote and verified in one field; null when we cleared it.

    `held` is what the CRM made of the value when `altered`; `stamp` is the record's modification
    stamp at the read-back.
    """

    connection = models.TextField()
    object_name = models.TextField()
    record_id = models.TextField()
    field = models.TextField()
    value = models.TextField(null=True)
    band = models.BigIntegerField(null=True)
    altered = models.BooleanField(default=False)
    held = models.TextField(null=True)
    stamp = models.TextField(default="")

    class Meta:
        db_table = "last_written"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object_name", "record_id", "field"], name="last_written_one"
            )
        ]


class AdoptedValue(models.Model):
    """A value found in the CRM at first contact, in force until a person decides."""

    connection = models.TextField()
    object_name = models.TextField()
    record_id = models.TextField()
    field = models.TextField()
    credit_field = models.TextField()
    value = models.TextField(null=True)
    party_id = models.TextField(null=True)
    adopted_on = models.DateField(null=True)
    review_on = models.DateField(null=True)

    class Meta:
        db_table = "adopted_value"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "object_name", "record_id", "field"], name="adopted_value_one"
            )
        ]
