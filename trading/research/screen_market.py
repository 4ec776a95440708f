"""The market of a screen: each column's bars in one row, and where a signal meets the next one.

Reading and screening the bars is `backtest.py`'s; what is traded on them stands in `screen.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketdata.bars import BarGrid, Ints
from marketdata.features.board import run
from marketdata.timeframes import Timeframe
from trading.config import Config, ConfigError
from trading.engine.scan import EXIT_ATR, SLOW_ATR
from trading.research.bar_days import PRICES
from trading.research.bar_market import Market
from trading.research.screen_signals import Said
from trading.research.screen_walk import Lane, Ranges
from trading.research.sessions import stages_on

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Hours:
    """When each column may be entered and must be out, epoch seconds, shape `(D, N)`."""

    enters_from: Ints
    enters_until: Ints
    tighten: Ints
    square_off: Ints
    closes: Ints


@dataclass(frozen=True, slots=True)
class ScreenMarket:
    """Bars that trade, column after column, oldest first, and where each minute lies in them.

    `lane`: all of them. `next_bar`: shape `(R, N)`, the first bar at or after
    each minute of the layout; `day_end`: shape `(D, N)`, where each day's bars end. `sessions`:
    the days' ordinals; `first_row`, `opens`, `minutes`: of each day, its row of the layout, its
    first second and its length. `first_day`: the place of the first day that is traded.
    """

    grid: BarGrid
    lane: Lane
    next_bar: Ints
    day_end: Ints
    sessions: Ints
    first_row: Ints
    opens: Ints
    minutes: Ints
    hours: Hours
    first_day: int

    def days_of(self, said: Said) -> Ints:
        """Return the place of the day of each opinion."""
        places: Ints = np.searchsorted(self.sessions, self.grid.session[said.row])
        return places

    def entries_of(self, said: Said, day: Ints) -> Ints:
        """Return the bar that opens at or after each opinion's bar has closed, -1 for none."""
        after = self.grid.start[said.row] + self.grid.timeframe.seconds - self.opens[day]
        minute = -(-after // _MINUTE)
        row = self.first_row[day] + np.minimum(minute, self.minutes[day] - 1)
        found = self.next_bar[row, said.column]
        there = (minute < self.minutes[day]) & (found < self.day_end[day, said.column])
        return np.where(there, found, -1)

    def ranges(self, known: bool) -> Ranges:
        """Return what trails and the volatility exit look at; with `known` off nothing."""
        size = len(self.minutes) and int(self.first_row[-1] + self.minutes[-1])
        if not known:
            nothing = np.empty((0, 0))
            return Ranges(np.full(size, -1, dtype=np.int64), nothing, nothing)
        outputs = run([EXIT_ATR, SLOW_ATR], self.grid)
        session = np.repeat(self.sessions, self.minutes)
        minute = np.concatenate([np.arange(count) for count in self.minutes])
        ends = np.repeat(self.opens, self.minutes) + _MINUTE * (minute + 1)
        grid_ends = self.grid.start + self.grid.timeframe.seconds
        newest = np.searchsorted(grid_ends, ends, side="right") - 1
        is_known = (newest >= 0) & (self.grid.session[np.maximum(newest, 0)] == session)
        return Ranges(
            np.where(is_known, newest, -1), outputs[EXIT_ATR]["atr"], outputs[SLOW_ATR]["atr"]
        )


def screen_market(
    market: Market, config: Config, timeframe: Timeframe, first_day: int
) -> ScreenMarket:
    """Lay a market out for a screen whose strategies look at bars of one length.

    Raises `ConfigError` for a square-off within a minute.
    """
    laid, days = market.laid, market.days
    there = ~np.isnan(laid.close).T
    count = there.cumsum().reshape(there.shape)
    firsts = np.array([day.first for day in days])
    lengths = np.array([day.minutes for day in days])
    prices = {name: np.round(getattr(laid, name).T[there], 2) for name in PRICES}
    starts = np.broadcast_to(laid.start, there.shape)[there]
    return ScreenMarket(
        grid=market.grids((timeframe,))[timeframe],
        lane=Lane(**prices, start_s=starts),
        next_bar=np.ascontiguousarray((count - there).T),
        day_end=np.ascontiguousarray(count[:, firsts + lengths - 1].T),
        sessions=np.array([day.date.toordinal() for day in days]),
        first_row=firsts,
        opens=laid.start[firsts],
        minutes=lengths,
        hours=_hours(market, config),
        first_day=first_day,
    )


def _hours(market: Market, config: Config) -> Hours:
    shape = (len(market.days), len(market.laid.columns))
    names = ("entries_from", "entries_until", "tighten_at", "square_off_at")
    table = np.zeros((5, *shape), dtype=np.int64)
    for place, day in enumerate(market.days):
        for column, stage in enumerate(stages_on(day, config)):
            if stage is None:
                continue
            for number, name in enumerate(names):
                moment = getattr(stage, name)
                if moment.second or moment.microsecond:
                    wanted = "a whole minute in a screen"
                    raise ConfigError(f"hours: {name} {moment:%H:%M:%S}, expected {wanted}")
                table[number, place, column] = int(moment.timestamp())
            closes_at = day.windows[day.instruments[column].key][1]
            table[4, place, column] = int(closes_at.timestamp())
    return Hours(*table)
