"""How steady the average true range is; the range itself stands in `atr.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan, sqrt

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.wilder import AVERAGE_MEMORY, average_true_range
from marketdata.features.windows import keep, mean_of, squares_about


@dataclass(frozen=True, slots=True)
class ATRVariation(CompiledFeature):
    """Population sigma over mean of the last `bars` average true ranges; NaN where that is 0."""

    period: int = 14
    bars: int = 20

    outputs = ("variation",)

    def __post_init__(self) -> None:
        at_least("period", self.period, 1)
        at_least("bars", self.bars, 2)

    @property
    def warm_up(self) -> int:
        return self.period + self.bars - 1

    @property
    def memory(self) -> int:
        return AVERAGE_MEMORY + 1 + self.bars

    @property
    def parameters(self) -> Parameters:
        return self.period, self.bars

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        period, bars = parameters
        ranges = memory[AVERAGE_MEMORY + 1 :]
        atr = average_true_range(memory, bar, period)
        if isnan(atr):
            return (nan,)
        keep(ranges, memory[AVERAGE_MEMORY], atr)
        memory[AVERAGE_MEMORY] += 1.0
        if memory[AVERAGE_MEMORY] < bars:
            return (nan,)
        mean = mean_of(ranges)
        return (sqrt(squares_about(ranges, mean) / bars) / mean if mean > 0.0 else nan,)
