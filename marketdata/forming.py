"""Bars while they form: the shortest ones, and how those are rolled up into longer ones.

Ticks are folded in by `panel_kernels.py`; when a bar closes is decided in `panel.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from marketdata.bars import Flags, Floats
from marketdata.timeframes import Timeframe

if TYPE_CHECKING:
    from marketdata.panel_kernels import Forming


class FormingBars:
    """One bar of every column, not closed yet; prices mean something only where `traded`."""

    __slots__ = ("close", "high", "low", "oi", "open", "traded", "volume")

    def __init__(self, columns: int) -> None:
        self.open: Floats = np.full(columns, np.nan)
        self.high: Floats = np.full(columns, -np.inf)
        self.low: Floats = np.full(columns, np.inf)
        self.close: Floats = np.full(columns, np.nan)
        self.volume: Floats = np.zeros(columns)
        self.oi: Floats = np.zeros(columns)
        self.traded: Flags = np.zeros(columns, dtype=np.bool_)

    def arrays(self) -> Forming:
        """Return what a compiled loop writes into."""
        from marketdata.panel_kernels import Forming

        return Forming(
            self.open, self.high, self.low, self.close, self.volume, self.oi, self.traded
        )

    def forget(self, columns: Flags) -> None:
        """Have seen no trade in some columns."""
        self.high[columns], self.low[columns] = -np.inf, np.inf
        self.volume[columns], self.traded[columns] = 0.0, False

    def add(self, later: FormingBars) -> None:
        """Take a closed bar that follows what is in here already."""
        self.open = np.where(self.traded, self.open, later.open)
        np.maximum(self.high, later.high, out=self.high)
        np.minimum(self.low, later.low, out=self.low)
        self.close = np.where(later.traded, later.close, self.close)
        self.volume += later.volume
        self.oi = np.where(later.traded, later.oi, self.oi)
        self.traded |= later.traded


class Rollup:
    """The forming bar of one timeframe longer than the shortest."""

    __slots__ = ("bars", "timeframe")

    def __init__(self, timeframe: Timeframe, columns: int) -> None:
        self.timeframe = timeframe
        self.bars = FormingBars(columns)

    def take(self, bars: FormingBars, ends_after_s: int) -> FormingBars | None:
        """Add a closed shorter bar; return the whole one if it ends there, and begin the next.

        `ends_after_s`: seconds from the session's open to the end of the shorter bar.
        """
        self.bars.add(bars)
        if ends_after_s % self.timeframe.seconds:
            return None
        whole, self.bars = self.bars, FormingBars(len(self.bars.close))
        return whole
