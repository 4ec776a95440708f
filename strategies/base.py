"""What a strategy is: features wanted, arithmetic on a frame, and how often it may speak.

Strategies stand one to a file beside this one and are listed in `registry.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from marketdata.features.base import Feature
from marketdata.timeframes import Timeframe
from strategies.signals import Signals

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """The outputs of one feature in a frame, by name: `reading["high"]`, shape as the frame."""

    values: Mapping[str, Floats]

    def __getitem__(self, output: str) -> Floats:
        return self.values[output]

    @property
    def main(self) -> Floats:
        """Return the main output, which a feature names first."""
        return next(iter(self.values.values()))


@dataclass(frozen=True, slots=True)
class Frame:
    """What a strategy may look at: bars and features of the same rows, nothing later.

    Arrays have shape `(N,)` live and `(T, N)` over a history. `minute`: minutes from the
    session's open to the start of the bar, broadcastable to that shape. `features` holds a
    `Reading` for each name that the strategy's `features()` declares.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    minute: NDArray[np.int64]
    features: Mapping[str, Reading]

    def __getitem__(self, feature: str) -> Reading:
        return self.features[feature]


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often a strategy may speak of one instrument.

    `once_a_side_a_day`: one long and one short a session. `gap_minutes`: at least this long
    between two opinions on the same instrument, 0 for no gap.
    """

    once_a_side_a_day: bool
    gap_minutes: int


@dataclass(frozen=True, slots=True)
class Strategy(ABC):
    """One way of reading the market; a frozen dataclass whose fields are its parameters."""

    name: ClassVar[str]
    timeframe: ClassVar[Timeframe]
    repeat: ClassVar[Repeat]
    valid_minutes: ClassVar[int]
    max_positions: ClassVar[int]

    @abstractmethod
    def features(self) -> dict[str, Feature]:
        """Return the features wanted, by the name the frame will hold them under."""

    @abstractmethod
    def signals(self, frame: Frame) -> Signals:
        """Return the opinions of each row; only values of the same row may be combined."""
