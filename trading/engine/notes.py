"""How the engine's objects are told in notes; nothing is decided or changed here."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from execution.orders import Fill, Order
from trading.engine.actions import FillNoted, OrderNoted, PositionNoted
from trading.engine.trades import PlanState, Trade

_PLACES = Decimal("0.000001")


def order_note(at: datetime, order: Order, plan_id: str, event: str) -> OrderNoted:
    """Tell an order as it stands after `event`."""
    request = order.request
    return OrderNoted(
        at=at,
        client_id=request.client_id,
        broker_id=order.broker_id,
        plan_id=plan_id,
        role=request.role,
        instrument=request.instrument.key,
        side=request.side,
        order_type=request.order_type,
        product=request.product,
        validity=request.validity,
        quantity=request.quantity,
        price=request.price,
        trigger_price=request.trigger_price,
        state=order.state,
        filled_quantity=order.filled_quantity,
        average_price=order.average_price,
        modifications=order.modifications,
        event=event,
        reason=order.reason,
    )


def fill_note(fill: Fill, plan_id: str, expected: Decimal | None) -> FillNoted:
    """Tell a trade; `expected`: the price that its plan's decision was made on, of an entry."""
    return FillNoted(
        at=fill.at,
        trade_id=fill.trade_id,
        client_id=fill.client_id,
        broker_id=fill.broker_id,
        plan_id=plan_id,
        instrument=fill.instrument.key,
        side=fill.side,
        quantity=fill.quantity,
        price=fill.price,
        expected_price=expected,
    )


def position_note(
    at: datetime, trade: Trade, stop: Decimal | None, protected: int
) -> PositionNoted:
    """Tell a position after a change; `protected` is the units that stops and exits may cover."""
    bought, sold = _mean_prices(trade)
    entry, exit_ = (bought, sold) if trade.direction > 0 else (sold, bought)
    return PositionNoted(
        at=at,
        position_id=trade.plan_id,
        plan_id=trade.plan_id,
        strategy=trade.strategy,
        instrument=trade.instrument.key,
        direction=int(trade.direction),
        quantity=trade.position.quantity,
        opened_quantity=trade.opened_quantity,
        average_entry=entry,
        average_exit=exit_,
        stop=stop,
        protected=protected,
        gross=trade.booked_realised,
        charges=trade.charges,
        mae_r=trade.in_r(trade.exit_state.worst),
        mfe_r=trade.in_r(trade.exit_state.best),
        state=trade.state,
        exit_reason=trade.exit_reason if trade.state is PlanState.CLOSED else "",
        opened_at=trade.opened_at,
        closed_at=trade.closed_at,
    )


def _mean_prices(trade: Trade) -> tuple[Decimal | None, Decimal | None]:
    position = trade.position
    bought, sold = position.bought_quantity, position.sold_quantity
    return (
        (position.bought_value / bought).quantize(_PLACES) if bought else None,
        (position.sold_value / sold).quantize(_PLACES) if sold else None,
    )
