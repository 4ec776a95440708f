"""The sessions of a backtest, and every symbol's bars laid on their minutes.

Reading files is `bar_files.py`, what is traded `listings.py`; telling bars as ticks `bar_ticks.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from marketdata.bar_checks import ist_days
from marketdata.bar_grids import SymbolBars
from marketdata.bars import Floats, Ints
from marketdata.calendar import Calendar, Session
from marketdata.dayset_futures import FutureModel, future_bars
from marketdata.instruments import Instrument
from marketdata.minute_bars import MinuteBars
from trading.research.listings import Listing, Role, instrument_of, session_of

PRICES = ("open", "high", "low", "close")
_SECOND = 1_000_000
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One session: its columns' instruments and hours, and its rows of the layout.

    `first`: its first row; `minutes`: how many rows, one a minute from `opens_at` to `closes_at`,
    the hours of whoever trades longest. `windows`: by key, when each instrument trades;
    `open_minutes`: by column, how many minutes that is without the pauses of a split day.
    """

    date: date
    first: int
    minutes: int
    opens_at: datetime
    closes_at: datetime
    instruments: tuple[Instrument, ...]
    windows: Mapping[str, tuple[datetime, datetime]]
    open_minutes: tuple[int, ...]

    @property
    def rows(self) -> slice:
        """Return its rows of the layout."""
        return slice(self.first, self.first + self.minutes)


def closes_on(day: TradingDay) -> tuple[datetime, ...]:
    """Return when each column stops trading on a day."""
    return tuple(day.windows[instrument.key][1] for instrument in day.instruments)


@dataclass(frozen=True, slots=True)
class Laid:
    """Bars on minutes: arrays of shape `(R, N)`, NaN where a column has no bar.

    Prices in rupees, `volume` and `oi` in units. `start`: epoch seconds, shape `(R,)`. `dropped`:
    rows left out by symbol and reason, those of the files included.
    """

    days: tuple[TradingDay, ...]
    columns: tuple[Listing, ...]
    start: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    oi: Floats
    dropped: Mapping[str, Mapping[str, int]]


def lay_out(
    files: Mapping[str, SymbolBars], columns: Sequence[Listing], calendar: Calendar
) -> Laid:
    """Put the bars of `files` on the minutes of every session that has a bar.

    A made future's bars come from its index's. A bar outside its instrument's hours is left out
    as `off-session`, one of a later day than its contract's expiry as `expired`. Raises
    `ListingError` where a dated fact of an instrument isn't known.
    """
    dates = _dates(files)
    levels = _levels(files, dates)
    days = _days(dates, columns, levels, calendar)
    total = days[-1].first + days[-1].minutes if days else 0
    shape = (total, len(columns))
    prices = {name: np.full(shape, np.nan) for name in PRICES}
    volume, oi = np.zeros(shape), np.full(shape, np.nan)
    dropped = {symbol: dict(bars.dropped) for symbol, bars in files.items()}
    for place, listing in enumerate(columns):
        bars = files[listing.symbol]
        if listing.role is Role.MADE_FUTURE:
            bars = _made(bars, days, place)
            rows, kept = _rows(bars.start, days, place)
        else:
            rows, kept = _rows_counted(bars.start, days, place, dropped[listing.symbol])
        for name in PRICES:
            prices[name][rows, place] = getattr(bars, name)[kept]
        volume[rows, place], oi[rows, place] = bars.volume[kept], bars.oi[kept]
    start = [int(day.opens_at.timestamp()) + _MINUTE * np.arange(day.minutes) for day in days]
    return Laid(
        days=days,
        columns=tuple(columns),
        start=np.concatenate(start) if start else np.zeros(0, dtype=np.int64),
        **prices,
        volume=volume,
        oi=oi,
        dropped=dropped,
    )


def _dates(files: Mapping[str, SymbolBars]) -> list[date]:
    found = [np.unique(ist_days(bars.start)) for bars in files.values()]
    ordinals = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    return [date.fromordinal(int(ordinal)) for ordinal in ordinals]


def _levels(files: Mapping[str, SymbolBars], dates: Sequence[date]) -> dict[str, Floats]:
    """Return a price of each day by symbol: the last close before it, else the first open."""
    levels = {}
    ordinals = np.array([day.toordinal() for day in dates])
    for symbol, bars in files.items():
        if not len(bars):
            levels[symbol] = np.ones(len(dates))
            continue
        before = np.searchsorted(ist_days(bars.start), ordinals) - 1
        levels[symbol] = np.where(before < 0, bars.open[0], bars.close[np.maximum(before, 0)])
    return levels


def _days(
    dates: Sequence[date],
    columns: Sequence[Listing],
    levels: Mapping[str, Floats],
    calendar: Calendar,
) -> tuple[TradingDay, ...]:
    days: list[TradingDay] = []
    first = 0
    for place, day in enumerate(dates):
        instruments = tuple(
            instrument_of(listing, day, float(levels[listing.symbol][place]), calendar)
            for listing in columns
        )
        sessions = [
            session_of(listing, instrument, day, calendar)
            for listing, instrument in zip(columns, instruments, strict=True)
        ]
        opens_at = min(session.opens_at for session in sessions)
        closes_at = max(session.closes_at for session in sessions)
        minutes = int((closes_at - opens_at).total_seconds()) // _MINUTE
        windows = {
            instrument.key: (session.opens_at, session.closes_at)
            for instrument, session in zip(instruments, sessions, strict=True)
        }
        days.append(
            TradingDay(
                date=day,
                first=first,
                minutes=minutes,
                opens_at=opens_at,
                closes_at=closes_at,
                instruments=instruments,
                windows=windows,
                open_minutes=tuple(_open_minutes(session) for session in sessions),
            )
        )
        first += minutes
    return tuple(days)


def _open_minutes(session: Session) -> int:
    return sum(int((end - begin).total_seconds()) // _MINUTE for begin, end in session.windows)


def _rows(start: Ints, days: Sequence[TradingDay], place: int) -> tuple[Ints, Ints]:
    """Return the layout's rows of the bars within their instrument's hours, and which they are."""
    windows = [day.windows[day.instruments[place].key] for day in days]
    opens = np.array([int(window[0].timestamp()) for window in windows], dtype=np.int64)
    closes = np.array([int(window[1].timestamp()) for window in windows], dtype=np.int64)
    begins = np.array([int(day.opens_at.timestamp()) for day in days], dtype=np.int64)
    first = np.array([day.first for day in days], dtype=np.int64)
    day_of = np.searchsorted(opens, start, side="right") - 1
    kept = np.flatnonzero((day_of >= 0) & (start < closes[np.maximum(day_of, 0)]))
    own = day_of[kept]
    return first[own] + (start[kept] - begins[own]) // _MINUTE, kept


def _rows_counted(
    start: Ints, days: Sequence[TradingDay], place: int, dropped: dict[str, int]
) -> tuple[Ints, Ints]:
    """Return what `_rows` does up to a contract's last day; note in `dropped` what is left out."""
    count = len(start)
    expiry = days[0].instruments[place].expiry if days else None
    if expiry is not None:
        count = int(np.searchsorted(ist_days(start), expiry.toordinal(), side="right"))
    rows, kept = _rows(start[:count], days, place)
    lost = {"expired": len(start) - count, "off-session": count - len(kept)}
    for reason, number in lost.items():
        if number:
            dropped[reason] = dropped.get(reason, 0) + number
    return rows, kept


def _made(index: SymbolBars, days: Sequence[TradingDay], place: int) -> SymbolBars:
    """Return the near futures' bars made from an index's, day by day; see `dayset_futures`."""
    minutes = MinuteBars(
        start=index.start * _SECOND,
        open=index.open,
        high=index.high,
        low=index.low,
        close=index.close,
        volume=index.volume.astype(np.int64),
    )
    model = FutureModel()
    made = [
        future_bars(day.instruments[place], own, model)
        for day in days
        if len(own := minutes.on(day.date))
    ]

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in made]) if made else np.zeros(0)

    start = joined("start").astype(np.int64) // _SECOND
    return SymbolBars(
        symbol=index.symbol,
        start=start,
        **{name: joined(name) for name in PRICES},
        volume=joined("volume").astype(np.float64),
        oi=np.zeros(len(start)),
        dropped={},
    )
