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
        if memory[0] == 0.0 or change > 0.0:
            memory[2] += bar.volume
        elif change < 0.0:
            memory[2] -= bar.volume
        memory[0], memory[1] = 1.0, bar.close
        return (memory[2],)
