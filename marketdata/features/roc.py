"""Rate of change of the close; the day's own stands in `session_context.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep


@dataclass(frozen=True, slots=True)
class RateOfChange(CompiledFeature):
    """The close against the close `period` bars ago, a fraction (0.01 is one per cent)."""

    period: int = 20

    outputs = ("rate",)

    def __post_init__(self) -> None:
        at_least("period", self.period, 1)

    @property
    def warm_up(self) -> int:
        return self.period

    @property
    def memory(self) -> int:
        return 2 + self.period

    @property
    def parameters(self) -> Parameters:
        return (self.period,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        period, count = int(parameters[0]), memory[0]
        closes = memory[1:]
        now = keep(closes, count, bar.close)
        memory[0] += 1.0
        if count < period:
            return (nan,)
        before = closes[now - period]
        return ((bar.close - before) / before if before > 0.0 else nan,)
