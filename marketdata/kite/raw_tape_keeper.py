"""The thread that makes compressed blocks of full spools, and syncs the one being written.

It is the only one who appends to the tape itself while a day is recorded.
"""

from __future__ import annotations

import os
import queue
import threading
from pathlib import Path

from marketdata.kite.raw_spool import Spool, write_all
from marketdata.kite.raw_tape_format import encoded_block


class RawTapeWriteError(Exception):
    """The disk did not take what was recorded earlier."""


class Keeper:
    """Works off the event loop: what it is handed is safe in a spool already."""

    def __init__(self, path: Path, tape: int, sync_every: float) -> None:
        """Begin to keep the tape open as `tape`, syncing every so many seconds."""
        self._path = path
        self._tape = tape
        self._sync_every = sync_every
        self._full: queue.SimpleQueue[Spool | None] = queue.SimpleQueue()
        self._current: Spool | None = None
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._work, name="raw tape", daemon=True)
        self._thread.start()

    def open(self, spool: Spool) -> None:
        """Sync this spool from now on; the one before is full and becomes a block."""
        full, self._current = self._current, spool
        if full is not None:
            self._full.put(full)

    def check(self) -> None:
        """Raise `RawTapeWriteError` if the disk failed since it was last asked."""
        if self._failure is not None:
            raise RawTapeWriteError(f"{self._path}: {self._failure.strerror}") from self._failure

    def close(self) -> None:
        """Make blocks of everything and end. Raises `RawTapeWriteError`."""
        last, self._current = self._current, None
        if last is not None:
            self._full.put(last)
        self._full.put(None)
        self._thread.join()
        self.check()

    def _work(self) -> None:
        try:
            while self._step():
                pass
        except OSError as error:
            self._failure = error

    def _step(self) -> bool:
        try:
            spool = self._full.get(timeout=self._sync_every)
        except queue.Empty:
            # Only this thread closes spools, so the one it finds here stays open.
            current = self._current
            if current is not None:
                current.sync()
            return True
        if spool is None:
            return False
        if spool.steps:
            append_block(self._tape, spool.steps_bytes(), spool.steps, spool.first)
        spool.remove()
        sync_folder(self._path.parent)
        return True


def append_block(tape: int, steps: bytes, count: int, first: int) -> None:
    """Append a block of steps to an open tape and wait until the disk has it."""
    write_all(tape, encoded_block(steps, count, first))
    os.fdatasync(tape)


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows which files stand in a folder."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
