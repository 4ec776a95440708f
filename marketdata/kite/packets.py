"""Which instruments a frame tells of, and the newest packet of each among many frames.

Decoding what a packet tells is the work of `board.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marketdata.kite.frames import HEARTBEAT_BYTES, as_bytes, broken

Ints = NDArray[np.int64]

_TOKEN_BYTES = 4
_MOST_PACKETS = 32_767
_NONE = np.empty(0, np.int64)


def tokens_in(frame: bytes) -> Ints:
    """Return the token of each packet in its order. Raises `FrameError`."""
    return _places(frame)[0]


def keep_newest(frame: bytes, newest: dict[int, bytes]) -> int:
    """Take a frame's packets into `newest`, by token; return how many older ones gave way.

    A packet keeps the two bytes of its length in front. Raises `FrameError`; then nothing has
    changed.
    """
    tokens, starts, sizes = _places(frame)
    before = len(newest)
    ends = (starts + sizes).tolist()
    for token, start, end in zip(tokens.tolist(), starts.tolist(), ends, strict=True):
        newest[token] = frame[start - 2 : end]
    return len(tokens) - (len(newest) - before)


def frames_of(newest: dict[int, bytes]) -> tuple[bytes, ...]:
    """Return frames that tell the kept packets, in their order; none if there are none."""
    packets = list(newest.values())
    return tuple(
        len(part).to_bytes(2, "big") + b"".join(part)
        for part in (
            packets[at : at + _MOST_PACKETS] for at in range(0, len(packets), _MOST_PACKETS)
        )
    )


def _places(frame: bytes) -> tuple[Ints, Ints, Ints]:
    """Return token, start and length of each packet too short for a token left out."""
    from marketdata.kite.frame_kernels import WHOLE, walk

    data = as_bytes(frame)
    if len(data) == HEARTBEAT_BYTES:
        return _NONE, _NONE, _NONE
    told = int(data[0]) << 8 | int(data[1])
    starts, sizes = np.empty(told, np.int64), np.empty(told, np.int64)
    found, count = walk(data, starts, sizes)
    if found != WHOLE:
        raise broken(data, found, count)
    named = sizes >= _TOKEN_BYTES
    starts, sizes = starts[named], sizes[named]
    bytes_of = data[starts[:, None] + np.arange(_TOKEN_BYTES)]
    tokens = np.ascontiguousarray(bytes_of).view(">u4")[:, 0].astype(np.int64)
    return tokens, starts, sizes
