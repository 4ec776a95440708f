"""Average directional index and its two sides; plain ranges stand in `atr.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.wilder import true_range


@dataclass(frozen=True, slots=True)
class ADX(CompiledFeature):
    """Wilder's strength of a trend and the shares of upward and downward movement, 0 to 100.

    The sides are finite `period` bars after the first, the index itself after twice as many less
    one. Where no range has been traded the sides are 0 and the index keeps its value.
    """

    period: int = 14

    outputs = ("adx", "plus_di", "minus_di")

    def __post_init__(self) -> None:
        at_least("period", self.period, 2)

    @property
    def warm_up(self) -> int:
        return 2 * self.period - 1

    @property
    def memory(self) -> int:
        return 9

    @property
    def parameters(self) -> Parameters:
        return (self.period,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float, float]:
        (period,) = parameters
        count = memory[0]
        up, down = bar.high - memory[1], memory[2] - bar.low
        traded = true_range(bar, memory[3])
        memory[0] += 1.0
        memory[1], memory[2], memory[3] = bar.high, bar.low, bar.close
        if count == 0.0:
            return nan, nan, nan
        if count >= period:
            for k in range(4, 7):
                memory[k] -= memory[k] / period
        memory[4] += traded
        memory[5] += up if up > 0.0 and up > down else 0.0
        memory[6] += down if down > 0.0 and down > up else 0.0
        if count < period:
            return nan, nan, nan
        plus = 100.0 * (memory[5] / memory[4]) if memory[4] > 0.0 else 0.0
        minus = 100.0 * (memory[6] / memory[4]) if memory[4] > 0.0 else 0.0
        lopsided = 100.0 * (abs(minus - plus) / (minus + plus)) if minus + plus > 0.0 else nan
        return _smoothed(memory, lopsided, count, period), plus, minus


def _smoothed(memory: Floats, value: float, count: float, period: float) -> float:
    """Keep Wilder's average of `value` in `memory[7]`, begun as a mean; NaN adds nothing."""
    if count < 2.0 * period:
        memory[7] += 0.0 if isnan(value) else value
        if count < 2.0 * period - 1.0:
            return nan
        memory[7] /= period
    elif not isnan(value):
        memory[7] = (memory[7] * (period - 1.0) + value) / period
    return float(memory[7])
