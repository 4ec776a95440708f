"""What a raw tape costs: disk a day, time to append, time to read back, and by which compression.

Run `python -m marketdata.kite.bench_raw_tape`, or print what the functions return.
"""

from __future__ import annotations

import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.kite.bench_market import FRAMES_A_SECOND, ModelledMarket
from marketdata.kite.news import WireFrame
from marketdata.kite.raw_tape import RawTapeReader, RawTapeWriter
from marketdata.kite.raw_tape_format import encoded_head
from marketdata.kite.raw_tape_reader import board_of
from marketdata.tape_head import TapeHead

SESSION_SECONDS = 22_500
_OPEN = datetime(2026, 11, 23, 9, 15, tzinfo=IST)
_CODECS = (("zlib", 1), ("zlib", 6), ("zstd", 1), ("zstd", 3), ("zstd", 6), ("lz4", None))


@dataclass(frozen=True, slots=True)
class Load:
    """A modelled day: so many instruments, each ticking so often a second, at most once."""

    name: str
    instruments: int
    rate: float


LOADS = (
    Load("500 liquid", 500, 1.0),
    Load("3,000, most of them far strikes", 3_000, 0.35),
    Load("3,000 all ticking", 3_000, 1.0),
)


@dataclass(frozen=True, slots=True)
class TapeFigure:
    """One measured number."""

    name: str
    value: float
    unit: str


def disk_figures(load: Load, seconds: int) -> list[TapeFigure]:
    """Record and read back so many modelled seconds; sizes are told for a whole session."""
    frames = list(ModelledMarket(load.instruments, load.rate).frames(seconds))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.raw"
        began = time.process_time()
        appended = _record(path, load, frames)
        written = (time.process_time() - began) / len(frames)
        size = path.stat().st_size - len(encoded_head(head_of(load)))
        raw = sum(map(len, frames))
        board_of(head_of(load))
        began = time.process_time()
        read = sum(1 for _ in RawTapeReader(path).frames())
        spent = time.process_time() - began
    day = SESSION_SECONDS / seconds / 1e9
    return [
        TapeFigure(f"{load.name}: frames a day", raw * day, "GB"),
        TapeFigure(f"{load.name}: raw tape a day", size * day, "GB"),
        TapeFigure(f"{load.name}: append, median", float(np.median(appended)) * 1e6, "us"),
        TapeFigure(f"{load.name}: append, p99", float(np.quantile(appended, 0.99)) * 1e6, "us"),
        TapeFigure(f"{load.name}: append, write and compress, CPU a step", written * 1e6, "us"),
        TapeFigure(f"{load.name}: replay of a day", spent / read * _steps_a_day(), "s"),
    ]


def codec_figures(load: Load, seconds: int, block_bytes: int) -> list[TapeFigure]:
    """Compress the same modelled seconds in blocks by each codec: how small, and how fast."""
    data = b"".join(ModelledMarket(load.instruments, load.rate).frames(seconds))
    blocks = [data[at : at + block_bytes] for at in range(0, len(data), block_bytes)]
    figures = []
    for name, level in _CODECS:
        compress = _compressor(name, level)
        began = time.process_time()
        size = sum(len(compress(block)) for block in blocks)
        spent = time.process_time() - began
        title = f"{load.name}: {name} {level or ''} in {block_bytes / 1e6:.1f} MB"
        figures.append(TapeFigure(f"{title}, shrinks by", len(data) / size, "x"))
        figures.append(TapeFigure(f"{title}, speed", len(data) / spent / 1e6, "MB/s"))
    return figures


def _compressor(name: str, level: int | None) -> Callable[[bytes], Any]:
    if name == "zlib":
        return lambda block: zlib.compress(block, level or 1)
    codec = pa.Codec(name, compression_level=level)
    return lambda block: codec.compress(block, asbytes=True)


def _record(path: Path, load: Load, frames: list[bytes]) -> list[float]:
    """Record one step a frame and return the seconds each append took."""
    writer = RawTapeWriter(path, head_of(load))
    taken = []
    for number, data in enumerate(frames):
        at = _OPEN + timedelta(seconds=number / FRAMES_A_SECOND)
        began = time.perf_counter()
        writer.append(at, [WireFrame(at, data)])
        taken.append(time.perf_counter() - began)
    writer.close()
    return taken


def _steps_a_day() -> int:
    return SESSION_SECONDS * FRAMES_A_SECOND


def head_of(load: Load) -> TapeHead:
    """Return the head of a modelled day."""
    return TapeHead(
        date=_OPEN.date(),
        source="modelled",
        made_by="bench",
        instruments=tuple(_instruments(load)),
        previous_close=(),
        session_open=_OPEN,
        session_close=_OPEN + timedelta(seconds=SESSION_SECONDS),
    )


def _instruments(load: Load) -> Iterator[Instrument]:
    for token in ModelledMarket(load.instruments, load.rate).tokens:
        yield Instrument(
            token=token,
            exchange=Exchange.NFO,
            symbol=f"B{token}",
            name="BENCH",
            kind=Kind.FUTURE,
            lot_size=25,
            tick_size=Decimal("0.05"),
            expiry=date(2026, 11, 24),
        )


def main() -> None:
    """Print everything."""
    figures = [figure for load in LOADS for figure in disk_figures(load, seconds=20)]
    for block in (LOADS[2].instruments * 186, 8 << 20):
        figures += codec_figures(LOADS[2], 16, block)
    for figure in figures:
        print(f"{figure.name:<55} {figure.value:10.2f} {figure.unit}")


if __name__ == "__main__":
    main()
