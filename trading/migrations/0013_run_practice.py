"""Tells which runs were on the prices of a Kite of our own."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds `Run.is_practice`; runs from before are taken for real ones, as they were."""

    dependencies = [("trading", "0012_ranking")]

    operations = [
        migrations.AddField("run", "is_practice", models.BooleanField(default=False)),
    ]
