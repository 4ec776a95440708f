"""Modelled full-mode frames for measurements: what changes from tick to tick, and how often.

No price here means anything; days to trade on are made in `marketdata/synthetic.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from marketdata.kite.layout import FULL_PACKET

LENGTH = np.dtype([("length", ">u2"), ("packet", FULL_PACKET)])
FRAMES_A_SECOND = 4
_TICK = 5
_LOT = 25
_BEGIN = 1_790_000_000
_LADDER = np.arange(5) * _TICK


class ModelledMarket:
    """Instruments that tick by chance: a trade in three ticks of five, half of the book renewed.

    `rate`: ticks a second of each instrument, at most 1.
    """

    def __init__(self, instruments: int, rate: float, seed: int = 1) -> None:
        self._chance = np.random.default_rng(seed)
        self._rate = rate
        self._second = 0
        self._wire = np.zeros(instruments, LENGTH)
        self._wire["length"] = FULL_PACKET.itemsize
        self._open()

    @property
    def tokens(self) -> list[int]:
        """Return the token of each instrument."""
        return [int(token) for token in self._wire["packet"]["token"]]

    def frames(self, seconds: int) -> Iterator[bytes]:
        """Yield the frames of so many seconds, four a second."""
        count = len(self._wire)
        for _ in range(seconds):
            self._second += 1
            ticking = np.flatnonzero(self._chance.random(count) < self._rate)
            for rows in np.array_split(ticking, FRAMES_A_SECOND):
                if len(rows):
                    yield self._frame(rows)

    def whole(self, at: int) -> bytes:
        """Return one frame in which every instrument ticks, at an epoch second."""
        self._second = at - _BEGIN
        return self._frame(np.arange(len(self._wire)))

    def _open(self) -> None:
        packets, draw = self._wire["packet"], self._chance.integers
        count = len(packets)
        packets["token"] = (np.arange(count) + 35_000) << 8 | 2
        for name in ("last", "average", "open", "high", "low", "close"):
            packets[name] = packets["last"] if name != "last" else draw(200, 40_000, count) * _TICK
        for name in ("volume", "oi", "buy_quantity", "sell_quantity"):
            packets[name] = draw(10_000, 1_000_000, count) * _LOT
        packets["oi_high"] = packets["oi_low"] = packets["oi"]
        self._quote(packets, np.ones((count, 5), np.bool_), np.ones((count, 5), np.bool_))

    def _frame(self, rows: NDArray[np.int64]) -> bytes:
        wire = self._wire[rows]
        packets, draw = wire["packet"], self._chance.integers
        count = len(rows)
        traded = self._chance.random(count) < 0.6
        step = np.where(traded, draw(-2, 3, count) * _TICK, 0)
        packets["last"] = np.maximum(packets["last"] + step, 6 * _TICK)
        lots = np.where(traded, draw(1, 40, count) * _LOT, 0)
        packets["last_quantity"] = np.where(traded, lots, packets["last_quantity"])
        packets["volume"] += lots.astype(np.uint32)
        packets["average"] += np.where(traded, draw(-1, 2, count), 0).astype(np.int32)
        packets["high"] = np.maximum(packets["high"], packets["last"])
        packets["low"] = np.minimum(packets["low"], packets["last"])
        packets["exchange_at"] = _BEGIN + self._second
        packets["traded_at"] = np.where(traded, packets["exchange_at"], packets["traded_at"])
        packets["oi"] += np.where(draw(0, 10, count) == 0, draw(0, 20, count), 0).astype(np.uint32)
        for name in ("buy_quantity", "sell_quantity"):
            packets[name] += (draw(0, 200, count) * _LOT).astype(np.uint32)
        moved = (step != 0)[:, None]
        half = self._chance.random((2, count, 5)) < 0.5
        self._quote(packets, half[0] | moved, half[1] | moved)
        wire["packet"] = packets
        self._wire[rows] = wire
        return len(rows).to_bytes(2, "big") + wire.tobytes()

    def _quote(
        self, packets: NDArray[np.void], bids: NDArray[np.bool_], asks: NDArray[np.bool_]
    ) -> None:
        """Renew the levels that are marked, and the prices of all."""
        for name, marked, sign in (("bids", bids, -1), ("asks", asks, 1)):
            levels = packets[name]
            levels["price"] = packets["last"][:, None] + sign * (_LADDER + _TICK)
            for field, most, unit in (("quantity", 400, _LOT), ("orders", 40, 1)):
                fresh = self._chance.integers(1, most, marked.shape) * unit
                levels[field] = np.where(marked, fresh, levels[field])
            packets[name] = levels
