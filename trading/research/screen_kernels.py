"""The rules of a screen that look back at what was said and held before, and the paisa, compiled.

Walking positions to their ends is `screen_walk.py`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from marketdata.bars import Flags, Floats, Ints

_NEVER = -(2**62)


@njit(cache=True)
def may_speak(
    column: Ints, session: Ints, start: Ints, side: Ints, gap_s: int, once: bool
) -> Flags:
    """Return which opinions `RepeatMemory` lets pass; each array of shape `(M,)`.

    Within a column oldest first. `gap_s`: least seconds between two opinions of a session;
    `once`: each side once a session.
    """
    allowed = np.zeros(len(column), dtype=np.bool_)
    columns = column.max() + 1 if len(column) else 0
    last, today = np.empty(columns, dtype=np.int64), np.full(columns, _NEVER)
    said = np.zeros((2, columns), dtype=np.bool_)
    for row in range(len(column)):
        place, way = column[row], int(side[row] > 0)
        if today[place] != session[row]:
            today[place], last[place] = session[row], _NEVER
            said[0, place] = said[1, place] = False
        if start[row] - last[place] < gap_s or (once and said[way, place]):
            continue
        allowed[row], last[place], said[way, place] = True, start[row], True
    return allowed


@njit(cache=True)
def not_against(column: Ints, session: Ints, signal_at: Ints, side: Ints, left_in: Ints) -> Flags:
    """Return which entries meet no open position the other way; each array of shape `(M,)`.

    By column, within a column oldest first. `left_in`: the start of the bar in which a position
    would be left; until that bar is over it counts as open. A refused entry opens nothing.
    """
    kept = np.zeros(len(column), dtype=np.bool_)
    long_until, short_until = _NEVER, _NEVER
    for row in range(len(column)):
        if row == 0 or column[row] != column[row - 1] or session[row] != session[row - 1]:
            long_until, short_until = _NEVER, _NEVER
        if side[row] > 0:
            if short_until < signal_at[row]:
                kept[row] = True
                long_until = max(long_until, left_in[row])
        elif long_until < signal_at[row]:
            kept[row] = True
            short_until = max(short_until, left_in[row])
    return kept


@njit(cache=True)
def on_paisa_one(price: float, way: float) -> float:
    """Return a price moved to the paisa, up where `way` is above 0, else down; one at least.

    It reads as its shortest decimal, as in `Instrument.on_grid`.
    """
    cents = math.floor(price * 100) + (-1.0 if way > 0 else 1.0)
    for _ in range(3):
        if (cents / 100 < price) if way > 0 else (cents / 100 > price):
            cents += way
    return max(cents, 1.0) / 100


@njit(cache=True)
def on_paisa(price: Floats, way: Ints) -> Floats:
    """Return prices moved to the paisa, each by its way; both of shape `(M,)`."""
    moved = np.empty(len(price))
    for row in range(len(price)):
        moved[row] = on_paisa_one(price[row], float(way[row]))
    return moved
