"""The reference: a plain event loop over all bars in order of time, an object an instrument."""

from __future__ import annotations

from common import RANGE_MINUTES, REWARD, SQUARE_OFF_MINUTE, Bars, Trade, away, compete


class Book:
    """One instrument: its range of the day, its pending entry, its position, its trades."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.trades: list[Trade] = []
        self.new_day()

    def new_day(self) -> None:
        self.high, self.low = float("-inf"), float("inf")
        self.long_said = self.short_said = False
        self.pending = self.side = 0
        self.stop = self.target = self.entry = 0.0
        self.entry_at = 0

    def on_bar(
        self, start: int, minute: int, open_: float, high: float, low: float, close: float
    ) -> None:
        was_open = self.side
        if self.pending:
            if minute < SQUARE_OFF_MINUTE:
                self.side, self.entry, self.entry_at = self.pending, open_, start
            self.pending = 0
        if self.side:
            self._leave(start, minute, open_, high, low, not was_open)
        if minute < RANGE_MINUTES:
            self.high, self.low = max(self.high, high), min(self.low, low)
        elif close > self.high:
            if not self.long_said:
                self.long_said = True
                self._say(1, self.low, close, minute)
        elif close < self.low and not self.short_said:
            self.short_said = True
            self._say(-1, self.high, close, minute)

    def _say(self, side: int, stop: float, close: float, minute: int) -> None:
        if self.side != -side and minute + 1 < SQUARE_OFF_MINUTE:
            self.pending, self.stop = side, stop
            self.target = away(close + REWARD * (close - stop), side)

    def _leave(
        self, start: int, minute: int, open_: float, high: float, low: float, is_new: bool
    ) -> None:
        side, stop, target = self.side, self.stop, self.target
        best, worst = (high, low) if side > 0 else (low, high)
        is_gapped = side * (open_ - stop) <= 0 or (not is_new and side * (open_ - target) >= 0)
        if minute >= SQUARE_OFF_MINUTE or is_gapped:
            price = open_
        elif side * (worst - stop) <= 0:
            price = stop
        elif side * (best - target) >= 0:
            price = max(side * target, side * open_) * side
        else:
            return
        self.trades.append(Trade(self.symbol, side, self.entry_at, self.entry, start, price))
        self.side = 0


def run(bars: Bars) -> list[Trade]:
    books = [Book(symbol) for symbol in bars.symbols]
    columns = (bars.open, bars.high, bars.low, bars.close)
    rows = zip(bars.start.tolist(), bars.minute.tolist(), *columns, strict=True)
    for start, minute, *row in rows:
        if minute == 0:
            for book in books:
                book.new_day()
        for book, open_, high, low, close in zip(
            books, *(values.tolist() for values in row), strict=True
        ):
            book.on_bar(start, minute, open_, high, low, close)
    return [trade for book in books for trade in book.trades]


if __name__ == "__main__":
    compete(run)
