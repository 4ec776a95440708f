"""The rule on backtesting.py: an instrument a run, orders with stop and target attached."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy
from common import RANGE_MINUTES, REWARD, SQUARE_OFF_MINUTE, Bars, Trade, away, compete


class OpeningRange(Strategy):
    """One instrument, bar by bar."""

    minutes: Any = None

    def init(self) -> None:
        self.top, self.bottom = float("-inf"), float("inf")
        self.said: set[int] = set()

    def next(self) -> None:
        data = self.data
        minute = self.minutes[len(data) - 1]
        if minute == 0:
            self.init()
        if len(data) == 2:  # the first bar of all is never told by itself
            self.top, self.bottom = data.High[0], data.Low[0]
        if minute < RANGE_MINUTES:
            self.top = max(self.top, data.High[-1])
            self.bottom = min(self.bottom, data.Low[-1])
        elif minute == SQUARE_OFF_MINUTE - 1:
            for trade in self.trades:
                trade.close()
        elif minute < SQUARE_OFF_MINUTE:
            self._look(data.Close[-1])

    def _look(self, close: float) -> None:
        side = 1 if close > self.top else -1 if close < self.bottom else 0
        if side and side not in self.said:
            self.said.add(side)
            if not self.position:
                stop = self.bottom if side > 0 else self.top
                target = away(close + REWARD * (close - stop), side)
                (self.buy if side > 0 else self.sell)(size=1, sl=stop, tp=target)


def load(bars: Bars) -> tuple[Bars, list[pd.DataFrame]]:
    index = pd.to_datetime(bars.start, unit="s")
    names = {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close}
    frames = [
        pd.DataFrame({name: values[:, place] for name, values in names.items()}, index=index)
        for place in range(len(bars.symbols))
    ]
    return bars, frames


def run(loaded: tuple[Bars, list[pd.DataFrame]]) -> list[Trade]:
    bars, frames = loaded
    found = []
    for symbol, frame in zip(bars.symbols, frames, strict=True):
        test = Backtest(frame, OpeningRange, cash=1e9, finalize_trades=True)
        made = test.run(minutes=bars.minute)["_trades"]
        entries, exits = (bars.start[made[name]] for name in ("EntryBar", "ExitBar"))
        found += [
            Trade(symbol, int(np.sign(size)), int(at), float(price), int(until), float(left))
            for size, at, price, until, left in zip(
                made["Size"], entries, made["EntryPrice"], exits, made["ExitPrice"], strict=True
            )
        ]
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    compete(run, load)
