"""A binary frame of Kite's socket cut into its packets, gathered by kind without a Python loop.

What the packets hold is `layout.py`; the state they leave behind is kept in `board.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from marketdata.kite.layout import PACKETS

HEARTBEAT_BYTES = 1
"""Length of the binary message that only says the connection lives."""


class FrameError(Exception):
    """A binary message whose packets do not add up to its length; nothing of it was taken."""


def split(frame: bytes | memoryview) -> Mapping[int, NDArray[np.void]]:
    """Return the packets of a frame by their length in bytes, in the order they stand.

    Of a known kind they are rows of its dtype in `PACKETS`, else rows of plain bytes. A heartbeat
    has none. Raises `FrameError` for a frame that isn't whole.
    """
    data = as_bytes(frame)
    if len(data) == HEARTBEAT_BYTES:
        return MappingProxyType({})
    starts, sizes = _places(data)
    return MappingProxyType(
        {
            int(length): _gathered(data, starts[sizes == length], int(length))
            for length in np.unique(sizes)
        }
    )


def as_bytes(frame: bytes | memoryview) -> NDArray[np.uint8]:
    """Return a frame as read-only bytes without copying it. Raises `FrameError` for an empty one.

    Read-only always: the compiled loops know that kind alone.
    """
    if not len(frame):
        raise FrameError("frame: 0 bytes, expected a heartbeat or packets")
    data = np.frombuffer(frame, np.uint8)
    data.flags.writeable = False
    return data


def broken(data: NDArray[np.uint8], found: int, packet: int) -> FrameError:
    """Return the error for what `walk` found in a frame that isn't whole."""
    from marketdata.kite.frame_kernels import SHORT

    told = int(data[0]) << 8 | int(data[1])
    where = f"it ends within packet {packet + 1}" if found == SHORT else "bytes are left behind it"
    return FrameError(f"frame: {len(data)} bytes that tell {told} packets, {where}")


def _places(data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    from marketdata.kite.frame_kernels import WHOLE, walk

    told = int(data[0]) << 8 | int(data[1])
    starts, sizes = np.empty(told, np.int64), np.empty(told, np.int64)
    found, count = walk(data, starts, sizes)
    if found != WHOLE:
        raise broken(data, found, count)
    return starts, sizes


def _gathered(data: NDArray[np.uint8], starts: NDArray[np.int64], length: int) -> NDArray[np.void]:
    rows = data[starts[:, None] + np.arange(length)]
    dtype = PACKETS.get(length, np.dtype((np.void, length)))
    packets: NDArray[np.void] = rows.view(dtype)[:, 0] if length else np.empty(len(starts), "V0")
    return packets
