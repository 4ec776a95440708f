"""Histories that every indicator is tried on: invented markets and recorded ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from marketdata.bars import BarGrid
from marketdata.timeframes import Timeframe

Floats = NDArray[np.float64]
OPEN_S = 1_700_000_100 // 60 * 60


def grid_of(prices: dict[str, Floats], minutes_a_day: int, frame: Timeframe) -> BarGrid:
    """Return the grid of full sessions whose columns are given as arrays `(T, N)`."""
    rows = np.arange(len(prices["close"]))
    bars_a_day = minutes_a_day * 60 // frame.seconds
    session, minute = rows // bars_a_day, rows % bars_a_day * frame.seconds // 60
    return BarGrid(
        timeframe=frame,
        start=OPEN_S + session * 86_400 + rows % bars_a_day * frame.seconds,
        session=738_000 + session,
        minute=minute,
        open=prices["open"],
        high=prices["high"],
        low=prices["low"],
        close=prices["close"],
        volume=prices["volume"],
        oi=prices.get("oi", np.zeros_like(prices["close"])),
        gap=prices.get("gap", np.zeros(prices["close"].shape, dtype=np.bool_)),
    )


def market(
    seed: int, rows: int, columns: int, holes: bool, frame: Timeframe = Timeframe.MINUTE
) -> BarGrid:
    """Return a random market of half-hour days on a grid of 0.05.

    With `holes`, columns begin late or vanish for a while, and a tenth of the bars have no trade.
    """
    rng = np.random.default_rng(seed)
    shape = (rows, columns)
    close = 500.0 + np.cumsum(rng.normal(0.0, 0.6, shape), axis=0)
    opened = close + rng.normal(0.0, 0.4, shape)
    high = np.maximum(opened, close) + rng.exponential(0.3, shape)
    low = np.minimum(opened, close) - rng.exponential(0.3, shape)
    volume = rng.integers(0, 5_000, shape).astype(np.float64)
    prices = {"open": opened, "high": high, "low": low, "close": close}
    prices = {name: np.round(values * 20.0) / 20.0 for name, values in prices.items()}
    oi = 100.0 * np.round(1_000.0 + np.cumsum(rng.normal(0.0, 5.0, shape), axis=0))
    gap = np.zeros(shape, dtype=np.bool_)
    if holes:
        gap = rng.random(shape) < 0.1
        gap[0] = False
        for row, column in zip(*np.nonzero(gap), strict=True):
            for values in prices.values():
                values[row, column] = prices["close"][row - 1, column]
            volume[row, column], oi[row, column] = 0.0, oi[row - 1, column]
        for column in range(columns):
            begins, away = rng.integers(0, rows, 2)
            for values in prices.values():
                values[: begins * (column % 2), column] = np.nan
                values[away : away + rng.integers(0, 5), column] = np.nan
    return grid_of({**prices, "volume": volume, "oi": oi, "gap": gap}, 30, frame)


def recorded(path: Path, symbols: list[str], sessions: int, frame: Timeframe) -> BarGrid:
    """Return the first sessions of some symbols of a recorded file."""
    table = pd.read_csv(path)
    table = table[table["symbol"].isin(symbols)]
    days = sorted(table["ts"].str[:10].unique())[:sessions]
    table = table[table["ts"].str[:10].isin(days)]
    names = ("open", "high", "low", "close", "volume", "oi")
    wide = {
        name: np.ascontiguousarray(
            table.pivot_table(index="ts", columns="symbol", values=name).to_numpy(np.float64)
        )
        for name in names
    }
    return grid_of(wide, 375, frame)


RECORDED = {
    "banks, minutes, 2023": (
        "bars_1m/banks_vix_2023-04-03_2023-05-12.csv.gz",
        ["HDFCBANK", "SBIN", "BANKNIFTY"],
        6,
        Timeframe.MINUTE,
    ),
    "shares, minutes, 2016": (
        "bars_1m/stocks_2016-08-16_2016-09-09.csv.gz",
        ["INFY", "RELIANCE", "SBIN"],
        6,
        Timeframe.MINUTE,
    ),
    "shares, five minutes, 2026": (
        "bars_5m/stocks_2026-05-20_2026-06-05.csv.gz",
        ["INFY", "RELIANCE", "HDFCBANK"],
        12,
        Timeframe.MINUTES_5,
    ),
}


@pytest.fixture(
    scope="session",
    params=[
        "random",
        *(pytest.param(name, marks=pytest.mark.shared_data) for name in RECORDED),
    ],
)
def history(request: pytest.FixtureRequest) -> BarGrid:
    """Return one history without holes after the other."""
    if request.param == "random":
        return market(seed=20, rows=900, columns=3, holes=False)
    file, *rest = RECORDED[request.param]
    return recorded(request.getfixturevalue("shared_data") / file, *rest)


@pytest.fixture(scope="session")
def make_market() -> Callable[..., BarGrid]:
    return market


@pytest.fixture(scope="session")
def make_grid() -> Callable[..., BarGrid]:
    """Return the builder of a one-column grid of minutes from lists, flat bars by default."""

    def build(close: list[float], minutes_a_day: int = 375, **columns: list[float]) -> BarGrid:
        given = {name: columns.get(name, close) for name in ("open", "high", "low")}
        volume = columns.get("volume", [1.0] * len(close))
        oi = columns.get("oi", [0.0] * len(close))
        gap = np.array(columns.get("gap", [False] * len(close)), dtype=np.bool_)
        arrays = {**given, "close": close, "volume": volume, "oi": oi}
        prices = {name: np.array(v, dtype=np.float64)[:, None] for name, v in arrays.items()}
        return grid_of({**prices, "gap": gap[:, None]}, minutes_a_day, Timeframe.MINUTE)

    return build


@pytest.fixture(scope="session")
def by_column() -> Callable[..., Floats]:
    """Return a caller of a function of one column's arrays for each column of `(T, N)` arrays."""

    def call(function: Callable[..., Floats], *arrays: Floats) -> Floats:
        columns = [
            [np.ascontiguousarray(a[:, j]) for a in arrays] for j in range(arrays[0].shape[1])
        ]
        return np.stack([function(*column) for column in columns], axis=-1)

    return call
