"""All features of one timeframe kept up together: one memory for each distinct feature.

What a feature computes lives in its own file; which ones are wanted, with the strategies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marketdata.bars import BarGrid, BarRow
from marketdata.features.base import Feature, Floats

Outputs = Mapping[Feature, Mapping[str, Floats]]
"""The arrays of each feature by the names of its outputs."""


class FeatureBoard:
    """The memories of the features wanted, brought up to date bar by bar.

    Equal features are computed once. The bars must all be of one timeframe and have `columns`
    columns, oldest first; history through `warm`, then each new bar through `step`.
    """

    __slots__ = ("_columns", "_states")

    def __init__(self, features: Iterable[Feature], columns: int) -> None:
        self._columns = columns
        self._states = {feature: feature.new_state(columns) for feature in features}

    @property
    def features(self) -> tuple[Feature, ...]:
        """Return the distinct features, in the order they were first named."""
        return tuple(self._states)

    @property
    def warm_up(self) -> int:
        """Return the longest warm-up among the features, bars; 0 without features."""
        return max((feature.warm_up for feature in self._states), default=0)

    def warm(self, grid: BarGrid) -> None:
        """Take a history into the memories, exactly as one `step` after another would."""
        self._check(grid.close.shape[1])
        for index in range(len(grid)):
            row = grid.row(index)
            for feature, state in self._states.items():
                feature.step(state, row)

    def step(self, bar: BarRow) -> Outputs:
        """Take one bar; return fresh arrays, shape `(N,)`."""
        self._check(len(bar.close))
        return {
            feature: _named(feature, feature.step(state, bar))
            for feature, state in self._states.items()
        }

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
