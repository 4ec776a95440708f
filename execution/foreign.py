"""What of the broker's account is not ours: orders and units of a person, or of another program.

They are told apart by order, never by guess; what the desk makes of them is decided elsewhere, and
nothing here, or anywhere, touches them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal

from execution.broker import BrokerBook, HeldLine, OrderLine
from execution.orders import (
    Fill,
    Order,
    OrderRequest,
    OrderType,
    OrderUpdate,
    Product,
    Role,
)


@dataclass(frozen=True, slots=True)
class ForeignPosition:
    """Signed units of an instrument that no order of ours explains, and its last price."""

    instrument: str
    quantity: int
    last: Decimal


@dataclass(frozen=True, slots=True)
class Foreign:
    """What is foreign: working orders by the broker's id, units by the instrument's key."""

    orders: tuple[OrderLine, ...] = ()
    positions: tuple[ForeignPosition, ...] = ()

    def is_like(self, other: Foreign) -> bool:
        """Say whether both are the same, whatever its last price is."""
        units = [(each.instrument, each.quantity) for each in self.positions]
        others = [(each.instrument, each.quantity) for each in other.positions]
        return units == others and self.orders == other.orders

    def in_both(self, other: Foreign) -> Foreign:
        """Return what is here and was, in whatever quantity, in `other` too."""
        orders = {order.broker_id for order in other.orders}
        held = {position.instrument for position in other.positions}
        return Foreign(
            tuple(order for order in self.orders if order.broker_id in orders),
            tuple(each for each in self.positions if each.instrument in held),
        )


NOTHING_FOREIGN = Foreign()


def foreign_of(own: Set[str], book: BrokerBook) -> Foreign:
    """Return what no client id of `own` explains; only trades of listed orders are counted.

    Units carried into the day are foreign: the desk is flat every evening.
    """
    others = [update for update in book.orders if update.client_id not in own]
    strangers = {update.broker_id for update in others}
    working = {update.broker_id for update in others if not update.state.is_final}
    units = {line.instrument: 0 for line in book.held}
    for line in book.held:
        units[line.instrument] += line.carried
    for fill in book.trades:
        if fill.broker_id in strangers:
            key = fill.instrument.key
            units[key] = units.get(key, 0) + fill.side.sign * fill.quantity
    last = _last_prices(book.held)
    return Foreign(
        tuple(line for line in book.lines if line.broker_id in working),
        tuple(
            ForeignPosition(key, quantity, last.get(key, Decimal(0)))
            for key, quantity in sorted(units.items())
            if quantity
        ),
    )


def taken_out(orders: Sequence[Order], own: Set[str], book: BrokerBook) -> tuple[OrderUpdate, ...]:
    """Return the ended orders of others by which the broker has taken out a position of ours.

    A person's exit by hand, or the broker's own square-off: intraday units of one contract are
    one position there, whoever sent the orders. Each is told as news of the first order of the
    plan that it reduced, with the request it comes to as an exit. Nothing is said where more than
    one plan holds the contract, where others had carried it into the day, or where it took more
    than is held.
    """
    lines = {line.broker_id: line for line in book.lines}
    carried = {line.instrument for line in book.held if line.carried}
    found, left = [], _held_by_plan(orders)
    for update in book.orders:
        line = lines.get(update.broker_id)
        if update.client_id in own or line is None or not update.state.is_final:
            continue
        fills = tuple(fill for fill in book.trades if fill.broker_id == update.broker_id)
        if not _is_proven(update, fills):
            continue
        holding = [key for key, units in left.items() if key[1] == line.instrument and units]
        is_intraday = line.product == Product.MIS and line.instrument not in carried
        if not is_intraday or len(holding) != 1:
            continue
        units = left[holding[0]]
        if units * line.side.sign < 0 and update.filled_quantity <= abs(units):
            left[holding[0]] = units + line.side.sign * update.filled_quantity
            found.append(_as_exit(_first_of(orders, holding[0][0]), update, fills))
    return tuple(found)


def _held_by_plan(orders: Iterable[Order]) -> dict[tuple[str, str], int]:
    held: dict[tuple[str, str], int] = {}
    for order in orders:
        request = order.request
        key = (request.plan_id, request.instrument.key)
        held[key] = held.get(key, 0) + request.side.sign * order.filled_quantity
    return held


def _is_proven(update: OrderUpdate, fills: tuple[Fill, ...]) -> bool:
    filled = sum(fill.quantity for fill in fills)
    return bool(filled) and filled == update.filled_quantity


def _first_of(orders: Sequence[Order], plan_id: str) -> Order:
    return next(order for order in orders if order.request.plan_id == plan_id)


def _as_exit(order: Order, update: OrderUpdate, fills: tuple[Fill, ...]) -> OrderUpdate:
    client_id, instrument = order.request.client_id, order.request.instrument
    own = tuple(replace(fill, client_id=client_id, instrument=instrument) for fill in fills)
    request = OrderRequest(
        client_id=client_id,
        instrument=instrument,
        side=fills[0].side,
        quantity=update.filled_quantity,
        order_type=OrderType.LIMIT,
        role=Role.EXIT,
        plan_id=order.request.plan_id,
        price=fills[0].price,
    )
    return replace(update, client_id=client_id, fills=own, request=request)


def _last_prices(held: Iterable[HeldLine]) -> dict[str, Decimal]:
    return {line.instrument: line.last for line in held}
