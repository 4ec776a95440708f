"""The ranking's memory of each instrument, and how one value compares with a population.

What is measured lives in `ranking_features.py`; what follows from it in `ranking.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from marketdata.bars import Floats, Ints
from strategies.ranking_features import MEASURED, SIDES


@dataclass(frozen=True, slots=True)
class HistoryState:
    """What a `History` holds, to be kept in a snapshot.

    `values`: shape `(4, 2, N, window + 1)`, observation k in slot k modulo the last length.
    """

    values: Floats
    seen: int


class History:
    """The newest observation of every column and the `window` before it."""

    def __init__(self, columns: int, window: int) -> None:
        self._values = np.full((len(MEASURED), len(SIDES), columns, window + 1), np.nan)
        self._seen = 0

    def add(self, grades: Floats) -> None:
        """Take the grades of a bar's close, shape `(4, 2, N)`, as the newest observation."""
        self._values[..., self._seen % self._values.shape[-1]] = grades
        self._seen += 1

    def newest(self, columns: Ints) -> Floats:
        """Return the newest grades of some columns, shape `(4, 2, n)`; NaN before the first."""
        return self._values[:, :, columns, (self._seen - 1) % self._length]

    def earlier(self, columns: Ints) -> Floats:
        """Return their grades before the newest observation, in any order, NaN where unknown.

        Shape `(4, 2, n, T)`.
        """
        values = self._values[:, :, columns]
        values[..., (self._seen - 1) % self._length] = np.nan
        return values

    @property
    def _length(self) -> int:
        return self._values.shape[-1]

    @property
    def state(self) -> HistoryState:
        """Return a copy of what is held."""
        return HistoryState(self._values.copy(), self._seen)

    def restore(self, state: HistoryState) -> None:
        """Hold what `state` holds. Raises `ValueError` for other columns or another window."""
        if state.values.shape != self._values.shape:
            raise ValueError(f"state: {state.values.shape}, expected {self._values.shape}")
        self._values, self._seen = state.values.copy(), state.seen


class HistoryView:
    """The same memory, read out of the table that all observations of a run stand in."""

    def __init__(self, grades: Floats, window: int) -> None:
        """`grades`: of the observations so far, oldest first, shape `(4, 2, T, N)`."""
        self._grades = grades[:, :, -(window + 1) :]

    def newest(self, columns: Ints) -> Floats:
        """Return the newest grades of some columns, as `History` does."""
        if not self._grades.shape[2]:
            return np.full((len(MEASURED), len(SIDES), len(columns)), np.nan)
        return self._grades[:, :, -1, columns]

    def earlier(self, columns: Ints) -> Floats:
        """Return their grades before the newest observation, shape `(4, 2, n, T)`."""
        return self._grades[:, :, :-1, columns].swapaxes(2, 3)


def normalised(value: float, middle: float, sigma: float, clip: float) -> float:
    """Return where `value` stands in a population, in 0 to 1, one half at its median `middle`.

    The distance from the median in robust standard deviations `sigma`, at most `clip` either way,
    through the logistic function; in a population of equals any other value is at the clip.
    """
    if value == middle:
        return 0.5
    away = (value - middle) / sigma if sigma else math.copysign(clip, value - middle)
    if abs(away) > clip:
        away = math.copysign(clip, away)
    return 1 / (1 + math.exp(-away))
