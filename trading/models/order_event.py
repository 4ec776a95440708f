"""Everything that happened to every order. How an order stands now is told in `order.py`."""

from __future__ import annotations

from django.db import models

from execution.orders import OrderState
from trading.models.base import RunRow, choices_of, money, one_of


class OrderEvent(RunRow):
    """One thing that happened to one order, and how the order stood after it."""

    order = models.ForeignKey("trading.Order", models.PROTECT, related_name="events")
    event = models.CharField(max_length=40)
    state = models.CharField(max_length=9, choices=choices_of(OrderState))
    broker_id = models.CharField(max_length=40, blank=True)
    quantity = models.PositiveIntegerField()
    price = money(null=True)
    trigger_price = money(null=True)
    filled_quantity = models.PositiveIntegerField()
    average_price = money(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["run_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["run", "seq"], name="order_event_once"),
            models.CheckConstraint(
                condition=one_of("state", OrderState), name="order_event_state_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.event}"
