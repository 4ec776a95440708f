"""The rule on vectorbt: signals as arrays, then its simulator with an order function."""

from __future__ import annotations

import numpy as np
import vectorbt as vbt
from common import SQUARE_OFF_MINUTE, Bars, Trade, compete, signals
from numba import njit
from vectorbt.portfolio import nb
from vectorbt.portfolio.enums import NoOrder


@njit
def exit_price(side, stop, target, bar, is_new):
    open_, high, low = bar
    worst, best = (low, high) if side > 0 else (high, low)
    if side * (open_ - stop) <= 0:
        return open_
    if not is_new and side * (open_ - target) >= 0:
        return open_
    if side * (worst - stop) <= 0:
        return stop
    if side * (best - target) >= 0:
        return max(side * target, side * open_) * side
    return np.nan


@njit
def orders(c, said, stops, targets, minute, open_, high, low, held, last):
    """Return at most an entry and an exit a bar; `held`: side, signal's row, row of last exit."""
    col = c.from_col
    i = c.i
    if c.call_idx > 1 or last[col] == i:
        return -1, NoOrder
    is_new = False
    if held[col, 0] == 0:
        if i == 0 or said[i - 1, col] == 0 or not 0 < minute[i] < SQUARE_OFF_MINUTE:
            return -1, NoOrder
        held[col, 0], held[col, 1], held[col, 2] = said[i - 1, col], i - 1, i
        return col, nb.order_nb(size=held[col, 0], price=open_[i, col])
    side, row = held[col, 0], held[col, 1]
    is_new = held[col, 2] == i
    if minute[i] >= SQUARE_OFF_MINUTE:
        price = open_[i, col]
    else:
        bar = (open_[i, col], high[i, col], low[i, col])
        price = exit_price(side, stops[row, col], targets[row, col], bar, is_new)
    if np.isnan(price):
        return -1, NoOrder
    held[col, 0], last[col] = 0, i
    return col, nb.order_nb(size=-side, price=price)


def run(bars: Bars) -> list[Trade]:
    side, stop, target = signals(bars)
    columns = len(bars.symbols)
    portfolio = vbt.Portfolio.from_order_func(
        bars.close,
        orders,
        side,
        stop,
        target,
        bars.minute,
        bars.open,
        bars.high,
        bars.low,
        np.zeros((columns, 3), dtype=np.int64),
        np.full(columns, -1, dtype=np.int64),
        flexible=True,
        init_cash=1e12,
        max_orders=bars.close.shape[0] * 2,
    )
    records = portfolio.exit_trades.values
    start = bars.start
    return [
        Trade(
            bars.symbols[int(one["col"])],
            1 if one["direction"] == 0 else -1,
            int(start[one["entry_idx"]]),
            float(one["entry_price"]),
            int(start[one["exit_idx"]]),
            float(one["exit_price"]),
        )
        for one in records
    ]


if __name__ == "__main__":
    compete(run)
