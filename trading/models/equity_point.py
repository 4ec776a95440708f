"""The account's worth over a run's day. The bookings behind it stand in `ledger_entry.py`."""

from __future__ import annotations

from django.db import models

from trading.models.base import RunRow, money


class EquityPoint(RunRow):
    """The account at one moment, in rupees; `heat` is the sum of open risk."""

    balance = money()
    unrealised = money()
    equity = money()
    heat = money()
    open_positions = models.PositiveIntegerField()

    class Meta:
        ordering = ["run_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="equity_once")]

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.equity}"
