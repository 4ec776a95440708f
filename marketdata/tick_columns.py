"""Ticks turned on their side: every field one contiguous column, so that arithmetic on it is fast.

What the fields mean is `ticks.py`; what is done with them is nobody's here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.ticks import TICK, Ticks

_FIELDS: tuple[str, ...] = TICK.names or ()
_FLOATS = frozenset(name for name in _FIELDS if TICK[name] == np.float64)
_PLACES = {name: place for place, name in enumerate(_FIELDS)}


class TickColumns:
    """The fields of some ticks by name, each shape `(n,)`; writing into one changes only these."""

    __slots__ = ("_floats", "words")

    def __init__(self, words: NDArray[np.int64]) -> None:
        """Take over `words`: a contiguous row for each field of `TICK`, floats bit for bit."""
        self.words = words
        self._floats = words.view(np.float64)

    @classmethod
    def of(cls, ticks: Ticks) -> TickColumns:
        """Return a copy of ticks, bit for bit."""
        rows = np.ascontiguousarray(ticks, dtype=TICK)
        return cls(rows.view(np.int64).reshape(-1, len(_FIELDS)).T.copy())

    @classmethod
    def nothing(cls, count: int) -> TickColumns:
        """Return so many ticks of zeros."""
        return cls(np.zeros((len(_FIELDS), count), dtype=np.int64))

    def __len__(self) -> int:
        return int(self.words.shape[1])

    def __getitem__(self, name: str) -> NDArray[Any]:
        column: NDArray[Any] = (self._floats if name in _FLOATS else self.words)[_PLACES[name]]
        return column

    def only(self, good: NDArray[np.bool_]) -> TickColumns:
        """Return the ticks for which `good` is true."""
        return TickColumns(self.words.compress(good, axis=1))

    def ticks(self) -> Ticks:
        """Return them as ticks again, an array of its own."""
        rows = np.empty(len(self), TICK)
        rows.view(np.int64).reshape(-1, len(_FIELDS))[...] = self.words.T
        return rows
