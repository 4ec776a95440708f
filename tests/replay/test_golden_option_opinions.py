"""18 August 2026 as each option strategy saw NIFTY, every opinion worked out a second time.

The index is recorded minutes; the five sessions before bring the indicators up to date. Options
are traded for 385 minutes, the index is told for 375: TA-Lib sees no bar behind its close, for a
market that is shut has no range, and ten still minutes a day made stops too near. The second
working is told bar by bar, with pandas and TA-Lib alone; it knows nothing of features, frames or
arrays. What the opinions are traded in is checked in `test_golden_option_day.py` and
`test_golden_option_trades.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib

from marketdata.built_day import BuiltDay
from marketdata.calendar import IST
from marketdata.dayset import RECORDED_DAYS, build_day
from marketdata.events import EventKind, MarketEvent
from marketdata.tape import TapeReader
from tests.replay.played import Day, Played
from tests.replay.slow_bars import FIVE, Said, bars_of, minute_of, spaced
from tests.replay.test_golden_bar_strategies import compare
from tests.replay.test_golden_option_day import DAY, OPEN, STRATEGIES
from trading.config import read

pytestmark = pytest.mark.shared_data

FIVE_SESSIONS_BEFORE = date(2026, 8, 11)
NIFTY = "bars_1m/nifty_2026-07-28_2026-08-21.csv.gz"
ANNOUNCED = datetime(2026, 8, 18, 14, 0, tzinfo=IST)
EVENT = MarketEvent(EventKind.GDP, ANNOUNCED, 0.5, "made for the test")
"""No event is recorded on a day whose chain is: this one is made."""
QUARTER, HALF_HOUR = timedelta(minutes=15), timedelta(minutes=30)
Rows = Callable[[pd.DataFrame], list[tuple[datetime, int]]]


@pytest.fixture(scope="module")
def built(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltDay:
    (spec,) = [each for each in RECORDED_DAYS if each.date == DAY]
    return build_day(spec, shared_data, tmp_path_factory.mktemp("option-opinions"))


@pytest.fixture(scope="module")
def bars(shared_data: Path) -> pd.DataFrame:
    found = bars_of(shared_data / NIFTY, FIVE_SESSIONS_BEFORE, DAY, 5)["NIFTY"]
    high, low, close = (found[name].to_numpy(float) for name in ("high", "low", "close"))
    for span in (21, 34, 55, 89):
        found[f"ema{span}"] = talib.EMA(close, span)
    found["atr"] = talib.ATR(high, low, close, 14)
    found["adx"] = talib.ADX(high, low, close, 14)
    found["plus"] = talib.PLUS_DI(high, low, close, 14)
    found["minus"] = talib.MINUS_DI(high, low, close, 14)
    found["mean"] = talib.SMA(close, 20)
    found["trend"] = supertrend(high, low, close)
    found["opened"] = found["open"].groupby(lambda moment: moment.date()).transform("first")
    return found


def supertrend(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Return 1 while the line runs below the price, -1 while above; ten bars, three ranges."""
    reach, way, said = 3.0 * talib.ATR(high, low, close, 10), 0, np.zeros(len(close))
    upper = lower = 0.0
    for t in range(len(close)):
        if np.isnan(reach[t]):
            continue
        middle = (high[t] + low[t]) / 2.0
        above, below = middle + reach[t], middle - reach[t]
        if way == 0:
            upper, lower, way = above, below, 1 if close[t] > above else -1
        else:
            upper = above if above < upper or close[t - 1] > upper else upper
            lower = below if below > lower or close[t - 1] < lower else lower
            way = 1 if close[t] > upper else -1 if close[t] < lower else way
        said[t] = way
    return said


def in_hours(bars: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return the day's bars that start from minute `first` on and before minute `last`."""
    today = bars[[start.date() == DAY for start in bars.index]]
    return today[[first <= minute_of(start) < last for start in today.index]]


def ranker_views(bars: pd.DataFrame) -> list[tuple[datetime, int]]:
    found = []
    for start, bar in in_hours(bars, 15, 300).iterrows():
        order = 1 if bar.ema34 > bar.ema89 else -1
        if order == bar.trend:
            found.append((start, order))
        elif abs(bar.close / bar["mean"] - 1.0) > 0.005:
            found.append((start, 1 if bar.close > bar["mean"] else -1))
    return found


def trends(bars: pd.DataFrame) -> list[tuple[datetime, int]]:
    found = []
    for start, bar in in_hours(bars, 45, 285).iterrows():
        if bar.adx >= 22.0:
            if bar.close > bar.ema21 > bar.ema55 and bar.plus > bar.minus:
                found.append((start, 1))
            elif bar.close < bar.ema21 < bar.ema55 and bar.plus < bar.minus:
                found.append((start, -1))
    return found


def quiet(first: int, last: int, most_move: float) -> Rows:
    """Return the bars in the hours by which the day has moved at most so far, a fraction."""

    def rows(bars: pd.DataFrame) -> list[tuple[datetime, int]]:
        return [
            (start, 0)
            for start, bar in in_hours(bars, first, last).iterrows()
            if abs(bar.close / bar.opened - 1.0) <= most_move
        ]

    return rows


def dear_expiry(bars: pd.DataFrame) -> list[tuple[datetime, int]]:
    """Return the bars by which the day has moved at most one and a half usual days."""
    return [
        (start, 0)
        for start, bar in in_hours(bars, 60, 165).iterrows()
        if abs(bar.close - bar.opened) <= 1.5 * bar.atr * 75**0.5
    ]


def before_the_event(bars: pd.DataFrame) -> list[tuple[datetime, int]]:
    """Return the bars that close 1 to 45 minutes before no entry is allowed any more."""
    closed = ANNOUNCED - timedelta(minutes=10)
    found = []
    for start in in_hours(bars, 0, 330).index:
        left = (closed - (start + FIVE)) / timedelta(minutes=1)
        if 1 <= left <= 45:
            found.append((start, 0))
    return found


CASES: dict[str, tuple[dict[str, Any], Rows, timedelta]] = {
    "options_ranker": (STRATEGIES["options_ranker"], ranker_views, HALF_HOUR),
    "trend_credit_spread": (OPEN, trends, QUARTER),
    "iron_condor": (OPEN, quiet(45, 285, 1.0), QUARTER),
    "short_strangle": (STRATEGIES["short_strangle"], quiet(5, 285, 0.005), FIVE),
    "expiry_strangle": (OPEN, dear_expiry, QUARTER),
    "long_straddle": (OPEN, before_the_event, timedelta(minutes=10)),
    "calendar_spread": (OPEN, quiet(45, 285, 0.005), HALF_HOUR),
}


def played(built: BuiltDay, strategy: str) -> Played:
    config = read({"strategies": {strategy: CASES[strategy][0]}})
    tape = TapeReader(built.tape_path)
    return Day(tape, built.warmup_path, config=config, events=(EVENT,)).play()


def heard(day: Played) -> list[Said]:
    return [
        Said(
            datetime.fromisoformat(body["at"]),
            body["instrument"],
            body["direction"],
            tuple(body[name] for name in ("entry", "stop", "target1", "target2")),
        )
        for body in (note.body for note in day.of("SignalNoted"))
    ]


def expected(bars: pd.DataFrame, rows: Rows, gap: timedelta) -> list[Said]:
    """Return the opinions in their distance; with a direction the stop lies 1.5 ranges away."""
    said = []
    for start, side in rows(bars):
        bar = bars.loc[start]
        risk = side * 1.5 * bar.atr
        prices = (bar.close, bar.close - risk, bar.close + risk, bar.close + 2.0 * risk)
        said.append(Said(start + FIVE, "NSE:NIFTY 50", side, prices))
    return spaced(said, gap)


@pytest.mark.parametrize("strategy", CASES)
def test_what_each_said_of_the_day(strategy: str, built: BuiltDay, bars: pd.DataFrame) -> None:
    _, rows, gap = CASES[strategy]

    ours = heard(played(built, strategy))

    assert len(ours) >= 5
    compare(ours, expected(bars, rows, gap))
