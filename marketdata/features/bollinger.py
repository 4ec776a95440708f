"""Bollinger bands about a plain mean; volume-weighted bands stand in `vwap.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep, moments_of


@dataclass(frozen=True, slots=True)
class Bollinger(CompiledFeature):
    """The mean of the last closes and the lines `deviations` population sigmas from it."""

    period: int = 20
    deviations: float = 2.0

    outputs = ("upper", "middle", "lower")

    def __post_init__(self) -> None:
        at_least("period", self.period, 2)
        at_least("deviations", self.deviations, 0.0)

    @property
    def warm_up(self) -> int:
        return self.period - 1

    @property
    def memory(self) -> int:
        return 1 + self.period

    @property
    def parameters(self) -> Parameters:
        return self.period, self.deviations

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float, float]:
        period, deviations = parameters
        closes = memory[1:]
        keep(closes, memory[0], bar.close)
        memory[0] += 1.0
        if memory[0] < period:
            return nan, nan, nan
        middle, squares = moments_of(closes)
        width = deviations * sqrt(squares / period)
        return middle + width, middle, middle - width
