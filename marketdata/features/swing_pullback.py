"""How deep the latest swing has been taken back; the bar that ends it is in `trigger_bar.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.windows import keep


@dataclass(frozen=True, slots=True)
class PullbackDepth(CompiledFeature):
    """The pullback from the latest extreme, as a fraction of the swing that led to it.

    For `up_depth` the extreme is the highest high of the last `lookback` bars, the latest of
    equals; the swing is its distance from the lowest low of the `lookback` bars that end with it,
    the pullback its distance from the lowest low of the bars after it: 0 where it is this bar,
    above 1 where the whole swing is undone. `down_depth` is the mirror image. NaN where the swing
    is 0.
    """

    lookback: int = 20

    outputs = ("up_depth", "down_depth")

    def __post_init__(self) -> None:
        at_least("lookback", self.lookback, 2)

    @property
    def warm_up(self) -> int:
        return 2 * self.lookback - 2

    @property
    def memory(self) -> int:
        return 2 * (2 * self.lookback - 1) + 1

    @property
    def parameters(self) -> Parameters:
        return (self.lookback,)

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float]:
        lookback = int(parameters[0])
        size = 2 * lookback - 1
        highs, lows = memory[1 : 1 + size], memory[1 + size :]
        count = memory[0]
        keep(highs, count, bar.high)
        now = keep(lows, count, -bar.low)
        memory[0] += 1.0
        if memory[0] < size:
            return nan, nan
        up = _depth(highs, lows, now, lookback)
        return up, _depth(lows, highs, now, lookback)


def _depth(tops: Floats, bottoms: Floats, now: int, lookback: int) -> float:
    """Return the depth from the highest of `tops`; `bottoms` are negated prices, so also highs."""
    age = 0
    for k in range(1, lookback):
        if tops[now - k] > tops[now - age]:
            age = k
    top = tops[now - age]
    deepest = -top
    for k in range(age):
        deepest = max(deepest, bottoms[now - k])
    start = -inf
    for k in range(age, age + lookback):
        start = max(start, bottoms[now - k])
    return (top + deepest) / (top + start) if top + start > 0.0 else nan
