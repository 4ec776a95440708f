"""The credit spread with the trend: sell the option that the trend moves away from, hedged.

How its legs are chosen and left is told by the option rule its parameters make.
"""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.bars import Flags
from marketdata.features.adx import ADX
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.ema import EMA
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY, IV_PERCENTILE
from strategies.levels import Reward, direction, entries
from strategies.option_legs import Terms
from strategies.option_limits import LegLimits, OutlookLimits
from strategies.option_parameters import (
    check_credit,
    check_option_entry,
    check_percentiles,
    credit_levels,
    expiries_of,
    leaving_of,
    may_enter,
    names_of,
    sold_and_width,
    within,
)
from strategies.option_rule import OptionRule
from strategies.option_shapes import CreditSpread
from strategies.option_strikes import Expiry
from strategies.parameters import check_order, check_range
from strategies.signals import Signals
from strategies.structure_rules import StructureRule


@dataclass(frozen=True, slots=True)
class TrendCreditSpread(Strategy):
    """Sell puts in an uptrend, calls in a downtrend, with a hedge; once a side a day.

    Up: the fast average stands above the slow one, the close above the fast one, and ADX is at
    least `min_adx` with the stronger movement upwards. Down is the mirror image. The sold strike
    is told by `sold_by` and `sold`, the hedge lies `width` beyond by `width_by`. `target`: the
    part of the credit at which it is closed; `stop`: the multiple of the credit it costs when it
    is cut, or `stop_of_max_loss` of the largest loss if that is nearer; `max_loss_inr`: of one
    lot held to expiry. A filter set to 0 is off; one whose value is unknown refuses.
    """

    name = "trend_credit_spread"
    timeframe = Timeframe.MINUTES_5
    context = (DAYS_TO_EXPIRY, IV_PERCENTILE)

    underlyings: str = "NIFTY,BANKNIFTY,SENSEX"
    fast_period: int = 21
    slow_period: int = 55
    adx_period: int = 14
    min_adx: float = 22.0
    atr_period: int = 14
    stop_atr: float = 1.5
    sold_by: str = "delta"
    sold: float = 0.25
    delta_tolerance: float = 0.07
    width_by: str = "points"
    width: float = 100.0
    min_days: int = 1
    max_days: int = 9
    days_by_underlying: str = ""
    min_iv_percentile: float = 20.0
    max_iv_percentile: float = 100.0
    min_credit: float = 0.15
    min_pop: float = 0.65
    max_loss_inr: float = 6_000.0
    max_spread: float = 0.005
    min_oi: float = 20_000.0
    min_volume: float = 100.0
    target: float = 0.5
    stop: float = 2.0
    stop_of_max_loss: float = 0.8
    earliest_minute: int = 45
    latest_minute: int = 285
    out_at: str = "15:10"
    most_move: float = 0.0
    trail_part: float = 0.0
    at_opinion_levels: bool = False
    confidence: float = 0.65
    gap_minutes: int = 15
    valid_minutes: int = 10
    max_positions: int = 2

    def __post_init__(self) -> None:
        check_option_entry(self)
        check_range(self, 1, 1000, "fast_period", "slow_period", "atr_period")
        check_range(self, 2, 1000, "adx_period")
        check_order(self, "fast_period", "slow_period")
        check_range(self, 0, 100, "min_adx")
        check_percentiles(self)
        check_credit(self)
        check_range(self, 0, 1e9, "max_loss_inr")
        check_range(self, 0.01, 100, "stop_atr")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule: said again after a pause, acted on once a side a day."""
        return Repeat(False, self.gap_minutes, acted_on_once_a_day=True)

    @property
    def structure(self) -> StructureRule:
        """Return the rule that chooses the two legs."""
        return OptionRule(
            shape=CreditSpread(*sold_and_width(self)),
            expiry=Expiry(self.min_days, self.max_days),
            terms=self._terms(),
            needs=within(IV_PERCENTILE, self.min_iv_percentile, self.max_iv_percentile),
            underlyings=names_of(self.underlyings),
            own_expiries=expiries_of(self),
        )

    def features(self) -> dict[str, Feature]:
        """Return the averages, the strength and way of the trend, and the range."""
        return {
            "fast": EMA(self.fast_period),
            "slow": EMA(self.slow_period),
            "adx": ADX(self.adx_period),
            "atr": ATR(self.atr_period),
        }

    def signals(self, frame: Frame) -> Signals:
        """Return the opinions that a trend goes on: shape `(N,)` live, `(T, N)` in batch."""
        fast, slow = frame["fast"].main, frame["slow"].main
        allowed = self._may_enter(frame)
        plus, minus = frame["adx"]["plus_di"], frame["adx"]["minus_di"]
        up = (fast > slow) & (frame.close > fast) & (plus > minus)
        down = (fast < slow) & (frame.close < fast) & (plus < minus)
        side = direction(up & allowed, down & allowed)
        stop = frame.close - side * (self.stop_atr * frame["atr"].main)
        return entries(side, frame.close, stop, Reward(1.0, 2.0, self.confidence))

    def _may_enter(self, frame: Frame) -> Flags:
        allowed = may_enter(frame, self.earliest_minute, self.latest_minute)
        return allowed & (frame["adx"]["adx"] >= self.min_adx) if self.min_adx else allowed

    def _terms(self) -> Terms:
        return Terms(
            levels=credit_levels(self),
            leaving=leaving_of(self),
            legs=LegLimits(self.max_spread, self.min_oi, self.min_volume),
            outlook=OutlookLimits(
                min_pop=self.min_pop, min_credit=self.min_credit, max_loss_inr=self.max_loss_inr
            ),
        )
