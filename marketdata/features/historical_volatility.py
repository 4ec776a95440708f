"""Volatility of the returns that were; the one options imply lives outside the features."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, nan, sqrt

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep, moments_of


@dataclass(frozen=True, slots=True)
class HistoricalVolatility(CompiledFeature):
    """Sample sigma of the last log returns of closes, a fraction a year.

    `bars_per_year` is the number of bars of the feature's own timeframe in a year of trading. The
    step from one session to the next is a return like any other.
    """

    bars_per_year: float
    period: int = 20

    outputs = ("volatility",)

    def __post_init__(self) -> None:
        at_least("period", self.period, 2)
        at_least("bars_per_year", self.bars_per_year, 1.0)

    @property
    def warm_up(self) -> int:
        return self.period

    @property
    def memory(self) -> int:
        return 2 + self.period

    @property
    def parameters(self) -> Parameters:
        return self.period, self.bars_per_year

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        period, bars_per_year = parameters
        count, previous_close, returns = memory[0], memory[1], memory[2:]
        memory[0], memory[1] = count + 1.0, bar.close
        if count == 0.0:
            return (nan,)
        keep(returns, count - 1.0, log(bar.close / previous_close))
        if count < period:
            return (nan,)
        _, squares = moments_of(returns)
        return (sqrt(squares / (period - 1.0) * bars_per_year),)
