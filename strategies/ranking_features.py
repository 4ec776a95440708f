"""What the ranking measures of every column, for either side, in grades from 0 to 1.

Comparing the grades lives in `ranking.py`; their history in `ranking_history.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from marketdata.bars import Floats
from marketdata.features.adx import ADX
from marketdata.features.atr_variation import ATRVariation
from marketdata.features.base import Feature
from marketdata.features.ema import EMA
from marketdata.features.oi_change import OIChange
from marketdata.features.relative_volume import RelativeVolume
from marketdata.features.roc import RateOfChange
from marketdata.features.rsi import RSI
from marketdata.features.supertrend import Supertrend
from marketdata.timeframes import Timeframe
from strategies.base import Frame
from strategies.signals import Direction

TIMEFRAME = Timeframe.MINUTES_5
OI_CHANGE = OIChange()
"""Its `today` is the open interest of a column against that of the last session's end."""
MEASURED = ("momentum", "trend", "liquidity", "regime")
SIDES = (Direction.LONG, Direction.SHORT)
DEPTH_UNITS = 1000.0
"""Units in the best quotes, both sides together, from which depth counts in full."""

Raw = Mapping[str, Floats]
"""What the grades are made of, by name: outputs of the features, closes and conditions."""

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


@dataclass(frozen=True, slots=True)
class Conditions:
    """What stands beside the bars, of the contract each column trades as; shape `(N,)`.

    NaN where unknown. Quotes in rupees and units; `iv_percentile` 0 to 100; `oi_change`: open
    interest against that of the previous session's end, a fraction.
    """

    bid: Floats
    ask: Floats
    bid_quantity: Floats
    ask_quantity: Floats
    iv_percentile: Floats
    oi_change: Floats

    @classmethod
    def unknown(cls, columns: int) -> Conditions:
        """Return conditions of which nothing is known, as in a history of bars alone."""
        return cls(*(np.full(columns, np.nan) for _ in range(6)))


READINGS = (
    *("rsi", "change", "fast", "slow", "volume", "variation", "adx", "plus_di", "minus_di"),
    *("supertrend", "close"),
    *(item.name for item in fields(Conditions)),
)
"""The names of everything that `raw_of` tells, in its order."""


def features() -> dict[str, Feature]:
    """Return the features wanted, on bars of `TIMEFRAME`."""
    return {
        "rsi": RSI(14),
        "change": RateOfChange(20),
        "adx": ADX(14),
        "fast": EMA(34),
        "slow": EMA(89),
        "supertrend": Supertrend(10, 3.0),
        "volume": RelativeVolume(20),
        "variation": ATRVariation(14, 20),
    }


def raw_of(frame: Frame, conditions: Conditions) -> dict[str, Floats]:
    """Return what the grades of a frame are made of, by name; the frame's own arrays."""
    adx = frame["adx"]
    named = {name: frame[name].main for name in ("rsi", "change", "fast", "slow", "volume")}
    return {
        **named,
        "variation": frame["variation"].main,
        "adx": adx["adx"],
        "plus_di": adx["plus_di"],
        "minus_di": adx["minus_di"],
        "supertrend": frame["supertrend"]["direction"],
        "close": frame.close,
        **{item.name: getattr(conditions, item.name) for item in fields(conditions)},
    }


def measure(frame: Frame, conditions: Conditions) -> Floats:
    """Return the grades of every column of a frame, as `grades_of` does of what it shows.

    A frame over a history gives `(4, 2, T, N)`, with conditions that held all the time.
    """
    return grades_of(raw_of(frame, conditions))


def grades_of(raw: Raw) -> Floats:
    """Return the grades of every column, by `MEASURED` and `SIDES`: shape `(4, 2, N)`.

    A grade is the mean of its parts that are known, NaN where none is. Momentum and trend see the
    market from the side that would be traded, so what speaks for a long speaks against a short;
    liquidity and regime are the same for both.
    """
    liquidity, regime = _liquidity(raw), _regime(raw)
    return np.stack(
        (
            np.stack([_momentum(raw, side) for side in SIDES]),
            np.stack([_trend(raw, side) for side in SIDES]),
            np.stack((liquidity, liquidity)),
            np.stack((regime, regime)),
        )
    )


def _momentum(raw: Raw, side: Direction) -> Floats:
    aligned = raw["rsi"] if side is Direction.LONG else 100.0 - raw["rsi"]
    return _mean((_grade(aligned, RSI_SCALE), _grade(raw["change"] * side, CHANGE_SCALE)))


def _trend(raw: Raw, side: Direction) -> Floats:
    strength = np.sign(raw["plus_di"] - raw["minus_di"]) * raw["adx"] * side
    separation = (raw["fast"] - raw["slow"]) / raw["close"] * side
    return _mean(
        (
            _grade(strength, ADX_SCALE),
            _grade(separation, SEPARATION_SCALE),
            _grade(raw["supertrend"] * side, SUPERTREND_SCALE),
        )
    )


def _liquidity(raw: Raw) -> Floats:
    bid, ask = raw["bid"], raw["ask"]
    middle = np.where((bid > 0) & (ask >= bid), (bid + ask) / 2, np.nan)
    depth = (raw["bid_quantity"] + raw["ask_quantity"]) / DEPTH_UNITS
    return _mean(
        (
            _grade((ask - bid) / middle, SPREAD_SCALE, at_edge="lower"),
            _grade(raw["volume"], VOLUME_SCALE),
            np.minimum(depth, 1.0),
        )
    )


def _regime(raw: Raw) -> Floats:
    from_middle = np.abs(raw["iv_percentile"] - 50.0)
    return _mean(
        (
            _grade(from_middle, IV_SCALE, at_edge="lower"),
            _grade(raw["oi_change"], OI_SCALE, at_edge="lower"),
            _grade(raw["variation"], VARIATION_SCALE),
        )
    )


def _grade(values: Floats, scale: Scale, at_edge: str = "upper") -> Floats:
    """Return the grade of each value, NaN for NaN; exactly at an edge the grade `at_edge`."""
    edges, grades = scale
    place = np.searchsorted(edges, values, side="right" if at_edge == "upper" else "left")
    return np.where(np.isnan(values), np.nan, np.array(grades)[place])


def _mean(parts: Sequence[Floats]) -> Floats:
    """Return the mean of the parts that are not NaN, added in their order; NaN where none is."""
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    total, known = np.zeros(shape), np.zeros(shape)
    for part in parts:
        there = ~np.isnan(part)
        total += np.where(there, part, 0.0)
        known += there
    mean = np.full(shape, np.nan)
    np.divide(total, known, out=mean, where=known > 0)
    return mean
