"""Supertrend, the trailing band with a memory of its direction; true ranges in `wilder.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.wilder import AVERAGE_MEMORY, average_true_range


@dataclass(frozen=True, slots=True)
class Supertrend(CompiledFeature):
    """The band that trails the trend, and the trend's direction, 1 up or -1 down.

    Bands stand `multiplier` average true ranges from the bar's middle. The upper one only falls
    and the lower one only rises, until a close passes it; the direction turns on a close beyond
    the opposite band, not on one that touches it. It begins upward if the close is not below the
    column's first close.
    """

    period: int = 10
    multiplier: float = 3.0

    outputs = ("line", "direction")

    def __post_init__(self) -> None:
        at_least("period", self.period, 1)
        at_least("multiplier", self.multiplier, 0.0)

    @property
    def warm_up(self) -> int:
        return self.period

    @property
    def memory(self) -> int:
        return AVERAGE_MEMORY + 4

    @property
    def parameters(self) -> Parameters:
        return self.period, self.multiplier

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float]:
        period, multiplier = parameters
        bands = memory[AVERAGE_MEMORY:]
        previous_close = memory[1]
        if memory[0] == 0.0:
            bands[3] = bar.close
        atr = average_true_range(memory, bar, period)
        if isnan(atr):
            return nan, nan
        upper = (bar.high + bar.low) / 2.0 + multiplier * atr
        lower = (bar.high + bar.low) / 2.0 - multiplier * atr
        if bands[2] == 0.0:
            bands[0], bands[1] = upper, lower
            bands[2] = 1.0 if bar.close >= bands[3] else -1.0
        top, bottom, way = bands[0], bands[1], bands[2]
        top = upper if (previous_close > top) | (upper < top) else top
        bottom = lower if (previous_close < bottom) | (lower > bottom) else bottom
        turned_up = (way < 0.0) & (bar.close > top)
        turned_down = (way > 0.0) & (bar.close < bottom)
        way = 1.0 if turned_up else -1.0 if turned_down else way
        bands[0], bands[1], bands[2] = top, bottom, way
        return (bottom if way > 0.0 else top), way
