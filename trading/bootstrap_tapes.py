"""The composition root for tapes: which reader stands behind a run's file, raw or ready-made.

What stands around an engine is `bootstrap.py`.
"""

from __future__ import annotations

from pathlib import Path

from marketdata.feed import KeptTape
from marketdata.kite.raw_tape_reader import RawTapeReader
from marketdata.tape import TapeReader

RAW = ".raw"
"""How the names of raw tapes end; they are compressed as they are written."""


def is_raw(path: Path) -> bool:
    """Say whether a file is a raw tape, by its name."""
    return path.name.endswith(RAW)


def open_tape(path: Path) -> KeptTape:
    """Open the tape of a run as far as it stands.

    Raises `TapeCorruptError`, `RawTapeCorruptError`, `OSError`.
    """
    return RawTapeReader(path) if is_raw(path) else TapeReader(path)


def grown(tape: KeptTape) -> KeptTape:
    """Return a tape that is still being written with what has come since. Raises as `open_tape`."""
    if isinstance(tape, RawTapeReader):
        tape.refresh()
        return tape
    return open_tape(tape.path)


def warmup_path(tape: Path) -> Path | None:
    """Return the folder of bars before a tape's day, beside the tape; None where there is none."""
    name = tape.name.removesuffix(".gz").removesuffix(".tape").removesuffix(RAW)
    folder = tape.with_name(name + ".warmup")
    return folder if folder.is_dir() else None
