"""Kaufman's adaptive moving average; the plain exponential one stands in `ema.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep


@dataclass(frozen=True, slots=True)
class KAMA(CompiledFeature):
    """An average of closes as quick as the `fast` EMA in a trend, as the `slow` one in noise.

    Speed goes by the share of the last `period` changes that led somewhere; where nothing has
    changed that share counts as 1.
    """

    period: int = 10
    fast: int = 2
    slow: int = 30

    outputs = ("kama",)

    def __post_init__(self) -> None:
        at_least("period", self.period, 1)
        at_least("fast", self.fast, 1)
        at_least("slow", self.slow, self.fast)

    @property
    def warm_up(self) -> int:
        return self.period

    @property
    def memory(self) -> int:
        return 3 + self.period

    @property
    def parameters(self) -> Parameters:
        return self.period, self.fast, self.slow

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        period, count = int(parameters[0]), memory[0]
        closes = memory[2:]
        now = keep(closes, count, bar.close)
        memory[0] += 1.0
        if count < period:
            memory[1] = bar.close
            return (nan,)
        path = 0.0
        for k in range(period):
            path += abs(closes[now - k] - closes[now - k - 1])
        way = abs(bar.close - closes[now - period])
        efficiency = min(way / path, 1.0) if path > 0.0 else 1.0
        fast, slow = 2.0 / (parameters[1] + 1.0), 2.0 / (parameters[2] + 1.0)
        speed = efficiency * (fast - slow) + slow
        memory[1] += (bar.close - memory[1]) * (speed * speed)
        return (memory[1],)
