"""What an approved decision set out to do, and where that stands. Its legs are in `leg.py`."""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.db import models
from django.db.models import Q

from trading.models.base import RunRow, choices_of, money, one_of


class PlanState(StrEnum):
    """How far a plan or a position has come."""

    PENDING_ENTRY = "PENDING_ENTRY"
    OPEN = "OPEN"
    PARTLY_CLOSED = "PARTLY_CLOSED"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    ENTRY_CANCELLED = "ENTRY_CANCELLED"


OVER = (PlanState.CLOSED.value, PlanState.ENTRY_CANCELLED.value)
"""States in which nothing is open and nothing more will happen."""


class Plan(RunRow):
    """A structure to trade and its way out; prices in rupees of the traded contract.

    Of several legs they are of the net value; each leg is then a plan of its own under the same
    decision that names the whole in `combination`, and `outlook` tells what the whole can come to
    at expiry (rupees a unit, greeks; null where unlimited or unknown), under `readings` what each
    leg was chosen at, and under `measured` where its stop stands and how far it has been (R).
    `kind` is empty for one leg.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=120)
    decision = models.ForeignKey("trading.Decision", models.PROTECT, related_name="plans")
    combination = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="combined"
    )
    kind = models.CharField(max_length=30, blank=True)
    outlook = models.JSONField(null=True, blank=True)
    strategy = models.CharField(max_length=50)
    direction = models.SmallIntegerField()
    entry = money()
    stop = money(null=True)
    target1 = money(null=True)
    target2 = money(null=True)
    state = models.CharField(max_length=20, choices=choices_of(PlanState))
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["run_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["run", "code"], name="plan_code_unique"),
            models.CheckConstraint(condition=one_of("state", PlanState), name="plan_state_valid"),
            models.CheckConstraint(condition=Q(direction__in=[-1, 0, 1]), name="plan_direction"),
        ]

    def __str__(self) -> str:
        return self.code
