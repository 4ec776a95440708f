"""The end of a raw tape that is not yet in blocks: steps as they came, in files beside the tape.

A thread writes what is put into a spool, and makes blocks of full ones (`raw_tape_keeper.py`).
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from marketdata.kite.news import WireFrame
from marketdata.kite.raw_tape_courier import MOST_BYTES, Courier
from marketdata.kite.raw_tape_format import (
    SPOOL_HEAD_BYTES,
    encoded_spool_head,
    encoded_step,
    spool_first,
    step_bytes,
    step_ends,
)

_MOST_PIECES = 512
"""How many pieces the system surely writes in one call."""


class Spool:
    """One spool with its one writer, who only puts steps in; any thread may write them down.

    `steps`, `size`: what was put in, in bytes what the file will hold of it; `safe_steps`: what
    the disk has. The file is created with the first step.
    """

    def __init__(self, tape: Path, first: int) -> None:
        """Begin the spool whose first step will have number `first`."""
        self.path = tape.with_name(f"{tape.name}.{first:09d}.spool")
        self.first = first
        self.steps = self.size = self.safe_steps = 0
        self._waiting: deque[tuple[datetime, Sequence[WireFrame]]] = deque()
        self._written_steps = self._written = self._carried = 0
        self._is_removed = False
        self._lock = threading.Lock()
        self._file: int | None = None

    def put(self, at: datetime, frames: Sequence[WireFrame]) -> None:
        """Let one step wait until a thread writes it; costs next to nothing."""
        self._waiting.append((at, frames))
        self.size += step_bytes(frames)
        self.steps += 1

    def write(self) -> None:
        """Write what waits; it survives the death of this process once this has returned.

        Raises `OSError`; then nothing of the step that failed stands in the file.
        """
        with self._lock:
            self._write()

    def sync(self) -> None:
        """Write what waits, and return once the disk has it. Raises as `write`."""
        with self._lock:
            self._write()
            if self._file is not None and self.safe_steps != self._written_steps:
                os.fdatasync(self._file)
                self.safe_steps = self._written_steps

    def hand_over(self, courier: Courier) -> bool:
        """Have a courier write and sync what waits; say whether it does.

        It does where it is free and one step waits behind others that are safe. Nobody else
        writes until `take_back` has told how that went.
        """
        if self._file is None or not courier.is_free or not self._lock.acquire(blocking=False):
            return False
        if len(self._waiting) == 1 and self.safe_steps == self._written_steps:
            pieces = encoded_step(*self._waiting[0])
            self._carried = sum(map(len, pieces))
            if self._carried <= MOST_BYTES:
                courier.begin(self._file, pieces)
                return True
        self._lock.release()
        return False

    def take_back(self, courier: Courier, *, wait: bool) -> bool | None:
        """Return whether the step that was handed over is safe, None while that isn't known.

        One that is not waits again, and nothing of it stands in the file.
        """
        is_safe = courier.end(wait=wait)
        if is_safe is None:
            return None
        try:
            if is_safe:
                self._count_written(self._carried)
                self.safe_steps = self._written_steps
            elif self._file is not None:
                os.ftruncate(self._file, SPOOL_HEAD_BYTES + self._written)
        finally:
            self._lock.release()
        return is_safe

    def steps_bytes(self) -> bytes:
        """Return the steps as they stand in the file."""
        return b"" if self._file is None else os.pread(self._file, self._written, SPOOL_HEAD_BYTES)

    def remove(self) -> None:
        """Delete the file; its steps stand in a block now."""
        with self._lock:
            self._is_removed = True
            if self._file is None:
                return
            os.close(self._file)
            self._file = None
        self.path.unlink()

    @property
    def is_safe(self) -> bool:
        """Say whether the disk has every step appended so far."""
        return self._is_removed or self.safe_steps == self.steps

    @property
    def is_removed(self) -> bool:
        """Say whether its steps stand in a block, which the disk has."""
        return self._is_removed

    def _write(self) -> None:
        while self._waiting:
            if self._file is None:
                self._file = self._created()
            try:
                size = write_all(self._file, encoded_step(*self._waiting[0]))
            except OSError:
                os.ftruncate(self._file, SPOOL_HEAD_BYTES + self._written)
                raise
            self._count_written(size)

    def _count_written(self, size: int) -> None:
        self._waiting.popleft()
        self._written += size
        self._written_steps += 1

    def _created(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        file = os.open(self.path, flags, 0o640)
        try:
            write_all(file, [encoded_spool_head(self.first)])
        except OSError:
            os.close(file)
            raise
        return file


@dataclass(slots=True)
class SpoolTail:
    """A spool opened for reading, as far as it stands: steps from number `first` on.

    `ends`: the offsets in `data` behind each whole step; the first step begins at `start`.
    """

    path: Path
    first: int
    data: bytes
    ends: list[int] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path) -> SpoolTail | None:
        """Read a spool; None where it is gone or its head is torn."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        first = spool_first(data)
        if first is None:
            return None
        return cls(path, first, data, step_ends(data, SPOOL_HEAD_BYTES))

    @property
    def after(self) -> int:
        """Return the number of the step that follows."""
        return self.first + len(self.ends)

    def start(self, index: int) -> int:
        """Return the offset at which step `index` begins, which the spool must hold."""
        return self.ends[index - self.first - 1] if index > self.first else SPOOL_HEAD_BYTES

    def grow(self) -> None:
        """Read what was appended since; a spool that is gone stays as it was."""
        try:
            with self.path.open("rb") as file:
                file.seek(len(self.data))
                self.data += file.read()
        except FileNotFoundError:
            return
        self.ends += step_ends(self.data, self.ends[-1] if self.ends else SPOOL_HEAD_BYTES)

    def steps_bytes(self) -> bytes:
        """Return the whole steps."""
        return self.data[SPOOL_HEAD_BYTES : self.ends[-1]] if self.ends else b""


def spools_of(tape: Path) -> list[Path]:
    """Return the spools beside a tape, in the order of their steps."""
    return sorted(tape.parent.glob(f"{tape.name}.*.spool"))


def write_all(file: int, pieces: Sequence[bytes]) -> int:
    """Write all pieces and return how many bytes they were."""
    size = sum(map(len, pieces))
    done = os.writev(file, pieces) if len(pieces) <= _MOST_PIECES else 0
    if done < size:
        rest = b"".join(pieces)[done:]
        while rest:
            rest = rest[os.write(file, rest) :]
    return size
