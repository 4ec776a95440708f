"""Exits of our positions that somebody else sent: by hand in Kite, or the broker's own square-off.

What else of the account is not ours is `foreign.py`; nothing here, or anywhere, touches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from execution.broker import BrokerBook, OrderLine
from execution.orders import Fill, Order, OrderRequest, OrderType, OrderUpdate, Product, Role

_PART = "+"
"""What stands between the broker's id of an order and the number of its part; no broker uses it."""
_Held = tuple[str, str]
"""A plan and the key of a contract."""


@dataclass(frozen=True, slots=True)
class _Strange:
    """An ended order of somebody else with its line of the book and its trades."""

    update: OrderUpdate
    line: OrderLine
    fills: tuple[Fill, ...]


def taken_out(orders: Sequence[Order], own: Set[str], book: BrokerBook) -> tuple[OrderUpdate, ...]:
    """Return the ended orders of others by which the broker has taken out positions of ours.

    Intraday units of one contract are one position there, whoever sent the orders. Where several
    plans hold it the oldest is taken to have left first, then the next: an order that took more
    than one held is told in parts. Each is told as news of the first order of the plan that it
    reduced, with the request it comes to as an exit. Nothing is said where plans hold the contract
    both ways, where others had carried it into the day, or where it took more than is held.
    """
    found: list[OrderUpdate] = []
    left = _held_by_plan(orders)
    firsts = {order.request.plan_id: order for order in reversed(orders)}
    for strange in _ended(own, without_allotted(orders, book)):
        takes = _takes(strange, left)
        for number, (key, units) in enumerate(takes, start=1):
            left[key] += strange.line.side.sign * units
            skipped = sum(before for _, before in takes[: number - 1])
            part = strange if len(takes) == 1 else _part(strange, number, (skipped, units))
            found.append(_as_exit(firsts[key[0]], part))
    return tuple(found)


def is_part(order: Order) -> bool:
    """Say whether an order of ours stands for a part of somebody else's."""
    return _PART in (order.broker_id or "")


def without_allotted(orders: Iterable[Order], book: BrokerBook) -> BrokerBook:
    """Return the book without the orders of others whose parts stand in our books already."""
    known = {(o.broker_id or "").partition(_PART)[0] for o in orders if is_part(o)}
    if not known:
        return book
    return replace(
        book,
        orders=tuple(update for update in book.orders if update.broker_id not in known),
        trades=tuple(fill for fill in book.trades if fill.broker_id not in known),
        lines=tuple(line for line in book.lines if line.broker_id not in known),
    )


def _ended(own: Set[str], book: BrokerBook) -> Iterator[_Strange]:
    """Return the intraday orders of others that are over and whose every fill a trade proves."""
    lines = {line.broker_id: line for line in book.lines}
    carried = {line.instrument for line in book.held if line.carried}
    for update in book.orders:
        line = lines.get(update.broker_id)
        if update.client_id in own or line is None or not update.state.is_final:
            continue
        fills = tuple(fill for fill in book.trades if fill.broker_id == update.broker_id)
        is_intraday = line.product == Product.MIS and line.instrument not in carried
        if is_intraday and _is_proven(update, fills):
            yield _Strange(update, line, fills)


def _takes(strange: _Strange, held: dict[_Held, int]) -> list[tuple[_Held, int]]:
    """Return how many units of each plan an order took out, the oldest first; empty for none."""
    line, left = strange.line, strange.update.filled_quantity
    holding = [(key, units) for key, units in held.items() if key[1] == line.instrument and units]
    if any(units * line.side.sign > 0 for _, units in holding):
        return []
    if left > sum(abs(units) for _, units in holding):
        return []
    takes: list[tuple[_Held, int]] = []
    for key, units in holding:
        if left:
            takes.append((key, min(abs(units), left)))
            left -= takes[-1][1]
    return takes


def _part(strange: _Strange, number: int, units: tuple[int, int]) -> _Strange:
    """Return one part of an order, under an id of its own; `units`: those before it, and its own.

    A trade that falls into two parts is told once for each, under an id of its own too.
    """
    update, name = strange.update, f"{_PART}{number}"
    broker_id, (skip, wanted) = f"{update.broker_id}{name}", units
    fills: list[Fill] = []
    for fill in strange.fills:
        passed = min(skip, fill.quantity)
        taken = min(fill.quantity - passed, wanted)
        skip, wanted = skip - passed, wanted - taken
        if taken:
            trade_id = fill.trade_id if taken == fill.quantity else f"{fill.trade_id}{name}"
            fills.append(replace(fill, trade_id=trade_id, broker_id=broker_id, quantity=taken))
    told = replace(update, broker_id=broker_id, filled_quantity=units[1])
    return _Strange(told, strange.line, tuple(fills))


def _held_by_plan(orders: Iterable[Order]) -> dict[_Held, int]:
    held: dict[_Held, int] = {}
    for order in orders:
        request = order.request
        key = (request.plan_id, request.instrument.key)
        held[key] = held.get(key, 0) + request.side.sign * order.filled_quantity
    return held


def _is_proven(update: OrderUpdate, fills: tuple[Fill, ...]) -> bool:
    filled = sum(fill.quantity for fill in fills)
    return bool(filled) and filled == update.filled_quantity


def _as_exit(order: Order, strange: _Strange) -> OrderUpdate:
    client_id, instrument = order.request.client_id, order.request.instrument
    fills = strange.fills
    own = tuple(replace(fill, client_id=client_id, instrument=instrument) for fill in fills)
    request = OrderRequest(
        client_id=client_id,
        instrument=instrument,
        side=fills[0].side,
        quantity=strange.update.filled_quantity,
        order_type=OrderType.LIMIT,
        role=Role.EXIT,
        plan_id=order.request.plan_id,
        price=fills[0].price,
    )
    return replace(strange.update, client_id=client_id, fills=own, request=request)
