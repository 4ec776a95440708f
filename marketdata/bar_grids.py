"""Aligning the bars of many symbols on the minutes of their sessions, and making longer bars.

Reading bars lives in `history.py`; folding live ticks into bars in `panel.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from marketdata.bar_checks import Windows, session_windows
from marketdata.bars import BarGrid, Flags, Floats, Ints, without_price
from marketdata.calendar import Hours
from marketdata.instruments import Segment
from marketdata.timeframes import Timeframe

_PRICES = ("open", "high", "low", "close")
_MINUTE = 60


class GridError(ValueError):
    """Bars that cannot be put on that grid; names the symbol and what was expected."""


@dataclass(frozen=True, slots=True)
class SymbolBars:
    """One symbol's bars, oldest first, each array shape `(R,)`.

    `start`: epoch seconds. Prices: rupees. `volume`, `oi`: units. `dropped`: rows left out, by
    reason.
    """

    symbol: str
    start: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    oi: Floats
    dropped: Mapping[str, int]

    @classmethod
    def none_of(cls, symbol: str) -> SymbolBars:
        """Return the bars of a symbol of which nothing is known."""
        nothing = np.empty(0, dtype=np.float64)
        return cls(symbol, np.empty(0, dtype=np.int64), *(nothing,) * 6, dropped={})

    def __len__(self) -> int:
        return len(self.start)

    @property
    def timeframe(self) -> Timeframe:
        """Return the bar length as `bar_length` tells it; raises `GridError` for other lengths."""
        return bar_length(self.symbol, self.start)


@dataclass(frozen=True, slots=True)
class GridSpan:
    """Which sessions a grid covers, `first` to `last` included, in bars of `timeframe`."""

    hours: Hours
    timeframe: Timeframe
    first: date
    last: date


def bar_length(symbol: str, start: Ints) -> Timeframe:
    """Return the length of bars that start at `start`, epoch seconds, oldest first.

    The longest timeframe that divides every step, so that missing bars do not matter. Fewer than
    two bars count as minutes. Raises `GridError` if none divides them.
    """
    step = int(np.gcd.reduce(np.diff(start))) if len(start) > 1 else _MINUTE
    for timeframe in sorted(Timeframe, key=lambda item: -item.seconds):
        if timeframe.seconds >= _MINUTE and step % timeframe.seconds == 0:
            return timeframe
    raise GridError(f"{symbol}: bars {step} s apart or a multiple, expected 1, 5 or 15 minutes")


def bar_grid(symbols: Mapping[str, SymbolBars], span: GridSpan) -> BarGrid:
    """Return the bars of `symbols`, one column each in their order, on the sessions' bars.

    A bar that a symbol lacks is a gap: its last price of the day, volume 0, its last open
    interest. Before a symbol's first bar of a day its prices are NaN, its open interest 0. Days
    without published hours have no rows. Bars shorter than the span's timeframe are folded;
    longer ones raise `GridError`, as do mixed lengths.
    """
    native = _native(symbols, span.timeframe)
    sessions = _sessions(span)
    start, session, minute = _axis(sessions, native.seconds)
    shape = (len(start), len(symbols))
    prices = {name: np.full(shape, np.nan) for name in _PRICES}
    volume, oi = np.zeros(shape), np.full(shape, np.nan)
    gap = np.ones(shape, dtype=np.bool_)
    for column, bars in enumerate(symbols.values()):
        rows, taken = _places(start, bars.start)
        for name in _PRICES:
            prices[name][rows, column] = getattr(bars, name)[taken]
        volume[rows, column] = bars.volume[taken]
        oi[rows, column] = bars.oi[taken]
        gap[rows, column] = False
    carried = _carry(prices["close"], session)
    grid = BarGrid(
        timeframe=native,
        start=start,
        session=session,
        minute=minute,
        **{name: np.where(gap, carried, prices[name]) for name in _PRICES},
        volume=volume,
        oi=np.nan_to_num(_carry(oi, session)),
        gap=gap,
    )
    return grid if native is span.timeframe else resample(grid, span.timeframe)


def resample(grid: BarGrid, timeframe: Timeframe) -> BarGrid:
    """Return longer bars, counted from each session's open.

    Only bars with a trade make open, high, low and volume; a long bar without any is a gap at the
    last price. Raises `GridError` unless `timeframe` is a multiple of the grid's.
    """
    if timeframe.seconds % grid.timeframe.seconds:
        raise GridError(f"timeframe: {timeframe.name} is no multiple of {grid.timeframe.name}")
    if timeframe is grid.timeframe or not len(grid):
        return _renamed(grid, timeframe)
    bucket = grid.minute * _MINUTE // timeframe.seconds
    fresh = np.ones(len(grid), dtype=np.bool_)
    fresh[1:] = (np.diff(bucket) != 0) | (np.diff(grid.session) != 0)
    heads = np.flatnonzero(fresh)
    tails = np.append(heads[1:], len(grid)) - 1
    gap = np.logical_and.reduceat(grid.gap, heads, axis=0)
    first, last = _traded_ends(grid.gap, heads, tails)
    close = np.take_along_axis(grid.close, last, axis=0)
    minute = bucket[heads] * (timeframe.seconds // _MINUTE)
    return BarGrid(
        timeframe=timeframe,
        start=grid.start[heads] - (grid.minute[heads] - minute) * _MINUTE,
        session=grid.session[heads],
        minute=minute,
        open=np.take_along_axis(grid.open, first, axis=0),
        high=np.where(gap, close, _extreme(np.fmax, grid.high, grid.gap, heads)),
        low=np.where(gap, close, _extreme(np.fmin, grid.low, grid.gap, heads)),
        close=close,
        volume=np.add.reduceat(grid.volume, heads, axis=0),
        oi=grid.oi[tails],
        gap=gap,
    )


def until_close(grid: BarGrid, closes_at_s: Ints) -> BarGrid:
    """Return the bars, without a price where one starts at its column's own close or later.

    `closes_at_s`: epoch seconds by the grid's sessions, oldest first, shape `(D, N)`. A bar that
    the close lies in stays as it is; where none is concerned, the grid itself.
    """
    if not len(grid):
        return grid
    place = np.unique(grid.session, return_inverse=True)[1]
    over = grid.start[:, None] >= closes_at_s[place]
    return without_price(grid, over) if over.any() else grid


def whole_bars(grid: BarGrid, ends_at_s: Ints) -> BarGrid:
    """Return the bars that their session let end: one that it cuts short is none.

    Ten minutes at the end of a session are no bar of fifteen: their range and volume would be
    compared with those of whole bars, and a day that is lived never closes it. `ends_at_s`: epoch
    seconds by the grid's sessions, oldest first, shape `(D,)`. Where none is cut, the grid itself.
    """
    if not len(grid):
        return grid
    place = np.unique(grid.session, return_inverse=True)[1]
    whole = grid.start + grid.timeframe.seconds <= ends_at_s[place]
    if whole.all():
        return grid
    names = ("start", "session", "minute", *_PRICES, "volume", "oi", "gap")
    return BarGrid(timeframe=grid.timeframe, **{name: getattr(grid, name)[whole] for name in names})


def closes_of(hours: Sequence[Hours], sessions: Ints) -> Ints:
    """Return when the own hours of each column end in each session, as `until_close` takes them.

    `sessions`: date ordinals of days with published hours.
    """
    days = [date.fromordinal(int(ordinal)) for ordinal in sessions]
    known: dict[tuple[Segment, bool, bool], list[int]] = {}
    for own in hours:
        alike = own.segment, own.has_derivatives, own.is_index
        if alike not in known:
            known[alike] = [int(own.session(day).closes_at.timestamp()) for day in days]
    columns = [known[own.segment, own.has_derivatives, own.is_index] for own in hours]
    return np.array(columns, dtype=np.int64).reshape(len(hours), len(days)).T


def _native(symbols: Mapping[str, SymbolBars], wanted: Timeframe) -> Timeframe:
    lengths = {bars.timeframe for bars in symbols.values() if len(bars) > 1}
    if wanted.seconds < _MINUTE:
        raise GridError(f"timeframe: {wanted.name} is shorter than recorded bars")
    if len(lengths) > 1:
        names = ", ".join(sorted(length.name for length in lengths))
        raise GridError(f"symbols: bars of several lengths ({names}), expected one")
    native = lengths.pop() if lengths else wanted
    if native.seconds > wanted.seconds:
        raise GridError(f"timeframe: bars of {native.name} cannot give {wanted.name}")
    return native


def _sessions(span: GridSpan) -> list[tuple[int, Windows]]:
    sessions = []
    for ordinal in range(span.first.toordinal(), span.last.toordinal() + 1):
        windows = session_windows(span.hours, ordinal)
        if windows is not None:
            sessions.append((ordinal, windows))
    return sessions


def _axis(sessions: list[tuple[int, Windows]], step: int) -> tuple[Ints, Ints, Ints]:
    starts = [
        (ordinal, windows.opens, np.arange(opens, closes, step, dtype=np.int64))
        for ordinal, windows in sessions
        for opens, closes in windows.spans
    ]
    empty = [np.zeros(0, dtype=np.int64)]
    start = np.concatenate(empty + [part for _, _, part in starts])
    session = np.concatenate(empty + [np.full(len(part), day) for day, _, part in starts])
    minute = np.concatenate(empty + [(part - opens) // _MINUTE for _, opens, part in starts])
    return start, session, minute


def _places(axis: Ints, start: Ints) -> tuple[Ints, Ints]:
    """Return the grid rows of the bars that lie on the axis, and which bars those are."""
    if not len(axis):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    rows = np.minimum(np.searchsorted(axis, start), len(axis) - 1)
    taken = np.flatnonzero(axis[rows] == start)
    return rows[taken], taken


def _carry(values: Floats, session: Ints) -> Floats:
    """Return `values` with each NaN replaced by the last number above it in the same session."""
    if not len(values):
        return values
    row = np.arange(len(values))
    known = np.where(np.isnan(values), -1, row[:, None])
    last = np.maximum.accumulate(known, axis=0)
    head = np.searchsorted(session, session)
    carried = np.take_along_axis(values, np.maximum(last, 0), axis=0)
    return np.where(last >= head[:, None], carried, np.nan)


def _traded_ends(gap: Flags, heads: Ints, tails: Ints) -> tuple[Ints, Ints]:
    """Return the rows of each long bar's first and last trade; its last row where none traded."""
    row = np.arange(len(gap))[:, None]
    last = np.maximum.reduceat(np.where(gap, -1, row), heads, axis=0)
    first = np.minimum.reduceat(np.where(gap, len(gap), row), heads, axis=0)
    tail = tails[:, None]
    return np.where(first > tail, tail, first), np.where(last < 0, tail, last)


def _extreme(pick: np.ufunc, values: Floats, gap: Flags, heads: Ints) -> Floats:
    extreme: Floats = pick.reduceat(np.where(gap, np.nan, values), heads, axis=0)
    return extreme


def _renamed(grid: BarGrid, timeframe: Timeframe) -> BarGrid:
    names = ("start", "session", "minute", *_PRICES, "volume", "oi", "gap")
    return BarGrid(timeframe=timeframe, **{name: getattr(grid, name) for name in names})
