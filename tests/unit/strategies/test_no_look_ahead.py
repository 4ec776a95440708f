"""No strategy knows what comes later: another future at random cuts; one that peeks is caught.

The indicators are held to the same in `tests/unit/marketdata/features/test_kernels.py`, a whole
backtest in `tests/integration/test_backtest_future.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketdata.bars import BarGrid
from marketdata.features.base import Feature
from marketdata.timeframes import Timeframe
from strategies.base import Frame, Repeat, Strategy
from strategies.bollinger_reversion import BollingerReversion
from strategies.breakout_retest import BreakoutRetest
from strategies.calendar_spread import CalendarSpread
from strategies.context import DAYS_TO_EXPIRY, IV_PERCENTILE, IV_RANK, MINUTES_TO_EVENT
from strategies.expiry_strangle import ExpiryStrangle
from strategies.frames import batch_frame
from strategies.iron_condor import IronCondor
from strategies.levels import Reward, direction, entries
from strategies.long_straddle import LongStraddle
from strategies.opening_range import OpeningRange
from strategies.options_ranker import OptionsRanker
from strategies.registry import STRATEGIES
from strategies.short_strangle import ShortStrangle
from strategies.signals import Signals
from strategies.trend_credit_spread import TrendCreditSpread
from strategies.trend_pullback import TrendPullback
from strategies.vwap_reversion import VWAPReversion

Grid = Callable[[int, Timeframe, int, int, int], BarGrid]
ROWS, COLUMNS = 150, 3
RANGES = {
    DAYS_TO_EXPIRY: (0.0, 2.0),
    IV_PERCENTILE: (0.0, 100.0),
    IV_RANK: (0.0, 100.0),
    MINUTES_TO_EVENT: (0.0, 90.0),
}
TALKATIVE: tuple[Strategy, ...] = (
    OpeningRange(confirmations=1, min_volume_ratio=0.0, max_opening_gap=0.0, stop_atr=2.0),
    TrendPullback(fast_period=5, slow_period=13, min_adx=5.0, min_volume=0.0, max_pullback=0.0),
    VWAPReversion(
        band_sigmas=0.5,
        min_deviation=0.0,
        max_adx=90.0,
        oversold=50.0,
        min_volume_ratio=0.1,
        stop_atr=0.2,
        first_target_r=0.1,
        min_reward_to_risk=0.2,
    ),
    BreakoutRetest(level_bars=5, confirmations=1, tolerance_atr=2.0, min_volume_ratio=0.0),
    BollingerReversion(max_adx=90.0, oversold=50.0, min_width=0.0, deviations=1.0),
    OptionsRanker(fast_period=5, slow_period=13),
    IronCondor(max_adx=60.0, max_move=0.05),
    ShortStrangle(latest_minute=300),
    LongStraddle(),
    TrendCreditSpread(fast_period=5, slow_period=13, min_adx=5.0),
    ExpiryStrangle(realised_bars=10, max_days=2, latest_minute=300),
    CalendarSpread(max_move=0.05),
)
EVERY = pytest.mark.parametrize("strategy", TALKATIVE, ids=lambda each: each.name)
FEW = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SEEDS, CUTS = st.integers(0, 2**32 - 2), st.integers(1, ROWS - 1)


def readings(strategy: Strategy, seed: int) -> dict[str, Any]:
    """Return what the strategy may know beside the bars, a fifth of it unknown."""
    dice = np.random.default_rng(seed)
    found = {}
    for name in strategy.context:
        values = dice.uniform(*RANGES[name], (ROWS, COLUMNS)).round()
        values[dice.random((ROWS, COLUMNS)) < 0.2] = np.nan
        found[name] = values
    return found


def said(strategy: Strategy, grid: BarGrid, context: dict[str, Any]) -> list[bytes]:
    """Return the sides and all levels of each row as bytes."""
    wanted = strategy.features()
    outputs = {
        feature: dict(zip(feature.outputs, feature.run(grid), strict=True))
        for feature in wanted.values()
    }
    answer = strategy.signals(batch_frame(wanted, grid, outputs, context))
    shape = (ROWS, COLUMNS)
    told = [np.broadcast_to(getattr(answer, name), shape) for name in Signals.__slots__]
    return [b"".join(values[row].tobytes() for values in told) for row in range(ROWS)]


def joined(grid: BarGrid, other: BarGrid, cut: int) -> BarGrid:
    """Return the one market up to row `cut`, and the other from there on."""
    mixed = {}
    for name in ("open", "high", "low", "close", "volume", "oi", "gap"):
        values = getattr(grid, name).copy()
        values[cut:] = getattr(other, name)[cut:]
        mixed[name] = values
    return replace(grid, **mixed)


def sees_the_future(strategy: Strategy, make: Grid, seed: int, cut: int) -> bool:
    """Say whether anything before row `cut` follows from what comes then."""
    grid, other = (make(each, strategy.timeframe, 2, 75, COLUMNS) for each in (seed, seed + 1))
    context, later = readings(strategy, seed), readings(strategy, seed + 1)
    beside = {
        name: np.vstack((values[:cut], later[name][cut:])) for name, values in context.items()
    }
    before = said(strategy, grid, context)
    after = said(strategy, joined(grid, other, cut), beside)
    return before[:cut] != after[:cut]


def test_every_strategy_there_is_is_asked() -> None:
    assert sorted(each.name for each in TALKATIVE) == sorted(STRATEGIES)


@EVERY
def test_it_has_something_to_say_on_both_sides_of_a_cut(
    strategy: Strategy, random_grid: Grid
) -> None:
    wanted = strategy.features()
    grid = random_grid(1, strategy.timeframe, 2, 75, COLUMNS)
    outputs = {
        feature: dict(zip(feature.outputs, feature.run(grid), strict=True))
        for feature in wanted.values()
    }

    side = strategy.signals(batch_frame(wanted, grid, outputs, readings(strategy, 1))).side

    assert np.flatnonzero(side.any(axis=1)).size >= 3


@EVERY
@FEW
@given(seed=SEEDS, cut=CUTS)
def test_another_future_changes_nothing_before_it(
    random_grid: Grid, strategy: Strategy, seed: int, cut: int
) -> None:
    assert not sees_the_future(strategy, random_grid, seed, cut)


@dataclass(frozen=True, slots=True)
class Peeks(Strategy):
    """Puts its stop where a later bar closes; `by`: how far ahead it looks, 0 for not at all."""

    name = "peeks"
    timeframe = Timeframe.MINUTES_5
    repeat = Repeat(False, 0)
    valid_minutes = 10
    max_positions = 2
    by: int = 1

    def features(self) -> dict[str, Feature]:
        return {}

    def signals(self, frame: Frame) -> Signals:
        later = np.roll(frame.close, -self.by, axis=0)
        side = direction(frame.close >= frame.open, frame.close < frame.open)
        stop = frame.close - side * (1.0 + np.abs(later - frame.open))
        return entries(side, frame.close, stop, Reward(1.0, 2.0, 0.5))


@FEW
@given(seed=SEEDS, cut=CUTS)
def test_a_strategy_that_looks_one_bar_ahead_is_caught(
    random_grid: Grid, seed: int, cut: int
) -> None:
    assert sees_the_future(Peeks(by=1), random_grid, seed, cut)
    assert not sees_the_future(Peeks(by=0), random_grid, seed, cut)


@dataclass(frozen=True, slots=True)
class MeanOfAll:
    """An indicator that knows the whole history: the mean of all closes."""

    outputs = ("mean",)

    def run(self, grid: BarGrid) -> np.ndarray:
        return np.broadcast_to(np.nanmean(grid.close, axis=0), (1, *grid.close.shape)).copy()


@dataclass(frozen=True, slots=True)
class TrustsTheMean(Peeks):
    """Looks at its own row alone, with an indicator that doesn't."""

    name = "trusts_the_mean"

    def features(self) -> dict[str, Feature]:
        return {"mean": MeanOfAll()}  # type: ignore[dict-item]

    def signals(self, frame: Frame) -> Signals:
        side = direction(frame.close < frame["mean"].main, frame.close > frame["mean"].main)
        stop = frame.close - side * np.abs(frame.close - frame["mean"].main)
        return entries(side, frame.close, stop, Reward(1.0, 2.0, 0.5))


@FEW
@given(seed=SEEDS, cut=CUTS)
def test_an_indicator_that_knows_the_whole_history_is_caught(
    random_grid: Grid, seed: int, cut: int
) -> None:
    assert sees_the_future(TrustsTheMean(), random_grid, seed, cut)
