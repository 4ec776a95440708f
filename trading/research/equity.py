"""The account of a backtest marked to market at the end of every minute.

Where fills and bookings come from is `collector.py`; ratios over the curve are `statistics.py`'s.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from marketdata.bars import Floats, Ints
from trading.engine.actions import FillNoted
from trading.research.bar_days import TradingDay
from trading.research.bar_market import Market
from trading.research.collector import Collector
from trading.research.round_trips import RoundTrip

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Curve:
    """One row a minute, oldest first; rupees, each array shape `(R,)`.

    `end`: epoch seconds of the minute's end. `balance`: what is realised, charges taken off;
    `equity`: with open positions at their last price. `drawdown`: from the highest equity so far,
    the capital included, a fraction from 0 down. `day`: the place of the session.
    """

    end: Ints
    balance: Floats
    equity: Floats
    drawdown: Floats
    open_positions: Ints
    day: Ints


def curve_of(
    market: Market, first: int, last: int, notes: Collector, trades: Sequence[RoundTrip]
) -> Curve:
    """Return the curve over the sessions at places `first` to `last`, the last not included."""
    days = market.days[first:last]
    begin, end = days[0].first, days[-1].first + days[-1].minutes
    start = market.laid.start[begin:end]
    capital = float(notes.bookings[0].balance)
    columns = _columns(days)
    starts = start.tolist()
    balance, cash = np.zeros(len(start)), np.zeros(len(start))
    for booking in notes.bookings:
        if booking.kind != "START":
            row = _row(starts, booking.at)
            balance[row] += float(booking.amount)
            cash[row] += float(booking.amount) if booking.kind != "REALISED" else 0.0
    held: dict[int, Floats] = {}
    for fill in notes.fills:
        row, signed = _row(starts, fill.at), _signed(fill)
        cash[row] -= signed * float(fill.price)
        column = columns[fill.at.toordinal(), fill.instrument]
        held.setdefault(column, np.zeros(len(start)))[row] += signed
    closes = market.closes()[begin:end]
    equity = capital + np.cumsum(cash)
    for column, changes in held.items():
        equity += np.nan_to_num(np.cumsum(changes) * closes[:, column])
    return Curve(
        end=start + _MINUTE,
        balance=capital + np.cumsum(balance),
        equity=equity,
        drawdown=equity / np.maximum(np.maximum.accumulate(equity), capital) - 1.0,
        open_positions=_open(starts, trades),
        day=np.concatenate(
            [np.full(day.minutes, place, np.int64) for place, day in enumerate(days)]
        ),
    )


def _columns(days: Sequence[TradingDay]) -> dict[tuple[int, str], int]:
    return {
        (day.date.toordinal(), instrument.key): place
        for day in days
        for place, instrument in enumerate(day.instruments)
    }


def _row(start: Sequence[int], at: datetime) -> int:
    return bisect_right(start, at.timestamp()) - 1


def _signed(fill: FillNoted) -> int:
    return fill.quantity if fill.side == "BUY" else -fill.quantity


def _open(start: Sequence[int], trades: Sequence[RoundTrip]) -> Ints:
    changes = np.zeros(len(start) + 1, dtype=np.int64)
    for trade in trades:
        changes[_row(start, trade.entry_at)] += 1
        changes[_row(start, trade.exit_at)] -= 1
    return np.cumsum(changes)[:-1]
