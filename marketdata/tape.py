"""The tape of a day: the raw frames of one session in one file, appended live, read back exactly.

What a frame means lives in `ticks.py`, how it is laid out in `tape_format.py`; tapes are made from
recorded or modelled days in `dayset.py` and `synthetic.py`.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

import numpy as np

from marketdata.calendar import IST
from marketdata.tape_format import (
    KEPT_FRAMES,
    TapeCorruptError,
    contents,
    encoded_frame,
    encoded_head,
    is_whole,
    let_go,
    read_head,
    scan,
)
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK, Ticks

__all__ = [
    "Frame",
    "TapeBusyError",
    "TapeCorruptError",
    "TapeHead",
    "TapeReader",
    "TapeWriter",
    "compress",
    "microseconds",
    "moment",
    "write_tape",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class TapeBusyError(Exception):
    """Another process holds this tape open for writing."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What arrived at one moment: number from 0, engine time (aware, IST), the ticks.

    A number below 0 says that nothing arrived: no more than that time has come to `at`.
    """

    index: int
    at: datetime
    ticks: Ticks


def microseconds(at: datetime) -> int:
    """Return an aware datetime as microseconds since the epoch."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """Return microseconds since the epoch as an aware datetime in IST."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(IST)


class TapeReader:
    """A tape opened for reading, plain or compressed (`.gz`); a live tape as far as it stands."""

    def __init__(self, path: Path) -> None:
        """Open `path` and index its frames. Raises `TapeCorruptError`."""
        self.path = path
        self._data = contents(path)
        self.head, self._start = read_head(path, self._data)
        self._places = scan(path, self._data, self._start)

    def __len__(self) -> int:
        return len(self._places)

    def frame(self, index: int) -> Frame:
        """Return frame `index` (from 0) with its own copy of the ticks.

        Raises `TapeCorruptError` when its bytes are damaged, `IndexError` when there is none.
        """
        if not 0 <= index < len(self._places):
            raise IndexError(f"{self.path}: frame {index}, expected 0 to {len(self) - 1}")
        if index % KEPT_FRAMES == 0:
            let_go(self._data)
        place = self._places[index]
        data = self._data[place.start : place.end]
        if not is_whole(data, place):
            raise TapeCorruptError(f"{self.path}: damaged ticks in frame {index}")
        return Frame(index, moment(place.at), np.frombuffer(data, TICK).copy())

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Yield the frames from number `start` on. Raises as `frame`."""
        for index in range(start, len(self._places)):
            yield self.frame(index)

    @property
    def sha256(self) -> str:
        """Return the digest of the head and the whole frames; the same plain and compressed."""
        end = self._places[-1].end if self._places else self._start
        with memoryview(self._data) as data:
            return hashlib.sha256(data[:end]).hexdigest()


class TapeWriter:
    """A tape opened for appending by its one writer.

    A frame survives the death of this process once `append` has returned, and that of the
    machine once `sync` has.
    """

    def __init__(self, path: Path, head: TapeHead) -> None:
        """Create `path`, or go on behind its last whole frame, cutting off a torn one.

        Raises `TapeBusyError` when another writer holds it, `ValueError` when it has another
        head, `TapeCorruptError` when it is damaged before its end.
        """
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._last_at, self.frames = self._resume(path, encoded_head(head))
        except BlockingIOError as error:
            os.close(self._file)
            raise TapeBusyError(f"{path} is held by another writer") from error
        except (ValueError, TapeCorruptError):
            os.close(self._file)
            raise

    def _resume(self, path: Path, head: bytes) -> tuple[int | None, int]:
        """Return the time of the last whole frame and the number of frames that stand."""
        data = contents(path)
        if len(data) < len(head) and head.startswith(data[:]):
            os.ftruncate(self._file, 0)
            self._write(head)
            return None, 0
        if data[: len(head)] != head:
            raise ValueError(f"head: {path} has another head than the one to go on with")
        places = scan(path, data, len(head))
        os.ftruncate(self._file, places[-1].end if places else len(head))
        return (places[-1].at if places else None), len(places)

    def append(self, at: datetime, ticks: Ticks) -> int:
        """Write one frame and return its number; `at` may not run backwards.

        Raises `ValueError` for a time before the last frame's or ticks of another shape.
        """
        if ticks.dtype != TICK or ticks.ndim != 1:
            raise ValueError(f"ticks: {ticks.dtype} {ticks.shape}, expected TICK of shape (n,)")
        when = microseconds(at)
        if self._last_at is not None and when < self._last_at:
            raise ValueError(f"at: {at} lies before the last frame, {moment(self._last_at)}")
        self._write(encoded_frame(when, ticks))
        self._last_at = when
        self.frames += 1
        return self.frames - 1

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._file, data) :]

    def sync(self) -> None:
        """Wait until the disk has every frame appended so far."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Sync and let go of the file."""
        self.sync()
        os.close(self._file)

    def __enter__(self) -> TapeWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def write_tape(path: Path, head: TapeHead, frames: Iterable[tuple[int, Ticks]]) -> Path:
    """Write a whole tape at once; times in microseconds since the epoch, ascending.

    The same head and frames give the same bytes. A file of that name is replaced, and only when
    the new one is complete.
    """
    whole = path.with_name(path.name + ".part")
    with whole.open("wb") as file:
        file.write(encoded_head(head))
        for at, ticks in frames:
            file.write(encoded_frame(at, ticks))
    return whole.replace(path)


def compress(path: Path) -> Path:
    """Write the archive `<path>.gz` of a tape and return it; the tape itself stays.

    The same tape gives the same bytes.
    """
    archive = path.with_name(path.name + ".gz")
    whole = path.with_name(path.name + ".gz.part")
    whole.write_bytes(gzip.compress(path.read_bytes(), compresslevel=6, mtime=0))
    return whole.replace(archive)
