"""Relative strength index; the average of ranges that smooths alike is in `wilder.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least


@dataclass(frozen=True, slots=True)
class RSI(CompiledFeature):
    """Wilder's share of gains in the closes' movement, 0 to 100; NaN while nothing has moved."""

    period: int = 14

    outputs = ("rsi",)

    def __post_init__(self) -> None:
        at_least("period", self.period, 2)

    @property
    def warm_up(self) -> int:
        return self.period

    @property
    def memory(self) -> int:
        return 4

    @property
    def parameters(self) -> Parameters:
        return (self.period,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        (period,) = parameters
        count, change = memory[0], bar.close - memory[1]
        memory[0] += 1.0
        memory[1] = bar.close
        if count == 0.0:
            return (nan,)
        kept = 1.0 if count <= period else period - 1.0
        memory[2] = memory[2] * kept + max(change, 0.0)
        memory[3] = memory[3] * kept + max(-change, 0.0)
        if count < period:
            return (nan,)
        memory[2] /= period
        memory[3] /= period
        moved = memory[2] + memory[3]
        return (100.0 * (memory[2] / moved) if moved > 0.0 else nan,)
