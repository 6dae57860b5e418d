"""How many calls a connection may send in its window, beside how many it sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column, null for hours before it."""

    dependencies: ClassVar = [("store", "0003_pacing")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="callhour",
            name="ceiling",
            field=models.BigIntegerField(null=True),
        ),
    ]
