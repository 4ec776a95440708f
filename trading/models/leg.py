"""The contracts of a plan. The orders that trade them stand in `order.py`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from execution.orders import Side
from trading.models.base import choices_of, money, one_of


class Leg(models.Model):
    """One contract of a plan: side, units, and where its entry order was to be sent."""

    plan = models.ForeignKey("trading.Plan", models.PROTECT, related_name="legs")
    number = models.PositiveSmallIntegerField()
    instrument = models.ForeignKey("trading.Instrument", models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=choices_of(Side))
    quantity = models.PositiveIntegerField()
    limit_price = money()

    class Meta:
        ordering = ["plan_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="leg_number_unique"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="leg_quantity_above_0"),
            models.CheckConstraint(condition=one_of("side", Side), name="leg_side_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.instrument_id}"
