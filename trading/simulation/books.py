"""Our books held against the broker's when a day is over: orders, positions, money to the paisa.

What is asked after every event is `watch.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from execution.charges import charges_for_order
from execution.orders import OrderState
from trading.engine.core import Engine
from trading.engine.invariants import InvariantBrokenError, check
from trading.simulation.floor import Floor, Row

_NOT_THERE = (OrderState.REJECTED, OrderState.PLANNED, OrderState.CANCELLED, OrderState.UNKNOWN)


def differences(engine: Engine, floor: Floor) -> list[str]:
    """Return what does not agree at the end of a day, each in a sentence."""
    found = [
        f"{trade.plan_id} is {trade.state} at the end"
        for trade in engine.ledger.trades.values()
        if not trade.is_over
    ]
    try:
        check(engine)
    except InvariantBrokenError as error:
        found.append(str(error))
    found += _orders(engine, tuple(floor.rows.values()))
    found += [f"{key}: {units} held at the end" for key, units in floor.net().items() if units]
    return found + _money(engine, floor)


def _orders(engine: Engine, rows: Sequence[Row]) -> list[str]:
    ours = {order.broker_id: order for order in engine.orders.all() if order.broker_id}
    found = []
    for row in rows:
        name = f"{row.tag} ({row.broker_id})"
        if row.left:
            found.append(f"{name} still works at the broker at the end")
        order = ours.get(row.broker_id)
        filled = 0 if order is None else order.filled_quantity
        if filled != row.word.filled_quantity:
            found.append(f"{name}: {row.word.filled_quantity} filled at the broker, ours {filled}")
    there = {row.broker_id for row in rows}
    found += [
        f"{order.request.client_id} is {order.state} in our books and not there"
        for order in engine.orders.all()
        if order.broker_id not in there and order.state not in _NOT_THERE
    ]
    return found


def _money(engine: Engine, floor: Floor) -> list[str]:
    trades = floor.trades()
    cash = -sum((fill.side.sign * fill.quantity * fill.price for fill in trades), Decimal(0))
    charged = sum((_charges(engine, row) for row in floor.rows.values()), Decimal(0))
    told = engine.ledger.start + cash - charged
    if engine.ledger.balance != told:
        return [f"balance: {engine.ledger.balance} in our books, {told} by the broker's trades"]
    return []


def _charges(engine: Engine, row: Row) -> Decimal:
    fills = row.word.fills
    if not fills:
        return Decimal(0)
    return charges_for_order(
        row.request.instrument,
        row.request.side,
        sum(fill.quantity for fill in fills),
        sum((fill.quantity * fill.price for fill in fills), Decimal(0)),
        row.request.product,
        engine.setup.day,
    ).total
