"""Bringing recorded bars from CSV into the one Parquet schema, with an account of every row.

Reading them back lives in `history.py`; what makes a row unusable in `bar_checks.py`.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa

from marketdata.bar_checks import RawBars, ScaleBreak, good_rows
from marketdata.bars import Ints
from marketdata.calendar import Calendar, Hours
from marketdata.facts import index_by_name
from marketdata.history import HistoryError, bars_path, bars_table, check_symbol
from marketdata.history_store import check_length, joined, write_bars
from marketdata.instruments import Segment

_COLUMNS = ("symbol", "ts", "open", "high", "low", "close", "volume", "oi")
_NUMBERS = ("open", "high", "low", "close", "volume", "oi")
_ZONED = r"(?:Z|[+-]\d\d:?\d\d)$"
_UNREADABLE = (
    OSError,
    EOFError,
    zlib.error,
    UnicodeDecodeError,
    pd.errors.ParserError,
    pd.errors.EmptyDataError,
)
_OPTION = re.compile(r"\d(?:CE|PE)")
_FUTURE = re.compile(r"\d\d[A-Z]{3}FUT")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: rows read, symbols written, rows left out by reason."""

    source: Path
    rows: int
    symbols: tuple[str, ...]
    dropped: Mapping[str, int]

    @property
    def written(self) -> int:
        """Return the rows that reached the files."""
        return self.rows - sum(self.dropped.values())


def import_bars(source: Path, folder: Path, calendar: Calendar) -> ImportReport:
    """Import a CSV, plain or gzip, with the columns symbol, ts, open … oi; others are ignored.

    One file per symbol; an existing one is extended, a bar it already has is counted as
    `already-there` and not changed, so importing twice changes nothing. Rows are judged as
    `history.read_bars` judges them, by the hours of what the symbol looks like (option, future,
    else cash until the close of the index). Raises `HistoryError` for a missing column, a time
    without zone, an empty file, an unsafe symbol, a broken price scale or bars of another length
    than those already there; then nothing has been written.
    """
    frame = _read(source)
    dropped: Counter[str] = Counter()
    tables: dict[str, pa.Table] = {}
    for symbol, rows in frame.groupby("symbol", sort=True):
        name = check_symbol(str(symbol))
        table = _checked(source, name, rows, calendar, dropped)
        if table.num_rows:
            check_length(bars_path(folder, name), table)
            tables[name], known = joined(bars_path(folder, name), table)
            dropped["already-there"] += known
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write_bars(table, bars_path(folder, name))
    counts = MappingProxyType({reason: n for reason, n in sorted(dropped.items()) if n})
    return ImportReport(source, len(frame), tuple(tables), counts)


def hours_of(symbol: str, calendar: Calendar) -> Hours:
    """Return the hours by which bars of a symbol are judged, from what its name says it is.

    A share is given the hours of one without derivatives: the longer ones, as the name does not
    tell.
    """
    segment = Segment.CASH
    if _OPTION.search(symbol[-7:]):
        segment = Segment.OPTIONS
    elif _FUTURE.search(symbol):
        segment = Segment.FUTURES
    return Hours(
        calendar, segment, has_derivatives=False, is_index=index_by_name(symbol) is not None
    )


def _read(source: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(source, dtype=str, keep_default_na=False, encoding="utf-8")
    except _UNREADABLE as error:
        raise HistoryError(source, "file", f"a CSV file, plain or gzip ({error})") from error
    for column in _COLUMNS:
        if column not in frame.columns:
            raise HistoryError(source, column, "this column, it is missing")
    if frame.empty:
        raise HistoryError(source, "ts", "at least one row")
    naive = ~frame["ts"].str.contains(_ZONED) & (frame["ts"] != "")
    if naive.any():
        line = int(np.flatnonzero(naive)[0]) + 2
        raise HistoryError(source, "ts", f"a time with its zone, line {line} has none")
    return frame


def _checked(
    source: Path, symbol: str, rows: pd.DataFrame, calendar: Calendar, dropped: Counter[str]
) -> pa.Table:
    moments = pd.to_datetime(rows["ts"], utc=True, errors="coerce", format="ISO8601")
    dated = moments.notna().to_numpy()
    dropped["bad-time"] += int((~dated).sum())
    start: Ints = moments[dated].to_numpy(dtype="datetime64[s]").astype(np.int64)
    numbers = {
        name: pd.to_numeric(rows.loc[dated, name], errors="coerce").to_numpy(dtype=np.float64)
        for name in _NUMBERS
    }
    raw = RawBars(start, *(numbers[name] for name in _NUMBERS[:5]))
    try:
        good, reasons = good_rows(raw, hours_of(symbol, calendar))
    except ScaleBreak as error:
        raise HistoryError(source, "close", f"one price scale; {symbol} {error}") from error
    dropped.update(reasons)
    kept = {name: values[good] for name, values in numbers.items()}
    known = np.isfinite(kept["oi"])
    kept["oi"] = np.where(known, kept["oi"], 0)
    return bars_table({"start": start[good], **kept}, known)
