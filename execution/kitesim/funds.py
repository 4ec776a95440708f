"""The account's money: what is blocked by what is held and asked, and what an order needs.

What a leg blocks is `margin_lines.py`; the answers in Kite's shape are `rest_user.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from execution.kitesim.margin_lines import Leg, Lines, lines_of, together
from execution.kitesim.order_row import OrderRow
from execution.kitesim.portfolio import Holding
from execution.kitesim.prices import Prices
from execution.orders import OrderRequest, Product, Side
from marketdata.instruments import Instrument, Kind

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Money:
    """Rupees of the day: the cash at its start, and what is used of it, line by line.

    `lost` is the loss of what is closed (a profit is below 0), `losing` of what is open (0 where
    it profits); `ordered` is blocked by working orders.
    """

    cash: Decimal
    held: Lines
    lost: Decimal
    losing: Decimal
    ordered: Decimal

    @property
    def used(self) -> Decimal:
        """Return what is used in all."""
        return self.held.total + self.lost + self.losing + self.ordered

    @property
    def left(self) -> Decimal:
        """Return what can still be spent."""
        return self.cash - self.used


def money(
    cash: Decimal, holdings: Iterable[Holding], working: Iterable[OrderRow], prices: Prices
) -> Money:
    """Return where the account stands now."""
    items = list(holdings)
    lost = losing = flows = _ZERO
    for item in items:
        if item.product is Product.CNC:
            continue
        if item.instrument.kind in (Kind.CALL, Kind.PUT):
            flows += item.buys.value - item.sales.value
            continue
        profit = item.profit(prices.last(item.instrument) or item.average_price)
        if item.net == 0:
            lost -= profit
        else:
            losing += max(-profit, _ZERO)
    blocked = together([leg_of(item) for item in items], prices.now.date())
    return Money(
        cash=cash,
        held=Lines(blocked.span, blocked.exposure, flows, blocked.value),
        lost=lost,
        losing=losing,
        ordered=sum((row.blocked for row in working), _ZERO),
    )


def leg_of(item: Holding) -> Leg:
    """Return the open units of a holding at their mean price; carried shares block nothing."""
    units = item.net
    if item.product is Product.CNC:
        units = max(item.bought.quantity - item.sold.quantity, 0)
    return Leg(item.instrument, item.product, units, item.average_price)


def needed_for(
    request: OrderRequest, holdings: Iterable[Holding], working: Iterable[OrderRow], prices: Prices
) -> Decimal:
    """Return the rupees an order blocks once it works; nothing for what only closes.

    A leg that hedges what is held costs what it adds. Raises `FactMissing` before the first table.
    """
    items = list(holdings)
    opening = opening_quantity(request, items, working)
    price = price_for(request, prices.last(request.instrument))
    if opening == 0 or price is None:
        return _ZERO
    leg = Leg(request.instrument, request.product, request.side.sign * opening, price)
    alone = lines_of(leg, prices.now.date())
    if not alone.span and not alone.exposure:
        return alone.total
    held = [*(leg_of(item) for item in items), *_promised(request, working, price)]
    return min(alone.total, _added(held, leg, prices.now.date()))


def opening_quantity(
    request: OrderRequest, holdings: Iterable[Holding], working: Iterable[OrderRow]
) -> int:
    """Return how many units of an order would open or add to a position rather than close one."""
    key, product, side = request.instrument.key, request.product, request.side
    net = sum(
        item.net for item in holdings if item.instrument.key == key and item.product is product
    )
    closable = max(-net * side.sign, 0)
    before = sum(row.left for row in _alike(request, working))
    return max(0, request.quantity - max(0, closable - before))


def price_for(request: OrderRequest, last: Decimal | None) -> Decimal | None:
    """Return the price at which an order's money is reckoned, None where nothing tells it."""
    price = request.price or request.trigger_price or last
    return price if price is not None and price > 0 else None


def sellable(instrument: Instrument, holding: Holding | None, working: Iterable[OrderRow]) -> int:
    """Return the shares that may be sold for delivery now."""
    asked = sum(
        row.left
        for row in working
        if row.instrument.key == instrument.key
        and row.form.product is Product.CNC
        and row.form.side is Side.SELL
    )
    return max(0, (holding.net if holding else 0) - asked)


def _alike(request: OrderRequest, working: Iterable[OrderRow]) -> list[OrderRow]:
    """Return the other working orders of the same instrument, product and side."""
    return [
        row
        for row in working
        if row.instrument.key == request.instrument.key
        and row.form.product is request.product
        and row.form.side is request.side
        and row.order_id != request.client_id
    ]


def _promised(request: OrderRequest, working: Iterable[OrderRow], price: Decimal) -> list[Leg]:
    """Return what other orders may do first, so that nothing held is closed or hedged twice."""
    return [
        Leg(row.instrument, row.form.product, row.form.side.sign * row.left, price)
        for row in _alike(request, working)
    ]


def _added(held: list[Leg], leg: Leg, on: date) -> Decimal:
    before, after = together(held, on), together([*held, leg], on)
    return max(_ZERO, after.span + after.exposure - before.span - before.exposure)
