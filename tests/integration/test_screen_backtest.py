"""A screen and a backtest of the plain profile make the same trades where no limit binds."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from marketdata.calendar import IST, Calendar
from marketdata.history_import import import_bars
from risk.exits import kernel
from tests.unit.trading.research.made_bars import DAYS, made_folder
from trading.research.backtest import Request, backtest
from trading.research.profiles import Profile, Wishes
from trading.research.screen import Screened, ScreenTrades, prepare, screen
from trading.research.screen_files import REASONS

EASY_PULLBACK = {"zone_atr": 0.0, "separation": 0.0}


def request(folder: Path, strategy: str, *settings: str, first: date, last: date) -> Request:
    wishes = Wishes(Profile.PLAIN, (strategy,), Decimal(10**12), {}, settings)
    return Request(folder, None, first, last, wishes)


def rows_of(screened: Screened, found: ScreenTrades) -> list[tuple[Any, ...]]:
    def moment(seconds: int) -> datetime:
        return datetime.fromtimestamp(int(seconds), IST)

    rows = [
        (
            screened.market.laid.columns[found.column[at]].symbol,
            "LONG" if found.side[at] > 0 else "SHORT",
            moment(found.signal_at[at]),
            moment(found.entry_at[at]),
            float(found.entry[at]),
            moment(found.exit_bar_at[at]),
            round(float(found.mean_exit[at]), 6),
            REASONS[int(found.code[at])],
        )
        for at in range(len(found))
    ]
    return sorted(rows, key=lambda row: (row[2], row[0]))


def settings_of(strategy: str, parameters: dict[str, Any]) -> list[str]:
    return [
        (key if key.startswith("exits.") else f"strategies.{strategy}.{key}")
        + f"={json.dumps(value)}"
        for key, value in parameters.items()
    ]


def compare(asked: Request, sets: list[dict[str, Any]], least: int) -> list[ScreenTrades]:
    screened = prepare(asked)
    all_found = []
    for parameters, found in zip(sets, screen(screened, sets, lambda *told: None), strict=True):
        (strategy,) = asked.wishes.strategies
        settings = settings_of(strategy, parameters)
        told = request(
            asked.folder,
            strategy,
            *asked.wishes.settings,
            *settings,
            first=asked.first,
            last=asked.last,
        )
        result = backtest(told, lambda *done: None)
        expected = [
            (
                trade.symbol,
                trade.direction,
                trade.signal_at,
                trade.entry_at.replace(microsecond=0),
                float(trade.entry_price),
                trade.exit_at.replace(second=0, microsecond=0),
                float(trade.exit_price),
                trade.exit_reason,
            )
            for trade in result.run.trades
        ]
        ours = rows_of(screened, found)
        assert [row for row in ours if row not in expected] == []
        assert [row for row in expected if row not in ours] == []
        assert ours == sorted(expected, key=lambda row: (row[2], row[0]))
        units = screened.config.execution.fixed_units
        gross = float(sum(trade.gross for trade in result.run.trades))
        assert units * sum(found.gross) == pytest.approx(gross)
        all_found.append(found)
    assert sum(map(len, all_found)) >= least
    return all_found


@pytest.mark.parametrize(("seed", "missing"), [(1, 0.0), (2, 0.05), (3, 0.4)])
def test_opening_range_on_random_markets(tmp_path, seed, missing):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC"), seed=seed, missing=missing)
    asked = request(folder, "opening_range", first=DAYS[1], last=DAYS[-1])

    compare(
        asked,
        [{}, {"range_minutes": 5, "reward_to_risk": 1.3}, {"once_a_side_a_day": False}],
        least=60,
    )


def test_stops_and_targets_at_multiples_of_the_range_of_the_bars(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC"), seed=11, missing=0.05)
    asked = request(folder, "opening_range", first=DAYS[1], last=DAYS[-1])

    near, far = {"stop_atr": 1.0, "reward_to_risk": 1.5}, {"stop_atr": 6.0, "reward_to_risk": 3.0}
    found = compare(asked, [near, {**near, "atr_period": 5}, far], least=40)

    assert found[0].risk.mean() < found[2].risk.mean()


@pytest.mark.parametrize("seed", [4, 5])
def test_targets_passed_by_the_entrys_open_and_positions_the_other_way(tmp_path, seed):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC", "DDD"), seed=seed, missing=0.2)
    asked = request(folder, "opening_range", first=DAYS[0], last=DAYS[-1])

    tight = {
        "range_minutes": 1,
        "stop_fraction": 0.05,
        "first_target_r": 0.02,
        "reward_to_risk": 0.05,
        "once_a_side_a_day": False,
    }
    found = compare(asked, [tight, {**tight, "stop_fraction": 1.0, "gap_minutes": 7}], least=200)

    assert any(
        ((trades.code == kernel.AT_TARGET2) & (trades.exit == trades.entry)).any()
        for trades in found
    )


TRAIL = {"exits.trail": True, "exits.trail_atr": 1.0, "exits.tighten_atr": 0.5}
NEAR = {"first_target_r": 0.5, "reward_to_risk": 2.5}
FIRST = {**NEAR, "exits.target1": True}
EVEN = {**NEAR, "exits.break_even_after_target1": True, "exits.target1": True}
WAYS = {
    "trail at once": {**TRAIL, "exits.arm_at_r": 0.0, "exits.trail_step": 0.0},
    "trail once it pays": {**TRAIL, "exits.arm_at_r": 0.5, "exits.trail_step": 0.001},
    "wide trail": {**TRAIL, "exits.trail_atr": 3.0, "exits.arm_at_r": 1.0},
    "first target, all of it": {**FIRST, "exits.first_fraction": 1.0},
    "first target, nothing of it": {**EVEN, "exits.first_fraction": 0.0},
    "first target, half of it": {**FIRST, "exits.first_fraction": 0.5},
    "half, then even": {**EVEN, "exits.first_fraction": 0.5},
    "half, then trail": {**EVEN, **TRAIL, "exits.first_fraction": 0.5, "exits.trail_step": 0.0},
    "time": {"exits.time_stop": True, "exits.time_stop_minutes": 7.0},
    "three bars' time": {"exits.time_stop": True, "exits.time_stop_bars": 3},
    "a little time": {"exits.time_stop": True, "exits.time_stop_minutes": 0.5},
    "an adverse way": {"exits.mae": True, "exits.mae_r": 0.5},
    "wild bars": {"exits.volatility": True, "exits.volatility_multiple": 1.1},
    "the exits' own last target": {"exits.target2": True},
    "all": {
        **EVEN,
        **TRAIL,
        "exits.time_stop": True,
        "exits.time_stop_minutes": 25.0,
        "exits.mae": True,
        "exits.mae_r": 0.8,
        "exits.volatility": True,
        "exits.volatility_multiple": 1.5,
        "exits.target2": True,
        "stop_fraction": 0.5,
    },
}


@pytest.mark.parametrize(("seed", "missing", "units"), [(21, 0.0, 2), (22, 0.3, 1), (23, 0.1, 3)])
def test_every_way_out_on_random_markets(tmp_path, seed, missing, units):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC"), seed=seed, missing=missing)
    asked = request(
        folder,
        "opening_range",
        f"execution.fixed_units={units}",
        "strategies.opening_range.range_minutes=5",
        first=DAYS[1],
        last=DAYS[-1],
    )

    found = compare(asked, list(WAYS.values()), least=300)

    seen = {REASONS[int(code)] for trades in found for code in trades.code}
    assert seen >= {*map(str, REASONS.values())} - {"END_OF_DAY"}
    halves = found[list(WAYS).index("half, then even")]
    assert bool(((halves.part > 0) & (halves.part < 1)).any()) is (units > 1)


def test_trend_pullback_on_five_minute_bars(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC", "DDD"), seed=9, missing=0.3)
    asked = request(folder, "trend_pullback", first=DAYS[1], last=DAYS[-1])

    compare(asked, [{}, EASY_PULLBACK, {**EASY_PULLBACK, "gap_minutes": 0}], least=50)


def test_ways_out_on_five_minute_bars_with_ranges_of_their_own(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC", "DDD"), seed=14, missing=0.2)
    asked = request(
        folder,
        "trend_pullback",
        "exits.trail=true",
        "exits.arm_at_r=0.3",
        "hours.cash.entries_until=14:00",
        "hours.cash.tighten_at=14:00",
        first=DAYS[1],
        last=DAYS[-1],
    )

    near = {**EASY_PULLBACK, "exits.trail_atr": 0.8, "exits.tighten_atr": 0.4}
    wild = {"exits.volatility": True, "exits.volatility_multiple": 1.05}
    found = compare(asked, [near, {**near, **wild}], least=30)

    assert kernel.AT_TRAIL in found[0].code


def test_an_earlier_square_off(tmp_path):
    folder = made_folder(tmp_path, ("AAA", "BBB"), seed=6, missing=0.1)
    asked = request(
        folder,
        "opening_range",
        "hours.cash.square_off_at=11:00",
        first=DAYS[0],
        last=DAYS[-1],
    )

    compare(asked, [{}, {"range_minutes": 30}], least=20)


@pytest.mark.parametrize("strategy", ["vwap_reversion", "breakout_retest", "bollinger_reversion"])
def test_the_other_strategies_that_trade_on_bars(tmp_path, strategy):
    folder = made_folder(tmp_path, ("AAA", "BBB", "CCC"), seed=8, missing=0.05)
    asked = request(folder, strategy, first=DAYS[1], last=DAYS[-1])

    compare(asked, [{}], least=0)


@pytest.mark.shared_data
@pytest.mark.slow
def test_recorded_indices_and_shares(shared_data, tmp_path):
    import_bars(
        shared_data / "bars_1m/index_2021-07_2021-12.csv.gz", tmp_path / "i", Calendar.load()
    )
    import_bars(
        shared_data / "bars_1m/stocks_2021-04-05_2021-05-14_from_ticks.csv.gz",
        tmp_path / "s",
        Calendar.load(),
    )

    indices = request(
        tmp_path / "i", "opening_range", first=date(2021, 7, 1), last=date(2021, 12, 31)
    )
    ways = [{"range_minutes": 30, **WAYS[name]} for name in ("half, then trail", "time", "all")]
    compare(indices, [{"range_minutes": 30}, *ways], least=1_200)
    shares = request(
        tmp_path / "s", "opening_range", first=date(2021, 4, 5), last=date(2021, 5, 14)
    )
    compare(shares, [{}, WAYS["trail once it pays"], WAYS["all"]], least=1_800)
