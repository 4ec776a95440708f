"""The opening range breakout: its rules, its filters and their ranges.

The range itself, and counting closes beyond it, is a feature: `session_range.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from marketdata.bars import Flags, Floats
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.ema import EMA
from marketdata.features.relative_volume import RelativeVolume
from marketdata.features.session_context import SessionContext
from marketdata.features.session_range import SessionRange
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import IV_RANK
from strategies.levels import Reward, Sides, direction, entries
from strategies.parameters import check_order, check_range, check_speech
from strategies.signals import Signals


@dataclass(frozen=True, slots=True)
class OpeningRange(Strategy):
    """Follow a confirmed break of the session's opening range; once a side a day.

    An entry comes exactly on the bar that is the `confirmations`-th in a row to close beyond the
    range by more than `breakout_threshold` of its width; a close back inside starts the count
    again. A filter set to 0 is off; a filter whose value is unknown (NaN) refuses. Minutes count
    from the session's open. `stop_fraction`: 1 puts the stop at the opposite edge, 0.5 in the
    middle; `stop_atr` puts it that many ATR from the entry instead. `min_range_width`,
    `max_range_width`: fractions of the close. `max_iv_rank`: of the underlying's volatility, 0 to
    100; what has no options, and a history of bars, has none.
    """

    name = "opening_range"
    timeframe = Timeframe.MINUTE

    range_minutes: int = 15
    range_coverage: float = 0.95
    confirmations: int = 3
    breakout_threshold: float = 0.005
    stop_fraction: float = 1.0
    stop_atr: float = 0.0
    atr_period: int = 14
    first_target_r: float = 1.2
    reward_to_risk: float = 1.8
    min_volume_ratio: float = 1.5
    volume_bars: int = 20
    max_opening_gap: float = 0.02
    skip_minutes: int = 5
    latest_minute: int = 370
    min_range_width: float = 0.0
    max_range_width: float = 0.0
    ema_period: int = 0
    max_iv_rank: float = 0.0
    confidence: float = 0.75
    once_a_side_a_day: bool = True
    gap_minutes: int = 0
    valid_minutes: int = 10
    max_positions: int = 2

    def __post_init__(self) -> None:
        check_speech(self)
        check_range(self, 1, 375, "range_minutes")
        check_range(self, 0.01, 1, "range_coverage", "stop_fraction")
        check_range(self, 1, 60, "confirmations")
        check_range(self, 0, 10, "breakout_threshold")
        check_range(self, 0, inf, "min_volume_ratio")
        check_range(self, 0, 100, "stop_atr")
        check_range(self, 1, 500, "volume_bars", "atr_period")
        check_range(self, 0, 1, "max_opening_gap", "min_range_width", "max_range_width")
        check_range(self, 0, 1440, "skip_minutes", "latest_minute")
        check_range(self, 0, 1000, "ema_period")
        check_range(self, 0, 100, "max_iv_rank")
        check_range(self, 0, 1, "confidence")
        check_range(self, 0.01, 100, "first_target_r", "reward_to_risk")
        check_order(self, "first_target_r", "reward_to_risk")
        if self.max_range_width:
            check_order(self, "min_range_width", "max_range_width")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule its parameters tell."""
        return Repeat(self.once_a_side_a_day, self.gap_minutes)

    @property
    def context(self) -> tuple[str, ...]:
        """Return the rank of volatility, where it is asked."""
        return (IV_RANK,) if self.max_iv_rank else ()

    def features(self) -> dict[str, Feature]:
        """Return the range, the day's context, relative volume and, if wanted, EMA and ATR."""
        wanted: dict[str, Feature] = {
            "range": SessionRange(self.range_minutes, self.breakout_threshold, self.range_coverage),
            "day": SessionContext(),
            "volume": RelativeVolume(self.volume_bars),
        }
        if self.ema_period:
            wanted["ema"] = EMA(self.ema_period)
        if self.stop_atr:
            wanted["atr"] = ATR(self.atr_period)
        return wanted

    def signals(self, frame: Frame) -> Signals:
        """Return the entries of each row at the close: shape `(N,)` live, `(T, N)` in batch."""
        beyond = frame["range"]
        up = beyond["closes_above"] == self.confirmations
        down = beyond["closes_below"] == self.confirmations
        if self.ema_period:
            up &= frame.close > frame["ema"].main
            down &= frame.close < frame["ema"].main
        allowed = self._may_enter(frame)
        side = direction(up & allowed, down & allowed)
        reward = Reward(self.first_target_r, self.reward_to_risk, self.confidence)
        return entries(side, frame.close, self._stop(frame, side), reward)

    def _stop(self, frame: Frame, side: Sides) -> Floats:
        if self.stop_atr:
            return frame.close - side * (self.stop_atr * frame["atr"].main)
        high, low = frame["range"]["high"], frame["range"]["low"]
        if self.stop_fraction == 1.0:
            return np.where(side > 0, low, high)
        cut = (1.0 - self.stop_fraction) * (high - low)
        return np.where(side > 0, low + cut, high - cut)

    def _may_enter(self, frame: Frame) -> Flags:
        minute = frame.minute
        allowed = np.broadcast_to(
            (minute >= self.skip_minutes) & (minute < self.latest_minute), frame.close.shape
        )
        if self.min_range_width:
            allowed = allowed & (_width(frame) >= self.min_range_width * frame.close)
        if self.max_range_width:
            allowed = allowed & (_width(frame) <= self.max_range_width * frame.close)
        if self.min_volume_ratio:
            allowed = allowed & (frame["volume"].main >= self.min_volume_ratio)
        if self.max_opening_gap:
            allowed = allowed & (np.abs(frame["day"]["gap"]) <= self.max_opening_gap)
        if self.max_iv_rank:
            allowed = allowed & (frame.beside(IV_RANK) <= self.max_iv_rank)
        return allowed


def _width(frame: Frame) -> Floats:
    return frame["range"]["high"] - frame["range"]["low"]
