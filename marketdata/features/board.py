"""All features of one timeframe kept up together: one memory for each distinct feature.

What a feature computes lives in its own file; which ones are wanted, with the strategies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import NamedTuple

import numpy as np

from marketdata.bars import BarGrid, BarRow
from marketdata.features.base import Feature, Floats
from marketdata.features.kernels import CompiledFeature, Kept, columns_of

Outputs = Mapping[Feature, Mapping[str, Floats]]
"""The arrays of each feature by the names of its outputs."""

_ROWS_AT_ONCE = 256


class _Line(NamedTuple):
    """One feature of the board: its memory, its compiled loop if it has one, its rows."""

    feature: Feature
    state: Floats
    kept: Kept | None
    rows: slice


class Said(Mapping[Feature, Mapping[str, Floats]]):
    """What the features said of one bar; only what is asked for is taken apart."""

    __slots__ = ("_known", "_places", "_values")

    def __init__(self, places: Mapping[Feature, slice], values: Floats) -> None:
        """Keep all outputs one below the other, shape `(K, N)`, and each feature's rows there."""
        self._places = places
        self._values = values
        self._known: list[Mapping[str, Floats] | None] = [None] * len(values)

    def __getitem__(self, feature: Feature) -> Mapping[str, Floats]:
        rows = self._places[feature]
        place: int = rows.start
        found = self._known[place]
        if found is None:
            found = self._known[place] = _named(feature, self._values[rows])
        return found

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class FeatureBoard:
    """The memories of the features wanted, brought up to date bar by bar.

    Equal features are computed once. The bars must all be of one timeframe and have `columns`
    columns, oldest first; history through `warm`, then each new bar through `step`.
    """

    __slots__ = ("_columns", "_lines", "_outputs", "_places")

    def __init__(self, features: Iterable[Feature], columns: int) -> None:
        self._columns = columns
        self._lines: list[_Line] = []
        self._outputs = 0
        for feature in dict.fromkeys(features):
            state = feature.new_state(columns)
            kept = feature.kept(state) if isinstance(feature, CompiledFeature) else None
            rows = slice(self._outputs, self._outputs + len(feature.outputs))
            self._lines.append(_Line(feature, state, kept, rows))
            self._outputs = rows.stop
        self._places = {line.feature: line.rows for line in self._lines}

    @property
    def features(self) -> tuple[Feature, ...]:
        """Return the distinct features, in the order they were first named."""
        return tuple(line.feature for line in self._lines)

    @property
    def warm_up(self) -> int:
        """Return the longest warm-up among the features, bars; 0 without features."""
        return max((line.feature.warm_up for line in self._lines), default=0)

    def warm(self, grid: BarGrid) -> None:
        """Take a history into the memories, exactly as one `step` after another would."""
        self._check(grid.close.shape[1])
        for first in range(0, len(grid), _ROWS_AT_ONCE):
            part = rows_of(grid, first, first + _ROWS_AT_ONCE)
            ready = columns_of(part)
            for feature, state, kept, _ in self._lines:
                if kept is not None:
                    kept.take(ready, np.empty((len(feature.outputs), *ready.shape)))
                else:
                    for index in range(len(part)):
                        feature.step(state, part.row(index))

    def over(self, grid: BarGrid) -> Outputs:
        """Take a history into the memories; return each feature over it, shape `(T, N)`."""
        self._check(grid.close.shape[1])
        ready = columns_of(grid)
        found = {}
        for feature, state, kept, _ in self._lines:
            out = np.empty((len(feature.outputs), *ready.shape))
            if kept is not None:
                kept.take(ready, out)
            else:
                for index in range(len(grid)):
                    out[:, index] = feature.step(state, grid.row(index))
            found[feature] = _named(feature, out)
        return found

    def step(self, bar: BarRow) -> Outputs:
        """Take one bar; return fresh arrays, shape `(N,)`."""
        self._check(len(bar.close))
        ready = columns_of(bar)
        out = np.empty((self._outputs, 1, self._columns))
        for feature, state, kept, rows in self._lines:
            if kept is not None:
                kept.take(ready, out[rows])
            else:
                out[rows, 0] = feature.step(state, bar)
        return Said(self._places, out[:, 0])

    def _check(self, columns: int) -> None:
        if columns != self._columns:
            raise ValueError(f"columns: bars have {columns}, expected {self._columns}")


def run(features: Iterable[Feature], grid: BarGrid) -> Outputs:
    """Return each distinct feature over a whole history, arrays of shape `(T, N)`.

    Row t equals what a new `FeatureBoard` returns at the same bar, bit for bit.
    """
    return {feature: _named(feature, feature.run(grid)) for feature in dict.fromkeys(features)}


def _named(feature: Feature, values: Floats) -> Mapping[str, Floats]:
    return dict(zip(feature.outputs, values, strict=True))


def rows_of(grid: BarGrid, first: int, last: int) -> BarGrid:
    """Return the bars from row `first` to the one before `last`."""
    names = (field.name for field in fields(grid) if field.name != "timeframe")
    return BarGrid(grid.timeframe, **{name: getattr(grid, name)[first:last] for name in names})
