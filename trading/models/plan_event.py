"""Every change of a plan's state. Where a plan stands now is told in `plan.py`."""

from __future__ import annotations

from django.db import models

from trading.models.base import RunRow, choices_of, one_of
from trading.models.plan import PlanState


class PlanEvent(RunRow):
    """One change of state of one plan, and why."""

    plan = models.ForeignKey("trading.Plan", models.PROTECT, related_name="events")
    state = models.CharField(max_length=20, choices=choices_of(PlanState))
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["run_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["run", "seq"], name="plan_event_once"),
            models.CheckConstraint(
                condition=one_of("state", PlanState), name="plan_event_state_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.state}"
