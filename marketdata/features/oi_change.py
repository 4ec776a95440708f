"""How open interest has changed; what is written in the chain as a whole is in `options`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep


@dataclass(frozen=True, slots=True)
class OIChange(CompiledFeature):
    """Open interest against that of `bars` bars ago and of the last session's end, fractions.

    0.05 is five per cent more. Bars are counted across sessions. NaN where either is 0, so always
    for what has none; `today` is NaN in the first session seen.
    """

    bars: int = 5

    outputs = ("change", "today")

    def __post_init__(self) -> None:
        at_least("bars", self.bars, 1)

    @property
    def warm_up(self) -> int:
        return self.bars

    @property
    def memory(self) -> int:
        return 5 + self.bars

    @property
    def parameters(self) -> Parameters:
        return (self.bars,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float]:
        bars, count = int(parameters[0]), memory[0]
        if count > 0.0 and memory[1] != bar.session:
            memory[2] = memory[3]
        memory[1], memory[3] = bar.session, bar.oi
        kept = memory[4:]
        now = keep(kept, count, bar.oi)
        memory[0] += 1.0
        before = kept[now - bars] if count >= bars else 0.0
        return _grown(bar.oi, before), _grown(bar.oi, memory[2])


def _grown(now: float, before: float) -> float:
    return now / before - 1.0 if now > 0.0 and before > 0.0 else nan
