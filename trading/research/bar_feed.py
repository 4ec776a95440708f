"""A day's bars as the frames of a feed: every one of them, in the order of their times.

Making the ticks is `bar_ticks.py`; leaving out frames in which nothing can happen is `skipping.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from functools import cache

import numpy as np

from marketdata.bars import Flags
from marketdata.tape import Frame
from marketdata.tape_head import TapeHead
from marketdata.ticks import Ticks
from trading.engine.core import Engine
from trading.research.bar_days import TradingDay
from trading.research.bar_ticks import REST_AFTER_US, DayTicks

_REST_AFTER = timedelta(microseconds=REST_AFTER_US)
_MINUTE = timedelta(minutes=1)
_BEFORE_CLOSE = timedelta(microseconds=500)
_PLENTY = 1_000_000_000


def head_of(day: TradingDay) -> TapeHead:
    """Return the head of a day's frames."""
    return TapeHead(
        date=day.date,
        source="bars",
        made_by="backtest",
        instruments=day.instruments,
        previous_close=(),
        session_open=day.opens_at,
        session_close=day.closes_at,
    )


def taken(ticks: Ticks, there: Flags) -> Ticks:
    """Return the ticks of one moment that there are."""
    found: Ticks = ticks.take(np.flatnonzero(there))
    return found


@cache
def _after(place: int) -> timedelta:
    return place // 2 * _MINUTE + (_REST_AFTER if place % 2 else timedelta())


class NoFrames:
    """The feed of a session that nothing has been told of yet."""

    def __init__(self, day: TradingDay) -> None:
        self.head = head_of(day)

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield nothing."""
        nothing: tuple[Frame, ...] = ()
        for frame in nothing[start:]:
            yield frame


class BarFeed:
    """Two frames a minute: at its start the opens of its bars, just before its end their ranges.

    What is still held after the last bar of its instrument is offered its last price half a
    millisecond before that instrument's session ends, in any quantity, so that a day ends flat.
    """

    def __init__(self, day: TradingDay, told: DayTicks, engine: Engine) -> None:
        self.day = day
        self.told = told
        self.engine = engine

    @property
    def head(self) -> TapeHead:
        """Return whose day it is."""
        return head_of(self.day)

    async def frames(self, start: int) -> AsyncIterator[Frame]:
        """Yield the day's frames; a backtest always begins at 0."""
        if start:
            raise ValueError(f"start: {start}, expected 0")
        number = 0
        for place in range(2 * self.day.minutes):
            ticks = self.ticks_at(place)
            if len(ticks):
                yield Frame(number, self.at(place), ticks)
                number += 1
        for at, ticks in self.settlement():
            yield Frame(number, at, ticks)
            number += 1

    def at(self, place: int) -> datetime:
        """Return when frame `place` of the day arrives: 2 m begins minute m, 2 m + 1 ends it."""
        return self.day.opens_at + _after(place)

    def ticks_at(self, place: int) -> Ticks:
        """Return the ticks of frame `place`, none where no column has a bar."""
        minute, is_rest = divmod(place, 2)
        told = self.told
        if is_rest:
            return taken(told.rest[minute], told.rest_there[minute])
        return taken(told.open[minute], told.open_there[minute])

    def settlement(self) -> Iterator[tuple[datetime, Ticks]]:
        """Yield a last price for what is held when no bar will come any more."""
        closes = sorted({window[1] for window in self.day.windows.values()})
        for closes_at in closes:
            held = {
                trade.column
                for trade in self.engine.ledger.alive()
                if trade.open_quantity and self.day.windows[trade.instrument.key][1] == closes_at
            }
            if held:
                ticks = np.array([self._last_tick(column) for column in sorted(held)])
                at = closes_at - _BEFORE_CLOSE
                ticks["exchange_at"] = int(at.timestamp()) * 1_000_000 + at.microsecond
                ticks["open"] = ticks["high"] = ticks["low"] = ticks["last"]
                ticks["bid_quantity"] = ticks["ask_quantity"] = _PLENTY
                yield at, ticks

    def _last_tick(self, column: int) -> np.void:
        told = self.told
        minute = int(np.flatnonzero(told.open_there[:, column] | told.rest_there[:, column])[-1])
        ticks = told.rest if told.rest_there[minute, column] else told.open
        tick: np.void = ticks[minute, column]
        return tick
