"""Recorded days as tapes: which days there are, and building the tape and warm-up of one.

Reading the recordings lives in `dayset_source.py` and `dayset_chain.py`, what is modelled on top in
`dayset_futures.py` and `synthetic_quotes.py`; days without any are made in `synthetic.py`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from marketdata.built_day import BuiltDay, DayData
from marketdata.calendar import Calendar
from marketdata.dayset_chain import OptionColumn, option_columns
from marketdata.dayset_columns import DayColumn, day_columns, session_of
from marketdata.dayset_days import RECORDED_DAYS, DaySpec
from marketdata.dayset_notes import notes_of, notes_of_chain
from marketdata.dayset_source import RecordingError
from marketdata.dayset_ticks import bar_arrivals, raw_arrivals, volume_of_minute
from marketdata.synthetic_quotes import put_quotes
from marketdata.tape import microseconds
from marketdata.tape_frames import Arrivals, merged
from marketdata.tape_head import TapeHead

__all__ = [
    "RECORDED_DAYS",
    "BuiltDay",
    "DaySpec",
    "RecordingError",
    "available_days",
    "build_day",
    "read_day",
]

MADE_BY = "marketdata.dayset 1"
_MINUTE = 60_000_000


def available_days(folder: Path) -> tuple[DaySpec, ...]:
    """Return the recorded days whose files all stand below `folder`."""
    return tuple(
        spec for spec in RECORDED_DAYS if all((folder / name).is_file() for name in spec.files)
    )


def build_day(spec: DaySpec, folder: Path, out_dir: Path) -> BuiltDay:
    """Write the day's tape and the bars before it into `out_dir`; same files, same bytes.

    Raises as `read_day`.
    """
    return read_day(spec, folder).write(out_dir)


def read_day(spec: DaySpec, folder: Path) -> DayData:
    """Return the day with everything that is modelled on top of its recordings.

    Raises `RecordingError` where the recordings lack what the day needs, `LookupError` where a
    dated fact of it isn't known.
    """
    calendar = Calendar.load()
    columns = day_columns(spec, folder, calendar)
    opens_at = microseconds(_opens(spec, columns, calendar))
    options = option_columns(spec, folder, opens_at)
    told = [_arrivals(column, opens_at) for column in columns]
    return DayData(
        head=_head(spec, columns, options, calendar),
        arrivals=merged(told + [option.arrivals for option in options]),
        before=tuple((column.instrument, column.before) for column in columns),
    )


def _opens(spec: DaySpec, columns: tuple[DayColumn, ...], calendar: Calendar) -> datetime:
    sessions = (session_of(column.instrument, spec.date, calendar) for column in columns)
    return min(session.opens_at for session in sessions)


def _head(
    spec: DaySpec,
    columns: tuple[DayColumn, ...],
    options: tuple[OptionColumn, ...],
    calendar: Calendar,
) -> TapeHead:
    sessions = [session_of(column.instrument, spec.date, calendar) for column in columns]
    return TapeHead(
        date=spec.date,
        source="; ".join(spec.files),
        made_by=MADE_BY,
        instruments=tuple(column.instrument for column in columns)
        + tuple(option.instrument for option in options),
        previous_close=tuple(
            (column.instrument.token, float(column.before.close[-1])) for column in columns
        ),
        session_open=_opens(spec, columns, calendar),
        session_close=max(session.closes_at for session in sessions),
        notes=notes_of(spec.date, columns, calendar) + notes_of_chain(options),
    )


def _arrivals(column: DayColumn, opens_at: int) -> Arrivals:
    """Return the column's ticks with modelled quotes."""
    token = column.instrument.token
    if column.raw is None:
        arrivals = bar_arrivals(token, column.today)
    else:
        arrivals = raw_arrivals(token, column.raw)
    put_quotes(
        arrivals.ticks,
        column.instrument,
        (arrivals.at - opens_at) // _MINUTE,
        volume_of_minute(column.today, arrivals.at),
    )
    return arrivals
