"""What the gate answered to each opinion. The rules themselves live in the room of risk."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from trading.models.base import RunRow, money


class Decision(RunRow):
    """The gate's answer: every rule's verdict, every refusal, and the size it allowed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=120)
    config_version = models.ForeignKey("trading.ConfigVersion", models.PROTECT, related_name="+")
    signal = models.ForeignKey("trading.Signal", models.PROTECT, related_name="decisions")
    approved = models.BooleanField()
    refusals = models.JSONField()
    verdicts = models.JSONField()
    quantity = models.PositiveIntegerField()
    risk_inr = money()
    heat_before_inr = money()
    heat_after_inr = money()
    expected_costs_inr = money()
    margin_inr = money()

    class Meta:
        ordering = ["run_id", "seq"]
        indexes = [models.Index(fields=["run", "seq"], name="decision_run_seq")]
        constraints = [
            models.UniqueConstraint(fields=["run", "code"], name="decision_code_unique"),
            models.CheckConstraint(
                condition=Q(approved=False) | Q(quantity__gt=0),
                name="decision_approved_has_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {'approved' if self.approved else 'refused'}"
