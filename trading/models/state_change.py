"""The trading state over a run's day. Who may change it lives in the room of risk."""

from __future__ import annotations

from django.db import models

from risk.breakers import TradingState
from trading.models.base import RunRow, choices_of, one_of


class StateChange(RunRow):
    """The trading state after a change, and every reason that blocked entries from then on."""

    state = models.CharField(max_length=20, choices=choices_of(TradingState))
    blocked_by = models.JSONField()

    class Meta:
        ordering = ["run_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["run", "seq"], name="state_change_once"),
            models.CheckConstraint(
                condition=one_of("state", TradingState), name="state_change_state_valid"
            ),
        ]

    def __str__(self) -> str:
        return self.state
