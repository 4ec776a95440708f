"""Stretches of a day's ticks told as one tick a column, and the range of every minute.

Which stretches may be told so is decided in `skipping.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from marketdata.bars import Flags, Floats, Ints
from marketdata.ticks import TICK, Ticks
from risk.exits.kernel import PricePath
from trading.research.bar_ticks import DayTicks


class Stretches:
    """A day's ticks by stretches; frame 2 m begins minute m, 2 m + 1 ends it."""

    def __init__(self, told: DayTicks, opens_s: int) -> None:
        """`opens_s`: when the first minute begins, epoch seconds."""
        self._told = told
        self._start_s = opens_s + 60 * np.arange(len(told.open) + 1, dtype=np.int64)
        self._paths: dict[int, PricePath] = {}

    def merged(self, told_to: Ints, until: int, columns: Ints) -> Ticks:
        """Return what happened in `columns` before frame `until`: one tick each, its whole range.

        `told_to`: by column, the frame up to which it has been told; now it is told to `until`.
        Columns in which there was nothing are left out.
        """
        told, ticks = self._told, np.empty(len(columns), TICK)
        there = (told.open_there, told.rest_there)
        count = _merge((told.open, told.rest), there, (told_to, until), columns, ticks)
        found: Ticks = ticks[:count]
        return found

    def single(self, frame: int, columns: Ints) -> Ticks:
        """Return the ticks of one frame in those of `columns` that have one."""
        minute, is_rest = divmod(frame, 2)
        told = self._told
        there = (told.rest_there if is_rest else told.open_there)[minute]
        ticks = (told.rest if is_rest else told.open)[minute]
        found: Ticks = ticks.take(columns.compress(there.take(columns)))
        return found

    def path(self, column: int) -> PricePath:
        """Return a column's minutes with the range of all its prices, none where none came.

        A minute behind the last ends it.
        """
        known = self._paths.get(column)
        if known is None:
            told = self._told
            low = _over(told, "low", np.inf, column)
            high = _over(told, "high", -np.inf, column)
            ends = np.minimum(*low), np.maximum(*high)
            path = (np.append(ends[0], np.inf), np.append(ends[1], -np.inf))
            known = self._paths[column] = PricePath(*path, self._start_s)
        return known

    def starts_s(self, minute: int) -> int:
        """Return when a minute begins, epoch seconds."""
        return int(self._start_s[minute])


def _over(told: DayTicks, name: str, otherwise: float, column: int) -> list[Floats]:
    """Return a field of both ticks of each minute, `otherwise` where there is none."""
    both = (told.open, told.open_there), (told.rest, told.rest_there)
    return [np.where(there[:, column], ticks[name][:, column], otherwise) for ticks, there in both]


@njit(cache=True)
def _merge(
    told: tuple[Ticks, Ticks],
    there: tuple[Flags, Flags],
    stretch: tuple[Ints, int],
    columns: Ints,
    ticks: Ticks,
) -> int:
    """Put the stretch of each column into `ticks`; return how many there are."""
    told_to, until = stretch
    count = 0
    for column in columns:
        is_first = True
        for frame in range(told_to[column], until):
            minute, side = frame // 2, frame % 2
            if not there[side][minute, column]:
                continue
            tick, merged = told[side][minute, column], ticks[count]
            first = tick.open if is_first else merged.open
            low = tick.low if is_first else min(merged.low, tick.low)
            high = tick.high if is_first else max(merged.high, tick.high)
            ticks[count] = tick
            ticks[count].open, ticks[count].low, ticks[count].high = first, low, high
            is_first = False
        told_to[column] = until
        count += 0 if is_first else 1
    return count
