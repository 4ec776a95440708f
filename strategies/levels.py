"""The arithmetic every strategy shares: from yes and no to sides, from sides and stops to targets.

When to enter is each strategy's own business and stands in its file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Flags, Floats
from strategies.signals import Signals

Sides = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Reward:
    """How far the targets stand from the entry, in units of risk, and the confidence given."""

    first_target_r: float
    last_target_r: float
    confidence: float


def direction(up: Flags, down: Flags) -> Sides:
    """Return 1 where only `up` holds, -1 where only `down` holds, else 0."""
    return up.astype(np.int8) - down.astype(np.int8)


def entries(side: Sides, entry: Floats, stop: Floats, reward: Reward) -> Signals:
    """Return the opinions for `side` with targets at multiples of the distance to the stop.

    A side whose stop is NaN or not strictly on the losing side of the entry is dropped, so an
    opinion can never be at its own stop. Prices and confidence are NaN where there is no side.
    """
    risk = entry - stop
    kept = side * risk > 0
    return Signals(
        side=np.where(kept, side, 0).astype(np.int8),
        entry=np.where(kept, entry, np.nan),
        stop=np.where(kept, stop, np.nan),
        target1=np.where(kept, entry + reward.first_target_r * risk, np.nan),
        target2=np.where(kept, entry + reward.last_target_r * risk, np.nan),
        confidence=np.where(kept, reward.confidence, np.nan),
    )
