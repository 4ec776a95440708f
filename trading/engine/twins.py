"""Orders at the broker that are not, or no longer, what our books say: how they are told of.

What is done about their fills is the guard's.
"""

from __future__ import annotations

from execution.orders import OrderState
from trading.engine.dispatch import Dispatch
from trading.engine.events import TwinFound
from trading.engine.order_book import OrderBook
from trading.engine.outbox import Outbox


def tell_of_twin(outbox: Outbox, found: TwinFound, plan_id: str, own_id: str) -> None:
    """Tell that an order that we didn't send is managed, under `own_id`, as one of a plan."""
    told, client_id = found.update, found.client_id
    if found.by_other:
        kind, units = "taken-out", f"{told.filled_quantity} units"
        text = f"{kind} {plan_id}: {units} by order {told.broker_id} of somebody else"
    else:
        kind = "twin-order"
        text = f"{kind} {client_id}: the broker has {told.broker_id} too, now {own_id}"
    outbox.alert(found.at, kind, text)
    outbox.risk(found.at, kind, text, severity="CRITICAL")


def call_off_returned(
    outbox: Outbox, orders: OrderBook, dispatch: Dispatch, found: TwinFound
) -> None:
    """Cancel an order of ours that is over in our books and is found at work after all.

    It was nowhere, so that another rests in its place: both would turn the position over.
    """
    told, client_id = found.update, found.client_id
    order = orders[client_id]
    is_over = order.broker_id == told.broker_id and order.state is OrderState.CANCELLED
    if not is_over or told.state is not OrderState.OPEN or orders.is_cancelling(client_id):
        return
    kind = "order-returned"
    text = f"{kind} {client_id}: {told.broker_id} works although it was nowhere, it is called off"
    outbox.alert(found.at, kind, text)
    outbox.risk(found.at, kind, text, severity="CRITICAL")
    dispatch.cancel(found.at, client_id)
