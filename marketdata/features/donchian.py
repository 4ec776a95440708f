"""Donchian channel; a single edge of it stands in `swings.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import edges_of, keep


@dataclass(frozen=True, slots=True)
class Donchian(CompiledFeature):
    """The highest high and lowest low of the last bars, this one included."""

    period: int = 20

    outputs = ("upper", "lower")

    def __post_init__(self) -> None:
        at_least("period", self.period, 1)

    @property
    def warm_up(self) -> int:
        return self.period - 1

    @property
    def memory(self) -> int:
        return 1 + 2 * self.period

    @property
    def parameters(self) -> Parameters:
        return (self.period,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float]:
        period = int(parameters[0])
        highs, lows = memory[1 : 1 + period], memory[1 + period :]
        keep(highs, memory[0], bar.high)
        keep(lows, memory[0], bar.low)
        memory[0] += 1.0
        if memory[0] < period:
            return nan, nan
        return edges_of(highs, lows)
