"""Candles as `historical` tells them: the day's minutes so far, and longer ones made of minutes.

Where the bars before the day are read is `market.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from marketdata.calendar import IST
from marketdata.ticks import Ticks

INTERVALS = {
    "minute": 1,
    "3minute": 3,
    "5minute": 5,
    "10minute": 10,
    "15minute": 15,
    "30minute": 30,
    "60minute": 60,
    "day": 0,
}
"""Kite's intervals in minutes; a day is as long as it trades."""


@dataclass(frozen=True, slots=True)
class Candle:
    """One candle: its start in IST, rupees, units; `oi` as it stood at its end."""

    at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int
    oi: int


class Minutes:
    """The minutes of one day that have traded, of all instruments; a row each."""

    def __init__(self, rows: int) -> None:
        """Begin with nothing traded."""
        self._rows = rows
        self._prices: dict[datetime, NDArray[np.float64]] = {}
        self._units: dict[datetime, NDArray[np.int64]] = {}
        self._volume = np.zeros(rows, np.int64)

    def take(self, at: datetime, rows: NDArray[np.int64], ticks: Ticks) -> None:
        """Fold a frame's ticks, one to each of `rows`, into the minute of its moment."""
        minute = at.astimezone(IST).replace(second=0, microsecond=0)
        if minute not in self._prices:
            self._prices[minute] = np.full((4, self._rows), np.nan)
            self._units[minute] = np.zeros((2, self._rows), np.int64)
        prices, units = self._prices[minute], self._units[minute]
        prices[0, rows] = np.where(np.isnan(prices[0, rows]), ticks["open"], prices[0, rows])
        prices[1, rows] = np.fmax(prices[1, rows], np.fmax(ticks["high"], ticks["last"]))
        prices[2, rows] = np.fmin(prices[2, rows], np.fmin(ticks["low"], ticks["last"]))
        prices[3, rows] = ticks["last"]
        units[0, rows] += np.maximum(ticks["volume"] - self._volume[rows], 0)
        units[1, rows] = ticks["oi"]
        self._volume[rows] = np.maximum(ticks["volume"], self._volume[rows])

    def candles(self, row: int) -> tuple[Candle, ...]:
        """Return the minutes in which one instrument was told, oldest first."""
        return tuple(
            Candle(minute, *prices[:, row].tolist(), *self._units[minute][:, row].tolist())
            for minute, prices in self._prices.items()
            if not np.isnan(prices[3, row])
        )


def joined(minutes: Iterable[Candle], interval: str, opens_at: datetime) -> tuple[Candle, ...]:
    """Return minutes, oldest first, as candles of an interval counted from each day's open.

    `opens_at`: gives the time of day at which sessions open. Raises `ValueError` for an interval
    that Kite doesn't have.
    """
    if interval not in INTERVALS:
        raise ValueError(f"interval: {interval!r}, expected one of {', '.join(INTERVALS)}")
    length = INTERVALS[interval]
    groups: dict[datetime, list[Candle]] = {}
    for candle in minutes:
        groups.setdefault(_start(candle.at, length, opens_at), []).append(candle)
    return tuple(_one(start, group) for start, group in groups.items())


def _start(at: datetime, length: int, opens_at: datetime) -> datetime:
    if not length:
        return at.replace(hour=0, minute=0)
    first = at.replace(hour=opens_at.hour, minute=opens_at.minute)
    return first + (at - first) // timedelta(minutes=length) * timedelta(minutes=length)


def _one(start: datetime, group: Sequence[Candle]) -> Candle:
    return Candle(
        at=start,
        open=group[0].open,
        high=max(candle.high for candle in group),
        low=min(candle.low for candle in group),
        close=group[-1].close,
        volume=sum(candle.volume for candle in group),
        oi=group[-1].oi,
    )
