"""Stretches of a day's ticks told as one tick a column, and where a price is first touched.

Which stretches may be told so is decided in `skipping.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from marketdata.bars import Flags, Ints
from marketdata.ticks import TICK, Ticks
from trading.research.bar_ticks import DayTicks

_HALF_A_PAISA = 0.0051
"""More than prices can move when they are taken to the paisa."""


class Stretches:
    """A day's ticks by stretches; frame 2 m begins minute m, 2 m + 1 ends it."""

    def __init__(self, told: DayTicks) -> None:
        self._told = told

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
        there = told.rest_there if is_rest else told.open_there
        found: Ticks = (told.rest if is_rest else told.open)[
            minute, columns[there[minute, columns]]
        ]
        return found

    def first_touch(self, column: int, levels: tuple[float, float], minute: int) -> int | None:
        """Return the first minute from `minute` on in which a price may reach either level.

        `levels`: the lower and the upper, rupees. The bar that touches may be told too early,
        never too late; None where none does.
        """
        told = self._told
        there = (told.open_there, told.rest_there)
        found = _first_touch((told.open, told.rest), there, column, levels, minute)
        return None if found < 0 else found


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


@njit(cache=True)
def _first_touch(
    told: tuple[Ticks, Ticks],
    there: tuple[Flags, Flags],
    column: int,
    levels: tuple[float, float],
    minute: int,
) -> int:
    for place in range(minute, len(told[0])):
        for side in range(2):
            tick = told[side][place, column]
            is_low = tick.low <= levels[0] + _HALF_A_PAISA
            is_high = tick.high >= levels[1] - _HALF_A_PAISA
            if there[side][place, column] and (is_low or is_high):
                return place
    return -1
