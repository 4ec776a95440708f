"""What an operator must be able to find again. Messages meant for his eye are in `alert.py`."""

from __future__ import annotations

from django.db import models

from trading.models.base import RunRow


class RiskEvent(RunRow):
    """A breach, a fault or a change of state, with what was measured and what was allowed."""

    kind = models.CharField(max_length=60)
    severity = models.CharField(max_length=20)
    text = models.TextField(blank=True)
    measured = models.TextField(blank=True)
    allowed = models.TextField(blank=True)

    class Meta:
        ordering = ["run_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="risk_event_once")]

    def __str__(self) -> str:
        return f"{self.severity} {self.kind}"
