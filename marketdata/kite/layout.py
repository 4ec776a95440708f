"""How Kite's packets are laid out in bytes, and in which unit a segment tells its prices.

Cutting frames into packets is the work of `frames.py`, remembering them that of `board.py`.
Source: the WebSocket pages of the Kite Connect 3 documentation and its official Python client.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

LEVELS = 5
"""Levels of depth on each side of the book."""


class Mode(StrEnum):
    """How much of an instrument is told, in Kite's words."""

    LTP = "ltp"
    QUOTE = "quote"
    FULL = "full"


LEVEL = np.dtype(
    {
        "names": ["quantity", "price", "orders"],
        "formats": [">u4", ">i4", ">u2"],
        "offsets": [0, 4, 8],
        "itemsize": 12,
    }
)
_LAST = [("token", ">u4"), ("last", ">i4")]
_QUOTE = [
    *_LAST,
    ("last_quantity", ">u4"),
    ("average", ">i4"),
    ("volume", ">u4"),
    ("buy_quantity", ">u4"),
    ("sell_quantity", ">u4"),
    ("open", ">i4"),
    ("high", ">i4"),
    ("low", ">i4"),
    ("close", ">i4"),
]
_INDEX = [
    *_LAST,
    ("high", ">i4"),
    ("low", ">i4"),
    ("open", ">i4"),
    ("close", ">i4"),
    ("change", ">i4"),
]

LTP_PACKET = np.dtype(_LAST)
INDEX_QUOTE_PACKET = np.dtype(_INDEX)
INDEX_FULL_PACKET = np.dtype([*_INDEX, ("exchange_at", ">u4")])
QUOTE_PACKET = np.dtype(_QUOTE)
FULL_PACKET = np.dtype(
    [
        *_QUOTE,
        ("traded_at", ">u4"),
        ("oi", ">u4"),
        ("oi_high", ">u4"),
        ("oi_low", ">u4"),
        ("exchange_at", ">u4"),
        ("bids", LEVEL, (LEVELS,)),
        ("asks", LEVEL, (LEVELS,)),
    ]
)
"""The packet of full mode, 184 bytes.

Prices are signed whole numbers of the segment's unit, times seconds since the epoch, 0 for none.
An empty level is all zeros. Bids stand best first, so do asks.
"""

PACKETS = {
    dtype.itemsize: dtype
    for dtype in (LTP_PACKET, INDEX_QUOTE_PACKET, INDEX_FULL_PACKET, QUOTE_PACKET, FULL_PACKET)
}
"""The kinds of packets by their length in bytes; the length alone says the kind."""

INDICES = 9
"""The segment of indices, which have no book and no volume and can't be traded."""
_DIVISORS = {3: 10_000_000, 6: 10_000, 12: 10_000}
_RUPEE = 100


def segment_of(token: int) -> int:
    """Return the segment a token belongs to: its lowest byte."""
    return token & 0xFF


def divisors_of(tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return by how much each token's wire prices are divided to give rupees."""
    divisors = np.full(len(tokens), float(_RUPEE))
    for segment, divisor in _DIVISORS.items():
        divisors[tokens & 0xFF == segment] = divisor
    return divisors
