"""The return to VWAP: its rules, its filters and their ranges.

VWAP, the distance from it and the signs of exhaustion are features.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from marketdata.bars import Flags
from marketdata.features.adx import ADX
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.relative_volume import RelativeVolume
from marketdata.features.rsi import RSI
from marketdata.features.vwap import SessionVWAP
from marketdata.features.vwap_distance import VWAPDistance
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.filters import closed_back, in_hours, not_above, not_below
from strategies.levels import Targets, direction, entries_to
from strategies.parameters import check_order, check_range, check_speech
from strategies.signals import Signals


@dataclass(frozen=True, slots=True)
class VWAPReversion(Strategy):
    """Fade a move away from the session's VWAP that is exhausted; the target is VWAP.

    Long: the close lies `band_sigmas` sigmas and `min_deviation`, a fraction of VWAP, below it
    or more; the bar has closed at least `rejection` of its range above its low; RSI is at most
    `oversold`. Short is the mirror image (RSI at least 100 less `oversold`). No trade in a
    strong trend (`max_adx`), without volume, or where VWAP is nearer than `min_reward_to_risk`
    times the distance to the stop, `stop_atr` average true ranges from the close. A filter set
    to 0 is off; one whose value is unknown (NaN) refuses. Minutes count from the session's open.
    """

    name = "vwap_reversion"
    timeframe = Timeframe.MINUTES_5

    band_sigmas: float = 1.5
    min_deviation: float = 0.005
    rejection: float = 0.5
    rsi_period: int = 14
    oversold: float = 35.0
    adx_period: int = 14
    max_adx: float = 30.0
    min_volume_ratio: float = 1.2
    volume_bars: int = 20
    atr_period: int = 14
    stop_atr: float = 2.0
    first_target_r: float = 1.0
    min_reward_to_risk: float = 1.5
    skip_minutes: int = 30
    latest_minute: int = 330
    confidence: float = 0.65
    once_a_side_a_day: bool = False
    gap_minutes: int = 15
    valid_minutes: int = 10
    max_positions: int = 3

    def __post_init__(self) -> None:
        check_speech(self)
        check_range(self, 0, 10, "band_sigmas")
        check_range(self, 0, 0.5, "min_deviation")
        check_range(self, 0, 1, "rejection", "confidence")
        check_range(self, 2, 1000, "rsi_period", "adx_period")
        check_range(self, 0, 50, "oversold")
        check_range(self, 0, 100, "max_adx")
        check_range(self, 0, inf, "min_volume_ratio")
        check_range(self, 1, 1000, "volume_bars", "atr_period")
        check_range(self, 0.01, 100, "stop_atr", "first_target_r", "min_reward_to_risk")
        check_order(self, "first_target_r", "min_reward_to_risk")
        check_range(self, 0, 1440, "skip_minutes", "latest_minute")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule its parameters tell."""
        return Repeat(self.once_a_side_a_day, self.gap_minutes)

    def features(self) -> dict[str, Feature]:
        """Return VWAP and the distance from it, range, strength and volume."""
        return {
            "vwap": SessionVWAP(1.0),
            "distance": VWAPDistance(),
            "atr": ATR(self.atr_period),
            "adx": ADX(self.adx_period),
            "rsi": RSI(self.rsi_period),
            "volume": RelativeVolume(self.volume_bars),
        }

    def signals(self, frame: Frame) -> Signals:
        """Return the entries of each row at the close: shape `(N,)` live, `(T, N)` in batch."""
        below, above = self._is_far(frame)
        lifted, dropped = closed_back(frame, self.rejection)
        rsi, allowed = frame["rsi"].main, self._may_enter(frame)
        up = below & lifted & allowed & not_above(rsi, self.oversold)
        down = above & dropped & allowed & not_below(rsi, self.oversold and 100.0 - self.oversold)
        side = direction(up, down)
        risk = self.stop_atr * frame["atr"].main
        vwap, first = frame["vwap"].main, frame.close + side * (self.first_target_r * risk)
        worth = np.abs(vwap - frame.close) >= self.min_reward_to_risk * risk
        side = np.where(worth, side, 0).astype(np.int8)
        stop = frame.close - side * risk
        return entries_to(side, frame.close, stop, Targets(first, vwap), self.confidence)

    def _is_far(self, frame: Frame) -> tuple[Flags, Flags]:
        away, sigmas = frame["distance"]["fraction"], frame["distance"]["sigmas"]
        below = (away < 0.0) & not_below(-away, self.min_deviation)
        above = (away > 0.0) & not_below(away, self.min_deviation)
        below &= not_below(-sigmas, self.band_sigmas)
        above &= not_below(sigmas, self.band_sigmas)
        return below, above

    def _may_enter(self, frame: Frame) -> Flags:
        allowed = in_hours(frame, self.skip_minutes, self.latest_minute)
        allowed = allowed & not_above(frame["adx"]["adx"], self.max_adx)
        return allowed & not_below(frame["volume"].main, self.min_volume_ratio)
