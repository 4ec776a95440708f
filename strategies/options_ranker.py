"""The options ranker: a view of the underlying, traded in the structure that promises most.

What each structure must be like is told by its parameters; the candidates are listed in
`options_ranker_rules.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from marketdata.bars import Flags
from marketdata.features.atr import ATR
from marketdata.features.base import Feature
from marketdata.features.bollinger import Bollinger
from marketdata.features.ema import EMA
from marketdata.features.supertrend import Supertrend
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.context import DAYS_TO_EXPIRY, IV_PERCENTILE
from strategies.levels import Reward, direction, entries
from strategies.option_parameters import check_option_entry, may_enter
from strategies.options_ranker_rules import RankerRules, rules_of
from strategies.parameters import check_order, check_range
from strategies.signals import Signals
from strategies.structure_rules import StructureRule


@dataclass(frozen=True, slots=True)
class OptionsRanker(Strategy):
    """Take a view where average and Supertrend agree, and trade it in the best structure.

    Where they don't agree, a close more than `mean_distance` (a fraction) from the mean of
    `mean_bars` bars is a view. Debit structures and single options need an IV percentile of at
    most `buy_max_iv_percentile`, credit structures one of at least `sell_min_iv_percentile`.
    Bought options have deltas from `min_delta` to `max_delta`, sold ones of credit spreads up to
    `max_delta`; spreads are up to `max_width` steps of the grid wide. `debit_min_reward`: of debit
    structures, the largest profit over the debit. A filter set to 0 is off; one whose value is
    unknown refuses.

    A debit of 30 % of the width and a probability of profit of 40 % can't both hold where prices
    are fair, since the debit over the width is about that probability; `max_debit` is set so
    that both can. A `debit_min_reward` of 1.5 asks for a debit of 40 % at most.
    """

    name = "options_ranker"
    timeframe = Timeframe.MINUTES_5
    context = (DAYS_TO_EXPIRY, IV_PERCENTILE)

    underlyings: str = "NIFTY,BANKNIFTY,FINNIFTY"
    fast_period: int = 34
    slow_period: int = 89
    trend_period: int = 10
    trend_multiplier: float = 3.0
    mean_bars: int = 20
    mean_distance: float = 0.005
    atr_period: int = 14
    stop_atr: float = 1.5
    min_days: int = 3
    max_days: int = 10
    days_by_underlying: str = ""
    buy_max_iv_percentile: float = 70.0
    sell_min_iv_percentile: float = 30.0
    max_skew: float = 0.10
    min_delta: float = 0.30
    max_delta: float = 0.50
    max_width: int = 2
    with_debit_spreads: bool = True
    with_credit_spreads: bool = True
    with_single_options: bool = True
    with_butterflies: bool = False
    max_debit: float = 0.45
    debit_min_pop: float = 0.40
    debit_min_reward: float = 0.0
    min_credit: float = 0.25
    credit_min_pop: float = 0.65
    single_min_pop: float = 0.30
    max_spread: float = 0.005
    min_oi: float = 50_000.0
    min_volume: float = 10_000.0
    min_premium: float = 10.0
    max_premium: float = 500.0
    max_gamma: float = 0.05
    max_vega: float = 50.0
    debit_stop: float = 0.5
    credit_stop: float = 2.0
    stop_of_max_loss: float = 0.8
    debit_first_target: float = 0.6
    debit_target: float = 0.9
    credit_first_target: float = 0.5
    credit_target: float = 0.8
    single_first_target: float = 0.5
    single_target: float = 1.0
    earliest_minute: int = 15
    latest_minute: int = 300
    out_at: str = ""
    most_move: float = 0.0
    trail_part: float = 0.0
    at_opinion_levels: bool = False
    confidence: float = 0.65
    gap_minutes: int = 30
    valid_minutes: int = 10
    max_positions: int = 3

    def __post_init__(self) -> None:
        check_option_entry(self)
        check_range(self, 1, 1000, "fast_period", "slow_period", "atr_period", "trend_period")
        check_order(self, "fast_period", "slow_period")
        check_range(self, 2, 1000, "mean_bars")
        check_range(self, 0.01, 100, "stop_atr", "trend_multiplier")
        check_range(self, 0, 100, "buy_max_iv_percentile", "sell_min_iv_percentile")
        check_range(self, 0.01, 0.99, "min_delta", "max_delta", "debit_stop")
        check_order(self, "min_delta", "max_delta")
        check_range(self, 1, 20, "max_width")
        check_range(self, 0, 1, "mean_distance", "max_skew", "max_debit", "debit_min_pop")
        check_range(self, 0, 1, "min_credit", "credit_min_pop", "single_min_pop")
        check_range(self, 0, 100, "debit_min_reward")
        check_range(self, 0, inf, "min_premium", "max_premium", "max_gamma", "max_vega")
        check_range(self, 1.01, 100, "credit_stop")
        check_range(self, 0.01, 1, "stop_of_max_loss")
        for first, last, most in (
            ("debit_first_target", "debit_target", 1.0),
            ("credit_first_target", "credit_target", 0.99),
            ("single_first_target", "single_target", 100.0),
        ):
            check_range(self, 0.01, most, first, last)
            check_order(self, first, last)
        if not self.structures:
            raise ValueError("with_debit_spreads: every structure is off, expected at least one")

    @property
    def structures(self) -> tuple[str, ...]:
        """Return the names of the structures that are on, in the order in which ties are broken."""
        kinds = ("debit_spreads", "credit_spreads", "single_options", "butterflies")
        return tuple(kind for kind in kinds if getattr(self, f"with_{kind}"))

    @property
    def repeat(self) -> Repeat:
        """Return the re-entry rule its parameters tell."""
        return Repeat(False, self.gap_minutes)

    @property
    def structure(self) -> StructureRule:
        """Return the rule that tries every candidate and takes the best."""
        return rules_of(RankerRules.of(self), self.structures)

    def features(self) -> dict[str, Feature]:
        """Return the averages, the trend, the mean and the range."""
        return {
            "fast": EMA(self.fast_period),
            "slow": EMA(self.slow_period),
            "trend": Supertrend(self.trend_period, self.trend_multiplier),
            "mean": Bollinger(self.mean_bars),
            "atr": ATR(self.atr_period),
        }

    def signals(self, frame: Frame) -> Signals:
        """Return the views of each row: shape `(N,)` live, `(T, N)` in batch."""
        allowed = may_enter(frame, self.earliest_minute, self.latest_minute)
        up, down = self._views(frame)
        side = direction(up & allowed, down & allowed)
        stop = frame.close - side * (self.stop_atr * frame["atr"].main)
        return entries(side, frame.close, stop, Reward(1.0, 2.0, self.confidence))

    def _views(self, frame: Frame) -> tuple[Flags, Flags]:
        fast, slow = frame["fast"].main, frame["slow"].main
        trend, mean = frame["trend"]["direction"], frame["mean"]["middle"]
        up, down = (fast > slow) & (trend > 0), (fast < slow) & (trend < 0)
        known = np.isfinite(slow) & np.isfinite(trend)
        open_ = known & ~up & ~down
        above = frame.close > mean * (1.0 + self.mean_distance)
        below = frame.close < mean * (1.0 - self.mean_distance)
        return up | (open_ & above), down | (open_ & below)
