from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScheduledJobRow",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("connection", models.TextField(default="")),
                ("spec", models.TextField()),
                ("timezone", models.TextField()),
                ("misfire", models.TextField()),
                ("grace_seconds", models.BigIntegerField()),
                ("seed", models.TextField()),
                ("anchor", models.DateTimeField()),
                ("next_due", models.DateTimeField()),
                ("last_started", models.DateTimeField(null=True)),
                ("last_ended", models.DateTimeField(null=True)),
                ("last_ok", models.DateTimeField(null=True)),
                ("last_outcome", models.TextField(default="")),
                ("last_error", models.TextField(default="")),
                ("missed", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "scheduled_job",
            },
        ),
        migrations.AddField(
            model_name="connectionstate",
            name="pulled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="connectionstate",
            name="refreshed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="kind",
            field=models.TextField(default="run"),
        ),
    ]
