"""Commands gain the release of a strategy that was put aside; nothing else changes."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("trading", "0008_plan_combination"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="command",
            name="command_kind_valid",
        ),
        migrations.AlterField(
            model_name="command",
            name="kind",
            field=models.CharField(
                choices=[
                    ("PAUSE", "Pause"),
                    ("RESUME", "Resume"),
                    ("FLATTEN", "Flatten"),
                    ("CLOSE_POSITION", "Close position"),
                    ("UNLOCK", "Unlock"),
                    ("RELEASE_STRATEGY", "Release strategy"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "PAUSE",
                            "RESUME",
                            "FLATTEN",
                            "CLOSE_POSITION",
                            "UNLOCK",
                            "RELEASE_STRATEGY",
                        ],
                    )
                ),
                name="command_kind_valid",
            ),
        ),
    ]
