"""Indicators at the next open hold the bars of a column's own hours alone, whoever made them.

The same two days are lived through tick by tick, read as history and laid out for a backtest; on
each the shares end at 15:15, the index at 15:30 and its future at 15:40. TA-Lib is given the true
bars alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import talib

from marketdata.bars import BarGrid, BarRow
from marketdata.calendar import IST, Calendar
from marketdata.features.adx import ADX
from marketdata.features.atr import ATR
from marketdata.features.board import FeatureBoard, run
from marketdata.features.bollinger import Bollinger
from marketdata.features.donchian import Donchian
from marketdata.features.relative_volume import RelativeVolume
from marketdata.features.rsi import RSI
from marketdata.features.support_resistance import SupportResistance
from marketdata.features.vwap import SessionVWAP
from marketdata.history import bars_path, bars_table
from marketdata.quality import ScreenSettings
from marketdata.ticks import TICK, Ticks
from marketdata.timeframes import Timeframe
from tests.unit.trading.test_bootstrap import FUTURE, HEAD, INDEX, SHARE
from trading.bootstrap import history_on, setup_of
from trading.config import Config
from trading.engine.scan import panel_on
from trading.engine.settings import EngineSetup
from trading.research.bar_days import lay_out
from trading.research.bar_files import read_minutes
from trading.research.bar_market import market_of
from trading.research.listings import listings

DAYS = (date(2026, 10, 1), date(2026, 10, 5), date(2026, 10, 6))
LENGTHS = (Timeframe.MINUTE, Timeframe.MINUTES_5, Timeframe.MINUTES_15)
ITEMS = (INDEX, FUTURE, SHARE)
FILES = ("NIFTY", FUTURE.symbol, "INFY")
LEVELS = (24_500.0, 24_560.0, 1_500.0)
WHOLE, MORNING = 385, 30
OWN = (375, 385, 360)
PRICE = (ATR(14), RSI(14), ADX(14), Bollinger(20), Donchian(20), SupportResistance())
VOLUME = (RelativeVolume(20), SessionVWAP())


@dataclass(frozen=True, slots=True)
class Minutes:
    """One instrument's minutes of one day, each array shape `(T,)`."""

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray


def opens_s(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 9, 15, tzinfo=IST).timestamp())


def minutes_of(place: int, number: int) -> Minutes:
    """Return a day that goes on to the future's close, so that prices come behind one's own."""
    chance = np.random.default_rng(100 * place + number)
    count = WHOLE if number < 2 else MORNING
    close = LEVELS[place] * np.exp(np.cumsum(chance.normal(0.0, 0.0006, count)))
    open_ = close * (1 + chance.normal(0.0, 0.0002, count))
    reach = 1 + np.abs(chance.normal(0.0, 0.0005, (2, count)))
    high, low = np.maximum(open_, close) * reach[0], np.minimum(open_, close) / reach[1]
    prices = (np.round(values * 20) / 20 for values in (open_, high, low, close))
    volume = chance.integers(50, 500, count).astype(np.float64)
    return Minutes(*prices, volume=volume * 0 if place == 0 else volume)


MADE = {(place, number): minutes_of(place, number) for place in range(3) for number in range(3)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("next-open")
    for place, symbol in enumerate(FILES):
        days = [MADE[place, number] for number in range(3)]
        names = ("open", "high", "low", "close", "volume")
        told = {name: np.concatenate([getattr(day, name) for day in days]) for name in names}
        starts = [
            opens_s(day) + 60 * np.arange(len(made.close))
            for day, made in zip(DAYS, days, strict=True)
        ]
        told |= {"start": np.concatenate(starts), "oi": np.zeros(len(told["open"]))}
        table = bars_table(told, np.zeros(len(told["open"]), dtype=np.bool_))
        pq.write_table(table, bars_path(made, symbol))
    return made


def setup_on(number: int) -> EngineSetup:
    day = DAYS[number]
    opens_at = datetime(day.year, day.month, day.day, 9, 15, tzinfo=IST)
    head = replace(
        HEAD,
        date=day,
        instruments=ITEMS,
        session_open=opens_at,
        session_close=opens_at.replace(hour=15, minute=40),
    )
    return setup_of(Config(), head, "T1", banned=frozenset())


def tick(number: int, minute: int, quarter: int) -> Ticks:
    """Return one price of a minute for each instrument: its open, high, low and close in turn."""
    rows = np.zeros(len(ITEMS), TICK)
    rows["exchange_at"] = (opens_s(DAYS[number]) + 60 * minute + 15 * quarter) * 1_000_000
    rows["bid"] = rows["ask"] = np.nan
    for place, item in enumerate(ITEMS):
        made = MADE[place, number]
        price = (made.open, made.high, made.low, made.close)[quarter][minute]
        rows["token"][place] = item.token
        rows["volume"][place] = made.volume[: minute + 1].sum()
        for name in ("last", "open", "high", "low"):
            rows[name][place] = price
    return rows


def lived(number: int) -> dict[Timeframe, list[BarRow]]:
    """Return the bars a panel of the desk forms of a day's ticks."""
    panel, count = panel_on(LENGTHS, setup_on(number)), len(MADE[0, number].close)
    rows: dict[Timeframe, list[BarRow]] = {length: [] for length in LENGTHS}
    for minute in range(count):
        for quarter in range(4):
            panel.apply(tick(number, minute, quarter))
        for row in panel.close_bars(opens_s(DAYS[number]) + 60 * (minute + 1)):
            rows[row.timeframe].append(row)
    return rows


@pytest.fixture(scope="module")
def live() -> tuple[dict[Timeframe, list[BarRow]], ...]:
    return tuple(lived(number) for number in range(3))


def last_bars(length: Timeframe) -> int:
    return MORNING * 60 // length.seconds


def said(board: FeatureBoard, rows: list[BarRow]) -> np.ndarray:
    """Return the outputs of every feature, one below the other, shape `(T, K, N)`."""
    told = []
    for row in rows:
        out = board.step(row)
        told.append([values for each in board.features for values in out[each].values()])
    return np.array(told)


def in_a_backtest(folder: Path) -> Mapping[Timeframe, BarGrid]:
    calendar = Calendar.load()
    files = {
        name: read_minutes(bars_path(folder, name), DAYS[-1], calendar)
        for name in ("INFY", "NIFTY")
    }
    laid = lay_out(files, listings(tuple(files), plain=False), calendar)
    assert [item.symbol for item in laid.columns] == ["NIFTY", "INFY", "NIFTY"]
    return market_of(laid, ScreenSettings(), (2, 1, 2), quoted=True).grids(LENGTHS)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_next_open_is_the_same_lived_read_and_laid_out(folder, live, length):
    features, count = (*PRICE, *VOLUME), last_bars(length)
    through = FeatureBoard(features, 3)
    for number in range(2):
        said(through, live[number][length])
    warmed = FeatureBoard(features, 3)
    warmed.warm(history_on((length,), setup_on(2), folder)[length])

    today = said(through, live[2][length])
    read = said(warmed, live[2][length])
    grid = in_a_backtest(folder)[length]
    outputs, first = run(features, grid), int(np.searchsorted(grid.start, opens_s(DAYS[2])))
    rows = slice(first, first + count)
    laid = np.array([v[rows] for each in features for v in outputs[each].values()])
    laid = laid.swapaxes(0, 1)

    assert today.shape[0] == count
    np.testing.assert_array_equal(today[..., [0, 2]], read[..., [0, 2]])
    np.testing.assert_array_equal(today[..., 2], laid[..., 1])
    of_price = sum(len(each.outputs) for each in PRICE)
    np.testing.assert_array_equal(today[:, :of_price, 0], laid[:, :of_price, 0])
    assert np.isfinite(today[:, 0, [0, 2]]).all()


def true_bars(place: int, length: Timeframe) -> dict[str, np.ndarray]:
    """Return the bars within the instrument's own hours of all days, folded by hand."""
    size = length.seconds // 60
    found: dict[str, list[np.ndarray]] = {}
    for number in range(3):
        made = MADE[place, number]
        count = min(OWN[place], len(made.close)) // size * size
        for name, fold in (
            ("high", lambda a: a.max(axis=1)),
            ("low", lambda a: a.min(axis=1)),
            ("close", lambda a: a[:, -1]),
            ("volume", lambda a: a.sum(axis=1)),
        ):
            values = getattr(made, name)[:count].reshape(-1, size)
            found.setdefault(name, []).append(fold(values))
    return {name: np.concatenate(parts) for name, parts in found.items()}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("place", "name"), [(0, "an index"), (2, "a share")])
def test_they_are_what_talib_says_of_the_true_bars(folder, live, length, place, name):
    board = FeatureBoard((ATR(14), RSI(14), ADX(14), Bollinger(20), RelativeVolume(20)), 3)
    board.warm(history_on((length,), setup_on(2), folder)[length])

    found = said(board, live[2][length])[:, :, place]

    bars, count = true_bars(place, length), last_bars(length)
    high, low, close = bars["high"], bars["low"], bars["close"]
    expected = [
        talib.ATR(high, low, close, 14),
        talib.RSI(close, 14),
        talib.ADX(high, low, close, 14),
    ]
    for number, values in enumerate(expected):
        np.testing.assert_allclose(found[:, number], values[-count:], rtol=1e-9, err_msg=name)
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    bands = found[:, -4:-1]
    np.testing.assert_allclose(bands, np.array([upper, middle, lower]).T[-count:], rtol=1e-9)
    if place == 2:
        before = np.convolve(bars["volume"], np.ones(20) / 20, "valid")[-count - 1 : -1]
        np.testing.assert_allclose(found[:, -1], bars["volume"][-count:] / before, rtol=1e-9)
