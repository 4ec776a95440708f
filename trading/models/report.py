"""Documents made by the timetable for people to read. What goes into them is told by services."""

from __future__ import annotations

from enum import StrEnum

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from trading.models.base import choices_of, one_of


class ReportKind(StrEnum):
    """What a report is about."""

    UNIVERSE = "UNIVERSE"
    READINESS = "READINESS"
    VERIFICATION = "VERIFICATION"
    POST_MARKET = "POST_MARKET"


class Report(models.Model):
    """One report on one day, and on one run where it is about a run; made again it is replaced.

    `is_good` is false where somebody should look; `text` is its summary in a line or two.
    """

    kind = models.CharField(max_length=20, choices=choices_of(ReportKind))
    day = models.DateField()
    run = models.ForeignKey("trading.Run", models.PROTECT, null=True, related_name="reports")
    made_at = models.DateTimeField()
    is_good = models.BooleanField()
    text = models.TextField(blank=True)
    document = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-day", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "day", "run"], nulls_distinct=False, name="report_once"
            ),
            models.CheckConstraint(condition=one_of("kind", ReportKind), name="report_kind_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
