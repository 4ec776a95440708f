"""Folders of made bars for backtests that need no recordings: seeded random walks with flaws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd

IST = timezone(timedelta(hours=5, minutes=30))
DAYS = tuple(date(2021, 7, day) for day in (5, 6, 7, 8, 9, 12))
"""A Monday to the Monday after, all ordinary sessions."""


def made_day(seed: int, day: date, level: float, *, missing: float = 0.0) -> pd.DataFrame:
    """Return a session of minutes on a 5-paisa grid, some of them missing."""
    chance = np.random.default_rng(seed)
    moves = chance.normal(0, 0.0009, 375) * np.where(chance.random(375) < 0.02, 6, 1)
    close = level * np.exp(np.cumsum(moves))
    open_ = np.concatenate(([level], close[:-1])) * (1 + chance.normal(0, 0.0002, 375))
    reach = np.abs(chance.normal(0, 0.0005, (2, 375)))
    grid = {
        "open": open_,
        "high": np.maximum(open_, close) * (1 + reach[0]),
        "low": np.minimum(open_, close) * (1 - reach[1]),
        "close": close,
    }
    begin = datetime(day.year, day.month, day.day, 9, 15, tzinfo=IST)
    bars = pd.DataFrame({name: np.round(values * 20) / 20 for name, values in grid.items()})
    bars.insert(0, "ts", pd.date_range(begin, periods=375, freq="min"))
    bars["volume"] = chance.integers(2_000, 20_000, 375)
    bars["oi"] = 0
    return bars[chance.random(375) >= missing].reset_index(drop=True)


def made_folder(
    folder: Path,
    symbols: Sequence[str],
    *,
    seed: int = 1,
    missing: float = 0.0,
    days: Sequence[date] = DAYS,
) -> Path:
    """Write a file of `days` for each symbol; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, symbol in enumerate(symbols):
        level = 400.0 * (place + 1)
        parts = []
        for number, day in enumerate(days):
            part = made_day(1000 * seed + 50 * place + number, day, level, missing=missing)
            level = float(part["close"].iloc[-1]) * (1.01 if number % 2 else 0.995)
            parts.append(part)
        write_bars(folder, symbol, pd.concat(parts))
    return folder


def write_bars(folder: Path, symbol: str, bars: pd.DataFrame) -> Path:
    """Write one symbol's file as pandas would."""
    path = folder / f"{symbol}.parquet"
    bars.to_parquet(path, index=False)
    return path
