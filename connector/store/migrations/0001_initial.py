import django.db.models.deletion
from django.db import migrations, models

import connector.store.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ConnectionState",
            fields=[
                ("connection", models.TextField(primary_key=True, serialize=False)),
                ("first_plan", models.TextField(default="")),
                ("events", models.BigIntegerField(default=0)),
                ("head", models.TextField(default="")),
            ],
            options={
                "db_table": "connection_state",
            },
        ),
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("owner", models.TextField(default="")),
                ("number", models.BigIntegerField(default=0)),
                ("since", models.DateTimeField(null=True)),
                ("expires", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "lease",
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.TextField(unique=True)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("as_of", models.DateField()),
                ("outcome", models.TextField(default="")),
                ("exit_code", models.IntegerField(null=True)),
                ("summary", models.TextField(default="{}")),
            ],
            options={
                "db_table": "run",
            },
        ),
        migrations.CreateModel(
            name="Seam",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("ledger_id", models.TextField(default="")),
                ("ledger_seq", models.BigIntegerField(default=0)),
                ("decided_through_seq", models.BigIntegerField(default=0)),
                ("basis", models.TextField(default="{}")),
                ("visible_number", models.BigIntegerField(default=0)),
                ("staged_run", models.TextField(default="")),
            ],
            options={
                "db_table": "seam",
            },
        ),
        migrations.CreateModel(
            name="AdoptedValue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("object_name", models.TextField()),
                ("record_id", models.TextField()),
                ("field", models.TextField()),
                ("credit_field", models.TextField()),
                ("value", models.TextField(null=True)),
                ("party_id", models.TextField(null=True)),
                ("adopted_on", models.DateField(null=True)),
                ("review_on", models.DateField(null=True)),
            ],
            options={
                "db_table": "adopted_value",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "object_name", "record_id", "field"),
                        name="adopted_value_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovedLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("party_id", models.TextField()),
                ("selling_company", models.TextField(default="")),
                ("state", models.TextField()),
                ("amount", connector.store.fields.ExactDecimalField(null=True, places=4)),
                ("currency", models.TextField(null=True)),
                ("source", models.TextField(null=True)),
                ("approver", models.TextField(null=True)),
                ("valid_from", models.DateField(null=True)),
                ("valid_to", models.DateField(null=True)),
                ("review_on", models.DateField(null=True)),
            ],
            options={
                "db_table": "approved_limit",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("party_id", "selling_company"), name="approved_limit_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ConfirmedLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("account_id", models.TextField()),
                ("party_id", models.TextField()),
            ],
            options={
                "db_table": "confirmed_link",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "account_id"), name="confirmed_link_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("party_id", models.TextField()),
                ("selling_company", models.TextField(default="")),
                ("gone", models.BooleanField(default=False)),
                ("as_of", models.DateField(null=True)),
                ("currency", models.TextField(null=True)),
                ("score", connector.store.fields.ExactDecimalField(null=True, places=4)),
                ("grade", models.TextField(null=True)),
                ("colour", models.TextField(null=True)),
                ("hold", models.BooleanField(null=True)),
                ("band", models.BigIntegerField(null=True)),
                ("net_exposure", connector.store.fields.ExactDecimalField(null=True, places=4)),
                ("overdue", connector.store.fields.ExactDecimalField(null=True, places=4)),
                ("available", connector.store.fields.ExactDecimalField(null=True, places=4)),
                ("utilisation", connector.store.fields.ExactDecimalField(null=True, places=10)),
                ("proposed_amount", connector.store.fields.ExactDecimalField(null=True, places=4)),
                ("next_review", models.DateField(null=True)),
                ("decision_hash", models.TextField(default="")),
                ("payload", models.TextField(default="{}")),
            ],
            options={
                "db_table": "decision_current",
                "indexes": [models.Index(fields=["number"], name="decision_current_number")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("party_id", "number", "selling_company"),
                        name="decision_current_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DecisionFlag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("party_id", models.TextField()),
                ("selling_company", models.TextField(default="")),
                ("code", models.TextField()),
                ("severity", models.BigIntegerField()),
                ("since", models.DateField()),
                ("amount", connector.store.fields.ExactDecimalField(null=True, places=4)),
            ],
            options={
                "db_table": "decision_flag",
                "indexes": [
                    models.Index(fields=["party_id", "number"], name="decision_flag_party"),
                    models.Index(fields=["number"], name="decision_flag_number"),
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("number", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("run_id", models.TextField()),
                ("change_id", models.TextField()),
                ("state", models.TextField()),
                ("batch_id", models.TextField()),
                ("record_id", models.TextField()),
                ("payload", models.TextField(null=True)),
                ("salt", models.TextField()),
                ("payload_digest", models.TextField()),
                ("previous", models.TextField()),
                ("hash", models.TextField()),
            ],
            options={
                "db_table": "journal",
                "indexes": [
                    models.Index(fields=["connection", "record_id"], name="journal_record"),
                    models.Index(
                        fields=["connection", "change_id", "number"], name="journal_change"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "number"), name="journal_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="LastWritten",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("object_name", models.TextField()),
                ("record_id", models.TextField()),
                ("field", models.TextField()),
                ("value", models.TextField(null=True)),
                ("band", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "last_written",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "object_name", "record_id", "field"),
                        name="last_written_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("digest", models.TextField()),
                ("run_id", models.TextField()),
                ("as_of", models.DateField()),
                ("created_at", models.DateTimeField()),
                ("policy_hash", models.TextField()),
                ("first_contact", models.BooleanField()),
                ("counts", models.TextField()),
                ("adopted", models.TextField()),
            ],
            options={
                "db_table": "plan",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "digest", "run_id"), name="plan_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlannedChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("change_id", models.TextField()),
                ("object_name", models.TextField()),
                ("record_id", models.TextField()),
                ("party_id", models.TextField()),
                ("kind", models.TextField()),
                ("decision_hash", models.TextField()),
                ("key", models.TextField()),
                ("key_field", models.TextField()),
                ("band", models.BigIntegerField(null=True)),
                ("blocking", models.BooleanField()),
                ("state", models.TextField()),
                ("payload", models.TextField()),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="store.planrow"
                    ),
                ),
            ],
            options={
                "db_table": "change",
                "indexes": [models.Index(fields=["connection", "state"], name="change_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "change_id"), name="change_one")
                ],
            },
        ),
    ]
