"""The straddle bought before a scheduled event: a move is expected, its direction isn't.

How its legs are chosen and left is told by the option rule its parameters make.
"""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.features.base import Feature
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY, IV_PERCENTILE, MINUTES_TO_EVENT
from strategies.levels import without_direction
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Levels
from strategies.option_limits import LegLimits
from strategies.option_parameters import (
    check_option_entry,
    check_percentiles,
    expiries_of,
    leaving_of,
    may_enter,
    names_of,
    within,
)
from strategies.option_rule import OptionRule
from strategies.option_shapes import Strangle
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.parameters import check_order, check_range
from strategies.signals import Direction, Signals
from strategies.structure_rules import StructureRule


@dataclass(frozen=True, slots=True)
class LongStraddle(Strategy):
    """Buy a put and a call shortly before an event's window opens; once a day an underlying.

    Both strikes lie `steps` of the grid out of the money, 0 for a straddle. An event is near
    from `from_minutes` to `until_minutes` before its window, in which no entry is allowed.
    `stop`: the multiple of the premium left when it is sold at a loss; targets are parts of the
    premium gained. A filter of legs set to 0 is off; one whose value is unknown refuses.
    """

    name = "long_straddle"
    timeframe = Timeframe.MINUTES_5
    context = (DAYS_TO_EXPIRY, IV_PERCENTILE, MINUTES_TO_EVENT)

    underlyings: str = "NIFTY,BANKNIFTY,SENSEX"
    steps: int = 0
    min_days: int = 1
    max_days: int = 10
    days_by_underlying: str = ""
    min_iv_percentile: float = 0.0
    max_iv_percentile: float = 80.0
    from_minutes: float = 45.0
    until_minutes: float = 1.0
    max_spread: float = 0.005
    min_oi: float = 20_000.0
    min_volume: float = 100.0
    stop: float = 0.7
    first_target: float = 0.4
    target: float = 0.8
    earliest_minute: int = 0
    latest_minute: int = 330
    out_at: str = ""
    trail_part: float = 0.0
    confidence: float = 0.55
    gap_minutes: int = 10
    valid_minutes: int = 5
    max_positions: int = 1

    def __post_init__(self) -> None:
        check_option_entry(self)
        check_range(self, 0, 100, "steps")
        check_percentiles(self)
        check_range(self, 0, 375, "from_minutes", "until_minutes")
        check_order(self, "until_minutes", "from_minutes")
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
        return OptionRule(
            shape=Strangle(Strike(StrikeBy.STEPS, self.steps), Direction.LONG),
            expiry=Expiry(self.min_days, self.max_days),
            terms=Terms(
                levels=Levels(self.stop, self.first_target, self.target, GainOf.PREMIUM),
                leaving=leaving_of(self),
                legs=LegLimits(self.max_spread, self.min_oi, self.min_volume),
            ),
            needs=within(IV_PERCENTILE, self.min_iv_percentile, self.max_iv_percentile),
            underlyings=names_of(self.underlyings),
            own_expiries=expiries_of(self),
        )

    def features(self) -> dict[str, Feature]:
        """Return nothing: the bars don't tell an event."""
        return {}

    def signals(self, frame: Frame) -> Signals:
        """Return the opinions that an event will move the market, shortly before it."""
        left = frame.beside(MINUTES_TO_EVENT)
        near = (left <= self.from_minutes) & (left >= self.until_minutes)
        expected = near & may_enter(frame, self.earliest_minute, self.latest_minute)
        return without_direction(expected, frame.close, self.confidence)
