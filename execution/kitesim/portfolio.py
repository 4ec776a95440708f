"""What is held, by instrument and product: folded from trades, told as Kite's positions.

What it blocks is worked out in `funds.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from execution.kitesim.answers import bad_input
from execution.kitesim.prices import Prices
from execution.kitesim.refusals import refuse_product
from execution.orders import Fill, Product, Side
from marketdata.instruments import Instrument

_ZERO = Decimal(0)
_PLACES = Decimal("0.000001")


@dataclass(slots=True)
class Tally:
    """Units and rupees bought or sold."""

    quantity: int = 0
    value: Decimal = _ZERO

    def add(self, quantity: int, value: Decimal) -> None:
        """Add a trade, or take one out with negative figures."""
        self.quantity += quantity
        self.value += value

    @property
    def price(self) -> Decimal:
        """Return the mean price, 0 for nothing."""
        return (self.value / self.quantity).quantize(_PLACES) if self.quantity else _ZERO


@dataclass(slots=True)
class Holding:
    """One instrument under one product: what was carried in, and what the day bought and sold.

    `carried`: signed units at `carried_price`.
    """

    instrument: Instrument
    product: Product
    carried: int
    carried_price: Decimal
    bought: Tally
    sold: Tally

    @property
    def net(self) -> int:
        """Return the signed units held now."""
        return self.carried + self.bought.quantity - self.sold.quantity

    @property
    def buys(self) -> Tally:
        """Return all buying, a carried long position included."""
        units = max(self.carried, 0)
        return Tally(self.bought.quantity + units, self.bought.value + units * self.carried_price)

    @property
    def sales(self) -> Tally:
        """Return all selling, a carried short position included."""
        units = max(-self.carried, 0)
        return Tally(self.sold.quantity + units, self.sold.value + units * self.carried_price)

    @property
    def average_price(self) -> Decimal:
        """Return the mean price of the side that is open, 0 when flat."""
        if self.net == 0:
            return _ZERO
        return (self.buys if self.net > 0 else self.sales).price

    def profit(self, last: Decimal) -> Decimal:
        """Return the rupees made since it was opened, marked at `last`, before charges."""
        return self.sales.value - self.buys.value + self.net * last


class Portfolio:
    """All holdings of the account, in the order they were opened."""

    def __init__(self) -> None:
        self._holdings: dict[tuple[str, Product], Holding] = {}

    def __iter__(self) -> Iterator[Holding]:
        return iter(self._holdings.values())

    def carry(self, instrument: Instrument, product: Product, quantity: int, at: Decimal) -> None:
        """Begin with units held from the day before."""
        holding = self._holding(instrument, product)
        holding.carried, holding.carried_price = quantity, at

    def book(self, fill: Fill, product: Product) -> None:
        """Take a trade in."""
        holding = self._holding(fill.instrument, product)
        tally = holding.bought if fill.side is Side.BUY else holding.sold
        tally.add(fill.quantity, fill.quantity * fill.price)

    def net(self, key: str) -> int:
        """Return the signed units of an instrument over all products."""
        return sum(item.net for item in self._holdings.values() if item.instrument.key == key)

    def of(self, key: str, product: Product) -> Holding | None:
        """Return one holding, None where there never was one."""
        return self._holdings.get((key, product))

    def convert(self, key: str, side: Side, quantity: int, old: Product, new: Product) -> None:
        """Move open units of the day to another product. Raises `KiteError`."""
        holding = self._holdings.get((key, old))
        if holding is None or holding.net * side.sign < quantity or quantity < 1 or old is new:
            raise bad_input("Invalid position conversion: no such quantity is open.")
        refuse_product(holding.instrument, new)
        tally = holding.bought if side is Side.BUY else holding.sold
        if tally.quantity < quantity:
            raise bad_input("Invalid position conversion: it was not opened today.")
        value = (
            tally.value
            if tally.quantity == quantity
            else (tally.price * quantity).quantize(_PLACES)
        )
        tally.add(-quantity, -value)
        other = self._holding(holding.instrument, new)
        (other.bought if side is Side.BUY else other.sold).add(quantity, value)

    def _holding(self, instrument: Instrument, product: Product) -> Holding:
        key = (instrument.key, product)
        if key not in self._holdings:
            self._holdings[key] = Holding(instrument, product, 0, _ZERO, Tally(), Tally())
        return self._holdings[key]


def positions(portfolio: Portfolio, prices: Prices) -> dict[str, list[dict[str, Any]]]:
    """Return the answer of `GET /portfolio/positions`: net, and what the day alone did.

    Shares carried in for delivery are holdings; here only what the day did with them is told.
    """
    traded = [item for item in portfolio if item.bought.quantity or item.sold.quantity]
    carried = [item for item in portfolio if item.carried and item.product is not Product.CNC]
    day = [_told(_day_of(item), prices) for item in traded]
    net = [
        _told(_day_of(item) if item.product is Product.CNC else item, prices)
        for item in portfolio
        if item in traded or item in carried
    ]
    return {"net": net, "day": day}


def _day_of(item: Holding) -> Holding:
    return Holding(item.instrument, item.product, 0, _ZERO, item.bought, item.sold)


def _told(item: Holding, prices: Prices) -> dict[str, Any]:
    last = prices.last(item.instrument) or _ZERO
    close = prices.previous_close(item.instrument) or _ZERO
    profit = item.profit(last)
    return {
        "tradingsymbol": item.instrument.symbol,
        "exchange": str(item.instrument.exchange),
        "instrument_token": item.instrument.token,
        "product": str(item.product),
        "quantity": item.net,
        "overnight_quantity": item.carried,
        "multiplier": 1,
        "average_price": item.average_price,
        "close_price": close if item.carried else _ZERO,
        "last_price": last,
        "value": item.sales.value - item.buys.value,
        "pnl": profit,
        "m2m": _sold_m2m(item, close) - _bought_m2m(item, close) + item.net * last,
        "unrealised": profit,
        "realised": 0,
        **_side("buy", item.buys, _bought_m2m(item, close)),
        **_side("sell", item.sales, _sold_m2m(item, close)),
        **_day_side("day_buy", item.bought),
        **_day_side("day_sell", item.sold),
    }


def _bought_m2m(item: Holding, close: Decimal) -> Decimal:
    return item.bought.value + max(item.carried, 0) * close


def _sold_m2m(item: Holding, close: Decimal) -> Decimal:
    return item.sold.value + max(-item.carried, 0) * close


def _side(name: str, tally: Tally, m2m: Decimal) -> dict[str, Any]:
    return _day_side(name, tally) | {f"{name}_m2m": m2m}


def _day_side(name: str, tally: Tally) -> dict[str, Any]:
    return {
        f"{name}_quantity": tally.quantity,
        f"{name}_price": tally.price,
        f"{name}_value": tally.value,
    }
