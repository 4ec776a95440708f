"""A first look at a step: which instruments' resting orders it could concern, in plain floats.

What really happens to an order is worked out in `matching.py`; this only spares the work where
nothing can.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from execution.matching import Told
from execution.orders import OrderType, Side, Validity
from execution.resting import Resting
from marketdata.bars import Floats, Ints
from marketdata.ticks import Ticks

_MARGIN = 0.0051
"""More than a price can move when it is taken to the paisa."""
FEW = 12
"""Up to so many rows a plain loop is the shorter way."""
_TOLD = ("last", "open", "high", "low", "bid", "ask")


@dataclass(frozen=True, slots=True)
class Reach:
    """The price at or below which, and at or above which, a step may meet some resting order."""

    below: float
    above: float

    @classmethod
    def of(cls, orders: Iterable[Resting]) -> Reach:
        """Return the reach of the orders of one instrument; everything where one always may."""
        below, above = -inf, inf
        for order in orders:
            request = order.request
            buys = request.side is Side.BUY
            arms = request.trigger_price is not None and not order.triggered
            price = request.trigger_price if arms else request.price
            is_market = not arms and request.order_type is OrderType.MARKET
            if price is None or is_market or request.validity is Validity.IOC:
                return cls(inf, -inf)
            if buys is arms:
                above = min(above, float(price) - _MARGIN)
            else:
                below = max(below, float(price) + _MARGIN)
        return cls(below, above)

    def may_meet(self, lowest: float, highest: float) -> bool:
        """Say whether a step of this range could fill, arm or end an order; never wrongly no."""
        return lowest <= self.below or highest >= self.above


def ranges_of(ticks: Ticks, rows: Sequence[int]) -> tuple[list[float], list[float]]:
    """Return the lowest and the highest price that each of some rows tells, quotes included.

    Rupees; infinity and minus infinity for a row without a price above 0.
    """
    if len(rows) <= FEW:
        each = [range_of(ticks[row].item()) for row in rows]
        return [low for low, _ in each], [high for _, high in each]
    chosen = ticks.take(rows)
    told: Floats = np.array([chosen[name] for name in _TOLD])
    there = (told > 0) & (told < inf)
    lowest = np.where(there, told, inf).min(axis=0)
    highest = np.where(there, told, -inf).max(axis=0)
    return lowest.tolist(), highest.tolist()


def range_of(tick: Told) -> tuple[float, float]:
    """Return the lowest and the highest price that a tick tells, as `ranges_of`."""
    lowest, highest = inf, -inf
    for price in tick[2:8]:
        if 0 < price < inf:
            if price < lowest:
                lowest = price
            if price > highest:
                highest = price
    return lowest, highest


def rows_of(ticks: Ticks, wanted: Collection[int]) -> dict[int, int]:
    """Return the row of each wanted token of a step, the first where there are more."""
    if not wanted:
        return {}
    tokens = ticks["token"]
    if len(ticks) > FEW:
        rows = _rows_among(tokens, wanted)
        pairs = list(zip(rows.tolist(), tokens[rows].tolist(), strict=True))
    else:
        pairs = list(enumerate(tokens.tolist()))
    found: dict[int, int] = {}
    for row, token in pairs:
        if token in wanted and token not in found:
            found[token] = row
    return found


def _rows_among(tokens: Ints, wanted: Collection[int]) -> Ints:
    """Return the rows of wanted tokens, of which there must be one."""
    sought = np.sort(np.fromiter(wanted, np.int64, len(wanted)))
    places = np.searchsorted(sought, tokens)
    places[places == len(sought)] = 0
    return np.flatnonzero(sought[places] == tokens)
