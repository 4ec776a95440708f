"""Stretches of a day's ticks told as one tick a column, and where a price is first touched.

Which stretches may be told so is decided in `skipping.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marketdata.bars import Flags, Floats, Ints
from marketdata.ticks import Ticks
from trading.research.bar_ticks import DayTicks

_LATE = 1 << 30
_HALF_A_PAISA = 0.0051
"""More than prices can move when they are taken to the paisa."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """One of the two ticks of each minute as columns, shape `(T, N)`.

    `low`, `high`: infinite where there is no tick. `before`, `after`: the newest minute with a
    tick up to each minute, -1 for none, and the oldest from each on, T for none.
    """

    low: Floats
    high: Floats
    before: Ints
    after: Ints

    @classmethod
    def of(cls, ticks: Ticks, there: Flags) -> _Stream:
        count = len(ticks)
        minute = np.arange(count)[:, np.newaxis]
        after = np.where(there, minute, count)[::-1]
        return cls(
            low=np.where(there, ticks["low"], np.inf),
            high=np.where(there, ticks["high"], -np.inf),
            before=np.maximum.accumulate(np.where(there, minute, -1), axis=0),
            after=np.minimum.accumulate(after, axis=0)[::-1],
        )


@dataclass(frozen=True, slots=True)
class _Span:
    """Minutes `begin` to before `end` of one stream, in some columns; `side` 1 for the rests."""

    stream: _Stream
    begin: int
    end: int
    side: int
    columns: Ints

    def first(self) -> Ints:
        """Return the frame of each column's oldest tick, a late one where there is none."""
        if self.begin >= self.end:
            return np.full(len(self.columns), _LATE)
        found = self.stream.after[self.begin, self.columns]
        return np.where(found < self.end, 2 * found + self.side, _LATE)

    def last(self) -> Ints:
        """Return the frame of each column's newest tick, -1 where there is none."""
        if self.begin >= self.end:
            return np.full(len(self.columns), -1)
        found = self.stream.before[self.end - 1, self.columns]
        return np.where(found >= self.begin, 2 * found + self.side, -1)

    def low(self) -> Floats:
        """Return each column's lowest price, infinity where there is none."""
        part = self.stream.low[self.begin : self.end][:, self.columns]
        lowest: Floats = part.min(axis=0, initial=np.inf)
        return lowest

    def high(self) -> Floats:
        """Return each column's highest price, minus infinity where there is none."""
        part = self.stream.high[self.begin : self.end][:, self.columns]
        highest: Floats = part.max(axis=0, initial=-np.inf)
        return highest


class Stretches:
    """A day's ticks by stretches; frame 2 m begins minute m, 2 m + 1 ends it."""

    def __init__(self, told: DayTicks) -> None:
        self._told = told
        self._opens = _Stream.of(told.open, told.open_there)
        self._rests = _Stream.of(told.rest, told.rest_there)
        self._low = np.minimum(self._opens.low, self._rests.low)
        self._high = np.maximum(self._opens.high, self._rests.high)

    def merged(self, told_to: Ints, until: int, columns: Ints) -> Ticks:
        """Return what happened in `columns` before frame `until`: one tick each, its whole range.

        `told_to`: by column, the frame up to which it has been told. Columns in which there was
        nothing are left out.
        """
        begins = told_to[columns]
        parts = [
            self._one(int(begin), until, columns[begins == begin]) for begin in np.unique(begins)
        ]
        return np.concatenate(parts) if parts else self._told.open[0, :0]

    def _one(self, begin: int, until: int, columns: Ints) -> Ticks:
        opens = _Span(self._opens, (begin + 1) // 2, (until + 1) // 2, 0, columns)
        rests = _Span(self._rests, begin // 2, until // 2, 1, columns)
        newest = np.maximum(opens.last(), rests.last())
        some = newest >= 0
        ticks = self.ticks(newest[some], columns[some])
        oldest = np.minimum(opens.first(), rests.first())
        ticks["open"] = self.ticks(oldest[some], columns[some])["open"]
        ticks["low"] = np.minimum(opens.low(), rests.low())[some]
        ticks["high"] = np.maximum(opens.high(), rests.high())[some]
        return ticks

    def ticks(self, frames: Ints, columns: Ints) -> Ticks:
        """Return the tick of each column at a frame of its own; each must exist."""
        minute = frames // 2
        ticks = self._told.open[minute, columns]
        is_rest = frames % 2 == 1
        ticks[is_rest] = self._told.rest[minute[is_rest], columns[is_rest]]
        return ticks

    def first_touch(self, column: int, levels: tuple[float, float], minute: int) -> int | None:
        """Return the first minute from `minute` on in which a price may reach either level.

        `levels`: the lower and the upper, rupees. The bar that touches may be told too early,
        never too late; None where none does.
        """
        touched = (self._low[minute:, column] <= levels[0] + _HALF_A_PAISA) | (
            self._high[minute:, column] >= levels[1] - _HALF_A_PAISA
        )
        first = int(np.argmax(touched)) if len(touched) else 0
        if not len(touched) or not touched[first]:
            return None
        return minute + first
