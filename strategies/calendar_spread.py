"""The calendar spread: sell dear volatility of the near expiry against the next one.

How its two legs are chosen and left is told by the rule its parameters make.
"""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.features.base import Feature
from marketdata.features.session_context import SessionContext
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY, IV_PERCENTILE
from strategies.levels import without_direction
from strategies.option_calendar import CalendarRule
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Levels
from strategies.option_limits import LegLimits, OutlookLimits
from strategies.option_parameters import (
    check_option_entry,
    check_percentiles,
    leaving_of,
    names_of,
    quiet_so_far,
    within,
)
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.parameters import check_order, check_range
from strategies.signals import Signals
from strategies.structure_rules import StructureRule


@dataclass(frozen=True, slots=True)
class CalendarSpread(Strategy):
    """Sell a near option and buy the same strike of a later expiry on a quiet day; once a day.

    The sold expiry is `min_days` to `max_days` away, the bought one `far_min_days` to
    `far_max_days`; the strike lies `steps` of the grid from the money. The near volatility at
    the money is at least `min_iv_ratio` times the far one. `stop`: the multiple of the debit
    left when it is sold at a loss; targets are parts of the debit gained. A filter set to 0 is
    off; one whose value is unknown refuses.
    """

    name = "calendar_spread"
    timeframe = Timeframe.MINUTES_5
    context = (DAYS_TO_EXPIRY, IV_PERCENTILE)

    underlyings: str = "NIFTY,SENSEX"
    steps: int = 0
    min_days: int = 1
    max_days: int = 7
    far_min_days: int = 8
    far_max_days: int = 45
    min_iv_ratio: float = 1.2
    min_iv_percentile: float = 0.0
    max_iv_percentile: float = 60.0
    max_move: float = 0.005
    min_pop: float = 0.0
    max_spread: float = 0.005
    min_oi: float = 20_000.0
    min_volume: float = 100.0
    stop: float = 0.7
    first_target: float = 0.15
    target: float = 0.30
    earliest_minute: int = 45
    latest_minute: int = 285
    out_at: str = ""
    most_move: float = 0.0
    trail_part: float = 0.0
    confidence: float = 0.55
    gap_minutes: int = 30
    valid_minutes: int = 10
    max_positions: int = 1

    def __post_init__(self) -> None:
        check_option_entry(self)
        check_range(self, -100, 100, "steps")
        check_range(self, 0, 400, "far_min_days", "far_max_days")
        Expiry(self.far_min_days, self.far_max_days)
        check_order(self, "max_days", "far_min_days")
        check_range(self, 0, 10, "min_iv_ratio")
        check_percentiles(self)
        check_range(self, 0, 1, "max_move", "min_pop")
        check_range(self, 0.01, 0.99, "stop")
        check_range(self, 0.01, 100, "first_target", "target")
        check_order(self, "first_target", "target")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule: said again after a pause, acted on once a day."""
        return Repeat(False, self.gap_minutes, acted_on_once_a_day=True)

    @property
    def structure(self) -> StructureRule:
        """Return the rule that chooses the two legs."""
        return CalendarRule(
            strike=Strike(StrikeBy.STEPS, self.steps),
            sold=Expiry(self.min_days, self.max_days),
            bought=Expiry(self.far_min_days, self.far_max_days),
            terms=Terms(
                levels=Levels(self.stop, self.first_target, self.target, GainOf.PREMIUM),
                leaving=leaving_of(self),
                legs=LegLimits(self.max_spread, self.min_oi, self.min_volume),
                outlook=OutlookLimits(min_pop=self.min_pop),
            ),
            min_iv_ratio=self.min_iv_ratio,
            needs=within(IV_PERCENTILE, self.min_iv_percentile, self.max_iv_percentile),
            underlyings=names_of(self.underlyings),
        )

    def features(self) -> dict[str, Feature]:
        """Return the day against its open."""
        return {"day": SessionContext()}

    def signals(self, frame: Frame) -> Signals:
        """Return the opinions that the price stays near where it is, in the hours."""
        quiet = quiet_so_far(frame, (self.earliest_minute, self.latest_minute), self.max_move)
        return without_direction(quiet, frame.close, self.confidence)
