"""Exponential moving average of the close; the adaptive one stands in `kama.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least


@dataclass(frozen=True, slots=True)
class EMA(CompiledFeature):
    """The average of closes with weight 2/(period+1) on the newest; begins as their plain mean."""

    period: int

    outputs = ("ema",)

    def __post_init__(self) -> None:
        at_least("period", self.period, 1)

    @property
    def warm_up(self) -> int:
        return self.period - 1

    @property
    def memory(self) -> int:
        return 2

    @property
    def parameters(self) -> Parameters:
        return (self.period,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        (period,) = parameters
        memory[0] += 1.0
        if memory[0] > period:
            memory[1] += (bar.close - memory[1]) * (2.0 / (period + 1.0))
            return (memory[1],)
        memory[1] += bar.close
        if memory[0] < period:
            return (nan,)
        memory[1] /= period
        return (memory[1],)
