"""Made one-minute bars for benches of backtests: seeded, whole sessions, the same every time.

Two forms of the same bars: the desk's files, and one file of arrays for other programs.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from marketdata.bars import Floats, Ints
from marketdata.calendar import IST, Calendar
from marketdata.history import BAR_SCHEMA
from marketdata.instruments import Segment

_SEED = 7
_MINUTES = 375
_OPENS = time(9, 15)
_FIRST = date(2025, 1, 1)
_STEP = 20
"""Prices lie on a grid of a twentieth of a rupee."""


def sessions(count: int) -> tuple[date, ...]:
    """Return the first ordinary sessions from 2025 on. Raises `CalendarUnknown` for too many."""
    calendar, day = Calendar.load(), _FIRST
    found: list[date] = []
    while len(found) < count:
        if calendar.is_trading_day(day):
            session = calendar.session(day, Segment.CASH, has_derivatives=False)
            if session.closes_at - session.opens_at == timedelta(minutes=_MINUTES):
                found.append(day)
        day += timedelta(days=1)
    return tuple(found)


def write_bars(folder: Path, instruments: int, days: int) -> Path:
    """Write a file for each made symbol into `folder`; return the file of arrays beside them.

    The arrays: `symbols`, `start` (epoch seconds) and `minute` of shape `(T,)`, prices `(T, N)`.
    """
    opens = [int(datetime.combine(day, _OPENS, IST).timestamp()) for day in sessions(days)]
    start = (np.array(opens)[:, np.newaxis] + 60 * np.arange(_MINUTES)).reshape(-1)
    chance, columns = np.random.default_rng(_SEED), []
    symbols = [f"SYM{place:03d}" for place in range(instruments)]
    for symbol in symbols:
        prices = _walk(chance, days)
        volume = chance.integers(100, 10_000, len(start))
        _write(folder / f"{symbol}.parquet", start, prices, volume)
        columns.append(prices)
    arrays = folder / "bars.npz"
    open_, high, low, close = (np.column_stack(each) for each in zip(*columns, strict=True))
    np.savez(
        arrays,
        symbols=np.array(symbols),
        start=start,
        minute=np.tile(np.arange(_MINUTES), days),
        open=open_,
        high=high,
        low=low,
        close=close,
    )
    return arrays


def _walk(chance: np.random.Generator, days: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return open, high, low and close of one symbol's days, a gap before each."""
    moves = chance.normal(0, 0.0008, (days, _MINUTES))
    level, closes = 500 * float(np.exp(chance.normal(0, 0.5))), []
    for day in range(days):
        path = level * float(np.exp(chance.normal(0, 0.004))) * np.exp(np.cumsum(moves[day]))
        closes.append(path)
        level = float(path[-1])
    close = np.round(np.array(closes) * _STEP) / _STEP
    first = np.column_stack([close[:, 0], close[:, :-1]])
    reach = np.abs(chance.normal(0, 0.0003, (2, days, _MINUTES)))
    top, bottom = np.maximum(first, close), np.minimum(first, close)
    high = np.maximum(np.round(top * (1 + reach[0]) * _STEP) / _STEP, top)
    low = np.minimum(np.round(bottom * (1 - reach[1]) * _STEP) / _STEP, bottom)
    flat = [values.reshape(-1) for values in (first, high, low, close)]
    return flat[0], flat[1], flat[2], flat[3]


def _write(path: Path, start: Ints, prices: tuple[Floats, ...], volume: Ints) -> None:
    names = ("open", "high", "low", "close")
    table = {
        "ts": pa.array(start * 1_000_000).cast(BAR_SCHEMA.field("ts").type),
        **dict(zip(names, prices, strict=True)),
        "volume": volume,
        "oi": np.zeros(len(start), dtype=np.int64),
    }
    pq.write_table(pa.table(table, schema=BAR_SCHEMA), path)
