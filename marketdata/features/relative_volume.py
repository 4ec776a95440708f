"""Volume against its own recent mean; the session's volumes stand in `session_context.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep, mean_of


@dataclass(frozen=True, slots=True)
class RelativeVolume(CompiledFeature):
    """The bar's volume over the mean volume of the bars before it; NaN where that mean is 0."""

    period: int = 20

    outputs = ("relative_volume",)

    def __post_init__(self) -> None:
        at_least("period", self.period, 1)

    @property
    def warm_up(self) -> int:
        return self.period

    @property
    def memory(self) -> int:
        return 1 + self.period

    @property
    def parameters(self) -> Parameters:
        return (self.period,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float]:
        (period,) = parameters
        volumes = memory[1:]
        before = mean_of(volumes) if memory[0] >= period else 0.0
        keep(volumes, memory[0], bar.volume)
        memory[0] += 1.0
        return (bar.volume / before if before > 0.0 else nan,)
