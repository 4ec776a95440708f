"""News folded into an order: whatever arrives twice or out of order leads to the same order.

What may follow what is the table in `orders.py`; finding news that never came is `reconcile.py`.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from datetime import datetime

from execution.orders import Fill, Order, OrderState, OrderUpdate

_S = OrderState
_RANK = {
    _S.PLANNED: 0,
    _S.SENT: 1,
    _S.UNKNOWN: 1,
    _S.OPEN: 2,
    _S.PARTIAL: 2,
    _S.CANCELLED: 3,
    _S.REJECTED: 3,
    _S.FILLED: 4,
}


class OverfillError(Exception):
    """Trades add up to more than the order asked for."""


class TwinOrderError(Exception):
    """A second order at the broker carries the client id of this one."""


def apply_update(
    order: Order, update: OrderUpdate, known_trades: Set[str]
) -> tuple[Order, tuple[Fill, ...]]:
    """Return the order after `update`, and its trades that are not in `known_trades`.

    Trades are booked first, whatever the news' age; then its state, request and reason are taken
    unless the order already knows better: more filled, then nearer to its end, then later. An
    order is FILLED only when trades prove all of it; until then such news leaves it PARTIAL. A
    cancelled order of which more fills is alive again. PLANNED is the proof that it never
    existed. `modifications` is not touched: it counts what was asked.

    Raises `IllegalTransitionError` off the table, `OverfillError`, `TwinOrderError`, and
    `ValueError` for another order's news.
    """
    _check_identity(order, update)
    if update.state is _S.PLANNED:
        return order.moved_to(_S.PLANNED), ()
    fills = _new_fills(update, known_trades)
    claimed = max(update.filled_quantity, _quantity(update.fills))
    is_news = _age(order.claimed_quantity, order.state, order.updated_at) <= _age(
        claimed, update.state, update.at
    )
    booked = _booked(order, fills, claimed)
    if is_news:
        booked = _taken(booked, update)
    if booked.filled_quantity > booked.request.quantity:
        raise OverfillError(
            f"{update.client_id}: {booked.filled_quantity} filled of {booked.request.quantity}"
        )
    booked = replace(
        booked,
        broker_id=booked.broker_id or update.broker_id,
        triggered=booked.triggered or update.triggered,
    )
    return booked.moved_to(_state_after(booked, update.state if is_news else None)), fills


def _check_identity(order: Order, update: OrderUpdate) -> None:
    ours = order.request.client_id
    if update.client_id != ours or any(fill.client_id != ours for fill in update.fills):
        raise ValueError(f"client_id: news of {update.client_id} is not about {ours}")
    if order.broker_id and update.broker_id and order.broker_id != update.broker_id:
        raise TwinOrderError(f"{ours}: is {order.broker_id} and also {update.broker_id}")


def _new_fills(update: OrderUpdate, known_trades: Set[str]) -> tuple[Fill, ...]:
    fresh = {fill.trade_id: fill for fill in update.fills if fill.trade_id not in known_trades}
    return tuple(fresh.values())


def _quantity(fills: tuple[Fill, ...]) -> int:
    return sum({fill.trade_id: fill.quantity for fill in fills}.values())


def _age(claimed: int, state: OrderState, at: datetime | None) -> tuple[int, int, float]:
    return claimed, _RANK[state], at.timestamp() if at else float("-inf")


def _booked(order: Order, fills: tuple[Fill, ...], claimed: int) -> Order:
    filled = order.filled_quantity + sum(fill.quantity for fill in fills)
    return replace(
        order,
        filled_quantity=filled,
        filled_value=sum((fill.quantity * fill.price for fill in fills), order.filled_value),
        claimed_quantity=max(order.claimed_quantity, claimed, filled),
    )


def _taken(order: Order, update: OrderUpdate) -> Order:
    return replace(
        order,
        request=update.request or order.request,
        reason=update.reason,
        updated_at=update.at,
    )


def _state_after(order: Order, news: OrderState | None) -> OrderState:
    if order.filled_quantity == order.request.quantity:
        return _S.FILLED
    working = _S.PARTIAL if order.claimed_quantity else _S.OPEN
    match news:
        case _S.CANCELLED | _S.REJECTED:
            return order.state if order.state.is_final else news
        case _S.OPEN | _S.PARTIAL | _S.FILLED:
            return working
        case _S.SENT:
            return news if order.state is _S.PLANNED else order.state
        case _S.UNKNOWN:
            return news
        case _:
            has_begun = order.state in (_S.SENT, _S.UNKNOWN, _S.OPEN)
            return working if has_begun and order.filled_quantity else order.state
