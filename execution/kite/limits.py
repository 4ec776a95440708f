"""Which lane an order call takes: what reduces risk never waits behind what adds to it.

The budgets are `marketdata/pacing.py`'s, the threads `lanes.py`'s.
"""

from __future__ import annotations

from execution.orders import OrderChange, OrderRequest, OrderType, Role
from marketdata.pacing import Lane


def lane_of_order(request: OrderRequest) -> Lane:
    """Return the lane of a new order: urgent for stops and exits."""
    return Lane.URGENT if request.role in (Role.STOP, Role.EXIT) else Lane.NORMAL


def lane_of_change(change: OrderChange, resting: OrderRequest | None) -> Lane:
    """Return the lane of a modification.

    Urgent is what turns an order into an exit or prices one anew, and what fits a stop to another
    quantity. A stop that only trails, and an entry, wait their turn.
    """
    becomes = change.order_type or (resting.order_type if resting else None)
    if becomes in (OrderType.MARKET, OrderType.LIMIT):
        is_entry = resting is not None and resting.role in (Role.ENTRY, Role.TARGET)
        return Lane.NORMAL if is_entry else Lane.URGENT
    return Lane.NORMAL if change.quantity is None else Lane.URGENT
