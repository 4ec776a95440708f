"""The bar's range against those before it; true ranges are averaged in `atr.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep, mean_of


@dataclass(frozen=True, slots=True)
class RangeExpansion(CompiledFeature):
    """High less low over the mean of the same in the `bars` before; NaN where that mean is 0."""

    bars: int = 20

    outputs = ("expansion",)

    def __post_init__(self) -> None:
        at_least("bars", self.bars, 1)

    @property
    def warm_up(self) -> int:
        return self.bars

    @property
    def memory(self) -> int:
        return 1 + self.bars

    @property
    def parameters(self) -> Parameters:
        return (self.bars,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        (bars,) = parameters
        ranges = memory[1:]
        before = mean_of(ranges) if memory[0] >= bars else 0.0
        keep(ranges, memory[0], bar.high - bar.low)
        memory[0] += 1.0
        return ((bar.high - bar.low) / before if before > 0.0 else nan,)
