"""What the market's readings are worth to a long and to a short, in grades from 0 to 1.

Which readings there are and where they come from is told by `ranking_features.py`.
"""

from __future__ import annotations

from math import isnan, nan

import numpy as np

from marketdata.bars import Floats
from marketdata.features.kernels import compiled

DEPTH_UNITS = 1000.0
"""Units in the best quotes, both sides together, from which depth counts in full."""

Scale = tuple[tuple[float, ...], tuple[float, ...]]
"""Edges, rising, and one grade more than edges: the grades between and around them."""

RSI_SCALE: Scale = ((30.0, 40.0, 50.0, 70.0), (0.1, 0.3, 0.5, 0.8, 0.6))
CHANGE_SCALE: Scale = ((-0.005, 0.0, 0.005, 0.02), (0.2, 0.4, 0.5, 0.8, 0.6))
ADX_SCALE: Scale = ((-25.0, -20.0, -15.0, 15.0, 20.0, 25.0), (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0))
SEPARATION_SCALE: Scale = ((-0.01, -0.005, 0.0, 0.005, 0.01), (0.0, 0.1, 0.2, 0.4, 0.7, 1.0))
SUPERTREND_SCALE: Scale = ((0.0,), (0.3, 0.7))
SPREAD_SCALE: Scale = ((0.001, 0.003, 0.005), (1.0, 0.8, 0.6, 0.3))
VOLUME_SCALE: Scale = ((0.7, 1.0, 1.5), (0.4, 0.6, 0.8, 1.0))
IV_SCALE: Scale = ((20.0, 30.0), (0.9, 0.7, 0.5))
OI_SCALE: Scale = ((0.0, 0.05, 0.10), (0.4, 0.6, 0.7, 0.9))
VARIATION_SCALE: Scale = ((0.2, 0.4), (0.9, 0.7, 0.5))

(RSI, CHANGE, FAST, SLOW, VOLUME, VARIATION, ADX, PLUS_DI, MINUS_DI, SUPERTREND, CLOSE) = range(11)
(BID, ASK, BID_QUANTITY, ASK_QUANTITY, IV_PERCENTILE, OI_CHANGE) = range(11, 17)
READ = 17
"""How many readings there are; the names above say in which row each stands."""


def graded(table: Floats) -> Floats:
    """Return the grades of readings, shape `(17, M)`, NaN where unknown: shape `(4, 2, M)`.

    Momentum, trend, liquidity, regime; for a long and for a short. A grade is the mean of its
    parts that are known, NaN where none is. Momentum and trend see the market from the side that
    would be traded, so what speaks for a long speaks against a short; liquidity and regime are
    the same for both. A single column is not worth a compiler, and comes out the same.
    """
    found = np.empty((4, 2, table.shape[1]))
    loop = compiled(_over_columns) if table.shape[1] > 1 else _over_columns
    loop(table, found)
    return found


def compile_ahead() -> None:
    """Have the loop compiled, rather than at the first bar."""
    graded(np.full((READ, 2), nan))


def _over_columns(table: Floats, found: Floats) -> None:
    for j in range(table.shape[1]):
        for place in range(2):
            side = 1.0 - 2.0 * place
            found[0, place, j] = _momentum(table, j, side)
            found[1, place, j] = _trend(table, j, side)
        found[2, :, j] = _liquidity(table, j)
        found[3, :, j] = _regime(table, j)


def _momentum(table: Floats, j: int, side: float) -> float:
    rsi = table[RSI, j]
    aligned = rsi if side > 0 else 100.0 - rsi
    return _mean(
        _from(aligned, RSI_SCALE[0], RSI_SCALE[1]),
        _from(table[CHANGE, j] * side, CHANGE_SCALE[0], CHANGE_SCALE[1]),
        nan,
    )


def _trend(table: Floats, j: int, side: float) -> float:
    strength = _sign(table[PLUS_DI, j] - table[MINUS_DI, j]) * table[ADX, j] * side
    separation = (table[FAST, j] - table[SLOW, j]) / table[CLOSE, j] * side
    return _mean(
        _from(strength, ADX_SCALE[0], ADX_SCALE[1]),
        _from(separation, SEPARATION_SCALE[0], SEPARATION_SCALE[1]),
        _from(table[SUPERTREND, j] * side, SUPERTREND_SCALE[0], SUPERTREND_SCALE[1]),
    )


def _liquidity(table: Floats, j: int) -> float:
    bid, ask = table[BID, j], table[ASK, j]
    spread = (ask - bid) / ((bid + ask) / 2) if bid > 0 and ask >= bid else nan
    depth = (table[BID_QUANTITY, j] + table[ASK_QUANTITY, j]) / DEPTH_UNITS
    return _mean(
        _beyond(spread, SPREAD_SCALE[0], SPREAD_SCALE[1]),
        _from(table[VOLUME, j], VOLUME_SCALE[0], VOLUME_SCALE[1]),
        1.0 if depth > 1.0 else depth,
    )


def _regime(table: Floats, j: int) -> float:
    return _mean(
        _beyond(abs(table[IV_PERCENTILE, j] - 50.0), IV_SCALE[0], IV_SCALE[1]),
        _beyond(table[OI_CHANGE, j], OI_SCALE[0], OI_SCALE[1]),
        _from(table[VARIATION, j], VARIATION_SCALE[0], VARIATION_SCALE[1]),
    )


def _sign(value: float) -> float:
    if value > 0:
        return 1.0
    if value < 0:
        return -1.0
    return 0.0 if value == 0 else nan


def _from(value: float, edges: tuple[float, ...], grades: tuple[float, ...]) -> float:
    """Return the grade of a value, exactly at an edge the one above it; NaN for NaN."""
    place = 0
    for edge in edges:
        if value >= edge:
            place += 1
    return nan if isnan(value) else grades[place]


def _beyond(value: float, edges: tuple[float, ...], grades: tuple[float, ...]) -> float:
    """Return the grade of a value, exactly at an edge the one below it; NaN for NaN."""
    place = 0
    for edge in edges:
        if value > edge:
            place += 1
    return nan if isnan(value) else grades[place]


def _mean(one: float, two: float, three: float) -> float:
    """Return the mean of what is known, added in this order; NaN where nothing is."""
    total, known = 0.0, 0
    for part in (one, two, three):
        if not isnan(part):
            total += part
            known += 1
    return total / known if known else nan
