"""What is held in one instrument, folded from fills at average cost; exact to six places.

Charges are not in it (`charges.py`); plans, stops and exits belong to the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from execution.orders import Fill, Side
from marketdata.instruments import Instrument

_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Position:
    """All that was bought and sold in one instrument; quantities in units, values in rupees.

    `cost` is signed: what the open quantity was bought for, or minus what it was sold for.
    """

    instrument: Instrument
    bought_quantity: int = 0
    bought_value: Decimal = Decimal(0)
    sold_quantity: int = 0
    sold_value: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    @property
    def quantity(self) -> int:
        """Return the signed units held: above 0 long, below 0 short."""
        return self.bought_quantity - self.sold_quantity

    @property
    def is_flat(self) -> bool:
        """Say whether nothing is held."""
        return self.quantity == 0

    @property
    def average_price(self) -> Decimal | None:
        """Return the mean entry price of what is held, or None when flat."""
        return None if self.is_flat else self.cost / self.quantity

    @property
    def realised(self) -> Decimal:
        """Return the profit of what is closed, in rupees before charges."""
        return self.sold_value - self.bought_value + self.cost

    @property
    def net_cash(self) -> Decimal:
        """Return the rupees its fills brought in less those they took."""
        return self.sold_value - self.bought_value


def apply(position: Position, fill: Fill) -> Position:
    """Return the position after `fill`.

    A fill against the position closes it at average cost first; what goes beyond zero opens the
    other side at the fill's price. Raises `ValueError` for another instrument's fill, or one
    whose quantity or price is not above 0.
    """
    held = position.instrument
    if fill.instrument is not held and fill.instrument.key != held.key:
        raise ValueError(f"fill: {fill.instrument.key} is not {held.key}")
    if fill.quantity <= 0 or not fill.price.is_finite() or fill.price <= 0:
        raise ValueError(f"fill: {fill.quantity} at {fill.price}, expected both above 0")
    value = fill.quantity * fill.price
    cost = _cost_after(position, fill)
    if fill.side is Side.BUY:
        return Position(
            held,
            position.bought_quantity + fill.quantity,
            position.bought_value + value,
            position.sold_quantity,
            position.sold_value,
            cost,
        )
    return Position(
        held,
        position.bought_quantity,
        position.bought_value,
        position.sold_quantity + fill.quantity,
        position.sold_value + value,
        cost,
    )


def unrealised(position: Position, price: Decimal) -> Decimal:
    """Return the profit of what is held, marked at `price`, in rupees before charges; 0 flat."""
    return (position.bought_quantity - position.sold_quantity) * price - position.cost


def _cost_after(position: Position, fill: Fill) -> Decimal:
    held, change = position.quantity, fill.side.sign * fill.quantity
    if held * change >= 0:
        return position.cost + change * fill.price
    left = held + change
    if left * held <= 0:
        return left * fill.price
    return (position.cost * left / held).quantize(_PLACES, rounding=ROUND_HALF_EVEN)
