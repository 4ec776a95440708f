"""The raw tape of a live day: every frame as Kite sent it, folded into steps, appended as it comes.

The bytes are laid out in `raw_tape_format.py`; reading is in `raw_tape_reader.py`, compressing in
`raw_tape_keeper.py`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from marketdata.kite.news import WireFrame
from marketdata.kite.raw_spool import Spool, SpoolTail, spools_of
from marketdata.kite.raw_tape_courier import Courier
from marketdata.kite.raw_tape_format import (
    RawTapeCorruptError,
    encoded_head,
    scan_blocks,
)
from marketdata.kite.raw_tape_keeper import (
    Keeper,
    RawTapeWriteError,
    append_block,
    sync_folder,
)
from marketdata.kite.raw_tape_reader import RawTapeReader, joined_tails, mapped
from marketdata.tape import TapeBusyError
from marketdata.tape_head import TapeHead

__all__ = ["RawTapeCorruptError", "RawTapeReader", "RawTapeWriteError", "RawTapeWriter"]

BLOCK_BYTES = 8 << 20
"""How much is compressed at once: the more, the smaller the tape; see `bench_raw_tape.py`."""


class RawTapeWriter:
    """A raw tape opened for appending by its one writer.

    `append` waits for nothing: another thread writes the step and syncs it, at once if the disk has
    the earlier ones. What rests on a step must not leave this process before the step is one of
    `safe_steps`, or `sync` has returned.
    """

    def __init__(self, path: Path, head: TapeHead, block_bytes: int = BLOCK_BYTES) -> None:
        """Create `path`, or go on behind its last whole step, cutting off a torn one.

        Raises `TapeBusyError` when another writer holds it, `ValueError` when it has another
        head, `RawTapeCorruptError` when it is damaged before its end.
        """
        self.path, self.head = path, head
        self._block_bytes = block_bytes
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.steps, self.last_at = self._resume()
        except BlockingIOError as error:
            os.close(self._file)
            raise TapeBusyError(f"{path} is held by another writer") from error
        except (ValueError, RawTapeCorruptError):
            os.close(self._file)
            raise
        self._keeper = Keeper(path, self._file)
        self._courier = Courier()
        self._handed_over: Spool | None = None
        self._full: list[Spool] = []
        self._spool = self._next_spool()

    def append(self, at: datetime, frames: Sequence[WireFrame]) -> int:
        """Take one step to be written and return its number; `at` may not run backwards.

        Raises `ValueError` for a time before the last step's, `RawTapeWriteError` when the disk
        did not take an earlier one. Waits only for a disk that is a whole block behind, and
        raises its `OSError`.
        """
        if self.last_at is not None and at < self.last_at:
            raise ValueError(f"at: {at} lies before the last step, {self.last_at}")
        self._keeper.check()
        self._take_back(wait=False)
        self._spool.put(at, frames)
        self.last_at = at
        self.steps += 1
        if self._spool.size >= self._block_bytes:
            self._turn()
        if self._spool.hand_over(self._courier):
            self._handed_over = self._spool
        else:
            self._keeper.stir()
        return self.steps - 1

    @property
    def safe_steps(self) -> int:
        """Return how many steps the disk has, the first ones of all."""
        self._take_back(wait=False)
        for spool in (*self._full, self._spool):
            if not spool.is_safe:
                return spool.first + spool.safe_steps
        return self.steps

    def sync(self) -> None:
        """Wait until the disk has every step appended so far. Raises `OSError`."""
        self._take_back(wait=True)
        for spool in (*self._full, self._spool):
            spool.sync()

    def close(self) -> None:
        """Compress what is left, sync and let go. Raises `RawTapeWriteError`."""
        try:
            self._take_back(wait=True)
            self._keeper.close()
        finally:
            self._courier.close()
            os.close(self._file)

    def _take_back(self, *, wait: bool) -> None:
        """Learn how the step went that was handed over; the keeper tries again what failed."""
        spool, self._handed_over = self._handed_over, None
        if spool is None:
            return
        is_safe = spool.take_back(self._courier, wait=wait)
        if is_safe is None:
            self._handed_over = spool
        elif not is_safe:
            self._keeper.stir()

    def _turn(self) -> None:
        """Go on with the next spool; the one before the full one must be written by now."""
        self._take_back(wait=True)
        for spool in self._full:
            spool.write()
        self._full = [spool for spool in (*self._full, self._spool) if not spool.is_removed]
        self._spool = self._next_spool()

    def _next_spool(self) -> Spool:
        spool = Spool(self.path, self.steps)
        self._keeper.open(spool)
        return spool

    def _resume(self) -> tuple[int, datetime | None]:
        """Bring everything that stands into blocks; return the number of steps, the last time."""
        head = encoded_head(self.head)
        there = mapped(self.path)
        if len(there) < len(head) and head.startswith(there[:]):
            os.ftruncate(self._file, 0)
            os.write(self._file, head)
            os.fsync(self._file)
            there = head
        if there[: len(head)] != head:
            raise ValueError(f"head: {self.path} has another head than the one to go on with")
        blocks = list(scan_blocks(self.path, there, len(head), 0))
        os.ftruncate(self._file, blocks[-1].end if blocks else len(head))
        count = blocks[-1].after if blocks else 0
        opened = [tail for path in spools_of(self.path) if (tail := SpoolTail.open(path))]
        for tail in joined_tails(opened, count):
            told = tail.data[tail.start(max(count, tail.first)) : tail.ends[-1]]
            append_block(self._file, told, tail.after - count, count)
            count = tail.after
        for path in spools_of(self.path):
            path.unlink()
        sync_folder(self.path.parent)
        return count, _last_at(RawTapeReader(self.path))


def _last_at(tape: RawTapeReader) -> datetime | None:
    last = None
    for step in tape.steps(len(tape) - 1):
        last = step.at
    return last
