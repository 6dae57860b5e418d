from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0002_daemon"),
    ]

    operations = [
        migrations.AddField(
            model_name="lastwritten",
            name="altered",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="lastwritten",
            name="held",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="lastwritten",
            name="stamp",
            field=models.TextField(default=""),
        ),
        migrations.CreateModel(
            name="BatchSize",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("object_name", models.TextField()),
                ("size", models.BigIntegerField()),
            ],
            options={
                "db_table": "batch_size",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "object_name"), name="batch_size_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CallHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("hour", models.DateTimeField()),
                ("calls", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "call_hour",
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "hour"), name="call_hour_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="WriteJobRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("connection", models.TextField()),
                ("job_id", models.TextField()),
                ("batch_id", models.TextField()),
                ("object_name", models.TextField()),
                ("kind", models.TextField()),
                ("key_field", models.TextField(default="")),
                ("run_id", models.TextField()),
                ("opened_at", models.DateTimeField()),
            ],
            options={
                "db_table": "write_job",
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "job_id"), name="write_job_one")
                ],
            },
        ),
    ]
