"""How the guard and the scan ask for orders: each wish is remembered, noted and emitted here.

Whether an order should exist is decided by them; sending it is the runner's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from execution.orders import OrderChange, OrderRequest, OrderType, Role, Side
from marketdata.instruments import PriceDirection
from strategies.signals import Direction
from trading.engine.actions import CancelOrder, ModifyOrder, PlaceOrder
from trading.engine.ledger import Ledger
from trading.engine.notes import order_note
from trading.engine.order_book import OrderBook
from trading.engine.outbox import Outbox
from trading.engine.settings import ExecutionSettings
from trading.engine.trades import Trade


@dataclass(frozen=True, slots=True)
class Touch:
    """The best quote of a contract in rupees; where there is none both are the last price."""

    bid: float
    ask: float


def exit_side(trade: Trade) -> Side:
    """Return the side that reduces the plan's position; one that is turned over is bought back."""
    is_long = (trade.direction is Direction.LONG) is not trade.is_reversed
    return Side.SELL if is_long else Side.BUY


class Dispatch:
    """Places, changes and cancels orders of plans, keeping book and journal in step."""

    def __init__(
        self, outbox: Outbox, orders: OrderBook, ledger: Ledger, settings: ExecutionSettings
    ) -> None:
        self._outbox = outbox
        self._orders = orders
        self._ledger = ledger
        self._settings = settings

    def place(self, at: datetime, trade: Trade, request: OrderRequest) -> None:
        """Ask for a new order of `trade`."""
        order = self._orders.add(request)
        self._ledger.own(request.client_id, trade)
        self._outbox.emit(order_note(at, order, trade.plan_id, "SENT"))
        self._outbox.emit(PlaceOrder(at, request))

    def change(self, at: datetime, client_id: str, change: OrderChange) -> None:
        """Ask for a modification of a working order."""
        self._orders.expect_change(client_id, change)
        self._outbox.emit(ModifyOrder(at, client_id, change))

    def cancel(self, at: datetime, client_id: str) -> None:
        """Ask for the cancellation of a working order."""
        self._orders.expect_cancel(client_id)
        self._outbox.emit(CancelOrder(at, client_id))

    def stop_prices(self, trade: Trade) -> tuple[Decimal, Decimal]:
        """Return trigger and limit of the stop that should rest now, on the tick grid."""
        settings, instrument = self._settings, trade.instrument
        away = PriceDirection.DOWN if trade.direction is Direction.LONG else PriceDirection.UP
        trigger = instrument.on_grid(trade.exit_state.stop, away)
        offset = max(
            settings.stop_offset_ticks * instrument.tick_size,
            trigger * Decimal(repr(settings.stop_offset_fraction)),
        )
        return trigger, instrument.on_grid(trigger - offset * int(trade.direction), away)

    def stop_order(self, trade: Trade, quantity: int) -> OrderRequest:
        """Return a new resting stop for `quantity` units."""
        trigger, limit = self.stop_prices(trade)
        is_market = self._settings.stop_is_market
        return OrderRequest(
            client_id=self._outbox.client_id(Role.STOP),
            instrument=trade.instrument,
            side=exit_side(trade),
            quantity=quantity,
            order_type=OrderType.SL_M if is_market else OrderType.SL,
            role=Role.STOP,
            plan_id=trade.plan_id,
            price=None if is_market else limit,
            trigger_price=trigger,
            market_protection=self._settings.market_protection if is_market else None,
            pair=trade.plan_id if self._settings.target_style.value == "REST" else "",
        )

    def exit_price(self, trade: Trade, touch: Touch) -> Decimal:
        """Return the limit of a marketable exit: through the touch by the chase allowance."""
        instrument = trade.instrument
        chase = self._settings.exit_chase_ticks * instrument.tick_size
        if exit_side(trade) is Side.SELL:
            return instrument.on_grid(
                instrument.on_grid(touch.bid, PriceDirection.DOWN) - chase, PriceDirection.DOWN
            )
        return instrument.on_grid(
            instrument.on_grid(touch.ask, PriceDirection.UP) + chase, PriceDirection.UP
        )

    def exit_change(self, trade: Trade, touch: Touch, *, at_market: bool) -> OrderChange:
        """Return the modification that turns a resting stop into an exit, or prices it anew."""
        if at_market:
            protection = self._settings.market_protection
            return OrderChange(order_type=OrderType.MARKET, market_protection=protection)
        return OrderChange(order_type=OrderType.LIMIT, price=self.exit_price(trade, touch))

    def exit_order(
        self, trade: Trade, quantity: int, touch: Touch, *, at_market: bool
    ) -> OrderRequest:
        """Return a new order that takes `quantity` units out now."""
        return OrderRequest(
            client_id=self._outbox.client_id(Role.EXIT),
            instrument=trade.instrument,
            side=exit_side(trade),
            quantity=quantity,
            order_type=OrderType.MARKET if at_market else OrderType.LIMIT,
            role=Role.EXIT,
            plan_id=trade.plan_id,
            price=None if at_market else self.exit_price(trade, touch),
            market_protection=self._settings.market_protection if at_market else None,
        )
