"""The bare trend pullback by hand: pandas for bars, TA-Lib for averages, a loop for the rest.

It imports nothing of the project.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import talib

from tests.unit.trading.research.plain_rules import Minute, Opinion

FIVE = timedelta(minutes=5)


def five_minutes(days: list[list[Minute]]) -> pd.DataFrame:
    """Return all sessions' five-minute bars from 09:15 on; one without a trade is flat."""
    parts = []
    for day in days:
        frame = pd.DataFrame(
            {"open": b.open, "high": b.high, "low": b.low, "close": b.close} for b in day
        ).set_index(pd.DatetimeIndex([b.at for b in day]))
        begin = day[0].at.replace(hour=9, minute=15)
        axis = pd.date_range(begin, periods=75, freq="5min")
        rules = {"open": "first", "high": "max", "low": "min", "close": "last"}
        bars = frame.resample("5min", origin=begin).agg(rules).reindex(axis)
        last = bars["close"].ffill()
        parts.append(bars.apply(lambda column, last=last: column.fillna(last)))
    return pd.concat(parts).dropna()


def pullback_opinions(days: list[list[Minute]]) -> dict[object, list[Opinion]]:
    """Return the opinions of each date."""
    bars = five_minutes(days)
    open_, high, low, close = (
        bars[name].to_numpy(float) for name in ("open", "high", "low", "close")
    )
    fast, slow = talib.EMA(close, 34), talib.EMA(close, 89)
    atr = talib.ATR(high, low, close, 14)
    found: dict[object, list[Opinion]] = {}
    last: dict[object, object] = {}
    for i in range(3, len(close)):
        up = down = np.nan
        if close[i - 1] > open_[i - 1] and low[i - 2] < low[i - 3]:
            up = high[i - 1]
        if close[i - 1] < open_[i - 1] and high[i - 2] > high[i - 3]:
            down = low[i - 1]
        top, bottom = fast[i] + 0.5 * atr[i], fast[i] - 0.5 * atr[i]
        rises = fast[i] > slow[i] * 1.002 and close[i] > up and low[i] <= top and close[i] >= bottom
        falls = (
            fast[i] < slow[i] * 0.998 and close[i] < down and high[i] >= bottom and close[i] <= top
        )
        side = int(rises) - int(falls)
        at = bars.index[i].to_pydatetime()
        if not side or (at.date() in last and at - last[at.date()] < timedelta(minutes=15)):
            continue
        last[at.date()] = at
        stop = close[i] - side * 1.5 * atr[i]
        target = close[i] + 2.5 * (close[i] - stop)
        found.setdefault(at.date(), []).append(Opinion(at + FIVE, side, stop, target))
    return found
