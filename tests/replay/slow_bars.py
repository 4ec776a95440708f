"""Bars and indicators of recorded shares, made slowly with pandas and TA-Lib alone.

Golden days are checked against them; nothing of the project is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import talib

FIVE = timedelta(minutes=5)
GAP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Said:
    """One opinion: when its bar closed, of which share, which way, and its four prices."""

    at: datetime
    symbol: str
    side: int
    prices: tuple[float, float, float, float]


def five_minute_bars(file: Path, first: date, last: date) -> dict[str, pd.DataFrame]:
    """Return each share's bars of five minutes, as `bars_of` does."""
    return bars_of(file, first, last, 5)


def bars_of(file: Path, first: date, last: date, length: int) -> dict[str, pd.DataFrame]:
    """Return each share's bars of the sessions from `first` to `last`, indexed by their start.

    `length` in minutes, of which a session has 375. Minutes without a trade move nothing; a bar
    without any is flat with volume 0 and not `traded`.
    """
    table = pd.read_csv(file)
    table["ts"] = pd.to_datetime(table["ts"])
    inside = (table["ts"].dt.date >= first) & (table["ts"].dt.date <= last)
    shares = table[inside].groupby("symbol")
    return {str(name): _of_share(part, length) for name, part in shares}


def _of_share(minutes: pd.DataFrame, length: int) -> pd.DataFrame:
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    days = []
    for _, day in minutes.set_index("ts").groupby(lambda moment: moment.date()):
        begin = day.index[0].replace(hour=9, minute=15)
        step = f"{length}min"
        axis = pd.date_range(begin, periods=375 // length, freq=step)
        bars = day.resample(step, origin=begin).agg(rules).reindex(axis)
        bars["traded"] = bars["close"].notna()
        bars["volume"] = bars["volume"].fillna(0.0)
        flat = bars["close"].ffill()
        for name in ("open", "high", "low", "close"):
            bars[name] = bars[name].fillna(flat)
        days.append(bars.dropna())
    return pd.concat(days)


def with_indicators(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the bars with what the strategies look at beside them."""
    out = bars.copy()
    high, low, close = (bars[name].to_numpy(float) for name in ("high", "low", "close"))
    volume = bars["volume"]
    out["atr"] = talib.ATR(high, low, close, 14)
    out["adx"] = talib.ADX(high, low, close, 14)
    out["rsi"] = talib.RSI(close, 14)
    out["upper"], out["middle"], out["lower"] = talib.BBANDS(close, 20, 2.0, 2.0)
    out["ratio"] = volume / volume.shift(1).rolling(20).mean()
    out["vwap"], out["sigma"] = _vwap_of_the_day(bars)
    return out


def _vwap_of_the_day(bars: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    price = ((bars["high"] + bars["low"] + bars["close"]) / 3.0).to_numpy()
    volume, days = bars["volume"].to_numpy(), np.array([at.date() for at in bars.index])
    vwap, sigma = np.full(len(price), np.nan), np.full(len(price), np.nan)
    for t in range(len(price)):
        today = slice(int(np.flatnonzero(days == days[t])[0]), t + 1)
        if volume[today].any():
            vwap[t] = np.average(price[today], weights=volume[today])
            squares = (price[today] - vwap[t]) ** 2
            sigma[t] = np.average(squares, weights=volume[today]) ** 0.5
    return vwap, sigma


def minute_of(start: datetime) -> int:
    """Return the minutes from 09:15 to a bar's start."""
    return start.hour * 60 + start.minute - (9 * 60 + 15)


def spaced(opinions: list[Said], gap: timedelta) -> list[Said]:
    """Return the opinions that come at least `gap` after the last kept one of their share."""
    kept: list[Said] = []
    last: dict[str, datetime] = {}
    for one in sorted(opinions, key=lambda said: (said.at, said.symbol)):
        if one.symbol not in last or one.at - last[one.symbol] >= gap:
            last[one.symbol] = one.at
            kept.append(one)
    return kept
