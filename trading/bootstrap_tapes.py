"""The composition root for tapes: which reader stands behind a run's file, raw or ready-made.

What stands around an engine is `bootstrap.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from marketdata.feed import KeptTape
from marketdata.kite.raw_tape_format import RawTapeCorruptError
from marketdata.kite.raw_tape_reader import RawTapeReader
from marketdata.quality import ScreenSettings
from marketdata.tape import TapeReader

if TYPE_CHECKING:
    from marketdata.kite.raw_tape_bars import WrittenBars

RAW = ".raw"
"""How the names of raw tapes end; they are compressed as they are written."""


class NoTapeError(Exception):
    """A file that cannot be read as the raw tape of a day; the text names it."""


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


def bars_of_raw_tape(path: Path, screen: ScreenSettings, folder: Path) -> tuple[WrittenBars, ...]:
    """Put the minute bars of a live day into the files of `folder`, in place of that day's.

    Raises `NoTapeError`; `HistoryError` for a file of another schema.
    """
    # Late: it brings the tables' library, which the processes that only open tapes do without.
    from marketdata.kite.raw_tape_bars import write_minute_bars

    try:
        return write_minute_bars(RawTapeReader(path), screen, folder)
    except (OSError, RawTapeCorruptError) as error:
        raise NoTapeError(f"{path}: {error}, expected the raw tape of a day") from error
