"""The market as columns: the newest price, quote, volume and age of each, and its bars.

How a forming bar takes a tick lives in `forming.py`; which ticks may come in, in the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from marketdata.bars import BarRow, Flags, Floats, Ints, without_price
from marketdata.forming import FormingBars, Rollup
from marketdata.ticks import TICK, Ticks, words_of
from marketdata.timeframes import Timeframe

if TYPE_CHECKING:
    from marketdata.screen_kernels import Words

_MICROSECONDS = 1_000_000
_NEVER = np.iinfo(np.int64).max


class UnknownToken(KeyError):
    """A tick names a token that the panel has no column for."""


class Panel:
    """What is known of every column in one session, and the bars that come of it.

    A pure function of the ticks applied and the moments bars were closed at. Arrays have shape
    `(N,)`, in the order of `tokens`; treat them as read-only. `last`, `bid`, `ask` in rupees,
    NaN before the first; quantities, `volume` (the day's so far) and `oi` in units;
    `seen_at_us`: the exchange's time of the newest tick, microseconds, 0 before the first.
    `touched`: the columns of the latest `apply`, and there `step_open`, `step_high`, `step_low`:
    the range traded since the column's tick before it. A tick that comes after its bar has closed
    is the newest price nevertheless, but no closed bar changes.

    Bars take the ticks when they are read, or at `settle`: prices are there at once.

    A bar's volume is the rise of the day's volume since the column's tick before. The first tick
    counts all of it if it lies in the session's first minute; else what was traded before it was
    seen is nobody's, and it counts 0. Ticks before the open form no bars, and a column seen then,
    when the screen tells no volume, counts from nothing.
    """

    __slots__ = (
        "_carried",
        "_carried_oi",
        "_closed",
        "_closes_after_s",
        "_columns",
        "_forming",
        "_kernels",
        "_late",
        "_newest",
        "_opens_at_s",
        "_order",
        "_rollups",
        "_session",
        "_shortest",
        "_sorted",
        "_volume_from",
        "_waiting",
        "ask",
        "ask_quantity",
        "bid",
        "bid_quantity",
        "last",
        "oi",
        "previous_close",
        "seen_at_us",
        "step_high",
        "step_low",
        "step_open",
        "tokens",
        "touched",
        "volume",
    )

    def __init__(
        self,
        tokens: Ints,
        timeframes: Sequence[Timeframe],
        opens_at_s: int,
        session: int,
        volume_from: Ints | None,
        previous_close: Floats | None,
    ) -> None:
        """Begin a session in which nothing has been seen; the loops are compiled here.

        `opens_at_s`: epoch seconds of the session's open, from which bars are counted; `session`:
        the ordinal of its date. `volume_from`: the column whose bars' volume each column's bars
        tell, None for its own. `previous_close`: rupees, kept for the readers; no bar uses it.
        """
        columns = len(tokens)
        _check(tokens, timeframes, volume_from, previous_close)
        self.tokens: Ints = np.array(tokens, dtype=np.int64)
        self.previous_close: Floats = (
            _unknown(columns) if previous_close is None else np.array(previous_close, np.float64)
        )
        self.last, self.bid, self.ask = _unknown(columns), _unknown(columns), _unknown(columns)
        self.step_open, self.step_high = _unknown(columns), _unknown(columns)
        self.step_low = _unknown(columns)
        self.bid_quantity, self.ask_quantity = _zeros(columns), _zeros(columns)
        self.volume, self.oi, self.seen_at_us = _zeros(columns), _zeros(columns), _zeros(columns)
        self.touched, self._late = _zeros(0), 0
        self._waiting: tuple[Ints, Words] | None = None
        self._columns, self._opens_at_s, self._session = columns, opens_at_s, session
        self._order = np.argsort(self.tokens, kind="stable")
        self._sorted = self.tokens[self._order]
        self._volume_from: Ints = np.array(
            np.arange(columns) if volume_from is None else volume_from, np.int64
        )
        self._shortest, *longer = sorted(timeframes, key=lambda frame: frame.seconds)
        self._rollups = [Rollup(frame, columns) for frame in longer]
        self._forming: dict[int, FormingBars] = {}
        self._closed, self._closes_after_s = 0, np.full(columns, _NEVER)
        self._carried, self._carried_oi = _unknown(columns), np.zeros(columns)
        self._compile()

    def end_at(self, closes_at_s: Ints) -> None:
        """Give columns a close of their own, to be told before the first bar is closed.

        `closes_at_s`: epoch seconds, by column. A bar that starts there or later is NaN, whatever
        ticks come; one that the close lies in holds what was traded before it.
        """
        if len(closes_at_s) != self._columns:
            raise ValueError(f"closes_at_s: has {len(closes_at_s)}, expected {self._columns}")
        self._closes_after_s = closes_at_s - self._opens_at_s

    def _compile(self) -> None:
        from marketdata import panel_kernels as kernels
        from marketdata.screen_kernels import Words

        self._kernels = kernels
        self._newest = kernels.Newest(
            *(self.last, self.bid, self.ask, self.step_open, self.step_high, self.step_low),
            *(self.bid_quantity, self.ask_quantity, self.volume, self.oi, self.seen_at_us),
            counted=np.full(self._columns, -1, dtype=np.int64),
        )
        self.apply(np.zeros(0, TICK))
        self.settle()
        nothing = _zeros(0)
        kernels.fold(
            Words(nothing, nothing.view(np.float64)),
            nothing,
            0,
            (nothing, nothing),
            FormingBars(self._columns).arrays(),
        )

    def apply(self, ticks: Ticks) -> Ints:
        """Take screened ticks, at most one of a token; return the columns touched.

        The array must stay as it is until `settle`. Raises `UnknownToken` before anything has
        changed.
        """
        from marketdata.screen_kernels import Words

        self.settle()
        words = words_of(ticks)
        told = Words(words, words.view(np.float64))
        columns = self._columns_of(words, len(ticks))
        self.touched = columns
        self._kernels.write(told, columns, self._newest)
        self._waiting = columns, told
        return columns

    def settle(self) -> None:
        """Take the newest ticks into their bars, if that is still to be done."""
        if self._waiting is not None:
            columns, told = self._waiting
            self._waiting = None
            self._fold(columns, told)

    @property
    def late_ticks(self) -> int:
        """Return how many ticks came after their bar had closed."""
        self.settle()
        return self._late

    def close_bars(self, now_s: int) -> tuple[BarRow, ...]:
        """Return every bar that ends at `now_s` (epoch seconds) or before and was not returned yet.

        Oldest end first; at the same end the shorter one first. Bars begin at the session's open
        whenever the panel began. A bar without a trade in a column is flat at its last price
        with volume 0 and `gap`; NaN before the column's first tick and from its own close on.
        Arrays belong to the caller.
        """
        self.settle()
        rows: list[BarRow] = []
        length = self._shortest.seconds
        while self._opens_at_s + (self._closed + 1) * length <= now_s:
            bars = self._forming.pop(self._closed, None) or FormingBars(self._columns)
            self._closed += 1
            ends_after_s = self._closed * length
            bars.forget(self._over(ends_after_s - length))
            rows.append(self._row(self._shortest, bars, ends_after_s))
            for rollup in self._rollups:
                whole = rollup.take(bars, ends_after_s)
                if whole is not None:
                    rows.append(self._row(rollup.timeframe, whole, ends_after_s))
        return tuple(rows)

    def _columns_of(self, words: Ints, count: int) -> Ints:
        columns = np.empty(count, np.int64)
        unknown = self._kernels.find_columns(words, self.tokens, self._order, self._sorted, columns)
        if unknown >= 0:
            token = words.reshape(count, -1)[unknown, 0]
            raise UnknownToken(f"token: {token} has no column")
        return columns

    def _fold(self, columns: Ints, ticks: Words) -> None:
        told = slots, _ = np.empty_like(columns), np.empty_like(columns)
        opens_at, length = self._opens_at_s * _MICROSECONDS, self._shortest.seconds * _MICROSECONDS
        bars = self._kernels.Bars(opens_at, length, self._closed)
        counted = self._newest.counted
        late, are_one = self._kernels.count(ticks.whole, columns, counted, bars, told)
        self._late += late
        for slot in (slots[:1] if are_one else np.unique(slots)).tolist():
            if slot < self._closed:
                continue
            if slot not in self._forming:
                self._forming[slot] = FormingBars(self._columns)
            self._kernels.fold(ticks, columns, slot, told, self._forming[slot].arrays())

    def _row(self, timeframe: Timeframe, bars: FormingBars, ends_after_s: int) -> BarRow:
        traded, flat = bars.traded, self._carried
        close = np.where(traded, bars.close, flat)
        oi = np.where(traded, bars.oi, self._carried_oi)
        self._carried, self._carried_oi = close.copy(), oi.copy()
        starts_after_s = ends_after_s - timeframe.seconds
        row = BarRow(
            timeframe=timeframe,
            start=self._opens_at_s + starts_after_s,
            session=self._session,
            minute=starts_after_s // 60,
            open=np.where(traded, bars.open, flat),
            high=np.where(traded, bars.high, flat),
            low=np.where(traded, bars.low, flat),
            close=close,
            volume=bars.volume[self._volume_from],
            oi=oi,
            gap=~traded,
        )
        over = self._over(starts_after_s)
        return without_price(row, over) if over.any() else row

    def _over(self, after_s: int) -> Flags:
        """Return which columns have closed, that many seconds behind the session's open."""
        over: Flags = self._closes_after_s <= after_s
        return over


def _unknown(columns: int) -> Floats:
    return np.full(columns, np.nan)


def _zeros(columns: int) -> Ints:
    return np.zeros(columns, dtype=np.int64)


def _check(
    tokens: Ints,
    timeframes: Sequence[Timeframe],
    volume_from: Ints | None,
    previous_close: Floats | None,
) -> None:
    if len(tokens) == 0 or len(np.unique(tokens)) != len(tokens):
        raise ValueError("tokens: expected at least one, each once")
    if not timeframes or len(set(timeframes)) != len(timeframes):
        raise ValueError("timeframes: expected at least one, each once")
    if previous_close is not None and len(previous_close) != len(tokens):
        raise ValueError(f"previous_close: has {len(previous_close)}, expected {len(tokens)}")
    if volume_from is not None and not _are_columns(volume_from, len(tokens)):
        raise ValueError(f"volume_from: expected {len(tokens)} columns from 0 to {len(tokens) - 1}")


def _are_columns(volume_from: Ints, columns: int) -> bool:
    inside = (volume_from >= 0) & (volume_from < columns)
    return len(volume_from) == columns and bool(inside.all())
