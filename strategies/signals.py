"""Opinions: the arrays a strategy returns, and the value one opinion becomes.

How opinions are compared lives in `ranking.py`; how they become contracts in `structures.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from marketdata.instruments import Instrument
from strategies.direction import LONG, NEUTRAL, SHORT
from strategies.direction import Direction as Direction

Floats = NDArray[np.float64]

NEUTRAL_SIDE = 2
"""The side that stands for an opinion without a direction, as 0 stands for no opinion."""
_DIRECTION_OF = {1: LONG, -1: SHORT, NEUTRAL_SIDE: NEUTRAL}


def direction_of(side: int) -> Direction:
    """Return the direction that a side other than 0 stands for. Raises `ValueError` for others."""
    found = _DIRECTION_OF.get(side)
    if found is None:
        raise ValueError(f"side: {side}, expected that of an opinion")
    return found


@dataclass(frozen=True, slots=True)
class Signals:
    """What a strategy says of every column, shape `(N,)` live or `(T, N)` over a history.

    `side`: int8, 1 long, -1 short, `NEUTRAL_SIDE` no direction, 0 nothing. Prices in rupees of
    the column the opinion is about; they mean something only where `side` is not 0; without a
    direction they are all the entry. `confidence`: 0 to 1.
    """

    side: NDArray[np.int8]
    entry: Floats
    stop: Floats
    target1: Floats
    target2: Floats
    confidence: Floats


class Signal(Struct, frozen=True, gc=False):
    """One opinion: this strategy, this instrument, this way, until this moment.

    `entry`, `stop`, `target1`, `target2` in rupees of `instrument`; an opinion without a
    direction has no levels, and all four are the entry. `at` is the close of the bar it was
    formed on. `setup` names the set-up within the day (side and bar), so that the same set-up
    seen twice has the same `key`. `features`: name and value of what the strategy looked at, in
    a fixed order.
    """

    strategy: str
    instrument: Instrument
    direction: Direction
    at: datetime
    valid_until: datetime
    entry: float
    stop: float
    target1: float
    target2: float
    confidence: float
    setup: str
    features: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.valid_until.tzinfo is None:
            raise ValueError("at, valid_until: expected aware datetimes")
        if self.direction is NEUTRAL:
            if not self.entry == self.stop == self.target1 == self.target2:
                raise ValueError(f"stop, targets: expected the entry {self.entry}: no direction")
        elif (self.entry - self.stop) * self.direction <= 0:
            raise ValueError(
                f"stop: {self.stop} is not on the losing side of entry {self.entry} "
                f"for a {self.direction.name} in {self.instrument.symbol}"
            )

    @property
    def key(self) -> str:
        """Return the identity of the set-up within one day: strategy, instrument and set-up."""
        return f"{self.strategy}/{self.instrument.key}/{self.setup}"

    @property
    def risk(self) -> float:
        """Return the distance from entry to stop in rupees a unit."""
        return abs(self.entry - self.stop)

    @property
    def reward_to_risk(self) -> float:
        """Return the distance to the last target in units of risk; 0 without a direction."""
        return abs(self.target2 - self.entry) / self.risk if self.risk else 0.0
