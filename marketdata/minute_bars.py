"""One-minute bars of one symbol as columns, and where days begin and end in them.

Recorded bars are read in `dayset_source.py`, made ones in `dayset_futures.py` and `synthetic.py`;
bars of many symbols on a common grid live in `bar_grids.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from marketdata.calendar import IST

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DAY = timedelta(days=1)
_DAY_LENGTH = 86_400_000_000


@dataclass(frozen=True, slots=True)
class MinuteBars:
    """The one-minute bars of one symbol, oldest first, each array of shape `(n,)`.

    `start`: microseconds since the epoch; prices in rupees; `volume` in units.
    """

    start: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Ints

    def __len__(self) -> int:
        return len(self.start)

    def between(self, first: int, last: int) -> MinuteBars:
        """Return the bars that start from `first` up to before `last`, in microseconds."""
        rows = slice(*np.searchsorted(self.start, [first, last]).tolist())
        return MinuteBars(
            self.start[rows],
            self.open[rows],
            self.high[rows],
            self.low[rows],
            self.close[rows],
            self.volume[rows],
        )

    def on(self, day: date) -> MinuteBars:
        """Return the bars of one day."""
        return self.between(midnight(day), next_midnight(day))


def midnight(day: date) -> int:
    """Return the day's start in IST as microseconds since the epoch."""
    return round(datetime.combine(day, time(), IST).timestamp()) * 1_000_000


def next_midnight(day: date) -> int:
    """Return the day's end in IST as microseconds since the epoch."""
    return midnight(day + _DAY)


def days_of(bars: MinuteBars) -> tuple[date, ...]:
    """Return the days that have a bar, oldest first."""
    first = date(1970, 1, 1)
    days = np.unique((bars.start - midnight(first)) // _DAY_LENGTH)
    return tuple(first + timedelta(days=int(day)) for day in days)


def joined(parts: Sequence[MinuteBars]) -> MinuteBars:
    """Return bars behind one another, at least one part, oldest first."""
    names = [field.name for field in fields(MinuteBars)]
    return MinuteBars(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
