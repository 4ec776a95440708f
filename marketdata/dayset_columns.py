"""The instruments of a recorded day, each with its bars before and on the day and its raw ticks.

Telling them as frames is the work of `dayset.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from marketdata.calendar import Calendar, Session
from marketdata.dayset_days import DaySpec
from marketdata.dayset_futures import FutureModel, future_bars, future_ticks, near_future
from marketdata.dayset_source import (
    RawTicks,
    RecordingError,
    read_bars,
    read_cash_instruments,
    read_ticks,
)
from marketdata.facts import index_by_name, index_names
from marketdata.instruments import Instrument, Kind
from marketdata.minute_bars import MinuteBars, days_of, midnight

WARMUP_SESSIONS = 5
"""Sessions before the day whose bars are kept to warm indicators up."""

LEAST_SESSIONS = 3
"""Fewest of them a column must have, so that slow averages are warm by the open."""

_ORDER = (Kind.INDEX, Kind.FUTURE, Kind.EQUITY)


@dataclass(frozen=True, slots=True)
class DayColumn:
    """One instrument of the day.

    `before`: its minute bars of the sessions kept for warm-up; `today`: those of the day, from
    which volumes are read even where `raw` holds the recorded ticks.
    """

    instrument: Instrument
    before: MinuteBars
    today: MinuteBars
    raw: RawTicks | None


def day_columns(spec: DaySpec, folder: Path, calendar: Calendar) -> tuple[DayColumn, ...]:
    """Return the day's columns: indices, their made futures, then shares by symbol.

    A symbol without a bar on the day is left out. Raises `RecordingError` for a symbol the
    instrument list doesn't know, one with too few sessions before the day, or no symbol at all.
    """
    instruments = read_cash_instruments(folder / spec.dump, spec.date)
    raw = read_ticks(folder / spec.ticks, spec.date) if spec.ticks else {}
    first = _first_warmup_day(spec.date, calendar)
    columns = []
    for symbol, bars in _bars(spec, folder).items():
        if symbol not in instruments:
            raise RecordingError(f"{spec.dump}: {symbol} is not listed")
        before = bars.between(midnight(first), midnight(spec.date))
        columns.append(DayColumn(instruments[symbol], before, bars.on(spec.date), raw.get(symbol)))
    columns += [
        _future(column, spec.date, calendar)
        for column in columns
        if column.instrument.kind is Kind.INDEX
    ]
    _check(spec, columns)
    return tuple(sorted(columns, key=_place))


def session_of(instrument: Instrument, day: date, calendar: Calendar) -> Session:
    """Return the hours of continuous trading of one of the day's instruments.

    Every share of a day set has derivatives.
    """
    return calendar.session(
        day,
        instrument.segment,
        has_derivatives=True,
        expires_today=instrument.expiry == day,
        is_index=instrument.kind is not Kind.EQUITY,
    )


def _bars(spec: DaySpec, folder: Path) -> Mapping[str, MinuteBars]:
    """Return the bars of every symbol that has one on the day."""
    return {
        symbol: bars
        for name in spec.bars
        for symbol, bars in read_bars(folder / name).items()
        if symbol not in spec.left_out and len(bars.on(spec.date))
    }


def _first_warmup_day(day: date, calendar: Calendar) -> date:
    for _ in range(WARMUP_SESSIONS):
        day = calendar.previous_trading_day(day)
    return day


def _future(index: DayColumn, day: date, calendar: Calendar) -> DayColumn:
    """Return the near-month future made from an index column."""
    name = index_by_name(index.instrument.name)
    if name is None:
        raise RecordingError(f"{index.instrument.symbol}: the name of its derivatives isn't known")
    future = near_future(name, day, float(index.today.open[0]), calendar)
    model = FutureModel()
    today = future_bars(future, index.today, model)
    return DayColumn(
        instrument=future,
        before=future_bars(future, index.before, model),
        today=today,
        raw=None if index.raw is None else future_ticks(future, index.raw, today, model),
    )


def _check(spec: DaySpec, columns: list[DayColumn]) -> None:
    if not columns:
        raise RecordingError(f"{', '.join(spec.bars)}: no bar on {spec.date}")
    for column in columns:
        sessions = len(days_of(column.before))
        if sessions < LEAST_SESSIONS:
            raise RecordingError(
                f"{column.instrument.symbol}: {sessions} sessions before {spec.date}, "
                f"expected at least {LEAST_SESSIONS}"
            )


def _place(column: DayColumn) -> tuple[int, int, str]:
    instrument = column.instrument
    index = index_by_name(instrument.name)
    return (
        _ORDER.index(instrument.kind),
        index_names().index(index) if index else 0,
        instrument.symbol,
    )
