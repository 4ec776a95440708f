"""The edges of the bars before this one; those that include it stand in `donchian.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import edges_of, keep


@dataclass(frozen=True, slots=True)
class SupportResistance(CompiledFeature):
    """The highest high and lowest low of the `bars` before this one, so that it can break them.

    Bars are counted across sessions.
    """

    bars: int = 20

    outputs = ("resistance", "support")

    def __post_init__(self) -> None:
        at_least("bars", self.bars, 1)

    @property
    def warm_up(self) -> int:
        return self.bars

    @property
    def memory(self) -> int:
        return 1 + 2 * self.bars

    @property
    def parameters(self) -> Parameters:
        return (self.bars,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float]:
        bars = int(parameters[0])
        highs, lows = memory[1 : 1 + bars], memory[1 + bars :]
        resistance = support = nan
        if memory[0] >= bars:
            resistance, support = edges_of(highs, lows)
        keep(highs, memory[0], bar.high)
        keep(lows, memory[0], bar.low)
        memory[0] += 1.0
        return resistance, support
