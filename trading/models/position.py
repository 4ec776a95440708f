"""Positions as they stand, folded from fills by the engine. The fills are in `fill.py`."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from trading.models.base import RunRow, choices_of, money, one_of
from trading.models.plan import OVER, PlanState


class Position(RunRow):
    """One position; `quantity` in signed units, `protected` the units that resting stops cover.

    `gross` is realised profit before `charges`, in rupees; `mae_r`, `mfe_r` in units of risk.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(max_length=120)
    plan = models.ForeignKey("trading.Plan", models.PROTECT, null=True, related_name="positions")
    strategy = models.CharField(max_length=50, blank=True)
    instrument = models.ForeignKey("trading.Instrument", models.PROTECT, related_name="+")
    direction = models.SmallIntegerField()
    quantity = models.IntegerField()
    opened_quantity = models.IntegerField()
    average_entry = money(null=True)
    average_exit = money(null=True)
    stop = money(null=True)
    protected = models.PositiveIntegerField()
    gross = money()
    charges = money()
    mae_r = models.FloatField(null=True)
    mfe_r = models.FloatField(null=True)
    state = models.CharField(max_length=20, choices=choices_of(PlanState))
    exit_reason = models.TextField(blank=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["run_id", "opened_at", "code"]
        indexes = [models.Index(fields=["run", "state"], name="position_run_state")]
        constraints = [
            models.UniqueConstraint(fields=["run", "code"], name="position_code_unique"),
            models.UniqueConstraint(
                fields=["run", "plan", "instrument"],
                condition=~Q(state__in=OVER),
                name="position_one_open",
            ),
            models.CheckConstraint(
                condition=one_of("state", PlanState), name="position_state_valid"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=OVER) | Q(quantity=0), name="position_over_is_flat"
            ),
            models.CheckConstraint(
                condition=Q(direction__in=[-1, 0, 1]), name="position_direction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.quantity:+d}"
