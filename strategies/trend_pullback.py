"""The trend pullback: its rules, its filters and their ranges.

Trend strength, the depth of a pullback and the bar to break are features.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from marketdata.bars import Flags, Floats
from marketdata.features.adx import ADX
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.ema import EMA
from marketdata.features.session_context import SessionContext
from marketdata.features.swing_pullback import PullbackDepth
from marketdata.features.swings import RollingHigh, RollingLow
from marketdata.features.trigger_bar import TriggerBar
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.levels import Reward, Sides, direction, entries
from strategies.parameters import check_choice, check_order, check_range, check_speech
from strategies.signals import Signals

STOP_AT_ATR = "atr"
STOP_AT_SWING = "swing"


@dataclass(frozen=True, slots=True)
class TrendPullback(Strategy):
    """Buy the end of a dip in an uptrend, sell the end of a rally in a downtrend.

    Up: the fast average stands above the slow one by more than `separation`, and a bar that
    touched the zone of `zone_atr` ATR around the fast average closes above the trigger bar. To
    touch it, the bar's low is at or below the zone's top while its close is at or above the
    zone's bottom. Down is the mirror image.

    `stop_mode`: `atr` puts the stop `stop_atr` ATR from the entry; `swing` at the lower of the
    lowest low of `swing_bars` bars and the slow average less `swing_atr` ATR. A filter
    set to 0 (`zone_atr`, `min_adx`, `max_pullback`, `max_risk_atr`, `min_price`, `min_volume`)
    is off; one whose value is unknown (NaN) refuses. `min_volume`: units of the previous session
    or of today, whichever is more; not asked where neither is known or both are 0 (an index).
    """

    name = "trend_pullback"
    timeframe = Timeframe.MINUTES_5

    fast_period: int = 34
    slow_period: int = 89
    separation: float = 0.002
    zone_atr: float = 0.5
    atr_period: int = 14
    adx_period: int = 14
    min_adx: float = 25.0
    min_pullback: float = 0.30
    max_pullback: float = 0.70
    pullback_bars: int = 20
    stop_mode: str = STOP_AT_ATR
    stop_atr: float = 1.5
    swing_bars: int = 10
    swing_atr: float = 1.0
    max_risk_atr: float = 3.0
    first_target_r: float = 1.5
    reward_to_risk: float = 2.5
    min_price: float = 100.0
    min_volume: float = 1_000_000.0
    confidence: float = 0.70
    once_a_side_a_day: bool = False
    gap_minutes: int = 15
    valid_minutes: int = 10
    max_positions: int = 2

    def __post_init__(self) -> None:
        check_speech(self)
        check_range(self, 1, 1000, "fast_period", "slow_period", "atr_period")
        check_range(self, 2, 1000, "adx_period")
        check_order(self, "fast_period", "slow_period")
        check_range(self, 0, 0.5, "separation")
        check_range(self, 0, 100, "zone_atr", "min_adx", "swing_atr", "max_risk_atr")
        check_range(self, 0, 1, "min_pullback", "max_pullback", "confidence")
        if self.max_pullback:
            check_order(self, "min_pullback", "max_pullback")
        check_range(self, 2, 500, "pullback_bars")
        check_range(self, 1, 500, "swing_bars")
        check_choice(self, "stop_mode", (STOP_AT_ATR, STOP_AT_SWING))
        check_range(self, 0.01, 100, "stop_atr", "first_target_r", "reward_to_risk")
        check_order(self, "first_target_r", "reward_to_risk")
        check_range(self, 0, inf, "min_price", "min_volume")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule its parameters tell."""
        return Repeat(self.once_a_side_a_day, self.gap_minutes)

    def features(self) -> dict[str, Feature]:
        """Return the averages, range and strength, the pullback and its trigger, the day."""
        return {
            "fast": EMA(self.fast_period),
            "slow": EMA(self.slow_period),
            "atr": ATR(self.atr_period),
            "adx": ADX(self.adx_period),
            "pullback": PullbackDepth(self.pullback_bars),
            "trigger": TriggerBar(),
            "swing_high": RollingHigh(self.swing_bars),
            "swing_low": RollingLow(self.swing_bars),
            "day": SessionContext(),
        }

    def signals(self, frame: Frame) -> Signals:
        """Return the entries of each row at the close: shape `(N,)` live, `(T, N)` in batch."""
        fast, slow = frame["fast"].main, frame["slow"].main
        up = (fast > slow * (1.0 + self.separation)) & self._broke_up(frame)
        down = (fast < slow * (1.0 - self.separation)) & self._broke_down(frame)
        allowed = self._may_enter(frame)
        side = direction(up & allowed, down & allowed)
        stop = self._stop(frame, side)
        near = self._near(frame, np.abs(frame.close - stop))
        reward = Reward(self.first_target_r, self.reward_to_risk, self.confidence)
        return entries(np.where(near, side, 0).astype(np.int8), frame.close, stop, reward)

    def _broke_up(self, frame: Frame) -> Flags:
        broke = frame.close > frame["trigger"]["up_level"]
        if self.zone_atr:
            half, fast = self.zone_atr * frame["atr"].main, frame["fast"].main
            broke &= (frame.low <= fast + half) & (frame.close >= fast - half)
        return broke & self._is_deep(frame["pullback"]["up_depth"])

    def _broke_down(self, frame: Frame) -> Flags:
        broke = frame.close < frame["trigger"]["down_level"]
        if self.zone_atr:
            half, fast = self.zone_atr * frame["atr"].main, frame["fast"].main
            broke &= (frame.high >= fast - half) & (frame.close <= fast + half)
        return broke & self._is_deep(frame["pullback"]["down_depth"])

    def _is_deep(self, depth: Floats) -> Flags:
        if not self.max_pullback:
            return np.full(depth.shape, True)
        return (depth >= self.min_pullback) & (depth <= self.max_pullback)

    def _may_enter(self, frame: Frame) -> Flags:
        allowed = np.full(frame.close.shape, True)
        if self.min_adx:
            allowed &= frame["adx"]["adx"] >= self.min_adx
        if self.min_price:
            allowed &= frame.close >= self.min_price
        if self.min_volume:
            day = frame["day"]
            most = np.fmax(day["previous_volume"], day["volume_today"])
            allowed &= ~(most > 0) | (most >= self.min_volume)
        return allowed

    def _stop(self, frame: Frame, side: Sides) -> Floats:
        atr = frame["atr"].main
        if self.stop_mode == STOP_AT_ATR:
            return frame.close - side * (self.stop_atr * atr)
        slow, far = frame["slow"].main, self.swing_atr * atr
        below = np.minimum(frame["swing_low"].main, slow - far)
        above = np.maximum(frame["swing_high"].main, slow + far)
        return np.where(side > 0, below, above)

    def _near(self, frame: Frame, risk: Floats) -> Flags:
        if not self.max_risk_atr:
            return np.full(risk.shape, True)
        return risk <= self.max_risk_atr * frame["atr"].main
