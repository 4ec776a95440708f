"""The price levels a trend pullback is entered at; how deep it went is in `swing_pullback.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters


@dataclass(frozen=True, slots=True)
class TriggerBar(CompiledFeature):
    """The edge of the previous bar where that bar turned against a pullback, else NaN.

    `up_level` is the previous bar's high if it closed above its open and the bar before it had
    made a lower low than its predecessor; `down_level` is its low if it closed below its open and
    the bar before it had made a higher high. Bars are counted across sessions.
    """

    outputs = ("up_level", "down_level")

    @property
    def warm_up(self) -> int:
        return 3

    @property
    def memory(self) -> int:
        return 9

    @property
    def parameters(self) -> Parameters:
        return ()

    @staticmethod
    def body(memory: Floats, bar: Bar, _parameters: Parameters) -> tuple[float, float]:
        count, opened, closed = memory[0], memory[1], memory[2]
        lows, highs = memory[3:6], memory[6:9]
        up = down = nan
        if count >= 3.0:
            if closed > opened and lows[1] < lows[0]:
                up = highs[2]
            if closed < opened and highs[1] > highs[0]:
                down = lows[2]
        for k in range(2):
            lows[k], highs[k] = lows[k + 1], highs[k + 1]
        lows[2], highs[2] = bar.low, bar.high
        memory[0], memory[1], memory[2] = count + 1.0, bar.open, bar.close
        return up, down
