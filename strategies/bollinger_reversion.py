"""The return from a Bollinger band: its rules, its filters and their ranges.

The bands, the range and the trend's strength are features.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from marketdata.bars import Flags, Floats
from marketdata.features.adx import ADX
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.bollinger import Bollinger
from marketdata.features.relative_volume import RelativeVolume
from marketdata.features.rsi import RSI
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.filters import closed_back, in_hours, not_above, not_below
from strategies.levels import Sides, Targets, direction, entries_to
from strategies.parameters import check_choice, check_range, check_speech
from strategies.signals import Signals

ENTER_BEYOND = "beyond"
ENTER_BACK = "back"
STOP_AT_ATR = "atr"
STOP_AT_FRACTION = "fraction"


@dataclass(frozen=True, slots=True)
class BollingerReversion(Strategy):
    """Buy at or below the lower band, sell at or above the upper; out at the other side.

    `entry_mode`: `beyond` enters where the close is at or beyond the band; `back` where the bar
    has reached it and closed inside again. The first target is the middle, the last the opposite
    band. `stop_mode`: `atr` puts the stop `stop_atr` average true ranges from the close,
    `fraction` that share of it (`stop_fraction`). No trade in a strong trend (`max_adx`), between
    bands narrower than `min_width`, a fraction of the middle, or where the opposite band is
    nearer than `min_reward_to_risk` times the stop. A filter set to 0 is off; one whose value is
    unknown (NaN) refuses. Minutes count from the session's open.
    """

    name = "bollinger_reversion"
    timeframe = Timeframe.MINUTES_5

    period: int = 20
    deviations: float = 2.0
    entry_mode: str = ENTER_BEYOND
    min_width: float = 0.004
    rejection: float = 0.0
    rsi_period: int = 14
    oversold: float = 35.0
    adx_period: int = 14
    max_adx: float = 25.0
    min_volume_ratio: float = 0.0
    volume_bars: int = 20
    stop_mode: str = STOP_AT_ATR
    atr_period: int = 14
    stop_atr: float = 1.5
    stop_fraction: float = 0.01
    min_reward_to_risk: float = 1.5
    skip_minutes: int = 15
    latest_minute: int = 330
    confidence: float = 0.80
    once_a_side_a_day: bool = False
    gap_minutes: int = 30
    valid_minutes: int = 10
    max_positions: int = 2

    def __post_init__(self) -> None:
        check_speech(self)
        check_range(self, 2, 1000, "period", "rsi_period", "adx_period")
        check_range(self, 0.1, 10, "deviations")
        check_choice(self, "entry_mode", (ENTER_BEYOND, ENTER_BACK))
        check_choice(self, "stop_mode", (STOP_AT_ATR, STOP_AT_FRACTION))
        check_range(self, 0, 1, "min_width", "rejection", "confidence")
        check_range(self, 0, 50, "oversold")
        check_range(self, 0, 100, "max_adx", "min_reward_to_risk")
        check_range(self, 0, inf, "min_volume_ratio")
        check_range(self, 1, 1000, "volume_bars", "atr_period")
        check_range(self, 0.01, 100, "stop_atr")
        check_range(self, 0.0001, 0.5, "stop_fraction")
        check_range(self, 0, 1440, "skip_minutes", "latest_minute")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule its parameters tell."""
        return Repeat(self.once_a_side_a_day, self.gap_minutes)

    def features(self) -> dict[str, Feature]:
        """Return the bands, the range, the strength and the volume."""
        return {
            "bands": Bollinger(self.period, self.deviations),
            "atr": ATR(self.atr_period),
            "adx": ADX(self.adx_period),
            "rsi": RSI(self.rsi_period),
            "volume": RelativeVolume(self.volume_bars),
        }

    def signals(self, frame: Frame) -> Signals:
        """Return the entries of each row at the close: shape `(N,)` live, `(T, N)` in batch."""
        low_enough, high_enough = self._has_reached(frame)
        lifted, dropped = closed_back(frame, self.rejection)
        rsi, allowed = frame["rsi"].main, self._may_enter(frame)
        up = low_enough & lifted & allowed & not_above(rsi, self.oversold)
        down = high_enough & dropped & allowed
        down &= not_below(rsi, self.oversold and 100.0 - self.oversold)
        return self._with_levels(frame, direction(up, down))

    def _with_levels(self, frame: Frame, side: Sides) -> Signals:
        bands, risk = frame["bands"], self._risk(frame)
        opposite = np.where(side > 0, bands["upper"], bands["lower"])
        enough = np.abs(opposite - frame.close) >= self.min_reward_to_risk * risk
        kept = np.where(enough, side, 0).astype(np.int8)
        targets = Targets(bands["middle"], opposite)
        return entries_to(kept, frame.close, frame.close - kept * risk, targets, self.confidence)

    def _has_reached(self, frame: Frame) -> tuple[Flags, Flags]:
        lower, upper = frame["bands"]["lower"], frame["bands"]["upper"]
        if self.entry_mode == ENTER_BEYOND:
            return frame.close <= lower, frame.close >= upper
        low_enough = (frame.low <= lower) & (frame.close > lower)
        return low_enough, (frame.high >= upper) & (frame.close < upper)

    def _risk(self, frame: Frame) -> Floats:
        if self.stop_mode == STOP_AT_ATR:
            return self.stop_atr * frame["atr"].main
        return self.stop_fraction * frame.close

    def _may_enter(self, frame: Frame) -> Flags:
        bands = frame["bands"]
        allowed = in_hours(frame, self.skip_minutes, self.latest_minute)
        allowed = allowed & self._is_wide(bands["upper"] - bands["lower"], bands["middle"])
        allowed &= not_above(frame["adx"]["adx"], self.max_adx)
        return allowed & not_below(frame["volume"].main, self.min_volume_ratio)

    def _is_wide(self, width: Floats, middle: Floats) -> Flags:
        if not self.min_width:
            return np.full(width.shape, True)
        return width >= self.min_width * middle
