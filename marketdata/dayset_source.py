"""Reading recorded days: minute bars, raw ticks and the instrument dump of a folder of recordings.

What is made of them lives in `dayset.py` and beside it. The recordings' own form is `symbol, ts,
open, high, low, close, volume, oi` for bars and `symbol, ts, ltp, volume` for ticks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
from numpy.typing import NDArray

from marketdata.instrument_dump import DumpRules, parse_dump
from marketdata.instruments import Instrument, Kind
from marketdata.minute_bars import MinuteBars, midnight, next_midnight

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STAMP = pa.timestamp("us", "UTC")
_BAR_TYPES = {
    "ts": _STAMP,
    "open": pa.float64(),
    "high": pa.float64(),
    "low": pa.float64(),
    "close": pa.float64(),
    "volume": pa.int64(),
}
_TICK_TYPES = {"ts": _STAMP, "ltp": pa.float64(), "volume": pa.int64()}


class RecordingError(Exception):
    """A recorded file lacks what a day needs of it."""


@dataclass(frozen=True, slots=True)
class RawTicks:
    """The ticks of one symbol in the order they were recorded, dirt included.

    `stamp`: the feed's time in microseconds since the epoch, 0 where it sent none; `last` in
    rupees; `volume`: the day's total so far as sent.
    """

    stamp: Ints
    last: Floats
    volume: Ints


def read_bars(path: Path) -> dict[str, MinuteBars]:
    """Return the bars of each symbol of a file. Raises `RecordingError` naming a wrong field."""
    table = _read(path, _BAR_TYPES)
    columns = {name: _values(table, name) for name in _BAR_TYPES}
    return {
        symbol: MinuteBars(*(columns[name][rows] for name in _BAR_TYPES))
        for symbol, rows in _rows_of_symbols(table).items()
    }


def read_ticks(path: Path, day: date) -> dict[str, RawTicks]:
    """Return each symbol's ticks recorded on `day`, in the order of the file.

    A tick belongs to the day of the newest stamp before it, so that a tick without a stamp or
    with a late one stays where it was received.
    """
    table = _read(path, _TICK_TYPES)
    stamp, last, volume = (_values(table, name) for name in _TICK_TYPES)
    ticks = {}
    for symbol, rows in _rows_of_symbols(table).items():
        newest = np.maximum.accumulate(stamp[rows])
        today = rows[(newest >= midnight(day)) & (newest < next_midnight(day))]
        ticks[symbol] = RawTicks(stamp[today], last[today], volume[today])
    return ticks


def read_cash_instruments(path: Path, day: date) -> Mapping[str, Instrument]:
    """Return the indices and shares of an instrument dump by the recordings' symbols.

    Raises `DumpError` for a file that is no dump.
    """
    dump = parse_dump(path, DumpRules(on=day, minimum=1, required_indices=frozenset()))
    return {
        instrument.name: instrument
        for instrument in dump.instruments
        if instrument.kind in (Kind.INDEX, Kind.EQUITY)
    }


def _read(path: Path, types: Mapping[str, pa.DataType]) -> pa.Table:
    options = csv.ConvertOptions(column_types=types, include_columns=["symbol", *types])
    try:
        return csv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise RecordingError(f"{path}: {error}") from error


def _values(table: pa.Table, name: str) -> NDArray[Any]:
    column = table[name]
    if column.type == _STAMP:
        column = column.cast(pa.int64())
    return np.asarray(column.to_numpy())


def _rows_of_symbols(table: pa.Table) -> dict[str, Ints]:
    """Return the row numbers of each symbol in file order, symbols in order of appearance."""
    coded = table["symbol"].combine_chunks().dictionary_encode()
    codes = np.asarray(coded.indices.to_numpy())
    return {
        symbol: np.flatnonzero(codes == code)
        for code, symbol in enumerate(coded.dictionary.to_pylist())
    }
