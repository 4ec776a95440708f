"""What Kite would tell of every instrument at this moment, folded from a tape's ticks.

The tape knows less than Kite tells: the rest of the book, what the day has averaged and traded
last are made from it, the same from the same ticks. Sending it is `socket.py`'s work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from marketdata.instruments import Instrument, Kind
from marketdata.kite.layout import FULL_PACKET, INDICES, LEVELS, divisors_of, segment_of
from marketdata.ticks import Ticks

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

UNIT = 100
"""Wire prices in one rupee; instruments of segments with another unit are not taken."""

_SECOND = 1_000_000
_MOST = 2**32 - 1
_WEIGHTS = np.array([1.0, 1.4, 0.9, 1.7, 1.2])
_WHOLE_BOOK = 8
"""How much more all waiting orders are than the five best levels."""
_ORDERS = 9


class WireState:
    """One full-mode packet for each of `instruments`, in their order; `seen` where it is told."""

    def __init__(self, instruments: Sequence[Instrument], previous_close: Mapping[int, float]):
        """Begin before the first tick.

        Raises `ValueError` for an instrument whose token is of another segment than it.
        """
        for instrument in instruments:
            _check(instrument)
        tokens = np.array([instrument.token for instrument in instruments], np.int64)
        self.packets: NDArray[np.void] = np.zeros(len(tokens), FULL_PACKET)
        self.packets["token"] = tokens
        closes = np.array([previous_close.get(token, 0.0) for token in tokens.tolist()])
        self.packets["close"] = _wire(closes)
        self.seen: NDArray[np.bool_] = np.zeros(len(tokens), np.bool_)
        self._turnover: Floats = np.zeros(len(tokens))
        self._lots = np.array([instrument.lot_size for instrument in instruments], np.int64)
        self._ticks = _wire(np.array([float(instrument.tick_size) for instrument in instruments]))
        self._order = np.argsort(tokens, kind="stable")
        self._sorted = tokens[self._order]

    def rows_of(self, tokens: Ints) -> Ints:
        """Return the row of each token, -1 for one that isn't there."""
        if not len(self._sorted):
            return np.full(len(tokens), -1)
        places = np.minimum(np.searchsorted(self._sorted, tokens), len(self._sorted) - 1)
        return np.where(self._sorted[places] == tokens, self._order[places], -1)

    def take(self, ticks: Ticks) -> Ints:
        """Take a frame's ticks and return the rows they touched; unknown tokens are left out."""
        rows = self.rows_of(ticks["token"])
        ticks, rows = ticks[rows >= 0], rows[rows >= 0]
        now = self.packets[rows]
        self._trade(now, ticks, rows)
        self._range(now, ticks)
        now["oi_high"] = np.maximum(now["oi_high"], ticks["oi"])
        now["oi_low"] = np.where(
            now["oi_low"] > 0, np.minimum(now["oi_low"], ticks["oi"]), ticks["oi"]
        )
        now["oi"] = ticks["oi"]
        now["exchange_at"] = ticks["exchange_at"] // _SECOND
        for name, sign, total in (("bid", -1, "buy_quantity"), ("ask", 1, "sell_quantity")):
            self._quote(now[f"{name}s"], ticks[name], ticks[f"{name}_quantity"], (sign, rows))
            waiting = now[f"{name}s"]["quantity"].astype(np.int64).sum(axis=1)
            now[total] = np.minimum(waiting * _WHOLE_BOOK, _MOST)
        self.packets[rows] = now
        self.seen[rows] = True
        return rows

    def _trade(self, now: NDArray[np.void], ticks: Ticks, rows: Ints) -> None:
        """Fold what was traded since the tick before; an index trades whenever it is told."""
        volume = np.clip(ticks["volume"], 0, _MOST)
        traded = np.maximum(volume - now["volume"], 0)
        self._turnover[rows] += traded * ticks["last"]
        is_new = (traded > 0) | ~self.seen[rows] | (now["token"] & 0xFF == INDICES)
        now["last"] = _wire(ticks["last"])
        now["last_quantity"] = np.where(traded > 0, traded, now["last_quantity"])
        now["traded_at"] = np.where(is_new, ticks["exchange_at"] // _SECOND, now["traded_at"])
        now["volume"] = volume
        now["average"] = _wire(self._turnover[rows] / np.maximum(volume, 1))

    def _range(self, now: NDArray[np.void], ticks: Ticks) -> None:
        last = now["last"].astype(np.int64)
        first = now["open"] == 0
        high = np.maximum(_wire_or(ticks["high"], last), last)
        low = np.minimum(_wire_or(ticks["low"], last), last)
        now["open"] = np.where(first, _wire_or(ticks["open"], last), now["open"])
        now["high"] = np.where(first, high, np.maximum(now["high"], high))
        now["low"] = np.where(first, low, np.minimum(now["low"], low))

    def _quote(
        self, side: NDArray[np.void], best: Floats, quantity: Ints, where: tuple[int, Ints]
    ) -> None:
        """Write five levels: the best as the tape tells it, the others a tick apart behind it."""
        sign, rows = where
        lots = self._lots[rows][:, None]
        steps = np.arange(LEVELS) * sign * self._ticks[rows][:, None]
        prices = _wire_or(best, np.zeros(len(rows), np.int64))[:, None] + steps
        is_level = np.isfinite(best)[:, None] & (prices > 0)
        made = np.maximum(np.rint(quantity[:, None] * _WEIGHTS / lots), 1).astype(np.int64) * lots
        made[:, 0] = quantity
        made = np.clip(made, 0, _MOST)
        side["price"] = np.where(is_level, prices, 0)
        side["quantity"] = np.where(is_level, made, 0)
        side["orders"] = np.where(is_level, 1 + made // lots % _ORDERS, 0)


def _check(instrument: Instrument) -> None:
    token = instrument.token
    is_index = segment_of(token) == INDICES
    unit = divisors_of(np.array([token]))[0]
    if is_index != (instrument.kind is Kind.INDEX) or unit != UNIT or not 0 <= token < 2**32:
        raise ValueError(f"token: {token} of {instrument.key} is of another segment than it")


def _wire(prices: Floats) -> Ints:
    """Return rupees in wire units; what is no number becomes 0."""
    return np.rint(np.nan_to_num(prices, posinf=0.0, neginf=0.0) * UNIT).astype(np.int64)


def _wire_or(prices: Floats, otherwise: Ints) -> Ints:
    return np.where(np.isfinite(prices), _wire(prices), otherwise)
