"""The breakout with a retest: its rules, its filters and their ranges.

The level, its break and its test are one feature: `marketdata/features/retest.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from marketdata.bars import Flags
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.retest import RetestedBreak
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.filters import in_hours, not_below
from strategies.levels import Reward, entries
from strategies.parameters import check_order, check_range, check_speech
from strategies.signals import Signals


@dataclass(frozen=True, slots=True)
class BreakoutRetest(Strategy):
    """Follow a break once the broken level has been tested and has held.

    Long: `confirmations` bars in a row close above the highest high of the `level_bars` before
    them, one of the next `retest_bars` comes back to within `tolerance_atr` average true ranges
    of that level, and it or a later one closes above the level and above the bar before. Short
    is the mirror image. The stop stands `stop_atr` average true ranges behind the level.
    `min_volume_ratio`: of the first breaking bar. A filter set to 0 (`min_volume_ratio`,
    `max_risk_atr`) is off; one whose value is unknown (NaN) refuses. Minutes count from the
    session's open.
    """

    name = "breakout_retest"
    timeframe = Timeframe.MINUTES_5

    level_bars: int = 20
    confirmations: int = 2
    retest_bars: int = 12
    tolerance_atr: float = 0.25
    atr_period: int = 14
    min_volume_ratio: float = 1.5
    stop_atr: float = 1.5
    max_risk_atr: float = 3.0
    first_target_r: float = 1.0
    reward_to_risk: float = 2.0
    skip_minutes: int = 15
    latest_minute: int = 330
    confidence: float = 0.70
    once_a_side_a_day: bool = False
    gap_minutes: int = 30
    valid_minutes: int = 10
    max_positions: int = 2

    def __post_init__(self) -> None:
        check_speech(self)
        check_range(self, 2, 500, "level_bars")
        check_range(self, 1, 60, "confirmations", "retest_bars")
        check_range(self, 0, 10, "tolerance_atr")
        check_range(self, 1, 1000, "atr_period")
        check_range(self, 0, inf, "min_volume_ratio")
        check_range(self, 0, 100, "max_risk_atr")
        check_range(self, 0.01, 100, "stop_atr", "first_target_r", "reward_to_risk")
        check_order(self, "first_target_r", "reward_to_risk")
        check_range(self, 0, 1440, "skip_minutes", "latest_minute")
        check_range(self, 0, 1, "confidence")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule its parameters tell."""
        return Repeat(self.once_a_side_a_day, self.gap_minutes)

    def features(self) -> dict[str, Feature]:
        """Return the tested break and the range its stop is measured by."""
        tested = RetestedBreak(
            bars=self.level_bars,
            confirmations=self.confirmations,
            retest_bars=self.retest_bars,
            tolerance=self.tolerance_atr,
            atr_period=self.atr_period,
        )
        return {"retest": tested, "atr": ATR(self.atr_period)}

    def signals(self, frame: Frame) -> Signals:
        """Return the entries of each row at the close: shape `(N,)` live, `(T, N)` in batch."""
        tested, atr = frame["retest"], frame["atr"].main
        way = np.nan_to_num(tested["side"])
        stop = tested["level"] - way * (self.stop_atr * atr)
        allowed = self._may_enter(frame)
        if self.max_risk_atr:
            allowed &= np.abs(frame.close - stop) <= self.max_risk_atr * atr
        side = np.where(allowed, way, 0.0).astype(np.int8)
        reward = Reward(self.first_target_r, self.reward_to_risk, self.confidence)
        return entries(side, frame.close, stop, reward)

    def _may_enter(self, frame: Frame) -> Flags:
        allowed = in_hours(frame, self.skip_minutes, self.latest_minute)
        return allowed & not_below(frame["retest"]["volume_ratio"], self.min_volume_ratio)
