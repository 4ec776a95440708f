"""News folded into an order: whatever arrives twice or out of order leads to the same order.

What may follow what is the table in `orders.py`; finding news that never came is `reconcile.py`.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import NamedTuple

from execution.orders import (
    Fill,
    IllegalTransitionError,
    Order,
    OrderRequest,
    OrderState,
    OrderUpdate,
)

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
_PLANNED, _OPEN, _PARTIAL, _FILLED = _S.PLANNED, _S.OPEN, _S.PARTIAL, _S.FILLED
_AT_WORK = frozenset({_OPEN, _PARTIAL, _FILLED})
_NO_FILLS: tuple[Fill, ...] = ()


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
    existed. More fills than are known to be asked for prove that a larger quantity on its way
    (`most_asked`) rests. `modifications` is not touched: it counts what was asked.

    Raises `IllegalTransitionError`, `OverfillError`, `TwinOrderError`; `ValueError` for other news.
    """
    _check_identity(order, update)
    if update.state is _PLANNED:
        return order.moved_to(_S.PLANNED), ()
    if not update.fills:
        return _after(order, update, _NO_FILLS, update.filled_quantity), _NO_FILLS
    fills = _new_fills(update, known_trades)
    return _after(order, update, fills, max(update.filled_quantity, _quantity(update.fills))), fills


def can_be(order: Order, update: OrderUpdate, known_trades: Set[str]) -> bool:
    """Say whether news can be folded into an order: what can't would end a run, again and again.

    So it is where a second order under one id got a name of its own while its trades were asked
    for: they then bear the new name, and what they were asked for the old one.
    """
    if any(fill.client_id != order.request.client_id for fill in update.fills):
        return False
    try:
        apply_update(order, update, known_trades)
    except (IllegalTransitionError, OverfillError, TwinOrderError):
        return False
    return True


def _after(order: Order, update: OrderUpdate, fills: tuple[Fill, ...], claimed: int) -> Order:
    """Return the order after news of so many claimed units, of which `fills` are new trades."""
    filled, value = order.filled_quantity, order.filled_value
    if fills:
        filled += _quantity(fills)
        value = sum([fill.quantity * fill.price for fill in fills], value)
    is_news = _is_news(order, update, claimed)
    request = _resting(order, update.request if is_news else None, filled)
    if filled > request.quantity:
        raise OverfillError(f"{update.client_id}: {filled} filled of {request.quantity}")
    shares = _Shares(filled, max(order.claimed_quantity, claimed, filled), request.quantity)
    state = _state_after(order.state, update.state if is_news else None, shares)
    if state is not order.state:
        order.check_move(state)
    return Order(
        request,
        state,
        order.broker_id or update.broker_id,
        filled,
        value,
        order.triggered or update.triggered,
        order.modifications,
        update.reason if is_news else order.reason,
        shares.claimed,
        update.at if is_news else order.updated_at,
        order.most_asked,
    )


def _is_news(order: Order, update: OrderUpdate, claimed: int) -> bool:
    """Say whether an update that claims so many units knows more than the order."""
    known, told = order.claimed_quantity, claimed
    if known == told:
        known, told = _RANK[order.state], _RANK[update.state]
    if known == told:
        return order.updated_at is None or order.updated_at <= update.at
    return known < told


def _check_identity(order: Order, update: OrderUpdate) -> None:
    ours = order.request.client_id
    fills = update.fills
    if update.client_id != ours or (fills and any(fill.client_id != ours for fill in fills)):
        raise ValueError(f"client_id: news of {update.client_id} is not about {ours}")
    if order.broker_id and update.broker_id and order.broker_id != update.broker_id:
        raise TwinOrderError(f"{ours}: is {order.broker_id} and also {update.broker_id}")


def _new_fills(update: OrderUpdate, known_trades: Set[str]) -> tuple[Fill, ...]:
    fresh = {fill.trade_id: fill for fill in update.fills if fill.trade_id not in known_trades}
    return tuple(fresh.values())


def _quantity(fills: tuple[Fill, ...]) -> int:
    if len(fills) < 2:
        return fills[0].quantity if fills else 0
    return sum({fill.trade_id: fill.quantity for fill in fills}.values())


def _resting(order: Order, told: OrderRequest | None, filled: int) -> OrderRequest:
    """Return what rests: the newest told, with the units that only a change on its way explains."""
    request = told or order.request
    if not request.quantity < filled <= order.most_asked:
        return request
    return replace(request, quantity=order.most_asked)


class _Shares(NamedTuple):
    """Units of an order: proven to have filled, said to have filled, and asked for."""

    filled: int
    claimed: int
    asked: int


def _state_after(state: OrderState, news: OrderState | None, shares: _Shares) -> OrderState:
    if shares.filled == shares.asked:
        return _FILLED
    working = _PARTIAL if shares.claimed else _OPEN
    if news in _AT_WORK:
        return working
    match news:
        case _S.CANCELLED | _S.REJECTED:
            return state if state.is_final else news
        case _S.SENT:
            return news if state is _S.PLANNED else state
        case _S.UNKNOWN:
            return news
        case _:
            has_begun = state in (_S.SENT, _S.UNKNOWN, _S.OPEN)
            return working if has_begun and shares.filled else state
