"""The market behind kitesim: a day's tape taken up frame by frame, as Kite would tell of it.

How fast time goes is `pulse.py`; orders and what they do are in the books.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from execution.kitesim.candles import Candle, Minutes, joined
from execution.kitesim.instruments_csv import instruments_csv
from execution.kitesim.quotes import Quote, circuit_of, quote_of
from execution.kitesim.wire_state import UNIT, WireState
from marketdata.built_day import bars_symbol
from marketdata.calendar import IST, Calendar, Hours
from marketdata.facts import index_by_name
from marketdata.history import bars_path, read_bars
from marketdata.instruments import Instrument, Kind
from marketdata.tape import Frame
from marketdata.tape_head import TapeHead

_DAY = timedelta(days=1)


class Tape(Protocol):
    """A day that can be read from its beginning."""

    @property
    def head(self) -> TapeHead:
        """Return whose day it is and its instruments."""

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Yield the frames from number `start` on."""


@dataclass(frozen=True, slots=True)
class History:
    """The one-minute bars of sessions before the day: a folder with a file per instrument."""

    folder: Path
    calendar: Calendar

    def candles(self, item: Instrument, first: date, last: date) -> Iterator[Candle]:
        """Yield the bars of an instrument, oldest first; none where there is no file.

        Raises `HistoryError` for a file that can't be read.
        """
        path = bars_path(self.folder, bars_symbol(item))
        if last < first or not path.exists():
            return
        on_index = item.kind is Kind.INDEX or index_by_name(item.name) is not None
        hours = Hours(self.calendar, item.segment, has_derivatives=True, is_index=on_index)
        bars = read_bars(path, first, last, hours)
        for row, start in enumerate(bars.start.tolist()):
            yield Candle(
                at=datetime.fromtimestamp(start, IST),
                open=float(bars.open[row]),
                high=float(bars.high[row]),
                low=float(bars.low[row]),
                close=float(bars.close[row]),
                volume=int(bars.volume[row]),
                oi=int(bars.oi[row]),
            )


class Market:
    """One day, standing at the newest frame taken; before the first, at the session's open.

    `state` is what the wire tells, `touched` the rows of it that the newest frame changed.
    """

    def __init__(self, tape: Tape, history: History | None = None) -> None:
        """Stand before the first frame. Raises `ValueError` for a token that no wire can tell."""
        self.head = tape.head
        self.instruments = tape.head.instruments
        self.state = WireState(self.instruments, dict(tape.head.previous_close))
        self.touched: NDArray[np.int64] = np.empty(0, np.int64)
        self.has_ended = False
        self._history = history
        self._frames = tape.frames(0)
        self._next: Frame | None = None
        self._now = tape.head.session_open
        self._minutes = Minutes(len(self.instruments))
        self._keys = {item.key: item for item in self.instruments}
        self._tokens = {item.token: item for item in self.instruments}
        self._rows = {item.token: row for row, item in enumerate(self.instruments)}

    @property
    def now(self) -> datetime:
        """Return the simulated time, aware."""
        return self._now

    def peek(self) -> Frame | None:
        """Return the frame that `step` would take, None after the last."""
        if self._next is None:
            self._next = next(self._frames, None)
        return self._next

    def step(self) -> Frame | None:
        """Take the next frame and return it; None, and `has_ended`, after the last."""
        frame, self._next = self.peek(), None
        if frame is None:
            self.has_ended = True
            return None
        self._now = frame.at
        rows = self.state.rows_of(frame.ticks["token"])
        self.touched = self.state.take(frame.ticks)
        self._minutes.take(frame.at, rows[rows >= 0], frame.ticks[rows >= 0])
        return frame

    def find(self, exchange: str, symbol: str) -> Instrument | None:
        """Return an instrument by its name on an exchange, None where there is none."""
        return self._keys.get(f"{exchange}:{symbol}")

    def by_token(self, token: int) -> Instrument | None:
        """Return an instrument by its token, None where there is none."""
        return self._tokens.get(token)

    def last(self, instrument: Instrument) -> Decimal | None:
        """Return the last price, None before the first."""
        return self._rupees(instrument, "last")

    def previous_close(self, instrument: Instrument) -> Decimal | None:
        """Return the last price of the session before, None where it isn't known."""
        return self._rupees(instrument, "close")

    def circuit(self, instrument: Instrument) -> tuple[Decimal, Decimal] | None:
        """Return the day's lowest and highest price, None where there is no limit."""
        return circuit_of(instrument, self._packet(instrument))

    def quote(self, instrument: Instrument) -> Quote:
        """Return what `GET /quote` tells of an instrument of the day."""
        packet = self._packet(instrument)
        return quote_of(packet, circuit_of(instrument, packet))

    def candles(
        self, token: int, interval: str, start: datetime, end: datetime
    ) -> tuple[Candle, ...]:
        """Return the candles that begin from `start` to `end`, both included, oldest first.

        The newest may still be forming. Sessions before the day come from the history. Raises
        `ValueError` for an interval Kite doesn't have, `KeyError` for an unknown token.
        """
        item = self._tokens[token]
        before: list[Candle] = []
        if self._history is not None:
            last = min(end.astimezone(IST).date(), self.head.date - _DAY)
            before += self._history.candles(item, start.astimezone(IST).date(), last)
        minutes = [*before, *self._minutes.candles(self._rows[token])]
        whole = joined(minutes, interval, self.head.session_open.astimezone(IST))
        return tuple(candle for candle in whole if start <= candle.at <= end)

    def instruments_csv(self, exchange: str | None = None) -> bytes:
        """Return the day's instrument file, of one exchange or of all."""
        return instruments_csv(
            item for item in self.instruments if exchange is None or item.exchange == exchange
        )

    def _packet(self, instrument: Instrument) -> np.void:
        packet: np.void = self.state.packets[self._rows[instrument.token]]
        return packet

    def _rupees(self, instrument: Instrument, field: str) -> Decimal | None:
        price = int(self._packet(instrument)[field])
        return Decimal(price) / UNIT if price else None
