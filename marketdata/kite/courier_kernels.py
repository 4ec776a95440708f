"""The compiled loop of the tape's courier: bytes to a file and on to the disk, without Python.

When there is something to carry, and what is made of its end, is `raw_tape_courier.py`'s.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

FREE, UNDER_WAY, SAFE, FAILED = range(4)
STATE, FILE, SIZE, FIELDS = range(4)
ENDS = -1
"""Stands for the file where the loop shall end."""
_read = types.ExternalFunction("read", types.intp(types.intc, types.voidptr, types.uintp))
_write = types.ExternalFunction("write", types.intp(types.intc, types.voidptr, types.uintp))
_fdatasync = types.ExternalFunction("fdatasync", types.intc(types.intc))


@njit(  # type: ignore[untyped-decorator]
    "void(int64, int64, int64[::1], uint8[::1])", nogil=True, cache=True
)
def carry(bell: int, back: int, job: NDArray[np.int64], memory: NDArray[np.uint8]) -> None:
    """Take `SIZE` bytes of `memory` to `FILE` each time the bell rings, then ring back.

    `bell`, `back`: eventfds. `STATE` is `SAFE` once the disk has all, `FAILED` where it hasn't.
    """
    word = np.ones(1, np.uint64)
    while _read(bell, word.ctypes, 8) == 8 and job[FILE] >= 0:
        done, size = 0, job[SIZE]
        while done < size:
            count = _write(job[FILE], memory[done:].ctypes, size - done)
            if count <= 0:
                break
            done += count
        is_safe = done == size and _fdatasync(job[FILE]) == 0
        job[STATE] = SAFE if is_safe else FAILED
        word[0] = 1
        _write(back, word.ctypes, 8)
