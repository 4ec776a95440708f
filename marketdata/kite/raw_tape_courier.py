"""A thread of machine code that has the disk take one step of the tape while the loop goes on.

Only one thread at a time runs Python, and one that wants to begin comes to it only when the loop
waits: that is when an order waits for the disk already. Spools and blocks are the work of
`raw_spool.py` and `raw_tape_keeper.py`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence

import numpy as np

MOST_BYTES = 1 << 20
"""What a courier carries at once."""


class Courier:
    """Takes one batch of bytes at a time to a file; for one thread, which has to `close` it."""

    def __init__(self) -> None:
        """Begin to wait for work; the loop is compiled here."""
        from marketdata.kite import courier_kernels as kernels

        self._kernels = kernels
        job, memory = np.zeros(kernels.FIELDS, np.int64), np.zeros(MOST_BYTES, np.uint8)
        self._job, self._memory = job.data, memory.data
        self._bell, self._back = os.eventfd(0), os.eventfd(0)
        carry = kernels.carry
        self._thread = threading.Thread(
            target=_undisturbed,
            args=(lambda: carry(self._bell, self._back, job, memory),),
            daemon=True,
        )
        self._thread.start()

    @property
    def is_free(self) -> bool:
        """Say whether nothing is under way and the end of what was is known."""
        return self._job[self._kernels.STATE] == self._kernels.FREE

    def begin(self, file: int, pieces: Sequence[bytes]) -> None:
        """Have pieces, at most `MOST_BYTES`, written to a file and synced; returns at once."""
        kernels, end = self._kernels, 0
        for piece in pieces:
            start, end = end, end + len(piece)
            self._memory[start:end] = piece
        self._job[kernels.FILE], self._job[kernels.SIZE] = file, end
        self._job[kernels.STATE] = kernels.UNDER_WAY
        os.eventfd_write(self._bell, 1)

    def end(self, *, wait: bool) -> bool | None:
        """Return whether the disk has what was begun, None while it isn't known.

        `wait`: until it is known. Afterwards the courier is free.
        """
        kernels = self._kernels
        if not wait and self._job[kernels.STATE] == kernels.UNDER_WAY:
            return None
        os.eventfd_read(self._back)
        is_safe: bool = self._job[kernels.STATE] == kernels.SAFE
        self._job[kernels.STATE] = kernels.FREE
        return is_safe

    def close(self) -> None:
        """End the thread; nothing may be under way."""
        self._job[self._kernels.FILE] = self._kernels.ENDS
        os.eventfd_write(self._bell, 1)
        self._thread.join()
        os.close(self._bell)
        os.close(self._back)


def _undisturbed(work: Callable[[], None]) -> None:
    """Work in a thread that no signal interrupts: they are the main thread's."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    work()
