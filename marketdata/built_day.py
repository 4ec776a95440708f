"""A day that stands ready to be played: its tape, and the bars of the sessions before it.

Which days are built from recordings is known to `dayset.py`, which are made to `synthetic.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from marketdata.history import bars_path, bars_table
from marketdata.instruments import Instrument, Kind
from marketdata.minute_bars import MinuteBars
from marketdata.options.iv_file import write_histories
from marketdata.options.iv_history import IvHistories
from marketdata.tape import TapeReader, write_tape
from marketdata.tape_frames import Arrivals, grouped
from marketdata.tape_head import TapeHead
from marketdata.ticks import Ticks

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class BuiltDay:
    """A day on disk.

    `warmup_path`: the folder with the one-minute bars of the sessions before it, as `history.py`
    reads them, a file per instrument under its `bars_symbol`. `sha256`: of the tape. `notes`:
    what was modelled, is missing or is dirty, as in the tape's head.
    """

    date: date
    tape_path: Path
    warmup_path: Path
    sha256: str
    frames: int
    ticks: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayData:
    """A day in memory: its head, every tick of it, and each instrument's bars before it.

    `iv_before`: volatility at the money on days before, by underlying, where it is known.
    """

    head: TapeHead
    arrivals: Arrivals
    before: tuple[tuple[Instrument, MinuteBars], ...]
    iv_before: IvHistories = field(default_factory=dict)

    def frames(self) -> Iterator[tuple[int, Ticks]]:
        """Yield the day's frames with their times in microseconds since the epoch."""
        return grouped(self.arrivals)

    def write(self, out_dir: Path) -> BuiltDay:
        """Write the tape and the bars before it into `out_dir`; same day, same bytes."""
        day = self.head.date
        warmup = out_dir / f"{day}.warmup"
        warmup.mkdir(parents=True, exist_ok=True)
        for instrument, bars in self.before:
            _write_bars(warmup, instrument, bars)
        if self.iv_before:
            write_histories(warmup, self.iv_before, self.head.source)
        path = write_tape(out_dir / f"{day}.tape", self.head, self.frames())
        tape = TapeReader(path)
        return BuiltDay(
            date=day,
            tape_path=path,
            warmup_path=warmup,
            sha256=tape.sha256,
            frames=len(tape),
            ticks=len(self.arrivals.at),
            notes=self.head.notes,
        )


def bars_symbol(instrument: Instrument) -> str:
    """Return the name of an instrument's file of bars: `NIFTY` for NIFTY 50, else the symbol."""
    return instrument.name if instrument.kind is Kind.INDEX else instrument.symbol


def _write_bars(folder: Path, instrument: Instrument, bars: MinuteBars) -> None:
    """Write one file; open interest is unknown for what was made, none for the cash market."""
    table = bars_table(
        {
            "start": bars.start // _SECOND,
            "open": bars.open,
            "high": bars.high,
            "low": bars.low,
            "close": bars.close,
            "volume": bars.volume,
            "oi": np.zeros(len(bars), np.int64),
        },
        np.full(len(bars), instrument.kind in (Kind.INDEX, Kind.EQUITY)),
    )
    pq.write_table(table, bars_path(folder, bars_symbol(instrument)), compression="zstd")
