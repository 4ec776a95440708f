"""How far the session has gone, as a number; when it opens and closes is the calendar's."""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters


@dataclass(frozen=True, slots=True)
class TimeOfDay(CompiledFeature):
    """The minutes from the session's open to the bar's end, exact to the second."""

    outputs = ("minutes",)

    @property
    def warm_up(self) -> int:
        return 0

    @property
    def memory(self) -> int:
        return 0

    @property
    def parameters(self) -> Parameters:
        return ()

    @staticmethod
    def body(_memory: Floats, bar: Bar, _parameters: Parameters) -> tuple[float]:
        return (bar.minute + (bar.start % 60 + bar.seconds) / 60.0,)
