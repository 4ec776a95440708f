"""How alike two stances move, told by what their instruments did over the last bars.

What follows from moving together, a penalty and a cap, is `ranking.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketdata.bars import Floats, Ints
from marketdata.correlation import correlation, correlations
from strategies.direction import NEUTRAL
from strategies.opportunities import Stance

_TIMES = 4
"""How many times the bars that count are kept, so that most bars are only written behind them."""


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
        """Begin with none; the loop is compiled here rather than at the first candidates."""
        self._least = least
        self._kept = bars + 1
        self._values = np.full((columns, _TIMES * self._kept), np.nan)
        self._minutes = np.zeros(_TIMES * self._kept, dtype=np.int64)
        self._end = self._kept
        self.correlations(0, np.empty(0, dtype=np.int64))
        self.correlation(0, 0)

    def add(self, minute: int, close: Floats) -> None:
        """Take a bar's close, shape `(N,)`; `minute` from the session's open to its start."""
        if self._end == len(self._minutes):
            newest = self._newest
            self._values[:, : self._kept] = self._values[:, newest]
            self._minutes[: self._kept] = self._minutes[newest]
            self._end = self._kept
        self._values[:, self._end], self._minutes[self._end] = close, minute
        self._end += 1

    def correlation(self, one: int, other: int) -> float:
        """Return the correlation of two columns' returns, -1 to 1; NaN where not known."""
        # The lower first: the last bit must not depend on who is asked.
        low, high = sorted((one, other))
        values, newest = self._values, self._newest
        minutes = self._minutes[newest]
        return float(correlation(values[low, newest], values[high, newest], minutes, self._least))

    def correlations(self, one: int, others: Ints) -> Floats:
        """Return the correlations of a column's returns with those of others, as `correlation`."""
        newest = self._newest
        return correlations(
            self._values[:, newest], self._minutes[newest], one, others, self._least
        )

    @property
    def _newest(self) -> slice:
        """Return where the newest bars stand; before them stand older ones, to be overwritten."""
        return slice(self._end - self._kept, self._end)

    @property
    def state(self) -> ClosesState:
        """Return a copy of what is held."""
        newest = self._newest
        return ClosesState(self._values[:, newest].T.copy(), self._minutes[newest].copy())

    def restore(self, state: ClosesState) -> None:
        """Hold what `state` holds, of fewer bars too.

        Raises `ValueError` for other columns and for more bars.
        """
        columns, most = len(self._values), self._kept
        told = len(state.minutes)
        if state.values.shape != (told, columns) or told > most:
            raise ValueError(f"closes: {state.values.shape}, expected up to {(most, columns)}")
        self._values.fill(np.nan)
        self._minutes.fill(0)
        self._end = self._kept
        if told:
            self._values[:, self._end - told : self._end] = state.values.T
            self._minutes[self._end - told : self._end] = state.minutes


class Likenesses:
    """How far a cycle's stances gain and lose together with one of them, or with what is held."""

    def __init__(self, stances: Sequence[Stance], closes: Closes) -> None:
        """Be ready to be asked about `stances`, once for each that is held or kept."""
        self._closes = closes
        self._stances = stances
        self._on: dict[str, list[int]] = {}
        self._views = self._columns = np.empty(0, dtype=np.int64)

    def _prepare(self) -> None:
        for place, stance in enumerate(self._stances):
            self._on.setdefault(stance.underlying, []).append(place)
        self._views = np.array([int(stance.view) for stance in self._stances], dtype=np.int64)
        self._columns = np.array([stance.column for stance in self._stances], dtype=np.int64)

    def to(self, one: Stance) -> list[float]:
        """Return how far each gains and loses together with `one`, in their order: -1 to 1.

        0 where nothing is known. Two on one underlying move as one whatever was measured. Two that
        expect no direction suffer from the same big moves, so the size of their correlation
        counts; one that expects a direction and one that doesn't have nothing in common.
        """
        if not self._on:
            self._prepare()
        known = self._closes.correlations(one.column, self._columns)
        for place in self._on.get(one.underlying, ()):
            known[place] = 1.0
        known[np.isnan(known)] = 0.0
        if one.view is NEUTRAL:
            alike = np.where(self._views != int(NEUTRAL), 0.0, np.abs(known))
        else:
            alike = known * int(one.view) * self._views
        found: list[float] = alike.tolist()
        return found
