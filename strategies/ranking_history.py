"""The ranking's memory of each instrument, and how one value compares with a population.

What is measured lives in `ranking_features.py`; what follows from it in `ranking.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from marketdata.bars import Floats
from strategies.ranking_features import MEASURED, SIDES

MAD_TO_SIGMA = 1.4826
"""Standard deviations in one median absolute deviation of a normal distribution."""
MEAN_TO_SIGMA = 1.2533141373155001
"""Standard deviations in one mean absolute deviation of a normal distribution: sqrt(pi / 2)."""


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

    def newest(self, feature: int, column: int) -> tuple[float, float]:
        """Return the newest grade of each side, in the order of `SIDES`; NaN before the first."""
        long, short = self._values[feature, :, column, (self._seen - 1) % self._length]
        return float(long), float(short)

    def earlier(self, feature: int, column: int) -> Floats:
        """Return the known grades of a column before the newest observation, both sides."""
        values = self._values[feature, :, column].copy()
        values[:, (self._seen - 1) % self._length] = np.nan
        known: Floats = values[~np.isnan(values)]
        return known

    def earlier_pairs(self, feature: int, column: int) -> list[tuple[float, float]]:
        """Return the same by moment, in the order of `SIDES`; moments where both are known."""
        others = np.arange(self._length) != (self._seen - 1) % self._length
        values = self._values[feature, :, column][:, others]
        known = ~np.isnan(values).any(axis=0)
        return [(float(first), float(second)) for first, second in values[:, known].T]

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

    def newest(self, feature: int, column: int) -> tuple[float, float]:
        """Return the newest grade of each side, as `History` does."""
        if not self._grades.shape[2]:
            return math.nan, math.nan
        long, short = self._grades[feature, :, -1, column].tolist()
        return long, short

    def earlier(self, feature: int, column: int) -> Floats:
        """Return the known grades of a column before the newest observation, both sides."""
        values = self._grades[feature, :, :-1, column]
        known: Floats = values[~np.isnan(values)]
        return known

    def earlier_pairs(self, feature: int, column: int) -> list[tuple[float, float]]:
        """Return the same by moment, in the order of `SIDES`; moments where both are known."""
        pairs = self._grades[feature, :, :-1, column].T.tolist()
        return [(long, short) for long, short in pairs if long == long and short == short]


def middle_and_sigma(population: Floats) -> tuple[float, float]:
    """Return the median and a robust standard deviation; NaN for a population of none.

    The deviation is the median absolute one, or the mean absolute one where more than half of the
    population is equal; 0 in a population of equals. `population`: in any order.
    """
    if not len(population):
        return math.nan, math.nan
    ordered = population.copy()
    ordered.sort()
    middle = _median(ordered)
    distances = np.abs(ordered - middle)
    distances.sort()
    sigma = MAD_TO_SIGMA * _median(distances)
    if sigma == 0:
        sigma = MEAN_TO_SIGMA * math.fsum(distances.tolist()) / len(distances)
    return middle, sigma


def normalised(value: float, middle: float, sigma: float, clip: float) -> float:
    """Return where `value` stands in a population, in 0 to 1, one half at its median `middle`.

    The distance from the median in robust standard deviations `sigma`, at most `clip` either way,
    through the logistic function; in a population of equals any other value is at the clip.
    """
    if value == middle:
        return 0.5
    away = (value - middle) / sigma if sigma else math.copysign(clip, value - middle)
    return 1 / (1 + math.exp(-max(-clip, min(clip, away))))


def _median(ordered: Floats) -> float:
    half = len(ordered) // 2
    upper: float = ordered.item(half)
    return upper if len(ordered) % 2 else (ordered.item(half - 1) + upper) / 2
