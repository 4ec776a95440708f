"""A first look at a step: which resting orders it could concern at all, in plain floats.

What really happens to an order is worked out in `matching.py`; this only spares the work where
nothing can.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from math import inf

import numpy as np

from execution.orders import OrderType, Side, Validity
from execution.resting import Resting
from marketdata.ticks import Ticks

_MARGIN = 0.0051
"""More than a price can move when it is taken to the paisa."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The lowest and the highest price, in rupees, that a step of one instrument tells."""

    lowest: float
    highest: float

    @classmethod
    def of(cls, tick: np.void) -> Reach:
        """Return the reach of one row of ticks, quotes included; none without a price above 0."""
        _, _, last, first, high, low, bid, ask, *_ = tick.item()
        told = [price for price in (last, first, high, low, bid, ask) if 0 < price < inf]
        return cls(min(told, default=inf) - _MARGIN, max(told, default=-inf) + _MARGIN)

    def may_meet(self, order: Resting) -> bool:
        """Say whether the step could fill, arm or end the order; never wrongly no."""
        request = order.request
        if request.validity is Validity.IOC:
            return True
        buys = request.side is Side.BUY
        if request.trigger_price is not None and not order.triggered:
            trigger = float(request.trigger_price)
            return self.highest >= trigger if buys else self.lowest <= trigger
        if request.price is None or request.order_type is OrderType.MARKET:
            return True
        price = float(request.price)
        return self.lowest <= price if buys else self.highest >= price


def rows_of(ticks: Ticks, wanted: Container[int]) -> dict[int, int]:
    """Return the row of each wanted token of a step, the first where there are more."""
    found: dict[int, int] = {}
    for row, token in enumerate(ticks["token"].tolist()):
        if token in wanted and token not in found:
            found[token] = row
    return found
