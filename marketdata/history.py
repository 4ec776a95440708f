"""Recorded bars on disk: one Parquet schema, one file per symbol, checked as they are read.

Bringing other formats into this one lives in `history_import.py`; aligning symbols on a common
grid in `bar_grids.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from marketdata.bar_checks import RawBars, ScaleBreak, good_rows
from marketdata.bar_grids import GridSpan, SymbolBars, bar_grid, resample
from marketdata.bars import Floats
from marketdata.calendar import IST, Hours
from marketdata.parquet_columns import floats

__all__ = [
    "BAR_SCHEMA",
    "GridSpan",
    "HistoryError",
    "SymbolBars",
    "bar_grid",
    "bars_path",
    "bars_table",
    "check_symbol",
    "read_bars",
    "resample",
]

BAR_SCHEMA = pa.schema(
    [
        ("ts", pa.timestamp("us", tz="Asia/Kolkata")),
        ("open", pa.float64()),
        ("high", pa.float64()),
        ("low", pa.float64()),
        ("close", pa.float64()),
        ("volume", pa.int64()),
        ("oi", pa.int64()),
    ]
)
"""The one schema: `ts` the bar's start, prices in rupees, `volume` and `oi` in units.

`oi` may be null where it exists but was not recorded; it is read as 0.
"""

_SYMBOL = re.compile(r"[A-Za-z0-9&_-][A-Za-z0-9&_.-]{0,63}")
_MICRO = 1_000_000
_PRICES_AND_VOLUME = ("open", "high", "low", "close", "volume")


class HistoryError(ValueError):
    """Bars that cannot be read at all; names the file, the field and what was expected."""

    def __init__(self, file: Path | str, field: str, expected: str) -> None:
        super().__init__(f"{file}: {field}: expected {expected}")


def check_symbol(symbol: str) -> str:
    """Return the symbol if it can name a file; raises `HistoryError` for anything else.

    Letters, digits, `&`, `_`, `-` and, not in front, a dot; at most 64.
    """
    if not _SYMBOL.fullmatch(symbol):
        raise HistoryError(repr(symbol), "symbol", "letters, digits, & - _ and . only")
    return symbol


def bars_path(folder: Path, symbol: str) -> Path:
    """Return the file of a symbol's bars; raises `HistoryError` for an unsafe symbol."""
    return folder / f"{check_symbol(symbol)}.parquet"


def read_bars(path: Path, first: date, last: date, hours: Hours) -> SymbolBars:
    """Read a symbol's bars from `first` to `last`, both included.

    Bad rows are left out and counted in `dropped` by the reasons of `bar_checks.good_rows`. A
    range without rows gives an empty result. Raises `HistoryError` for a file that is missing,
    empty, of another schema, or whose prices change their scale.
    """
    symbol = check_symbol(path.stem)
    begin, end = _between(first, last)
    columns = _columns(path)
    wanted = (columns["ts"] >= begin) & (columns["ts"] < end)
    start = columns["ts"][wanted].astype(np.int64)
    raw = RawBars(start=start, **{name: columns[name][wanted] for name in _PRICES_AND_VOLUME})
    try:
        good, dropped = good_rows(raw, hours)
    except ScaleBreak as error:
        at = datetime.fromtimestamp(int(start[error.row]), IST)
        raise HistoryError(path, "close", f"one price scale; at {at} it {error}") from error
    return SymbolBars(
        symbol=symbol,
        start=start[good],
        open=raw.open[good],
        high=raw.high[good],
        low=raw.low[good],
        close=raw.close[good],
        volume=raw.volume[good],
        oi=np.nan_to_num(columns["oi"][wanted][good]),
        dropped=dropped,
    )


def bars_table(bars: Mapping[str, np.ndarray], oi_known: np.ndarray) -> pa.Table:
    """Return columns by field name as a table of the schema; `start` in epoch seconds."""
    oi = pa.array(bars["oi"].astype(np.int64), mask=~oi_known)
    columns = [
        pa.array(bars["start"] * _MICRO).cast(BAR_SCHEMA.field("ts").type),
        *(pa.array(bars[name].astype(np.float64)) for name in ("open", "high", "low", "close")),
        pa.array(bars["volume"].astype(np.int64)),
        oi,
    ]
    return pa.table(columns, schema=BAR_SCHEMA)


def _columns(path: Path) -> dict[str, Floats]:
    """Return the file's columns, `ts` in epoch seconds. Raises `HistoryError`."""
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise HistoryError(path, "file", f"a Parquet file ({error})") from error
    with file:
        _check_schema(path, file)
        table = file.read(columns=BAR_SCHEMA.names)
    moments = floats(table["ts"].cast(pa.int64())) // _MICRO
    return {"ts": moments, **{name: floats(table[name]) for name in (*_PRICES_AND_VOLUME, "oi")}}


def _check_schema(path: Path, file: pq.ParquetFile) -> None:
    schema = file.schema_arrow
    for field in BAR_SCHEMA:
        if field.name not in schema.names:
            raise HistoryError(path, field.name, f"a column of {field.type}, it is missing")
        found = schema.field(field.name).type
        if found != field.type:
            raise HistoryError(path, field.name, f"{field.type}, found {found}")
    if not file.metadata.num_rows:
        raise HistoryError(path, "ts", "at least one row")


def _between(first: date, last: date) -> tuple[float, float]:
    """Return the epoch seconds at which the first day begins and the last has ended."""
    if last < first:
        raise HistoryError("range", "last", f"a date from {first} on, got {last}")
    begin = datetime.combine(first, time(), tzinfo=IST)
    end = datetime.combine(last, time(), tzinfo=IST) + timedelta(days=1)
    return begin.timestamp(), end.timestamp()
