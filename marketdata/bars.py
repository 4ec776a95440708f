"""Bars as columns: one row of the newest bar live, a grid of rows over a history.

Folding ticks into bars lives in `panel.py`; bars on disk in `history.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from marketdata.timeframes import Timeframe

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BarRow:
    """The bar that has just closed in every column; each array has shape `(N,)`.

    `start`: epoch seconds of the bar's start, one number for all columns. Prices: rupees, NaN in
    a column that has not traded yet today; in a bar without a trade all four repeat the last
    price. `volume`: units traded in the bar (0 for an index); `oi`: units. `gap`: True where the
    bar had no trade. `session`: the ordinal of the session's date, so that a change of it is the
    first bar of a day. `minute`: minutes from the session's open to the bar's start.
    """

    timeframe: Timeframe
    start: int
    session: int
    minute: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    oi: Floats
    gap: Flags

    def of_first(self, columns: int) -> BarRow:
        """Return the bar of the first `columns` only; itself where there are no more."""
        if columns == len(self.close):
            return self
        return BarRow(
            timeframe=self.timeframe,
            start=self.start,
            session=self.session,
            minute=self.minute,
            open=self.open[:columns],
            high=self.high[:columns],
            low=self.low[:columns],
            close=self.close[:columns],
            volume=self.volume[:columns],
            oi=self.oi[:columns],
            gap=self.gap[:columns],
        )


@dataclass(frozen=True, slots=True)
class BarGrid:
    """A history of bars, oldest first; price arrays have shape `(T, N)`, times `(T,)`.

    Fields mean what they mean in `BarRow`. A bar that is missing in one column is told as a gap.
    """

    timeframe: Timeframe
    start: Ints
    session: Ints
    minute: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    oi: Floats
    gap: Flags

    def row(self, index: int) -> BarRow:
        """Return one row as `BarRow`; the arrays are views."""
        return BarRow(
            timeframe=self.timeframe,
            start=int(self.start[index]),
            session=int(self.session[index]),
            minute=int(self.minute[index]),
            open=self.open[index],
            high=self.high[index],
            low=self.low[index],
            close=self.close[index],
            volume=self.volume[index],
            oi=self.oi[index],
            gap=self.gap[index],
        )

    def __len__(self) -> int:
        return len(self.start)


Bars = TypeVar("Bars", BarRow, BarGrid)


def without_price(bars: Bars, over: Flags) -> Bars:
    """Return bars that have no price where `over` is true, an array of the prices' shape."""
    return replace(
        bars,
        open=np.where(over, np.nan, bars.open),
        high=np.where(over, np.nan, bars.high),
        low=np.where(over, np.nan, bars.low),
        close=np.where(over, np.nan, bars.close),
        gap=bars.gap | over,
    )
