"""What a reader must know of a day set: what in it was modelled, is missing or is dirty.

The notes stand in the head of the tape; what they tell of is made in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from marketdata.calendar import Calendar
from marketdata.dayset_chain import OptionColumn
from marketdata.dayset_columns import DayColumn, session_of
from marketdata.dayset_futures import FutureModel
from marketdata.instruments import Kind
from marketdata.minute_bars import days_of
from marketdata.tape import moment

_BARS = (
    "prices come from one-minute bars, four ticks a minute: open, nearer extreme, farther "
    "extreme, close; the times within the minute are modelled"
)
_RAW = (
    "recorded ticks, dirt left in (late ticks, repeats, volume that steps back, ticks outside the "
    "session); each arrives at the newest stamp before it, the time of receipt was not recorded"
)
_QUOTES = (
    "quotes and their sizes are modelled from price, time of day and volume; no open interest was "
    "recorded"
)

_CHAIN = (
    "last price, open interest and volume come from snapshots of the chain, about one a minute; "
    "what happened between them was not recorded, quotes and their sizes are modelled"
)

_ALL = {Kind.INDEX: "all indices", Kind.FUTURE: "all futures", Kind.EQUITY: "all shares"}


def notes_of(day: date, columns: tuple[DayColumn, ...], calendar: Calendar) -> tuple[str, ...]:
    """Return the notes on a day, instruments in the order of `columns`."""
    listed = [column for column in columns if not column.instrument.made_from]
    quoted = [column for column in columns if column.instrument.kind is not Kind.INDEX]
    told = [
        *_grouped(listed, lambda column: _BARS if column.raw is None else _RAW),
        *_grouped(columns, _made),
        *_grouped(quoted, lambda _: _QUOTES),
        *_grouped(columns, lambda column: _missing_minutes(column, columns)),
        *_grouped(columns, lambda column: _early_end(column, day, calendar)),
        *_grouped(columns, lambda column: _old_close(column, day, calendar)),
        *_grouped(columns, _no_freeze),
    ]
    return tuple(f"{_names(group, columns)}: {remark}" for remark, group in told)


def notes_of_chain(options: Sequence[OptionColumn]) -> tuple[str, ...]:
    """Return the notes on a day's options; none where there are none."""
    if not options:
        return ()
    first = moment(min(int(option.arrivals.at[0]) for option in options))
    last = moment(max(int(option.arrivals.at[-1]) for option in options))
    return (
        f"all options: {_CHAIN}",
        f"all options: recorded from {first:%H:%M} to {last:%H:%M}; no close before is known",
    )


def _grouped(
    columns: Sequence[DayColumn], remark_on: Callable[[DayColumn], str]
) -> list[tuple[str, list[DayColumn]]]:
    """Return each remark with the columns it is made on; an empty one is none."""
    groups: dict[str, list[DayColumn]] = {}
    for column in columns:
        if remark := remark_on(column):
            groups.setdefault(remark, []).append(column)
    return list(groups.items())


def _made(column: DayColumn) -> str:
    future, model = column.instrument, FutureModel()
    if not future.made_from:
        return ""
    return (
        f"made from {future.made_from}, carried to {future.expiry} at {model.rate:.1%} a year; "
        f"the volume is modelled, {model.day_lots} lots on a usual day"
    )


def _missing_minutes(column: DayColumn, columns: Sequence[DayColumn]) -> str:
    most = max(len(other.today) for other in columns)
    missing = most - len(column.today)
    return f"{missing} of {most} minutes are missing" if missing else ""


def _early_end(column: DayColumn, day: date, calendar: Calendar) -> str:
    closes_at = session_of(column.instrument, day, calendar).closes_at
    last = moment(int(column.today.start[-1]))
    if closes_at - last < timedelta(minutes=2):
        return ""
    return f"the last bar is that of {last:%H:%M}, the session goes on to {closes_at:%H:%M}"


def _old_close(column: DayColumn, day: date, calendar: Calendar) -> str:
    expected, last = calendar.previous_trading_day(day), days_of(column.before)[-1]
    if last == expected:
        return ""
    return f"the previous close is that of {last}, {expected} was not recorded"


def _no_freeze(column: DayColumn) -> str:
    instrument = column.instrument
    is_unknown = instrument.kind is Kind.FUTURE and instrument.freeze_quantity is None
    return "the freeze quantity of that date isn't known" if is_unknown else ""


def _names(group: list[DayColumn], columns: Sequence[DayColumn]) -> str:
    """Return the symbols of a group, a kind that is in it as a whole by its name."""
    told = []
    for kind, name in _ALL.items():
        inside = [column.instrument.symbol for column in group if column.instrument.kind is kind]
        whole = sum(column.instrument.kind is kind for column in columns)
        told += [name] if len(inside) == whole > 2 else inside
    return ", ".join(told)
