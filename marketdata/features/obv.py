"""On-balance volume; volume against its own past stands in `relative_volume.py`."""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters


@dataclass(frozen=True, slots=True)
class OBV(CompiledFeature):
    """Volume added on a higher close and taken off on a lower one, units; begins with the first."""

    outputs = ("obv",)

    @property
    def warm_up(self) -> int:
        return 0

    @property
    def memory(self) -> int:
        return 3

    @property
    def parameters(self) -> Parameters:
        return ()

    @staticmethod
    def body(memory: Floats, bar: Bar, _parameters: Parameters) -> tuple[float]:
        change = bar.close - memory[1]
        rises = (memory[0] == 0.0) | (change > 0.0)
        sign = 1.0 if rises else -1.0 if change < 0.0 else 0.0
        memory[2] += sign * bar.volume
        memory[0], memory[1] = 1.0, bar.close
        return (memory[2],)
