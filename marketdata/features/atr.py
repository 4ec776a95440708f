"""Average true range; its parts are in `wilder.py`."""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.wilder import AVERAGE_MEMORY, average_true_range


@dataclass(frozen=True, slots=True)
class ATR(CompiledFeature):
    """Wilder's average of the true range, rupees."""

    period: int = 14

    outputs = ("atr",)

    def __post_init__(self) -> None:
        at_least("period", self.period, 1)

    @property
    def warm_up(self) -> int:
        return self.period

    @property
    def memory(self) -> int:
        return AVERAGE_MEMORY

    @property
    def parameters(self) -> Parameters:
        return (self.period,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        (period,) = parameters
        return (average_true_range(memory, bar, period),)
