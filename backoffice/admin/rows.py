"""Small tables of rows that several pages show: the orders and trades of a plan, an order's life.

Each is one query.
"""

from __future__ import annotations

from decimal import Decimal

from backoffice.admin.panels import Row, Step, Table, Timeline, table
from backoffice.admin.shown import EMPTY, TONES, inr, link, mark, moment
from trading.models import Fill, LedgerEntry, Order, OrderEvent, Plan, PlanEvent


def orders_of_plan(plan: Plan) -> Table:
    """Return the orders of a plan, oldest first."""
    orders = plan.orders.select_related("instrument").order_by("planned_at", "client_id")
    return Table(
        "Orders",
        ("Order", "Role", "Side", "Instrument", "Filled", "Price", "Trigger", "State", "Changed"),
        tuple(
            Row(
                (
                    link(order, order.client_id),
                    order.role,
                    order.side,
                    order.instrument.key,
                    f"{order.filled_quantity} of {order.quantity}",
                    inr(order.price),
                    inr(order.trigger_price),
                    mark(order.state),
                    moment(order.at),
                )
            )
            for order in orders
        ),
        numeric=(4, 5, 6),
    )


def fills_of_plan(plan: Plan) -> Table:
    """Return the trades of a plan, oldest first."""
    return _fills(list(plan.fills.select_related("order").order_by("seq")))


def fills_of_order(order: Order) -> Table:
    """Return the trades of an order, oldest first."""
    return _fills(list(order.fills.select_related("order").order_by("seq")))


def _fills(fills: list[Fill]) -> Table:
    rows = [
        (
            moment(fill.at),
            link(fill, fill.trade_id),
            link(fill.order, fill.order.client_id),
            fill.side,
            fill.quantity,
            inr(fill.price),
            inr(slippage(fill), sign=True),
        )
        for fill in fills
    ]
    headers = ("At", "Trade", "Order", "Side", "Quantity", "Price", "Slippage ₹")
    return table("Fills", headers, rows, numeric=(4, 5, 6), empty="No trades.")


def slippage(fill: Fill) -> Decimal | None:
    """Return what the trade cost more than the decision counted on, in rupees; None unknown."""
    if fill.expected_price is None:
        return None
    worse: Decimal = fill.price - fill.expected_price
    return (worse if fill.side == "BUY" else -worse) * fill.quantity


def life_of(order: Order) -> Timeline:
    """Return everything that happened to an order."""
    events = OrderEvent.objects.filter(order=order).order_by("seq")
    return Timeline("Life of the order", tuple(_order_step(event) for event in events))


def _order_step(event: OrderEvent) -> Step:
    facts = [
        f"{event.filled_quantity} of {event.quantity} filled",
        f"price {inr(event.price)}" if event.price is not None else "",
        f"trigger {inr(event.trigger_price)}" if event.trigger_price is not None else "",
        f"average {inr(event.average_price)}" if event.average_price is not None else "",
        event.reason,
    ]
    is_said = event.event.upper() == event.state
    title = event.state if is_said else f"{event.state} · {event.event}"
    text = " · ".join(fact for fact in facts if fact)
    return Step(moment(event.at), title, TONES.get(event.state, "quiet"), text)


def life_of_plan(plan: Plan) -> Timeline:
    """Return every change of a plan's state."""
    events = PlanEvent.objects.filter(plan=plan).order_by("seq")
    steps = (
        Step(moment(event.at), event.state, TONES.get(event.state, "quiet"), event.reason)
        for event in events
    )
    return Timeline("Life of the plan", tuple(steps))


def bookings_of(order: Order) -> Table:
    """Return what the ledger booked for an order."""
    bookings = LedgerEntry.objects.filter(order=order).order_by("seq")
    rows = [
        (moment(entry.at), link(entry, entry.kind), inr(entry.amount, sign=True), entry.text)
        for entry in bookings
    ]
    headers = ("At", "Kind", "Amount ₹", "Text")
    return table("Ledger", headers, rows, numeric=(2,), empty=f"Nothing booked {EMPTY}")
