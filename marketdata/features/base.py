"""The port every indicator keeps; the indicators themselves stand one to a file beside it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import BarGrid, BarRow

Floats = NDArray[np.float64]


class Feature(Protocol):
    """One indicator with its parameters; a frozen dataclass, equal and hashable by parameters.

    `outputs` names its columns, the main one first. `warm_up` is the number of bars before the
    first finite value. Until then, and where there is nothing to say, an output is NaN.
    """

    @property
    def outputs(self) -> tuple[str, ...]: ...

    @property
    def warm_up(self) -> int: ...

    def new_state(self, columns: int) -> Floats:
        """Return the memory before any bar: shape `(columns, S)`."""

    def step(self, state: Floats, bar: BarRow) -> Floats:
        """Take one bar into `state` (changed in place); return outputs, shape `(K, N)`."""

    def run(self, bars: BarGrid) -> Floats:
        """Return the outputs of every row, shape `(K, T, N)`; row t equals `step` at t exactly."""
