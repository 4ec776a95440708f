"""Recorded bars and raw ticks as the ticks of a tape, before they are grouped into frames.

Reading the recordings lives in `dayset_source.py`, grouping in `tape_frames.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marketdata.dayset_source import RawTicks
from marketdata.minute_bars import MinuteBars
from marketdata.tape_frames import Arrivals
from marketdata.ticks import TICK, Ticks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SECOND = 1_000_000
_TOLD_AT = np.array([0, 20, 40, 59]) * _SECOND
"""When in its minute a bar's open, first extreme, second extreme and close are told."""


def bar_arrivals(token: int, bars: MinuteBars) -> Arrivals:
    """Return four ticks a bar from which one-minute bars come out exactly as they went in.

    The open at second 0, the extreme nearer to the open (the low on a tie) at 20, the other at
    40, the close at 59. The bar's volume is told in equal steps, rounded down but for the last;
    the very first tick carries none, so that it can serve as the base of differences.
    """
    prices = np.stack([bars.open, *_extremes(bars), bars.close], axis=1)
    steps = bars.volume[:, None] * np.arange(1, 5) // 4
    steps[:1] = bars.volume[:1, None] * np.arange(4) // 3
    before = np.cumsum(bars.volume) - bars.volume
    at = (bars.start[:, None] + _TOLD_AT).ravel()
    ticks = _plain(token, at, prices.ravel(), (before[:, None] + steps).ravel())
    return Arrivals(at, ticks)


def raw_arrivals(token: int, raw: RawTicks) -> Arrivals:
    """Return recorded ticks as they are; each arrives at the newest stamp seen until then.

    Late ticks, repeats, volume that steps back, missing stamps and ticks outside the session are
    left in.
    """
    return Arrivals(
        np.maximum.accumulate(raw.stamp), _plain(token, raw.stamp, raw.last, raw.volume)
    )


def volume_of_minute(bars: MinuteBars, at: Ints) -> Floats:
    """Return the volume of the bar that each moment falls into, or of the last one before."""
    row = np.searchsorted(bars.start, at, side="right") - 1
    return bars.volume[np.maximum(row, 0)].astype(np.float64)


def _extremes(bars: MinuteBars) -> tuple[Floats, Floats]:
    """Return each bar's extremes in the order in which they are told."""
    high_first = bars.high - bars.open < bars.open - bars.low
    first = np.where(high_first, bars.high, bars.low)
    return first, np.where(high_first, bars.low, bars.high)


def _plain(token: int, stamp: Ints, last: Floats, volume: Ints) -> Ticks:
    ticks = np.zeros(len(last), TICK)
    ticks["token"] = token
    ticks["exchange_at"] = stamp
    for field in ("last", "open", "high", "low"):
        ticks[field] = last
    ticks["volume"] = volume
    return ticks
