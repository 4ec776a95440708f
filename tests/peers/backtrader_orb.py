"""The rule on backtrader: all instruments in one run, bracket orders."""

from __future__ import annotations

from typing import Any

import backtrader as bt
import pandas as pd
from common import RANGE_MINUTES, REWARD, SQUARE_OFF_MINUTE, Bars, Trade, away, compete


class OpeningRange(bt.Strategy):
    """Every instrument's range, its bracket and its fills."""

    params = (("bars", None),)

    def __init__(self) -> None:
        self.at = -1
        self.fills: dict[str, list[tuple[int, int, float]]] = {d._name: [] for d in self.datas}
        self.book = {d: self._new_day() for d in self.datas}

    @staticmethod
    def _new_day() -> dict[str, Any]:
        return {"top": float("-inf"), "bottom": float("inf"), "said": set(), "orders": []}

    def notify_order(self, order: Any) -> None:
        if order.status == order.Completed:
            sign = 1 if order.isbuy() else -1
            start = int(self.p.bars.start[len(order.data) - 1])
            self.fills[order.data._name].append((start, sign, order.executed.price))

    def next(self) -> None:
        self.at += 1
        minute = int(self.p.bars.minute[self.at])
        for data in self.datas:
            self._bar(data, minute)

    def _bar(self, data: Any, minute: int) -> None:
        if minute == 0:
            self.book[data] = self._new_day()
        book = self.book[data]
        if minute < RANGE_MINUTES:
            book["top"] = max(book["top"], data.high[0])
            book["bottom"] = min(book["bottom"], data.low[0])
        elif minute == SQUARE_OFF_MINUTE - 1:
            if self.getposition(data).size:
                for order in book["orders"]:
                    self.cancel(order)
                self.close(data)
        elif minute < SQUARE_OFF_MINUTE:
            self._look(data, book, data.close[0])

    def _look(self, data: Any, book: dict[str, Any], close: float) -> None:
        side = 1 if close > book["top"] else -1 if close < book["bottom"] else 0
        if side and side not in book["said"]:
            book["said"].add(side)
            if not self.getposition(data).size:
                stop = book["bottom"] if side > 0 else book["top"]
                target = away(close + REWARD * (close - stop), side)
                place = self.buy_bracket if side > 0 else self.sell_bracket
                book["orders"] = place(
                    data=data, size=1, exectype=bt.Order.Market, stopprice=stop, limitprice=target
                )


def load(bars: Bars) -> tuple[Bars, list[pd.DataFrame]]:
    index = pd.to_datetime(bars.start, unit="s")
    names = {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close}
    frames = []
    for place in range(len(bars.symbols)):
        frame = pd.DataFrame({n: v[:, place] for n, v in names.items()}, index=index)
        frames.append(frame.assign(volume=0.0))
    return bars, frames


def run(loaded: tuple[Bars, list[pd.DataFrame]]) -> list[Trade]:
    bars, frames = loaded
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(1e12)
    for symbol, frame in zip(bars.symbols, frames, strict=True):
        cerebro.adddata(bt.feeds.PandasData(dataname=frame, openinterest=None), name=symbol)
    cerebro.addstrategy(OpeningRange, bars=bars)
    (strategy,) = cerebro.run()
    found = []
    for symbol, fills in strategy.fills.items():
        for entry, left in zip(fills[::2], fills[1::2], strict=True):
            found.append(Trade(symbol, entry[1], entry[0], entry[2], left[0], left[2]))
    return found


if __name__ == "__main__":
    compete(run, load)
