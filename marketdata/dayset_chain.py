"""Recorded option chains as ticks: snapshots of last price, open interest and the day's volume.

Recordings of other kinds are read in `dayset_source.py`. The form of a chain is `underlying, ts,
expiry, strike, right, ltp, oi, volume`, one row an option and snapshot, units in contracts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
from numpy.typing import NDArray

from marketdata.dayset_days import DaySpec
from marketdata.dayset_source import RecordingError
from marketdata.instrument_dump import DumpRules, parse_dump
from marketdata.instruments import Instrument, Kind
from marketdata.minute_bars import midnight, next_midnight
from marketdata.synthetic_quotes import put_quotes
from marketdata.tape_frames import Arrivals
from marketdata.ticks import TICK

Ints = NDArray[np.int64]
Contract = tuple[str, date, Decimal, Kind]
"""Underlying by the name of its derivatives, expiry, strike, call or put."""

_MINUTE = 60_000_000
_TYPES = {
    "underlying": pa.string(),
    "ts": pa.timestamp("us", "UTC"),
    "expiry": pa.date32(),
    "strike": pa.float64(),
    "right": pa.string(),
    "ltp": pa.float64(),
    "oi": pa.int64(),
    "volume": pa.int64(),
}
_ORDER = [("underlying", "ascending"), ("expiry", "ascending"), ("strike", "ascending")]


@dataclass(frozen=True, slots=True)
class OptionColumn:
    """One option of a recorded day: the instrument as it was listed, and its ticks."""

    instrument: Instrument
    arrivals: Arrivals


def option_columns(spec: DaySpec, folder: Path, opens_at: int) -> tuple[OptionColumn, ...]:
    """Return the options of a day's chain by underlying, expiry and strike, calls first.

    None where the day has no chain. A row without a price is left out. `opens_at`: of the
    session, microseconds. Raises `RecordingError` for a chain without a row of the day or an
    option that the list of derivatives doesn't know, `DumpError` for a list that is none.
    """
    if not spec.chain:
        return ()
    listed = _listed(folder / spec.derivatives, spec.date)
    table = _read(folder / spec.chain, spec.date)
    return tuple(
        OptionColumn(
            _known(listed, contract, spec.derivatives),
            _arrivals(_known(listed, contract, spec.derivatives), rows, opens_at),
        )
        for contract, rows in _contracts(table)
    )


def _listed(path: Path, day: date) -> Mapping[Contract, Instrument]:
    dump = parse_dump(path, DumpRules(on=day, minimum=1, required_indices=frozenset()))
    return {
        (item.name, item.expiry, item.strike, item.kind): item
        for item in dump.instruments
        if item.kind in (Kind.CALL, Kind.PUT) and item.expiry and item.strike
    }


def _known(listed: Mapping[Contract, Instrument], contract: Contract, name: str) -> Instrument:
    if contract not in listed:
        told = " ".join(str(part) for part in contract)
        raise RecordingError(f"{name}: {told} is not listed")
    return listed[contract]


def _read(path: Path, day: date) -> pa.Table:
    options = csv.ConvertOptions(column_types=_TYPES, include_columns=list(_TYPES))
    try:
        table = csv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        raise RecordingError(f"{path}: {error}") from error
    stamp = np.asarray(table["ts"].cast(pa.int64()).to_numpy())
    price = np.asarray(table["ltp"].to_numpy())
    kept = (stamp >= midnight(day)) & (stamp < next_midnight(day)) & (price > 0)
    if not kept.any():
        raise RecordingError(f"{path}: no price on {day}")
    return table.filter(pa.array(kept)).sort_by(
        [*_ORDER, ("right", "ascending"), ("ts", "ascending")]
    )


def _contracts(table: pa.Table) -> Iterator[tuple[Contract, pa.Table]]:
    """Yield each option with its rows, oldest first; `table` lies in that order."""
    names = ("underlying", "expiry", "strike", "right")
    keys = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    starts = [place for place, key in enumerate(keys) if place == 0 or keys[place - 1] != key]
    for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
        underlying, expiry, strike, right = keys[start]
        contract = (underlying, expiry, Decimal(repr(strike)), Kind(right))
        yield contract, table.slice(start, end - start)


def _arrivals(option: Instrument, rows: pa.Table, opens_at: int) -> Arrivals:
    """Return an option's snapshots as ticks with modelled quotes; units instead of contracts."""
    at = np.asarray(rows["ts"].cast(pa.int64()).to_numpy())
    ticks = np.zeros(len(at), TICK)
    ticks["token"], ticks["exchange_at"] = option.token, at
    for field in ("last", "open", "high", "low"):
        ticks[field] = rows["ltp"].to_numpy()
    volume = np.asarray(rows["volume"].to_numpy()) * option.lot_size
    ticks["volume"] = volume
    ticks["oi"] = np.asarray(rows["oi"].to_numpy()) * option.lot_size
    traded = np.maximum(np.diff(volume, prepend=volume[:1]), 0).astype(np.float64)
    put_quotes(ticks, option, (at - opens_at) // _MINUTE, traded)
    return Arrivals(at, ticks)
