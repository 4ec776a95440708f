"""Which plans of one contract a market step or a bar's close can concern; the rest only see it.

What is done about those it concerns is the guard's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from marketdata.bars import Floats, Ints
from marketdata.panel import Panel
from risk.exits.readying import ready_exits
from risk.exits.watching import (
    ASKED,
    HIGHEST,
    LOWEST,
    OVER,
    ROW_SIZE,
    SEEN_AT,
    UNTIL,
    WATCHED,
    Prices,
    concerned,
    watched_row,
    with_seen,
)
from trading.engine.ledger import Ledger
from trading.engine.order_book import OrderBook
from trading.engine.trades import Trade

_ROOM = 64


class Watch:
    """Keeps a row for every plan of the run, in the order of their opening.

    A plan is looked at one by one only where its row says that a range may concern it. The
    extremes that its row has seen reach its exit state by `fold`, which whoever reads these asks.
    """

    def __init__(
        self, ledger: Ledger, orders: OrderBook, panel: Panel, slow_place: Callable[[Trade], int]
    ) -> None:
        """`slow_place`: where a plan's smoothed range stands among those `concerned` is given.

        The loops are compiled here rather than at the first plan.
        """
        self._ledger = ledger
        self._orders = orders
        self._panel = panel
        self._slow_place = slow_place
        self._read = 0
        self._trades: list[Trade] = []
        self._row_of: dict[str, int] = {}
        self._rows: Floats = np.empty((_ROOM, ROW_SIZE))
        self._modes: Ints = np.full(_ROOM, OVER, dtype=np.int64)
        self._places: Ints = np.zeros((2, _ROOM), dtype=np.int64)
        self._stamp: Ints = np.zeros(len(panel.tokens), dtype=np.int64)
        self._steps = 0
        self._changes_at = np.inf
        ready_exits()
        self._look(1, self._prices_of_step(0.0, np.empty(0)))

    def touched(self, ended_s: float, slow: Floats) -> list[Trade]:
        """Return the plans that the panel's newest step concerns, in the order of their opening.

        `slow`: the smoothed ranges, by place.
        """
        self._steps += 1
        self._stamp[self._panel.touched] = self._steps
        return self._concerned(self._prices_of_step(ended_s, slow))

    def standing(self, now_s: float, slow: Floats) -> list[Trade]:
        """Return the plans that the last prices, standing still until `now_s`, concern."""
        last = self._panel.last
        return self._concerned(Prices(last, last, last, last, slow, self._stamp, 0, now_s))

    def _concerned(self, prices: Prices) -> list[Trade]:
        self._read_on(prices.ended_s)
        count = len(self._trades)
        if not count:
            return []
        return [self._trades[row] for row in self._look(count, prices).tolist()]

    def _look(self, count: int, prices: Prices) -> Ints:
        """Return which of the first rows a range concerns."""
        places = np.ascontiguousarray(self._places[:, :count])  # one layout, compiled once
        found: Ints = concerned(self._rows[:count], self._modes[:count], places, prices)
        return found

    def _prices_of_step(self, ended_s: float, slow: Floats) -> Prices:
        panel = self._panel
        return Prices(
            panel.step_open,
            panel.step_high,
            panel.step_low,
            panel.last,
            slow,
            self._stamp,
            self._steps,
            ended_s,
        )

    def fold(self, trade: Trade) -> None:
        """Bring what a plan's row has seen into its exit state."""
        place = self._row_of.get(trade.plan_id)
        if place is None:
            return
        row = self._rows[place]
        if row[SEEN_AT] > -np.inf:
            trade.exit_state = with_seen(trade.exit_plan, trade.exit_state, row)
            row[LOWEST], row[HIGHEST], row[SEEN_AT] = np.inf, -np.inf, -np.inf

    def _read_on(self, now_s: float) -> None:
        """Set the rows anew of plans that something has happened to, and of those that time has."""
        stirred = self._ledger.stirred
        if len(stirred) != self._read:
            for plan_id in dict.fromkeys(trade.plan_id for trade in stirred[self._read :]):
                self._set(self._ledger.trades[plan_id], now_s)
            self._read = len(stirred)
        if now_s >= self._changes_at:
            self._changes_at = np.inf
            for row in np.flatnonzero(self._modes[: len(self._trades)] == WATCHED).tolist():
                self._set(self._trades[row], now_s)

    def _set(self, trade: Trade, now_s: float) -> None:
        """Set a plan's row anew; the extremes that it has seen are folded before."""
        self.fold(trade)
        place = self._row_of.get(trade.plan_id)
        if place is None:
            place = self._new_row(trade)
        mode = self._modes[place] = mode_of(trade, self._orders)
        if mode == WATCHED:
            row = self._rows[place] = watched_row(trade.exit_plan, trade.exit_state, now_s)
            if row[UNTIL] > now_s:
                self._changes_at = min(self._changes_at, row[UNTIL])

    def _new_row(self, trade: Trade) -> int:
        place = len(self._trades)
        if place == len(self._modes):
            self._rows = np.concatenate((self._rows, np.empty_like(self._rows)))
            self._modes = np.concatenate((self._modes, np.zeros_like(self._modes)))
            self._places = np.concatenate((self._places, np.zeros_like(self._places)), axis=1)
        self._trades.append(trade)
        self._row_of[trade.plan_id] = place
        self._rows[place, SEEN_AT] = -np.inf
        self._places[:, place] = trade.column, self._slow_place(trade)
        return place


def mode_of(trade: Trade, orders: OrderBook) -> int:
    """Return whether a plan is looked at by its row, by itself, or not at all."""
    if trade.combination or not trade.open_quantity or trade.closing is not None:
        return OVER
    state = trade.exit_state
    is_plain = not orders.unfinished(trade.exits) and not trade.leaving and not state.through_stop
    is_whole = state.open_quantity == trade.open_quantity and state.bar_end_s is None
    return WATCHED if is_plain and is_whole else ASKED
