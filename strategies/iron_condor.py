"""The iron condor: sell both sides of a quiet market and buy the wings.

How its four legs are chosen and left is told by the option rule its parameters make.
"""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.features.adx import ADX
from marketdata.features.base import Feature
from marketdata.features.session_context import SessionContext
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY, IV_PERCENTILE
from strategies.levels import without_direction
from strategies.option_legs import Terms
from strategies.option_limits import ChainLimits, LegLimits, OutlookLimits
from strategies.option_parameters import (
    check_credit,
    check_option_entry,
    check_percentiles,
    credit_levels,
    expiries_of,
    leaving_of,
    names_of,
    quiet_so_far,
    sold_and_width,
    within,
)
from strategies.option_rule import OptionRule
from strategies.option_shapes import Condor
from strategies.option_strikes import Expiry
from strategies.parameters import check_range
from strategies.signals import Signals
from strategies.structure_rules import StructureRule


@dataclass(frozen=True, slots=True)
class IronCondor(Strategy):
    """Sell a put and a call around the money with wings behind them; once a day an underlying.

    The sold strikes lie `sold` out of the money by `sold_by` (points, steps, fraction, delta),
    the bought ones `width` beyond by `width_by`. It speaks on every bar in its hours that the
    last opinion is `gap_minutes` behind, until one is acted on. `target`: the part of the credit
    at which it is closed; `stop`: the multiple of the credit it costs when it is cut, or
    `stop_of_max_loss` of the largest loss if that is nearer. It is flat by the day's square-off,
    or `out_at`. A filter set to 0 (`max_adx`, `max_move`, `max_skew`, `min_pop`, `min_credit`,
    those of legs) is off; one whose value is unknown refuses.
    """

    name = "iron_condor"
    timeframe = Timeframe.MINUTES_5
    context = (DAYS_TO_EXPIRY, IV_PERCENTILE)

    underlyings: str = "NIFTY,BANKNIFTY,FINNIFTY,MIDCPNIFTY,SENSEX,BANKEX"
    sold_by: str = "points"
    sold: float = 200.0
    delta_tolerance: float = 0.05
    width_by: str = "points"
    width: float = 200.0
    min_days: int = 9
    max_days: int = 20
    days_by_underlying: str = ""
    min_iv_percentile: float = 30.0
    max_iv_percentile: float = 70.0
    max_skew: float = 0.0
    max_adx: float = 0.0
    max_move: float = 0.0
    min_credit: float = 0.25
    min_pop: float = 0.0
    max_spread: float = 0.005
    min_oi: float = 20_000.0
    min_volume: float = 100.0
    target: float = 0.5
    stop: float = 2.0
    stop_of_max_loss: float = 0.8
    earliest_minute: int = 45
    latest_minute: int = 285
    out_at: str = ""
    most_move: float = 0.0
    trail_part: float = 0.0
    confidence: float = 0.65
    gap_minutes: int = 15
    valid_minutes: int = 10
    max_positions: int = 2

    def __post_init__(self) -> None:
        check_option_entry(self)
        check_credit(self)
        check_percentiles(self)
        check_range(self, 0, 1, "max_skew", "max_move")
        check_range(self, 0, 100, "max_adx")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule: said again after a pause, acted on once a day."""
        return Repeat(False, self.gap_minutes, acted_on_once_a_day=True)

    @property
    def structure(self) -> StructureRule:
        """Return the rule that chooses the four legs."""
        return OptionRule(
            shape=Condor(*sold_and_width(self)),
            expiry=Expiry(self.min_days, self.max_days),
            terms=self._terms(),
            needs=within(IV_PERCENTILE, self.min_iv_percentile, self.max_iv_percentile),
            underlyings=names_of(self.underlyings),
            own_expiries=expiries_of(self),
        )

    def features(self) -> dict[str, Feature]:
        """Return the day's move and, if wanted, the strength of the trend."""
        wanted: dict[str, Feature] = {"day": SessionContext()}
        if self.max_adx:
            wanted["adx"] = ADX()
        return wanted

    def signals(self, frame: Frame) -> Signals:
        """Return the opinions that nothing much will happen, in the hours and filters."""
        quiet = quiet_so_far(frame, (self.earliest_minute, self.latest_minute), self.max_move)
        if self.max_adx:
            quiet = quiet & (frame["adx"]["adx"] <= self.max_adx)
        return without_direction(quiet, frame.close, self.confidence)

    def _terms(self) -> Terms:
        return Terms(
            levels=credit_levels(self),
            leaving=leaving_of(self),
            chain=ChainLimits(max_skew=self.max_skew),
            legs=LegLimits(self.max_spread, self.min_oi, self.min_volume),
            outlook=OutlookLimits(min_pop=self.min_pop, min_credit=self.min_credit),
        )
