"""Both strategies over recorded bars: they speak, never at their own stop, live as in batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe
from strategies.base import Strategy
from strategies.opening_range import OpeningRange
from strategies.opinions import allow_batch
from strategies.signals import Signals
from strategies.trend_pullback import TrendPullback

pytestmark = pytest.mark.shared_data
Batch = Callable[[Strategy, BarGrid], Signals]
OPEN_MINUTE = 9 * 60 + 15


def _recorded(file: Path, timeframe: Timeframe) -> BarGrid:
    """Return the file's bars folded to `timeframe`; a minute without a bar is a gap."""
    table = pd.read_csv(file)
    table["ts"] = pd.to_datetime(table["ts"]).dt.tz_localize(None)
    of_day = table["ts"].dt.hour * 60 + table["ts"].dt.minute - OPEN_MINUTE
    length = timeframe.seconds // 60
    table["minute"] = of_day // length * length
    table["session"] = table["ts"].dt.date.map(lambda day: day.toordinal())
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    bars = table.groupby(["session", "minute", "symbol"]).agg(rules).unstack("symbol")
    sessions = bars.index.get_level_values(0).unique()
    minutes = range(0, 375, length)
    bars = bars.reindex(pd.MultiIndex.from_product([sessions, minutes]))
    close = bars["close"].groupby(level=0).ffill()
    gap = bars["close"].isna().to_numpy()
    session = bars.index.get_level_values(0).to_numpy(dtype=np.int64)
    minute = bars.index.get_level_values(1).to_numpy(dtype=np.int64)
    columns = {name: bars[name].fillna(close).to_numpy() for name in ("open", "high", "low")}
    return BarGrid(
        timeframe,
        start=(session - 719_163) * 86_400 + (OPEN_MINUTE + minute - 330) * 60,
        session=session,
        minute=minute,
        close=close.to_numpy(),
        volume=bars["volume"].fillna(0.0).to_numpy(dtype=np.float64),
        oi=np.zeros(gap.shape),
        gap=gap,
        **columns,
    )


def _check(strategy: Strategy, grid: BarGrid, said: Signals) -> np.ndarray:
    """Return the sides allowed, after checking that no opinion stands at its own stop."""
    allowed = allow_batch(strategy.repeat, said.side, grid.session, grid.start)
    spoken = allowed != 0
    side = allowed[spoken]
    assert (side * (said.entry[spoken] - said.stop[spoken]) > 0).all()
    assert (side * (said.target1[spoken] - said.entry[spoken]) > 0).all()
    assert (side * (said.target2[spoken] - said.target1[spoken]) > 0).all()
    assert (said.entry[spoken] == grid.close[spoken]).all()
    return allowed


@pytest.mark.parametrize(
    "file", ["index_2021-07_2021-12", "stocks_2021-04-05_2021-05-14_from_ticks"]
)
def test_the_opening_range_speaks_on_recorded_days(
    shared_data: Path, batch: Batch, file: str
) -> None:
    grid = _recorded(shared_data / "bars_1m" / f"{file}.csv.gz", Timeframe.MINUTE)
    strategy = OpeningRange(min_volume_ratio=0.0 if file.startswith("index") else 1.5)

    allowed = _check(strategy, grid, batch(strategy, grid))

    assert (allowed > 0).any()
    assert (allowed < 0).any()
    for session in np.unique(grid.session):
        day = allowed[grid.session == session]
        assert ((day > 0).sum(axis=0) <= 1).all()


@pytest.mark.parametrize(
    "file", ["index_2021-07_2021-12", "stocks_2021-04-05_2021-05-14_from_ticks"]
)
def test_the_trend_pullback_speaks_on_recorded_days(
    shared_data: Path, batch: Batch, file: str
) -> None:
    grid = _recorded(shared_data / "bars_1m" / f"{file}.csv.gz", Timeframe.MINUTES_5)
    strategy = TrendPullback()

    allowed = _check(strategy, grid, batch(strategy, grid))

    assert (allowed > 0).any()
    assert (allowed < 0).any()


def test_a_recorded_morning_is_the_same_live_and_in_batch(
    shared_data: Path, batch: Batch, watch: type
) -> None:
    file = shared_data / "bars_1m" / "index_2021-04_2021-05.csv.gz"
    grid = _recorded(file, Timeframe.MINUTE)
    strategy = OpeningRange(min_volume_ratio=0.0)
    whole, live = batch(strategy, grid), watch(strategy, grid.close.shape[1])

    for row in range(375 * 3):
        now = live.see(grid.row(row))
        for name in Signals.__slots__:
            assert np.array_equal(
                getattr(whole, name)[row], getattr(now, name), equal_nan=name != "side"
            )
    assert whole.side[: 375 * 3].any()
