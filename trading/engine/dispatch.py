"""How the guard and the scan ask for orders: each wish is remembered, noted and emitted here.

Whether an order should exist is decided by them; sending it is the runner's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from execution.orders import OrderChange, OrderRequest, OrderType, OrderUpdate, Role, Side
from marketdata.instruments import PriceDirection
from risk.proposal import Band
from strategies.signals import Direction
from trading.engine.actions import CancelOrder, ModifyOrder, PlaceOrder
from trading.engine.ledger import Ledger
from trading.engine.notes import order_note
from trading.engine.order_book import OrderBook
from trading.engine.outbox import Outbox
from trading.engine.proposals import side_of
from trading.engine.settings import EntryStyle, ExecutionSettings, TargetStyle
from trading.engine.trades import Trade

_LONG, _BUY, _SELL = Direction.LONG, Side.BUY, Side.SELL


@dataclass(frozen=True, slots=True)
class Touch:
    """The best quote of a contract in rupees; where there is none both are the last price."""

    bid: float
    ask: float


def exit_side(trade: Trade) -> Side:
    """Return the side that reduces the plan's position; one that is turned over is bought back."""
    is_long = (trade.direction is _LONG) is not trade.is_reversed
    return _SELL if is_long else _BUY


class Dispatch:
    """Places, changes and cancels orders of plans, keeping book and journal in step.

    `sent`: how many orders, changes and cancels that have been. `bands`: the prices that the
    exchange takes, by contract, None where nobody has told any.
    """

    def __init__(
        self, outbox: Outbox, orders: OrderBook, ledger: Ledger, settings: ExecutionSettings
    ) -> None:
        self._outbox = outbox
        self._orders = orders
        self._ledger = ledger
        self._settings = settings
        self.sent = 0
        self.bands: dict[str, Band] | None = None
        self._stops: dict[str, tuple[float, tuple[Decimal, Decimal]]] = {}

    def bands_told(self, bands: Iterable[tuple[str, Decimal, Decimal]]) -> None:
        """Take up the price bands of contracts, by key; those of others stay as they were."""
        self.bands = {**(self.bands or {}), **{key: (low, high) for key, low, high in bands}}

    def place(self, at: datetime, trade: Trade, request: OrderRequest) -> None:
        """Ask for a new order of `trade`."""
        order = self._orders.add(request)
        self._ledger.own(request.client_id, trade)
        self._outbox.emit(order_note(at, order, trade.plan_id, "SENT"))
        self._outbox.emit(PlaceOrder(at, request))
        self.sent += 1

    def adopt(self, at: datetime, trade: Trade, client_id: str, told: OrderUpdate) -> OrderUpdate:
        """Take a second order of `client_id`'s request into the books under an id of its own.

        Returns `told` as news of that one.
        """
        request = told.request or self._orders[client_id].request
        own_id = self._outbox.client_id(request.role)
        request = replace(request, client_id=own_id)
        order = self._orders.adopt(request, told.broker_id)
        self._ledger.own(own_id, trade)
        self._outbox.emit(order_note(at, order, trade.plan_id, "SENT"))
        fills = tuple(replace(fill, client_id=own_id) for fill in told.fills)
        return replace(told, client_id=own_id, fills=fills, request=request)

    def change(self, at: datetime, client_id: str, change: OrderChange) -> None:
        """Ask for a modification of a working order."""
        number = self._orders.expect_change(client_id, change)
        self._ledger.stir(self._ledger.trade_of(client_id))
        self._outbox.emit(ModifyOrder(at, client_id, change, number))
        self.sent += 1

    def cancel(self, at: datetime, client_id: str) -> None:
        """Ask for the cancellation of a working order."""
        self._orders.expect_cancel(client_id)
        self._ledger.stir(self._ledger.trade_of(client_id))
        self._outbox.emit(CancelOrder(at, client_id))
        self.sent += 1

    def stop_prices(self, trade: Trade) -> tuple[Decimal, Decimal]:
        """Return trigger and limit of the stop that should rest now, on the tick grid."""
        stop = trade.exit_state.stop
        known = self._stops.get(trade.plan_id)
        if known is not None and known[0] == stop:
            return known[1]
        prices = self._settings.stop_prices(trade.instrument, trade.direction, stop)
        self._stops[trade.plan_id] = stop, prices
        return prices

    def entry_order(self, trade: Trade, quantity: int) -> OrderRequest:
        """Return a new order that takes `quantity` units in at the decision's price."""
        at_market = self._settings.entry_style is EntryStyle.MARKET
        return OrderRequest(
            client_id=self._outbox.client_id(Role.ENTRY),
            instrument=trade.instrument,
            side=side_of(trade.direction),
            quantity=quantity,
            order_type=OrderType.MARKET if at_market else OrderType.LIMIT,
            role=Role.ENTRY,
            plan_id=trade.plan_id,
            price=None if at_market else trade.expected_entry,
            market_protection=self._settings.market_protection if at_market else None,
        )

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
            pair=trade.plan_id if self._settings.target_style is TargetStyle.REST else "",
        )

    def target_order(self, trade: Trade) -> OrderRequest:
        """Return a new resting target for all that is held, joined to the plan's stop."""
        away = PriceDirection.UP if trade.direction is _LONG else PriceDirection.DOWN
        return OrderRequest(
            client_id=self._outbox.client_id(Role.TARGET),
            instrument=trade.instrument,
            side=exit_side(trade),
            quantity=trade.open_quantity,
            order_type=OrderType.LIMIT,
            role=Role.TARGET,
            plan_id=trade.plan_id,
            price=trade.instrument.on_grid(round(trade.exit_plan.target2, 6), away),
            pair=trade.plan_id,
        )

    def exit_price(self, trade: Trade, touch: Touch) -> Decimal:
        """Return the limit of a marketable exit: through the touch by the chase allowance.

        It goes no further than the price band, beyond which an order is refused and waits in no
        queue. A band that the touch itself has left is an old one and holds nothing back.
        """
        instrument, is_sale = trade.instrument, exit_side(trade) is _SELL
        chase = self._settings.exit_chase_ticks * instrument.tick_size
        away = PriceDirection.DOWN if is_sale else PriceDirection.UP
        near = instrument.on_grid(touch.bid if is_sale else touch.ask, away)
        wanted = instrument.on_grid(near - chase if is_sale else near + chase, away)
        band = (self.bands or {}).get(instrument.key)
        if band is None:
            return wanted
        if is_sale:
            low = instrument.on_grid(band[0], PriceDirection.UP)
            return max(wanted, low) if near >= low else wanted
        high = instrument.on_grid(band[1], PriceDirection.DOWN)
        return min(wanted, high) if near <= high else wanted

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
