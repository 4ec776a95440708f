"""The short strangle or straddle of the morning, with a hard stop on its premium.

How its legs are chosen and left is told by the option rule its parameters make.
"""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.features.base import Feature
from marketdata.features.session_context import SessionContext
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY, IV_RANK
from strategies.levels import without_direction
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Levels
from strategies.option_limits import LegLimits, OutlookLimits
from strategies.option_parameters import (
    check_option_entry,
    expiries_of,
    leaving_of,
    names_of,
    quiet_so_far,
    within,
)
from strategies.option_rule import OptionRule, Refuses
from strategies.option_shapes import AT_THE_MONEY, UNHEDGED_OFF, sold_around
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.parameters import check_order, check_range
from strategies.signals import Signals
from strategies.structure_rules import StructureRule


@dataclass(frozen=True, slots=True)
class ShortStrangle(Strategy):
    """Sell a put and a call soon after the open while volatility is low; once a day.

    Both strikes have a delta of `delta`; with `is_straddle` both are at the money. `stop`: the
    multiple of the premium it costs when it is bought back at a loss. `wing`: rupees beyond each
    sold strike at which a hedge is bought, 0 for none; selling without hedges needs
    `allow_naked_short`, and a desk that trades real money refuses it still. A filter set to 0
    (`max_move`, `min_premium_inr`, those of legs) is off; one whose value is unknown refuses.
    """

    name = "short_strangle"
    timeframe = Timeframe.MINUTES_5
    context = (DAYS_TO_EXPIRY, IV_RANK)

    underlyings: str = "NIFTY,BANKNIFTY,SENSEX"
    is_straddle: bool = False
    delta: float = 0.25
    delta_tolerance: float = 0.05
    wing: float = 0.0
    allow_naked_short: bool = False
    min_days: int = 0
    max_days: int = 7
    days_by_underlying: str = ""
    min_iv_rank: float = 0.0
    max_iv_rank: float = 25.0
    max_move: float = 0.005
    min_premium_inr: float = 0.0
    max_spread: float = 0.005
    min_oi: float = 20_000.0
    min_volume: float = 100.0
    stop: float = 1.25
    first_target: float = 0.5
    target: float = 0.8
    earliest_minute: int = 5
    latest_minute: int = 45
    out_at: str = "15:15"
    most_move: float = 0.0
    trail_part: float = 0.0
    confidence: float = 0.60
    gap_minutes: int = 5
    valid_minutes: int = 5
    max_positions: int = 1

    def __post_init__(self) -> None:
        check_option_entry(self)
        check_range(self, 0.01, 0.5, "delta")
        check_range(self, 0, 1, "delta_tolerance", "max_move")
        check_range(self, 0, 100_000, "wing")
        check_range(self, 0, 1e9, "min_premium_inr")
        check_range(self, 0, 100, "min_iv_rank", "max_iv_rank")
        check_order(self, "min_iv_rank", "max_iv_rank")
        check_range(self, 1.01, 100, "stop")
        check_range(self, 0.01, 0.99, "first_target", "target")
        check_order(self, "first_target", "target")

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule: said again after a pause, acted on once a day."""
        return Repeat(False, self.gap_minutes, acted_on_once_a_day=True)

    @property
    def structure(self) -> StructureRule:
        """Return the rule that chooses the legs."""
        if not self.wing and not self.allow_naked_short:
            return Refuses(f"{self.name}: {UNHEDGED_OFF}")
        by_delta = Strike(StrikeBy.DELTA, self.delta, self.delta_tolerance)
        return OptionRule(
            shape=sold_around(AT_THE_MONEY if self.is_straddle else by_delta, self.wing),
            expiry=Expiry(self.min_days, self.max_days),
            terms=Terms(
                levels=Levels(self.stop, self.first_target, self.target, GainOf.PREMIUM),
                leaving=leaving_of(self),
                legs=LegLimits(self.max_spread, self.min_oi, self.min_volume),
                outlook=OutlookLimits(min_premium_inr=self.min_premium_inr),
            ),
            needs=within(IV_RANK, self.min_iv_rank, self.max_iv_rank),
            underlyings=names_of(self.underlyings),
            own_expiries=expiries_of(self),
        )

    def features(self) -> dict[str, Feature]:
        """Return the day against its open."""
        return {"day": SessionContext()}

    def signals(self, frame: Frame) -> Signals:
        """Return the opinions that the day stays quiet, in the hours of the morning."""
        quiet = quiet_so_far(frame, (self.earliest_minute, self.latest_minute), self.max_move)
        return without_direction(quiet, frame.close, self.confidence)
