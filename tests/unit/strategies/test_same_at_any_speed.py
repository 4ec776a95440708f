"""The strategies of five-minute bars say the same bar by bar and over a history, and see no future.

The opening range's own file holds it to the same on minutes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe
from strategies.base import Strategy
from strategies.bollinger_reversion import BollingerReversion
from strategies.signals import Signals
from strategies.trend_pullback import TrendPullback
from tests.unit.strategies.test_breakout_retest import LOOSE as LOOSE_RETEST
from tests.unit.strategies.test_vwap_reversion import LOOSE as LOOSE_VWAP

BANDS = BollingerReversion(max_adx=0.0, oversold=0.0, min_width=0.0, deviations=1.5)
TREND = TrendPullback(min_adx=10.0, min_volume=1e5, fast_period=8, slow_period=21)
STRATEGIES = {
    "vwap_reversion": LOOSE_VWAP,
    "breakout_retest": LOOSE_RETEST,
    "bollinger, beyond": BANDS,
    "bollinger, back": BollingerReversion(
        max_adx=0.0, oversold=0.0, min_width=0.0, deviations=1.5, entry_mode="back"
    ),
    "trend, atr": TREND,
    "trend, swing": TrendPullback(
        min_adx=10.0, min_volume=1e5, fast_period=8, slow_period=21, stop_mode="swing"
    ),
}
every_strategy = pytest.mark.parametrize("name", STRATEGIES)
Batch = Callable[[Strategy, BarGrid], Signals]


@pytest.fixture
def grid(random_grid: Callable[..., BarGrid]) -> BarGrid:
    return random_grid(12, Timeframe.MINUTES_5, 4, 75, 4)


def assert_equal(one: Signals, other: Signals) -> None:
    for name in Signals.__slots__:
        same = np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "side")
        assert same, name


def part(said: Signals, rows: int | slice) -> Signals:
    return Signals(*(getattr(said, name)[rows] for name in Signals.__slots__))


@every_strategy
def test_live_equals_batch_bit_for_bit(grid: BarGrid, batch: Batch, watch: type, name: str) -> None:
    strategy = STRATEGIES[name]
    whole, live = batch(strategy, grid), watch(strategy, 4)

    assert (whole.side > 0).any()
    assert (whole.side < 0).any()
    for row in range(len(grid)):
        assert_equal(part(whole, row), live.see(grid.row(row)))


@every_strategy
def test_changing_the_future_changes_nothing_before_it(
    grid: BarGrid, future_changed: Callable[..., BarGrid], batch: Batch, name: str
) -> None:
    strategy = STRATEGIES[name]

    before, after = batch(strategy, grid), batch(strategy, future_changed(grid, 199))

    assert before.side[:200].any()
    assert_equal(part(before, slice(200)), part(after, slice(200)))
    assert not np.array_equal(before.entry, after.entry, equal_nan=True)
