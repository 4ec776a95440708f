"""What a strategy is: features wanted, arithmetic on a frame, and how often it may speak.

Strategies stand one to a file beside this one and are listed in `registry.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from marketdata.features.base import Feature
from marketdata.timeframes import Timeframe
from strategies.outright import Outright
from strategies.signals import Signals
from strategies.structure_rules import StructureRule

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
    `Reading` for each name that the strategy's `features()` declares. `context` holds what is
    known besides the bars, by name (see `context.py`), shape as the frame, NaN where unknown.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    minute: NDArray[np.int64]
    features: Mapping[str, Reading]
    context: Mapping[str, Floats] = field(default_factory=dict)

    def __getitem__(self, feature: str) -> Reading:
        return self.features[feature]

    def beside(self, name: str) -> Floats:
        """Return a reading of the context, NaN everywhere where the frame has none."""
        known = self.context.get(name)
        return np.full(self.close.shape, np.nan) if known is None else known


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often a strategy may speak of one instrument, and how often it may be heard.

    `once_a_side_a_day`: one opinion of each direction a session. `gap_minutes`: at least this
    long between two opinions on the same instrument, 0 for no gap. `acted_on_once_a_day`: all
    opinions of one direction in a session are the same set-up, so that a refused one may be
    said again and an accepted one not.
    """

    once_a_side_a_day: bool
    gap_minutes: int
    acted_on_once_a_day: bool = False


@dataclass(frozen=True, slots=True)
class Strategy(ABC):
    """One way of reading the market; a frozen dataclass whose fields are its parameters.

    A strategy declares the properties below as parameters, where a person would want to set them,
    or as constants.
    """

    name: ClassVar[str]
    timeframe: ClassVar[Timeframe]

    @property
    def context(self) -> tuple[str, ...]:
        """Return the readings it wants besides the bars, by name; none by default."""
        return ()

    @property
    @abstractmethod
    def repeat(self) -> Repeat:
        """Return how often it may speak of one instrument."""

    @property
    @abstractmethod
    def valid_minutes(self) -> int:
        """Return for how many minutes after its bar an opinion holds."""

    @property
    @abstractmethod
    def max_positions(self) -> int:
        """Return how many positions of this strategy may be open together."""

    @property
    def structure(self) -> StructureRule:
        """Return how its opinions become legs; the share or the future itself by default."""
        return Outright()

    @abstractmethod
    def features(self) -> dict[str, Feature]:
        """Return the features wanted, by the name the frame will hold them under."""

    @abstractmethod
    def signals(self, frame: Frame) -> Signals:
        """Return the opinions of each row; only values of the same row may be combined."""
