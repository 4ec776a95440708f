"""What of the account is somebody else's, as risk: counted beside our own, never touched.

Telling it apart is `execution/foreign.py`; whether an entry is still allowed is the gate's.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import nan

from execution.broker import OrderLine
from execution.foreign import ForeignPosition
from execution.margins import margin_for
from execution.orders import Side
from marketdata.instruments import Instrument, Kind
from risk.exposure import OpenRisk
from strategies.direction import Direction
from trading.engine.events import ForeignSeen
from trading.engine.marks import exact
from trading.engine.settings import EngineSetup

FOREIGN = "foreign"
"""Under which it is told, as a remark and as a strategy; none of ours has this name."""
_DERIVATIVES = ("NFO:", "BFO:")
_NOTHING = Decimal(0)


def foreign_risks(seen: ForeignSeen, setup: EngineSetup, balance: Decimal) -> tuple[OpenRisk, ...]:
    """Return what is foreign as open risk, by instrument; working orders count as filled.

    It has no stop that we know of: a bought option may lose its premium, everything else
    `foreign_move` of its value, a sold option that of its strike. What no price is told of, as of
    an order at the market, is taken at the close before; a derivative that isn't known today, and
    whatever has no price at all, takes all the heat of `balance`: nothing can be said of it.
    """
    known = {column.instrument.key: column.instrument for column in setup.universe.columns}
    closes = {c.instrument.key: setup.previous_close[c.index] for c in setup.universe.columns}
    held = {position.instrument: position for position in seen.positions}
    keys = sorted({*held, *(order.instrument for order in seen.orders)})
    found = []
    for key in keys:
        position = held.get(key)
        units = _worst(position.quantity if position else 0, key, seen.orders)
        price = _price(key, position, seen.orders) or _close(closes.get(key, nan))
        if units and price and key in known:
            found.append(_known(known[key], units, price, setup))
        elif units:
            found.append(_unknown(key, units, price, (setup, balance)))
    return tuple(found)


def _worst(held: int, key: str, orders: Iterable[OrderLine]) -> int:
    """Return the signed units that would be held if the worse side of all orders filled."""
    mine = [order for order in orders if order.instrument == key]
    bought = sum(o.quantity - o.filled for o in mine if o.side is Side.BUY)
    sold = sum(o.quantity - o.filled for o in mine if o.side is Side.SELL)
    return max(held + bought, held - sold, key=abs)


def _price(key: str, position: ForeignPosition | None, orders: Iterable[OrderLine]) -> Decimal:
    last = position.last if position else _NOTHING
    return max(last, *(order.price for order in orders if order.instrument == key), _NOTHING)


def _close(rupees: float) -> Decimal:
    return exact(rupees) if rupees > 0 else _NOTHING


def _known(item: Instrument, units: int, price: Decimal, setup: EngineSetup) -> OpenRisk:
    side = Side.BUY if units > 0 else Side.SELL
    is_option = item.kind in (Kind.CALL, Kind.PUT)
    value = abs(units) * price
    if is_option and units < 0:
        value = abs(units) * (item.strike or price)
    is_bought_option = is_option and units > 0
    falls = item.kind is Kind.PUT
    way = Direction.LONG if (units > 0) is not falls else Direction.SHORT
    return OpenRisk(
        key=item.key,
        underlying=item.name,
        strategy=FOREIGN,
        direction=way,
        quantity=abs(units),
        margin_inr=margin_for(item, side, abs(units), price, setup.day),
        risk_inr=value if is_bought_option else value * setup.limits.foreign_move,
        working=False,
    )


def _unknown(
    key: str, units: int, price: Decimal, account: tuple[EngineSetup, Decimal]
) -> OpenRisk:
    setup, balance = account
    value = abs(units) * price
    heat = setup.limits.heat_budget_inr(max(balance, _NOTHING))
    is_unclear = key.startswith(_DERIVATIVES) or not price
    return OpenRisk(
        key=key,
        underlying=key.partition(":")[2],
        strategy=FOREIGN,
        direction=Direction.LONG if units > 0 else Direction.SHORT,
        quantity=abs(units),
        margin_inr=value,
        risk_inr=max(heat, value) if is_unclear else value * setup.limits.foreign_move,
        working=False,
    )


def told(seen: ForeignSeen) -> dict[str, str]:
    """Return a sentence about each foreign order and position, by what it is known under."""
    lines = {
        order.broker_id: f"order {order.broker_id} of somebody else: {order.side} "
        f"{order.quantity} {order.instrument}, {order.filled} filled"
        for order in seen.orders
    }
    return lines | {
        each.instrument: f"{each.quantity:+d} {each.instrument} held by somebody else"
        for each in seen.positions
    }
