"""A level broken, come back to and left again; the levels alone are in `support_resistance.py`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan
from typing import NamedTuple

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar, CompiledFeature, Parameters
from marketdata.features.parameters import at_least
from marketdata.features.wilder import AVERAGE_MEMORY, average_true_range
from marketdata.features.windows import highest_of, keep, mean_of

_WATCH = 5
_UP = AVERAGE_MEMORY + 2
_DOWN = _UP + _WATCH
_RINGS = _DOWN + _WATCH


@dataclass(frozen=True, slots=True)
class RetestedBreak(CompiledFeature):
    """The bar on which a broken level has been tested and has held: 1 above it, -1 below, else 0.

    Up, in this order: `confirmations` bars in a row close above the highest high of the `bars`
    before the first of them, the level; one of the next `retest_bars` comes down to within
    `tolerance` average true ranges of the level; it, or one of those after it, closes above the
    level and above the high of the bar before it. A close below the level by more than the
    tolerance ends the attempt, as does the last of the `retest_bars`. Down is the mirror image.

    `level` is the tested level and `volume_ratio` the first breaking bar's volume over the mean
    of the `bars` before it, NaN where that is 0; both are NaN but on the bar of a `side`. Levels
    reach into earlier sessions, attempts do not. Bars without a trade make and end no attempt.
    """

    bars: int = 20
    confirmations: int = 2
    retest_bars: int = 12
    tolerance: float = 0.25
    atr_period: int = 14

    outputs = ("side", "level", "volume_ratio")

    def __post_init__(self) -> None:
        at_least("bars", self.bars, 2)
        at_least("confirmations", self.confirmations, 1)
        at_least("retest_bars", self.retest_bars, 1)
        at_least("tolerance", self.tolerance, 0.0)
        at_least("atr_period", self.atr_period, 1)

    @property
    def warm_up(self) -> int:
        return max(self.bars, self.atr_period)

    @property
    def memory(self) -> int:
        return _RINGS + 3 * self.bars

    @property
    def parameters(self) -> Parameters:
        return self.bars, self.confirmations, self.retest_bars, self.tolerance, self.atr_period

    @staticmethod
    def body(memory: Floats, bar: Bar, parameters: Parameters) -> tuple[float, float, float]:
        bars, confirmations, patience, tolerance, period = parameters
        atr = average_true_range(memory, bar, period)
        if memory[AVERAGE_MEMORY + 1] != bar.session:
            memory[AVERAGE_MEMORY + 1] = bar.session
            memory[_UP:_RINGS] = 0.0
        count, size = memory[AVERAGE_MEMORY], int(bars)
        highs = memory[_RINGS : _RINGS + size]
        lows = memory[_RINGS + size : _RINGS + 2 * size]
        volumes = memory[_RINGS + 2 * size :]
        side = level = ratio = nan
        if count >= bars and not isnan(atr):
            side = 0.0
            if not bar.gap:
                usual, last = mean_of(volumes), int(count - 1.0) % size
                volume = bar.volume / usual if usual > 0.0 else nan
                rules = (confirmations, patience, tolerance * atr)
                up = _Seen(bar.close, bar.low, highs[last], highest_of(highs), volume)
                down = _Seen(-bar.close, -bar.high, lows[last], highest_of(lows), volume)
                if _watched(memory[_UP:_DOWN], up, rules):
                    side, level, ratio = 1.0, memory[_UP], memory[_UP + 4]
                if _watched(memory[_DOWN:_RINGS], down, rules):
                    side, level, ratio = -1.0, -memory[_DOWN], memory[_DOWN + 4]
        keep(highs, count, bar.high)
        keep(lows, count, -bar.low)
        keep(volumes, count, bar.volume)
        memory[AVERAGE_MEMORY] += 1.0
        return side, level, ratio


class _Seen(NamedTuple):
    """A bar looked at upwards; for a break downwards every price is negated."""

    close: float
    near: float
    previous: float
    level: float
    volume: float


def _watched(memory: Floats, bar: _Seen, rules: tuple[float, float, float]) -> bool:
    """Take a bar into one side's attempt: level, closes beyond, bars waited, touched, volume."""
    confirmations, patience, slack = rules
    if memory[1] == 0.0:
        if bar.close > bar.level:
            memory[0], memory[1], memory[2] = bar.level, 1.0, 0.0
            memory[3], memory[4] = 0.0, bar.volume
        return False
    if memory[1] < confirmations:
        memory[1] = memory[1] + 1.0 if bar.close > memory[0] else 0.0
        return False
    memory[2] += 1.0
    if bar.near <= memory[0] + slack:
        memory[3] = 1.0
    held = memory[3] == 1.0 and bar.close > memory[0] and bar.close > bar.previous
    if held or bar.close < memory[0] - slack or memory[2] >= patience:
        memory[1] = 0.0
    return held
