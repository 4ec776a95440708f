"""The thread that writes a day's steps down, and makes compressed blocks of full spools.

It is the only one who appends to the tape itself while a day is recorded.
"""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from pathlib import Path

from marketdata.kite.raw_spool import Spool, write_all
from marketdata.kite.raw_tape_format import encoded_block


class RawTapeWriteError(Exception):
    """The disk did not take what was recorded earlier."""


class Keeper:
    """Works off the event loop, which waits for it only where the disk is far behind.

    What was put in is synced as soon as it is written: an order that rests on it has less to wait.
    """

    def __init__(self, path: Path, tape: int) -> None:
        """Begin to keep the tape open as `tape`."""
        self._path = path
        self._tape = tape
        self._full: deque[Spool] = deque()
        self._stirred: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._current: Spool | None = None
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._work, name="raw tape", daemon=True)
        self._thread.start()

    def open(self, spool: Spool) -> None:
        """Write this spool down from now on; the one before is full and becomes a block."""
        full, self._current = self._current, spool
        if full is not None:
            self._full.append(full)

    def stir(self) -> None:
        """Have the disk take what was put into the spools."""
        self._stirred.put(True)

    def check(self) -> None:
        """Raise `RawTapeWriteError` if the disk failed since it was last asked."""
        if self._failure is not None:
            raise RawTapeWriteError(f"{self._path}: {self._failure.strerror}") from self._failure

    def close(self) -> None:
        """Make blocks of everything and end. Raises `RawTapeWriteError`."""
        last, self._current = self._current, None
        if last is not None:
            self._full.append(last)
        self._stirred.put(False)
        self._thread.join()
        self.check()

    def _work(self) -> None:
        try:
            while self._goes_on():
                self._step()
            self._step()
        except OSError as error:
            self._failure = error

    def _goes_on(self) -> bool:
        """Wait until there is something to do; say whether more may come."""
        goes_on = self._stirred.get()
        while goes_on and not self._stirred.empty():
            goes_on = self._stirred.get()
        return goes_on

    def _step(self) -> None:
        while self._full:
            self._compress(self._full.popleft())
        # Only this thread closes spools, so the one it finds here stays open.
        current = self._current
        if current is not None:
            current.sync()

    def _compress(self, spool: Spool) -> None:
        """Make a block of a full spool, which is gone then."""
        spool.write()
        if spool.steps:
            append_block(self._tape, spool.steps_bytes(), spool.steps, spool.first)
        spool.remove()
        sync_folder(self._path.parent)


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
