"""The row board: what Kite has last told of each instrument, kept in wire units as it arrived.

Columns are derived when someone asks for them. Which instruments are on the board, and from which
sockets its frames come, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from marketdata.kite.frames import HEARTBEAT_BYTES, FrameError, as_bytes, broken
from marketdata.kite.layout import FULL_PACKET, divisors_of
from marketdata.ticks import TICK, Ticks

if TYPE_CHECKING:
    from marketdata.kite.frame_kernels import Memory

__all__ = ["Board", "Depth", "FrameError", "Taken"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

Price = Literal["last", "average", "open", "high", "low", "close"]
Count = Literal[
    "last_quantity", "volume", "buy_quantity", "sell_quantity", "oi", "oi_high", "oi_low"
]
Moment = Literal["traded_at", "exchange_at"]

_MOST_PACKETS = 65_535
_LAST_STAMP = 2**31 - 1
_SECOND = 1_000_000
_TICK_FIELDS = len(TICK.names or ())
_NO_ROWS = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one frame changed.

    `rows`: the rows it touched, each once, in the order of their first packet. `unknown`: tokens
    that have no row, as often as they came. `strange`: packets of no known length, passed over.
    """

    rows: Ints
    unknown: Ints
    strange: int


@dataclass(frozen=True, slots=True)
class Depth:
    """Both sides of the book, best level first; arrays of shape `(n, 5)`.

    Prices in rupees, NaN for an empty level, whose quantity and orders are 0.
    """

    bids: Floats
    bid_quantities: Ints
    bid_orders: Ints
    asks: Floats
    ask_quantities: Ints
    ask_orders: Ints


class Board:
    """One row for each of `tokens`, in their order."""

    def __init__(self, tokens: Sequence[int] | Ints) -> None:
        """Begin with nothing told; the loops are compiled here rather than at the first frame.

        Raises `ValueError` for a token that stands twice or is no unsigned number of 32 bits.
        """
        from marketdata.kite.frame_kernels import MARKS, enter, take, tell

        self.tokens: Ints = np.array(tokens, np.int64).reshape(-1)
        self._memory = _memory(self.tokens)
        enter(self._memory.tokens, self._memory.slots)
        self._take, self._tell = take, tell
        self._lengths: NDArray[np.int32] = self._memory.marks[::MARKS]
        self._packets: NDArray[np.void] = self._memory.rows.view(FULL_PACKET)
        self._frames = 0
        self.take(b"\0\0")
        self.ticks(_NO_ROWS)

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, frame: bytes | memoryview) -> Taken:
        """Take a binary message; the newest packet of a token wins.

        A packet that tells less than full mode leaves what it doesn't tell as it stood. A
        heartbeat touches nothing. Raises `FrameError`; then nothing has changed.
        """
        data = as_bytes(frame)
        if len(data) == HEARTBEAT_BYTES:
            return Taken(_NO_ROWS, _NO_ROWS, 0)
        self._frames = self._frames + 1 & _LAST_STAMP
        found, touched, unknown, strange = self._take(data, self._memory, self._frames)
        if found:
            raise broken(data, found, touched)
        return Taken(
            self._memory.touched[:touched].copy(),
            self._memory.unknown[:unknown].copy() if unknown else _NO_ROWS,
            strange,
        )

    def ticks(self, rows: Ints, unstamped_at: int = 0) -> Ticks:
        """Return a tick of each of `rows` and begin a new range for them.

        The range spans all packets since the row's previous tick: their last prices, and the
        day's high and low where those moved. Quotes are NaN where the newest packet has no depth.
        `unstamped_at`: `exchange_at` where the newest packet has no time of the exchange,
        microseconds since the epoch. Raises `IndexError` for a row that does not exist.
        """
        whole = np.empty((len(rows), _TICK_FIELDS), np.int64)
        if not self._tell(rows, self._memory, unstamped_at, whole, whole.view(np.float64)):
            raise IndexError(f"rows: expected 0 to {len(self.tokens) - 1}")
        return whole.view(TICK)[:, 0]

    def prices(self, name: Price, rows: Ints) -> Floats:
        """Return one column of prices in rupees; 0 where none was told."""
        wire = self._packets[name][rows]
        return np.asarray(wire / self._memory.divisors[rows], np.float64)

    def counts(self, name: Count, rows: Ints) -> Ints:
        """Return one column of quantities in units; 0 where none was told."""
        return np.asarray(self._packets[name][rows], np.int64)

    def moments(self, name: Moment, rows: Ints) -> Ints:
        """Return the last trade's or the exchange's time, microseconds since the epoch; 0: none."""
        return np.asarray(self._packets[name][rows], np.int64) * _SECOND

    def depth(self, rows: Ints) -> Depth:
        """Return five levels a side; empty where the newest packet had no depth."""
        packets = self._packets[rows]
        told = (self._lengths[rows] == FULL_PACKET.itemsize)[:, None]
        divisors = self._memory.divisors[rows][:, None]
        sides = []
        for name in ("bids", "asks"):
            side = packets[name]
            known = told & (side["price"] != 0)
            sides += [
                np.where(known, side["price"] / divisors, np.nan),
                np.where(known, side["quantity"], 0).astype(np.int64),
                np.where(known, side["orders"], 0).astype(np.int64),
            ]
        return Depth(*sides)

    def packet(self, row: int) -> bytes:
        """Return a row as it stands on the wire, in the layout of full mode."""
        return bytes(self._packets[row].tobytes())

    def image(self) -> bytes:
        """Return all that is remembered between two frames; equal images are equal boards."""
        return self._memory.rows.tobytes() + self._memory.marks.tobytes()


def _memory(tokens: Ints) -> Memory:
    from marketdata.kite.frame_kernels import MARKS, ROW_BITS, ROW_BYTES, Memory

    count = len(tokens)
    if len(np.unique(tokens)) != count or count >> ROW_BITS:
        raise ValueError("tokens: expected each once, and fewer than 16 million")
    if count and not (tokens.min() >= 0 and tokens.max() < 2**32):
        raise ValueError("tokens: expected unsigned numbers of 32 bits")
    rows = np.zeros(count * ROW_BYTES, np.uint8)
    return Memory(
        tokens=tokens,
        slots=np.full(1 << max(4, (4 * count).bit_length()), -1, np.int64),
        divisors=divisors_of(tokens),
        rows=rows,
        words=rows.view(np.int32),
        marks=np.zeros(count * MARKS, np.int32),
        touched=np.empty(count, np.int64),
        unknown=np.empty(_MOST_PACKETS, np.int64),
    )
