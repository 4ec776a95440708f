"""The arithmetic every strategy shares: from yes and no to sides, from sides and stops to targets.

When to enter is each strategy's own business and stands in its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Flags, Floats, Ints
from strategies.signals import NEUTRAL_SIDE, Signals

Sides = NDArray[np.int8]
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Reward:
    """How far the targets stand from the entry, in units of risk, and the confidence given."""

    first_target_r: float
    last_target_r: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Targets:
    """Where to take profit, rupees: arrays of the frame's shape, the nearer first."""

    first: Floats
    last: Floats


def direction(up: Flags, down: Flags) -> Sides:
    """Return 1 where only `up` holds, -1 where only `down` holds, else 0."""
    return up.astype(np.int8) - down.astype(np.int8)


def without_direction(expected: Flags, entry: Floats, confidence: float) -> Signals:
    """Return opinions that expect no direction, where `expected` and the entry is known."""
    kept = expected & np.isfinite(entry)
    if not kept.any():
        return silence(kept.shape)
    price = np.where(kept, entry, np.nan)
    return Signals(
        side=np.where(kept, NEUTRAL_SIDE, 0).astype(np.int8),
        entry=price,
        stop=price,
        target1=price,
        target2=price,
        confidence=np.where(kept, confidence, np.nan),
    )


def entries(side: Sides, entry: Floats, stop: Floats, reward: Reward) -> Signals:
    """Return the opinions for `side` with targets at multiples of the distance to the stop.

    A side whose stop is NaN or not strictly on the losing side of the entry is dropped, so an
    opinion can never be at its own stop. Prices and confidence are NaN where there is no side.
    """
    places = np.flatnonzero(side)
    if not len(places):
        return silence(side.shape)
    opinion = side.reshape(-1)[places]
    price, level = _at(places, entry, side), _at(places, stop, side)
    risk = price - level
    kept = opinion * risk > 0
    places, opinion, price, risk = places[kept], opinion[kept], price[kept], risk[kept]
    return Signals(
        side=_spread(places, opinion, np.zeros(side.shape, dtype=np.int8)),
        entry=_spread(places, price, np.full(side.shape, np.nan)),
        stop=_spread(places, level[kept], np.full(side.shape, np.nan)),
        target1=_spread(places, price + reward.first_target_r * risk, np.full(side.shape, np.nan)),
        target2=_spread(places, price + reward.last_target_r * risk, np.full(side.shape, np.nan)),
        confidence=_spread(places, reward.confidence, np.full(side.shape, np.nan)),
    )


def silence(shape: tuple[int, ...]) -> Signals:
    """Return that nothing is said in any column; the prices share one array.

    That of a single bar is always the same, and can't be written to: most bars are silent.
    """
    return _silent_bar(shape[0]) if len(shape) == 1 else _silent(shape)


@lru_cache(maxsize=16)
def _silent_bar(columns: int) -> Signals:
    said = _silent((columns,))
    said.side.flags.writeable = said.entry.flags.writeable = False
    return said


def _silent(shape: tuple[int, ...]) -> Signals:
    unknown = np.full(shape, np.nan)
    side = np.zeros(shape, dtype=np.int8)
    return Signals(side, unknown, unknown, unknown, unknown, unknown)


def _at(places: Ints, values: Floats, like: Sides) -> Floats:
    """Return the values at some places of the shape that `like` has."""
    spread = values if values.shape == like.shape else np.broadcast_to(values, like.shape)
    found: Floats = spread.reshape(-1)[places]
    return found


def _spread(places: Ints, values: NDArray[T] | float, over: NDArray[T]) -> NDArray[T]:
    """Return `over` with `values` at some places: most bars have no opinion, and cost nothing."""
    over.reshape(-1)[places] = values
    return over


def entries_to(
    side: Sides, entry: Floats, stop: Floats, targets: Targets, confidence: float
) -> Signals:
    """Return the opinions for `side` with targets at prices of their own.

    A side is dropped unless stop, entry, first and last target stand in this order, each strictly
    beyond the one before; unknown ones drop it too. Prices are NaN where there is no side.
    """
    places = np.flatnonzero(side)
    if not len(places):
        return silence(side.shape)
    opinion = side.reshape(-1)[places]
    price, level = _at(places, entry, side), _at(places, stop, side)
    first, last = _at(places, targets.first, side), _at(places, targets.last, side)
    kept = (opinion * (price - level) > 0) & (opinion * (first - price) > 0)
    kept &= opinion * (last - first) > 0
    places = places[kept]
    return Signals(
        side=_spread(places, opinion[kept], np.zeros(side.shape, dtype=np.int8)),
        entry=_spread(places, price[kept], np.full(side.shape, np.nan)),
        stop=_spread(places, level[kept], np.full(side.shape, np.nan)),
        target1=_spread(places, first[kept], np.full(side.shape, np.nan)),
        target2=_spread(places, last[kept], np.full(side.shape, np.nan)),
        confidence=_spread(places, confidence, np.full(side.shape, np.nan)),
    )
