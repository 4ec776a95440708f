"""Trades, each booked once. What they add up to stands in `position.py` and `ledger_entry.py`."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from execution.orders import Side
from trading.models.base import RunRow, choices_of, money, one_of


class Fill(RunRow):
    """One trade; `trade_id` is the broker's. `expected_price` is what the decision counted on."""

    trade_id = models.CharField(max_length=60)
    order = models.ForeignKey("trading.Order", models.PROTECT, related_name="fills")
    broker_id = models.CharField(max_length=40, blank=True)
    plan = models.ForeignKey("trading.Plan", models.PROTECT, null=True, related_name="fills")
    instrument = models.ForeignKey("trading.Instrument", models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=choices_of(Side))
    quantity = models.PositiveIntegerField()
    price = money()
    expected_price = money(null=True)

    class Meta:
        ordering = ["run_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["account", "trade_id"], name="fill_trade_unique"),
            models.UniqueConstraint(fields=["run", "seq"], name="fill_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="fill_quantity_above_0"),
            models.CheckConstraint(condition=Q(price__gt=0), name="fill_price_above_0"),
            models.CheckConstraint(condition=one_of("side", Side), name="fill_side_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.trade_id} {self.side} {self.quantity} @ {self.price}"
