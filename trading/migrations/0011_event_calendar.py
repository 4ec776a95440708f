"""The event calendar: results, what the desk puts over the list, and a run's own events."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("trading", "0010_iv_day")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="events",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AlterModelOptions(
            name="marketevent",
            options={"ordering": ["starts_at", "kind", "underlying"]},
        ),
        migrations.RemoveConstraint(model_name="marketevent", name="market_event_unique"),
        migrations.RemoveConstraint(model_name="marketevent", name="market_event_kind_valid"),
        migrations.AlterField(
            model_name="marketevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("RBI_POLICY", "Rbi policy"),
                    ("BUDGET", "Budget"),
                    ("FOMC", "Fomc"),
                    ("CPI", "Cpi"),
                    ("GDP", "Gdp"),
                    ("RESULTS", "Results"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="marketevent",
            name="underlying",
            field=models.CharField(blank=True, default="", max_length=50),
        ),
        migrations.AddField(
            model_name="marketevent",
            name="timing",
            field=models.CharField(
                choices=[
                    ("AT", "At"),
                    ("BEFORE_OPEN", "Before open"),
                    ("INTRADAY", "Intraday"),
                    ("AFTER_CLOSE", "After close"),
                ],
                default="AT",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="marketevent",
            name="origin",
            field=models.CharField(
                choices=[("FILE", "File"), ("DESK", "Desk")], default="FILE", max_length=10
            ),
        ),
        migrations.AddField(
            model_name="marketevent",
            name="called_off",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="marketevent",
            constraint=models.UniqueConstraint(
                fields=("kind", "underlying", "starts_at"), name="market_event_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="marketevent",
            constraint=models.CheckConstraint(
                condition=Q(kind__in=["RBI_POLICY", "BUDGET", "FOMC", "CPI", "GDP", "RESULTS"]),
                name="market_event_kind_valid",
            ),
        ),
        migrations.AddConstraint(
            model_name="marketevent",
            constraint=models.CheckConstraint(
                condition=Q(timing__in=["AT", "BEFORE_OPEN", "INTRADAY", "AFTER_CLOSE"]),
                name="market_event_timing_valid",
            ),
        ),
        migrations.AddConstraint(
            model_name="marketevent",
            constraint=models.CheckConstraint(
                condition=Q(origin__in=["FILE", "DESK"]), name="market_event_origin_valid"
            ),
        ),
        migrations.AddConstraint(
            model_name="marketevent",
            constraint=models.CheckConstraint(
                condition=Q(kind="RESULTS") ^ Q(underlying=""), name="market_event_whose"
            ),
        ),
    ]
