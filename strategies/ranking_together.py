"""How alike two stances move, told by what their instruments did over the last bars.

What follows from moving together, a penalty and a cap, is `ranking.py`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from marketdata.bars import Floats, Ints
from marketdata.correlation import correlation
from strategies.opportunities import Stance
from strategies.signals import Direction


@dataclass(frozen=True, slots=True)
class ClosesState:
    """The newest closes, oldest first: `values` `(T, N)` in rupees, `minutes` `(T,)`.

    `minutes`: from the session's open to the bar's start, by which sessions are told apart.
    """

    values: Floats
    minutes: Ints


class Closes:
    """The newest closes of every column, and how alike any two of them moved.

    `bars`: over how many returns; `least`: how many of them have to be known.
    """

    def __init__(self, columns: int, bars: int, least: int) -> None:
        self._least = least
        self._values = np.full((columns, bars + 1), np.nan)
        self._minutes = np.zeros(bars + 1, dtype=np.int64)

    def add(self, minute: int, close: Floats) -> None:
        """Take a bar's close, shape `(N,)`; `minute` from the session's open to its start."""
        self._values[:, :-1] = self._values[:, 1:]
        self._minutes[:-1] = self._minutes[1:]
        self._values[:, -1], self._minutes[-1] = close, minute

    def correlation(self, one: int, other: int) -> float:
        """Return the correlation of two columns' returns, -1 to 1; NaN where not known."""
        # The lower first: the last bit must not depend on who is asked.
        low, high = sorted((one, other))
        return float(correlation(self._values[low], self._values[high], self._minutes, self._least))

    @property
    def state(self) -> ClosesState:
        """Return a copy of what is held."""
        return ClosesState(self._values.T.copy(), self._minutes.copy())

    def restore(self, state: ClosesState) -> None:
        """Hold what `state` holds, of fewer bars too.

        Raises `ValueError` for other columns and for more bars.
        """
        columns, most = self._values.shape
        told = len(state.minutes)
        if state.values.shape != (told, columns) or told > most:
            raise ValueError(f"closes: {state.values.shape}, expected up to {(most, columns)}")
        self._values.fill(np.nan)
        self._minutes.fill(0)
        if told:
            self._values[:, -told:] = state.values.T
            self._minutes[-told:] = state.minutes


def likeness(one: Stance, other: Stance, closes: Closes) -> float:
    """Return how far two stances gain and lose together: -1 to 1, 0 where nothing is known.

    Two on one underlying move as one whatever was measured. Two that expect no direction suffer
    from the same big moves, so the size of their correlation counts; one that expects a direction
    and one that doesn't have nothing in common.
    """
    sided = one.view is not Direction.NEUTRAL
    if sided is (other.view is Direction.NEUTRAL):
        return 0.0
    same = one.underlying == other.underlying
    known = 1.0 if same else closes.correlation(one.column, other.column)
    if math.isnan(known):
        return 0.0
    return known * one.view * other.view if sided else abs(known)
