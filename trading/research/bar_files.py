"""Reading the folder of bars a backtest is given: a Parquet file a symbol, no row unaccounted for.

What makes a row unusable is `marketdata.bar_checks`; putting rows on minutes is `bar_days.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from marketdata.bar_checks import IST_OFFSET, RawBars, ScaleBreak, good_rows
from marketdata.bar_grids import GridError, SymbolBars, bar_length
from marketdata.bars import Floats, Ints
from marketdata.calendar import IST, Calendar
from marketdata.history import HistoryError, check_symbol
from marketdata.history_import import hours_of
from marketdata.timeframes import Timeframe

_NUMBERS = ("open", "high", "low", "close", "volume", "oi")
_MINUTE = 60


def symbols_in(folder: Path, wanted: Sequence[str] | None) -> tuple[Path, ...]:
    """Return the files to read, by symbol: all of `folder`, or those `wanted`.

    Raises `HistoryError` for a folder that isn't one or holds no Parquet file, and for a wanted
    symbol without a file.
    """
    if not folder.is_dir():
        raise HistoryError(folder, "folder", "a folder of <SYMBOL>.parquet files")
    paths = {check_symbol(path.stem): path for path in sorted(folder.glob("*.parquet"))}
    if not paths:
        raise HistoryError(folder, "folder", "at least one <SYMBOL>.parquet file")
    for symbol in wanted or ():
        if symbol not in paths:
            raise HistoryError(folder, "symbol", f"a file {symbol}.parquet")
    return tuple(paths[symbol] for symbol in sorted(set(wanted or paths)))


def read_minutes(path: Path, last: date, calendar: Calendar) -> SymbolBars:
    """Read a symbol's one-minute bars up to `last` included, bad rows left out and counted.

    `ts` may have any unit; with a zone it is converted, without one it is India's wall time.
    Single-precision numbers are taken to two decimals. The reasons are those of
    `bar_checks.good_rows`, and `no-calendar` for a year without a holiday list, `off-minute` for
    a bar that doesn't start on a whole minute. Raises `HistoryError` for a file that is missing,
    is no Parquet file, lacks a column or holds another type in it, is empty, holds bars longer
    than a minute, or whose prices change their scale.
    """
    symbol = check_symbol(path.stem)
    table = _table(path)
    start, whole = _starts(path, table["ts"])
    inside = start < _midnight(last + timedelta(days=1))
    known = np.isin(ist_years(start), list(calendar.data.years))
    columns = {name: _numbers(path, name, table[name]) for name in _NUMBERS}
    rows = np.flatnonzero(inside & known & whole)
    raw = RawBars(start[rows], *(columns[name][rows] for name in _NUMBERS[:5]))
    try:
        good, dropped = good_rows(raw, hours_of(symbol, calendar))
    except ScaleBreak as error:
        at = datetime.fromtimestamp(int(raw.start[error.row]), IST)
        raise HistoryError(path, "close", f"one price scale; at {at} it {error}") from error
    left_out = {"no-calendar": inside & ~known, "off-minute": inside & known & ~whole}
    counts = {reason: int(np.count_nonzero(bad)) for reason, bad in left_out.items()}
    bars = SymbolBars(
        symbol=symbol,
        start=raw.start[good],
        open=raw.open[good],
        high=raw.high[good],
        low=raw.low[good],
        close=raw.close[good],
        volume=raw.volume[good],
        oi=np.nan_to_num(columns["oi"][rows][good]),
        dropped={**dropped, **{reason: count for reason, count in counts.items() if count}},
    )
    _check_minutes(path, bars)
    return bars


def _check_minutes(path: Path, bars: SymbolBars) -> None:
    try:
        length = bar_length(bars.symbol, bars.start)
    except GridError as error:
        raise HistoryError(path, "ts", f"one-minute bars ({error})") from error
    if length is not Timeframe.MINUTE:
        raise HistoryError(path, "ts", f"one-minute bars, found {length.name}")


def _table(path: Path) -> pa.Table:
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise HistoryError(path, "file", f"a Parquet file ({error})") from error
    for name in ("ts", *_NUMBERS):
        if name not in schema.names:
            raise HistoryError(path, name, "this column, it is missing")
    try:
        table = pq.read_table(path, columns=["ts", *_NUMBERS])
    except (OSError, pa.ArrowInvalid) as error:
        raise HistoryError(path, "file", f"a Parquet file ({error})") from error
    if not table.num_rows:
        raise HistoryError(path, "ts", "at least one row")
    return table


def _starts(path: Path, column: pa.ChunkedArray) -> tuple[Ints, np.ndarray]:
    """Return the epoch seconds of each row, and which lie on a whole minute."""
    if not pa.types.is_timestamp(column.type):
        raise HistoryError(path, "ts", f"a timestamp, found {column.type}")
    if column.null_count:
        raise HistoryError(path, "ts", f"a moment in every row, {column.null_count} have none")
    if column.type.tz is None:
        column = pc.assume_timezone(column, str(IST))
    micros: Ints = column.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64()).to_numpy()
    return micros // 1_000_000, micros % (_MINUTE * 1_000_000) == 0


def _numbers(path: Path, name: str, column: pa.ChunkedArray) -> Floats:
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise HistoryError(path, name, f"numbers, found {kind}")
    values: Floats = column.cast(pa.float64(), safe=False).to_numpy()
    return values.round(2) if pa.types.is_float32(kind) else values


def ist_years(start: Ints) -> Ints:
    """Return the year in India of each epoch second."""
    local = (start + IST_OFFSET).astype("datetime64[s]")
    years: Ints = local.astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), IST).timestamp())
