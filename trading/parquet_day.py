"""One day of a folder of Parquet bars as a tape with its warm-up, as if it had been recorded.

Reading and laying out bars is a backtest's work; prices within a bar are told as `dayset_ticks.py`
tells those of recordings, quotes are modelled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from marketdata.built_day import BuiltDay, DayData
from marketdata.calendar import Calendar
from marketdata.dayset_ticks import bar_arrivals, volume_of_minute
from marketdata.history import HistoryError
from marketdata.instruments import TOKEN_SEGMENTS, Instrument, Kind
from marketdata.minute_bars import MinuteBars
from marketdata.synthetic_quotes import put_quotes
from marketdata.tape import microseconds
from marketdata.tape_frames import Arrivals, merged
from marketdata.tape_head import TapeHead
from trading.research.bar_days import PRICES, Laid, TradingDay, lay_out
from trading.research.bar_files import read_minutes, symbols_in
from trading.research.listings import Role, listings

_SECOND = 1_000_000
_MINUTE = 60_000_000
_LAST = date(2099, 12, 31)
_INDEX_SEGMENT = 9
_NOTES = (
    "all instruments: four prices a minute are told, those of its bar; quotes are modelled",
    "all near futures of indices: made from their index",
)


@dataclass(frozen=True, slots=True)
class _Column:
    """One instrument with its bars of the day and those before it."""

    instrument: Instrument
    today: MinuteBars
    before: MinuteBars


def parquet_day(folder: Path, day: date | None, out: Path) -> BuiltDay:
    """Write the tape of a day (the last there is if None) and the bars before it into `out`.

    `folder`: `<SYMBOL>.parquet` files of one-minute bars; a symbol without bars on the day, or
    before it, is left out. Raises `HistoryError` where there is nothing to tell, `ListingError`
    and `CalendarUnknown` as a backtest.
    """
    calendar = Calendar.load()
    paths = symbols_in(folder, None)
    files = {path.stem: read_minutes(path, day or _LAST, calendar) for path in paths}
    laid = lay_out(files, listings(tuple(files), plain=False), calendar)
    found = [each for each in laid.days if day is None or each.date == day]
    if not found:
        raise HistoryError(folder, "ts", f"a usable bar on {day}")
    columns = _columns(laid, found[-1])
    if not columns:
        raise HistoryError(folder, "ts", f"a symbol with bars on {found[-1].date} and before")
    return DayData(
        head=_head(folder, found[-1], columns),
        arrivals=merged([_arrivals(column, found[-1]) for column in columns]),
        before=tuple((column.instrument, column.before) for column in columns),
    ).write(out)


def _columns(laid: Laid, day: TradingDay) -> tuple[_Column, ...]:
    columns = []
    for place, listing in enumerate(laid.columns):
        today = _bars(laid, place, day.rows)
        before = _bars(laid, place, slice(0, day.first))
        item = day.instruments[place]
        if listing.role is not Role.MADE_FUTURE:
            item = replace(item, token=wire_token(item))
        if len(today) and len(before):
            columns.append(_Column(item, today, before))
    return tuple(columns)


def wire_token(item: Instrument) -> int:
    """Return the instrument's token with the segment in its last byte, as the wire wants it."""
    is_index = item.kind is Kind.INDEX
    return item.token << 8 | (_INDEX_SEGMENT if is_index else TOKEN_SEGMENTS[item.exchange])


def _bars(laid: Laid, place: int, rows: slice) -> MinuteBars:
    there = ~np.isnan(laid.close[rows, place])
    prices = {name: getattr(laid, name)[rows, place][there] for name in PRICES}
    return MinuteBars(
        start=laid.start[rows][there] * _SECOND,
        **prices,
        volume=laid.volume[rows, place][there].astype(np.int64),
    )


def _head(folder: Path, day: TradingDay, columns: tuple[_Column, ...]) -> TapeHead:
    return TapeHead(
        date=day.date,
        source=f"Parquet bars {folder.name}",
        made_by="trading.parquet_day 1",
        instruments=tuple(column.instrument for column in columns),
        previous_close=tuple(
            (column.instrument.token, float(column.before.close[-1])) for column in columns
        ),
        session_open=day.opens_at,
        session_close=day.closes_at,
        notes=_NOTES,
    )


def _arrivals(column: _Column, day: TradingDay) -> Arrivals:
    arrivals = bar_arrivals(column.instrument.token, column.today)
    minute = (arrivals.at - microseconds(day.opens_at)) // _MINUTE
    volume = volume_of_minute(column.today, arrivals.at)
    put_quotes(arrivals.ticks, column.instrument, minute, volume)
    return arrivals
