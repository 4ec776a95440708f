"""The strangle sold on expiry day: little time, dear against what the day has moved so far.

How its legs are chosen and left is told by the option rule its parameters make.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.historical_volatility import HistoricalVolatility
from marketdata.features.session_context import SessionContext
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY, IV_PERCENTILE
from strategies.levels import without_direction
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Levels
from strategies.option_limits import ChainLimits, LegLimits, OutlookLimits
from strategies.option_parameters import (
    check_option_entry,
    leaving_of,
    may_enter,
    names_of,
    within,
)
from strategies.option_rule import OptionRule, Refuses
from strategies.option_shapes import UNHEDGED_OFF, sold_around
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.parameters import check_order, check_range
from strategies.signals import Signals
from strategies.structure_rules import StructureRule

BARS_A_SESSION = 75
SESSIONS_A_YEAR = 252


@dataclass(frozen=True, slots=True)
class ExpiryStrangle(Strategy):
    """Sell a put and a call on the day they expire, from the middle of the morning; once a day.

    Days before expiry are a matter of `min_days` and `max_days`. The volatility at the money is
    at least `min_iv_to_realised` times that of the last `realised_bars` bars, and the day has
    moved at most `max_move_atr` times the range of a usual day, taken as the ATR of a bar times
    the root of the bars in a session. `stop`: the multiple of the premium it costs when it is
    bought back at a loss. `wing`: rupees beyond each sold strike at which a hedge is bought, 0
    for none; selling without hedges needs `allow_naked_short`, and a desk that trades real money
    refuses it still. `min_premium_inr`: of one lot. A filter set to 0 is off; one whose value is
    unknown refuses. Options of a few rupees have spreads wider than the desk's own limit allows
    (`risk.max_spread`), which holds besides `max_spread`.
    """

    name = "expiry_strangle"
    timeframe = Timeframe.MINUTES_5
    context = (DAYS_TO_EXPIRY, IV_PERCENTILE)

    underlyings: str = "NIFTY,BANKNIFTY,SENSEX"
    delta: float = 0.20
    delta_tolerance: float = 0.08
    wing: float = 0.0
    allow_naked_short: bool = False
    min_days: int = 0
    max_days: int = 0
    min_iv_percentile: float = 40.0
    max_iv_percentile: float = 85.0
    min_iv_to_realised: float = 1.0
    realised_bars: int = 75
    max_move_atr: float = 1.5
    atr_period: int = 14
    min_premium_inr: float = 500.0
    max_spread: float = 0.02
    min_oi: float = 20_000.0
    min_volume: float = 100.0
    stop: float = 2.0
    target: float = 0.5
    earliest_minute: int = 60
    latest_minute: int = 165
    out_at: str = "15:10"
    most_move: float = 0.0
    trail_part: float = 0.0
    confidence: float = 0.60
    gap_minutes: int = 15
    valid_minutes: int = 10
    max_positions: int = 1

    def __post_init__(self) -> None:
        check_option_entry(self)
        check_range(self, 0.01, 0.5, "delta")
        check_range(self, 0, 1, "delta_tolerance")
        check_range(self, 0, 100_000, "wing")
        check_range(self, 0, 1e9, "min_premium_inr")
        check_range(self, 0, 100, "min_iv_percentile", "max_iv_percentile", "max_move_atr")
        check_range(self, 0, 100, "min_iv_to_realised")
        check_order(self, "min_iv_percentile", "max_iv_percentile")
        check_range(self, 2, 1000, "realised_bars", "atr_period")
        check_range(self, 1.01, 100, "stop")
        check_range(self, 0.01, 0.99, "target")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule: said again after a pause, acted on once a day."""
        return Repeat(False, self.gap_minutes, acted_on_once_a_day=True)

    @property
    def structure(self) -> StructureRule:
        """Return the rule that chooses the legs."""
        if not self.wing and not self.allow_naked_short:
            return Refuses(f"{self.name}: {UNHEDGED_OFF}")
        return OptionRule(
            shape=sold_around(Strike(StrikeBy.DELTA, self.delta, self.delta_tolerance), self.wing),
            expiry=Expiry(self.min_days, self.max_days),
            terms=Terms(
                levels=Levels(self.stop, self.target, self.target, GainOf.PREMIUM),
                leaving=leaving_of(self),
                chain=ChainLimits(min_iv_to_realised=self.min_iv_to_realised),
                legs=LegLimits(self.max_spread, self.min_oi, self.min_volume),
                outlook=OutlookLimits(min_premium_inr=self.min_premium_inr),
            ),
            needs=within(IV_PERCENTILE, self.min_iv_percentile, self.max_iv_percentile),
            underlyings=names_of(self.underlyings),
        )

    def features(self) -> dict[str, Feature]:
        """Return the day against its open, the range of a bar and the volatility that was."""
        return {
            "day": SessionContext(),
            "atr": ATR(self.atr_period),
            "realised": HistoricalVolatility(BARS_A_SESSION * SESSIONS_A_YEAR, self.realised_bars),
        }

    def signals(self, frame: Frame) -> Signals:
        """Return the opinions that the rest of the day stays quiet, on days near enough."""
        days = frame.beside(DAYS_TO_EXPIRY)
        quiet = may_enter(frame, self.earliest_minute, self.latest_minute)
        quiet = quiet & (days <= self.max_days)
        if self.max_move_atr:
            moved = abs(frame.close - frame["day"]["session_open"])
            usual = frame["atr"].main * sqrt(BARS_A_SESSION)
            quiet = quiet & (moved <= self.max_move_atr * usual)
        return without_direction(quiet, frame.close, self.confidence)
