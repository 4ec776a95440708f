"""Which plans their underlying's price sends out: options and structures with levels of it.

What the price of the traded contract, or a structure's value, decides is the guard's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from marketdata.panel import Panel
from risk.exits import ExitReason
from risk.exits.underlying import Reached, stop_reached, target_reached
from strategies.ways_out import UnderlyingLevels
from trading.engine.combinations import Combination
from trading.engine.outbox import Outbox
from trading.engine.trades import Trade

Plan = Trade | Combination
Close = Callable[[datetime, Plan, ExitReason], None]
"""How a whole plan is sent out; of one that holds nothing yet the entry is taken back."""
Judge = Callable[[UnderlyingLevels, float, float], Reached | None]


class UnderlyingWatch:
    """Keeps every plan of the run with levels of its underlying, in order of opening.

    One that is over stays: the late fill of an entry brings it back.
    """

    def __init__(self, panel: Panel, outbox: Outbox, close: Close) -> None:
        self._panel = panel
        self._outbox = outbox
        self._close = close
        self._plans: list[tuple[Plan, UnderlyingLevels]] = []

    def keep(self, at: datetime, plan: Plan, levels: UnderlyingLevels | None) -> None:
        """Watch a plan that was opened, where it has such levels, and tell of them."""
        if levels is not None:
            self._plans.append((plan, levels))
            text = f"{plan.plan_id} is left at the underlying's price {levels}"
            self._outbox.risk(at, "underlying-levels", text, severity="INFO")

    def stops(self, at: datetime, touched: Collection[int] | None) -> None:
        """Send out what its underlying has stopped; comes before the exits by value.

        `touched`: the columns that the newest step told, of which the whole range counts; None
        for the last price of all.
        """
        if self._plans:
            self._act(at, touched, stop_reached)

    def targets(self, at: datetime, touched: Collection[int] | None) -> None:
        """Send out what its underlying has brought to its target; comes after them."""
        if self._plans:
            self._act(at, touched, target_reached)

    def _act(self, at: datetime, touched: Collection[int] | None, judge: Judge) -> None:
        panel = self._panel
        lows, highs = panel.step_low, panel.step_high
        if touched is None:
            lows = highs = panel.last
        for plan, levels in self._plans:
            column = plan.opinion_column
            if plan.is_over or plan.closing is not None:
                continue
            if touched is not None and column not in touched:
                continue
            found = judge(levels, float(lows[column]), float(highs[column]))
            if found is not None:
                text = f"{plan.plan_id}: the underlying has reached {found.level:.2f}"
                self._outbox.risk(at, found.reason.lower().replace("_", "-"), text, severity="INFO")
                self._close(at, plan, found.reason)
