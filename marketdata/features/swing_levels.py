"""The latest turning points of the price; edges of a fixed number of bars stand in `swings.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep


@dataclass(frozen=True, slots=True)
class SwingLevels(CompiledFeature):
    """The latest swing high and swing low, each known only `strength` bars after it was made.

    A swing high is a high above those of the `strength` bars before it and not below those of
    the `strength` bars after it, so of equal ones the first; a swing low is the mirror image.
    Bars are counted across sessions. NaN until the first one is known.
    """

    strength: int = 3

    outputs = ("swing_high", "swing_low")

    def __post_init__(self) -> None:
        at_least("strength", self.strength, 1)

    @property
    def warm_up(self) -> int:
        """Return the least it can take; how long it does take lies in the prices."""
        return 2 * self.strength

    @property
    def memory(self) -> int:
        return 3 + 2 * (2 * self.strength + 1)

    @property
    def parameters(self) -> Parameters:
        return (self.strength,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float]:
        strength = int(parameters[0])
        size = 2 * strength + 1
        highs, lows = memory[3 : 3 + size], memory[3 + size :]
        if memory[0] == 0.0:
            memory[1] = memory[2] = nan
        keep(highs, memory[0], bar.high)
        now = keep(lows, memory[0], -bar.low)
        memory[0] += 1.0
        if memory[0] >= size:
            if _turned(highs, now, strength):
                memory[1] = highs[now - strength]
            if _turned(lows, now, strength):
                memory[2] = -lows[now - strength]
        return memory[1], memory[2]


def _turned(tops: Floats, now: int, strength: int) -> bool:
    """Say whether the value kept `strength` before the one at `now` is a swing high."""
    top = tops[now - strength]
    turned = True
    for k in range(strength):
        turned &= tops[now - k] <= top
        turned &= tops[now - strength - 1 - k] < top
    return turned
