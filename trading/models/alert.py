"""Messages for the operator's attention. Routing and delivery live outside this room."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Alert(models.Model):
    """One message; `run` and `seq` are empty for one that came from outside an engine."""

    account = models.ForeignKey("trading.Account", models.PROTECT, null=True, related_name="+")
    run = models.ForeignKey("trading.Run", models.PROTECT, null=True, related_name="alerts")
    seq = models.PositiveBigIntegerField(null=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    severity = models.CharField(max_length=20)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "seq"], name="alert_once"),
            models.CheckConstraint(
                condition=Q(run__isnull=True, seq__isnull=True)
                | Q(run__isnull=False, seq__isnull=False),
                name="alert_run_and_seq",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.severity} {self.kind}"
