"""What a backtest does before a moment is the same to the last bit whatever the files say later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from strategies.registry import STRATEGIES
from tests.unit.trading.research.made_bars import DAYS, IST, made_folder, write_bars
from trading.research.backtest import Request, Result, backtest
from trading.research.profiles import Profile, Wishes
from trading.research.round_trips import RoundTrip

ON_BARS = (
    *("opening_range", "trend_pullback", "vwap_reversion"),
    *("breakout_retest", "bollinger_reversion"),
)
EASY = (
    "strategies.opening_range.min_volume_ratio=0",
    "strategies.opening_range.confirmations=1",
    "strategies.trend_pullback.min_adx=0",
    "strategies.trend_pullback.max_pullback=0",
    "strategies.trend_pullback.separation=0",
    "strategies.vwap_reversion.max_adx=0",
    "strategies.vwap_reversion.min_volume_ratio=0",
    "strategies.breakout_retest.min_volume_ratio=0",
    "strategies.bollinger_reversion.max_adx=0",
)
SYMBOLS = ("AAA", "BBB", "NIFTY")


def lived(folder: Path, profile: Profile) -> Result:
    wishes = Wishes(profile, ON_BARS, Decimal(5_000_000), {}, EASY)
    return backtest(Request(folder, None, DAYS[1], DAYS[-1], wishes), lambda *told: None)


def with_another_future(one: Path, other: Path, cut: datetime, folder: Path) -> Path:
    """Write the bars of the one folder that begin before the cut, and of the other from it on."""
    folder.mkdir()
    for symbol in SYMBOLS:
        before, after = (pd.read_parquet(at / f"{symbol}.parquet") for at in (one, other))
        parts = [before[before["ts"] < cut], after[after["ts"] >= cut]]
        write_bars(folder, symbol, pd.concat(parts))
    return folder


def closed_by(result: Result, cut: datetime) -> list[RoundTrip]:
    return [trade for trade in result.run.trades if trade.exit_at < cut]


def begun_by(result: Result, cut: datetime) -> list[Mapping[str, object]]:
    """Return how the trades that were entered before the cut began."""
    names = ("strategy", "symbol", "direction", "signal_at", "entry_at")
    begun = [trade for trade in result.run.trades if trade.entry_at < cut]
    return [{name: getattr(trade, name) for name in names} for trade in begun]


def curve_until(result: Result, cut: datetime) -> list[list[float]]:
    """Return balance, equity and open positions of each minute that ends by the cut."""
    curve = result.curve
    ended = curve.end <= cut.timestamp()
    return [
        values[ended].tolist() for values in (curve.balance, curve.equity, curve.open_positions)
    ]


@pytest.mark.parametrize("profile", list(Profile))
def test_another_future_changes_nothing_before_it(tmp_path: Path, profile: Profile) -> None:
    one = made_folder(tmp_path / "one", SYMBOLS, seed=3, missing=0.02)
    other = made_folder(tmp_path / "other", SYMBOLS, seed=4, missing=0.02)
    whole, dice, closed = lived(one, profile), np.random.default_rng(17), 0

    for number in range(4):
        day, minute = DAYS[int(dice.integers(1, len(DAYS)))], int(dice.integers(30, 370))
        opened = datetime(day.year, day.month, day.day, 9, 15, tzinfo=IST)
        cut = opened + timedelta(minutes=minute)
        mixed = with_another_future(one, other, cut, tmp_path / f"mixed{number}")

        changed = lived(mixed, profile)

        assert closed_by(changed, cut) == closed_by(whole, cut)
        assert begun_by(changed, cut) == begun_by(whole, cut)
        assert curve_until(changed, cut) == curve_until(whole, cut)
        assert changed.run.trades != whole.run.trades
        closed += len(closed_by(whole, cut))
    assert closed > 10


def test_every_strategy_of_bars_is_in_it() -> None:
    on_bars = {name for name, each in STRATEGIES.items() if not each().context}

    assert on_bars == set(ON_BARS)
