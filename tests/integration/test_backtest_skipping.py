"""Skipping what cannot matter changes no decision: the same runs told whole and told short."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from marketdata.calendar import Calendar
from marketdata.history_import import import_bars
from tests.unit.trading.research.made_bars import DAYS, made_folder
from trading.research.backtest import Request, Result, backtest
from trading.research.profiles import Profile, Wishes
from trading.research.report_files import trades_csv

BOTH = ("opening_range", "trend_pullback")
EASY = (
    "strategies.opening_range.min_volume_ratio=0",
    "strategies.opening_range.confirmations=1",
    "strategies.trend_pullback.min_adx=0",
    "strategies.trend_pullback.max_pullback=0",
    "strategies.trend_pullback.separation=0",
)


def request(folder: Path, profile: Profile, *settings: str, capital: int = 5_000_000) -> Request:
    wishes = Wishes(profile, BOTH, Decimal(capital), {}, settings)
    return Request(folder, None, DAYS[1], DAYS[-1], wishes)


def both(asked: Request) -> tuple[Result, Result]:
    short = backtest(asked, lambda *told: None)
    whole = backtest(replace(asked, every_frame=True), lambda *told: None)
    return short, whole


def assert_equal(short: Result, whole: Result) -> None:
    assert trades_csv(short.run.trades) == trades_csv(whole.run.trades)
    assert short.run.notes.decision_hash == whole.run.notes.decision_hash
    assert short.run.notes.refusals == whole.run.notes.refusals
    assert np.array_equal(short.curve.equity, whole.curve.equity)
    assert short.run.balances == whole.run.balances
    assert short.run.notes.seq < whole.run.notes.seq


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("profile", list(Profile))
def test_random_markets_with_missing_minutes(tmp_path, seed, profile):
    folder = made_folder(tmp_path, ("AAA", "BBB", "NIFTY"), seed=seed, missing=0.05)

    short, whole = both(request(folder, profile, *EASY))

    assert short.run.trades
    assert_equal(short, whole)


def test_shares_that_close_before_their_index_and_that_before_its_future(tmp_path):
    days = tuple(date(2026, 10, day) for day in (5, 6, 7, 8, 9, 12))
    folder = made_folder(tmp_path, ("INFY", "TCS", "NIFTY"), seed=7, missing=0.05, days=days)
    asked = replace(request(folder, Profile.DEFAULT, *EASY), first=days[1], last=days[-1])

    short, whole = both(asked)

    assert short.run.trades
    assert_equal(short, whole)


WAYS = {
    "a trail of small steps": ("exits.trail_step=0.0005", "exits.arm_at_r=0.3"),
    "a trail of any step": ("exits.trail_step=0", "exits.arm_at_r=0", "exits.time_stop=false"),
    "a short time": ("exits.time_stop_minutes=3",),
    "no patience for wild markets": ("exits.volatility_multiple=1.05",),
    "an excursion short of the stop": ("exits.mae_r=0.5", "exits.first_fraction=0.3"),
    "a target that rests": ("execution.target_style=REST",),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_exits_of_every_kind_that_prices_and_time_decide(tmp_path, way):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC", "NIFTY"), seed=11, missing=0.05)
    room = ("risk.max_positions=50", "risk.max_positions_per_strategy=50")

    short, whole = both(request(folder, Profile.DEFAULT, *EASY, *room, *way))

    assert len(short.run.trades) > 10
    assert_equal(short, whole)
    assert short.run.notes.fills == whole.run.notes.fills
    assert short.run.notes.seq < 0.75 * whole.run.notes.seq


def test_stops_held_by_many_positions_at_once(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC", "DDD"), seed=9, missing=0.3)

    short, whole = both(
        request(folder, Profile.PLAIN, "strategies.trend_pullback.zone_atr=0", *EASY)
    )

    assert len(short.run.trades) > 30
    assert_equal(short, whole)


def test_a_daily_loss_that_is_reached(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC"), seed=4)

    short, whole = both(
        request(folder, Profile.PLAIN, "risk.daily_loss=0.0005", *EASY, capital=20_000)
    )

    assert short.run.notes.incidents["daily-loss"]
    assert any(trade.exit_reason == "DAILY_LOSS" for trade in short.run.trades)
    assert_equal(short, whole)


def test_a_square_off_in_the_middle_of_a_minute(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "BBB"), seed=5, missing=0.1)

    short, whole = both(request(folder, Profile.PLAIN, "hours.cash.square_off_at=14:30:30", *EASY))

    assert any(trade.exit_reason == "END_OF_DAY" for trade in short.run.trades)
    assert_equal(short, whole)


def test_ticks_the_screen_refuses(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "BBB"), seed=6)
    _spoil(folder / "AAA.parquet")

    short, whole = both(request(folder, Profile.PLAIN, *EASY))

    assert short.coverage[0].screened["price-scale"] > 0
    assert_equal(short, whole)


def _spoil(path: Path) -> None:
    import pandas as pd

    bars = pd.read_parquet(path)
    for row in (400, 790, 791, 1200):
        bars.loc[row, ["open", "high", "low", "close"]] *= 1.5
    bars.to_parquet(path, index=False)


@pytest.mark.shared_data
@pytest.mark.slow
def test_recorded_indices_traded_through_made_futures(shared_data, tmp_path):
    import_bars(shared_data / "bars_1m/index_2021-07_2021-12.csv.gz", tmp_path, Calendar.load())
    asked = replace(
        request(tmp_path, Profile.DEFAULT, capital=2_000_000),
        first=date(2021, 7, 8),
        last=date(2021, 8, 20),
    )

    short, whole = both(asked)

    assert short.run.notes.signals > 10
    assert_equal(short, whole)
