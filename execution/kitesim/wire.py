"""Kite's socket messages as bytes: packets of every mode, frames of them, heartbeat and texts.

Which packets are sent to whom is decided in `socket.py`; the layouts are the decoder's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from marketdata.kite.layout import (
    FULL_PACKET,
    INDEX_FULL_PACKET,
    INDEX_QUOTE_PACKET,
    INDICES,
    LTP_PACKET,
    QUOTE_PACKET,
    Mode,
)

Packets = NDArray[np.void]
"""What the wire can tell of instruments: rows of `FULL_PACKET`, also for indices."""

Ranks = NDArray[np.int8]
"""Modes as numbers, see `RANKS`; 0 is not subscribed."""

HEARTBEAT = b"\0"
RANKS = {Mode.LTP: 1, Mode.QUOTE: 2, Mode.FULL: 3}
_KINDS = (
    (1, False, LTP_PACKET),
    (1, True, LTP_PACKET),
    (2, False, QUOTE_PACKET),
    (2, True, INDEX_QUOTE_PACKET),
    (3, False, FULL_PACKET),
    (3, True, INDEX_FULL_PACKET),
)


def frame_of(packets: Packets, ranks: Ranks) -> bytes:
    """Return one frame that tells each row in its mode, rows of rank 0 left out.

    Packets stand in groups of one kind. At most 65,535 rows.
    """
    is_index = packets["token"] & 0xFF == INDICES
    groups = [
        _group(packets[(ranks == rank) & (is_index == index)], dtype)
        for rank, index, dtype in _KINDS
    ]
    return int(np.count_nonzero(ranks)).to_bytes(2, "big") + b"".join(groups)


def order_text(order: Mapping[str, Any]) -> str:
    """Return the message that tells of one order, in the fields of a postback."""
    return _text("order", order)


def error_text(message: str) -> str:
    """Return the message that tells of a mistake in what the client sent."""
    return _text("error", message)


def notice_text(message: str) -> str:
    """Return a notice of the broker to its users."""
    return _text("message", message)


def _text(kind: str, data: object) -> str:
    return msgspec.json.encode({"type": kind, "data": data}).decode()


def _group(packets: Packets, dtype: np.dtype[np.void]) -> bytes:
    if not len(packets):
        return b""
    group = np.zeros(len(packets), [("length", ">u2"), ("packet", dtype)])
    group["length"] = dtype.itemsize
    if dtype is FULL_PACKET:
        group["packet"] = packets
        return group.tobytes()
    told = group["packet"]
    for name in dtype.names or ():
        told[name] = (
            packets["last"].astype(np.int64) - packets["close"]
            if name == "change"
            else packets[name]
        )
    return group.tobytes()
