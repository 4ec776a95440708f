"""What Kite refuses, in its words, and whether an order exists afterwards.

What can't even be read is refused in `order_form.py`; rate limits in `rates.py`; what an exchange
refuses by itself in `execution/market_rules.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from execution.kitesim.answers import ErrorType, KiteError, bad_input
from execution.kitesim.order_form import OrderForm
from execution.kitesim.settings import Check
from execution.orders import OrderRequest, OrderType, Product, Side
from execution.price_protection import Range, protection_range
from marketdata.instruments import Instrument, Kind, Segment

NO_SUCH_INSTRUMENT = (
    "The instrument you are placing an order for has either expired or does not exist."
)
NO_SUCH_ORDER = "Couldn't find that `order_id`."
IN_PROCESS = "Order cannot be changed as it is being processed. Try later."
MOST_SLICES = 10


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refusal of a broker's risk checks."""

    check: Check
    message: str
    error_type: ErrorType = ErrorType.INPUT

    def as_error(self) -> KiteError:
        """Return it as the answer of a call that made no order."""
        return KiteError(self.message, self.error_type, 400)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an order is checked against: day, last price, circuit limits, money, shares held.

    `needed` and `available`: rupees. `sellable`: units held that may be sold for delivery.
    """

    on: date
    last: Decimal | None
    circuit: Range | None
    needed: Decimal
    available: Decimal
    sellable: int
    has_price_protection: bool


def unknown_order() -> KiteError:
    """Return the error for an order id that isn't one."""
    return KiteError(NO_SUCH_ORDER, ErrorType.ORDER, 404)


def not_changeable(message: str) -> KiteError:
    """Return the error for an order that can't be modified or cancelled as it stands."""
    return KiteError(message, ErrorType.ORDER, 400)


def refuse_form(form: OrderForm, instrument: Instrument | None) -> Instrument:
    """Return the instrument to be traded. Raises `KiteError` where the form contradicts it."""
    if instrument is None or not instrument.is_tradable:
        raise bad_input(NO_SUCH_INSTRUMENT)
    refuse_product(instrument, form.product)
    if form.disclosed_quantity > form.quantity:
        raise bad_input("Disclosed quantity cannot be greater than quantity.")
    if form.price == 0:
        raise bad_input(f"Price is required for {form.order_type} orders.")
    if form.trigger_price == 0:
        raise bad_input(f"Trigger price is required for {form.order_type} orders.")
    return instrument


def refuse_product(instrument: Instrument, product: Product) -> None:
    """Raise `KiteError` where an instrument can't be held under a product."""
    is_share = instrument.segment is Segment.CASH
    if product is (Product.NRML if is_share else Product.CNC):
        raise bad_input(f"{product} product is not allowed for {instrument.exchange}.")


def rejection(request: OrderRequest, around: Surroundings) -> Rejection | None:
    """Return what the broker's risk checks find against an order, or None."""
    return (
        _freeze(request)
        or _circuit(request, around)
        or (_price_protection(request, around) if request.order_type is OrderType.LIMIT else None)
        or _holdings(request, around)
        or _funds(around)
    )


def stop_rejection(request: OrderRequest, around: Surroundings) -> Rejection | None:
    """Return what is found against a stop's limit in the moment it is triggered, or None."""
    return _price_protection(request, around)


def _freeze(request: OrderRequest) -> Rejection | None:
    freeze = request.instrument.freeze_quantity
    if freeze is None or request.quantity <= freeze:
        return None
    return Rejection(
        Check.FREEZE,
        f"Quantity {request.quantity} exceeds the freeze quantity {freeze} of "
        f"{request.instrument.symbol}.",
    )


def _circuit(request: OrderRequest, around: Surroundings) -> Rejection | None:
    prices = [price for price in (request.price, request.trigger_price) if price is not None]
    if around.circuit is None or not prices:
        return None
    lower, upper = around.circuit
    if max(prices) > upper:
        word, limit = "higher", f"upper circuit limit of {upper}"
    elif min(prices) < lower:
        word, limit = "lower", f"lower circuit limit of {lower}"
    else:
        return None
    return Rejection(
        Check.CIRCUIT,
        f"Your order price is {word} than the current {limit}. "
        "Place an order within the daily range.",
    )


def _price_protection(request: OrderRequest, around: Surroundings) -> Rejection | None:
    if request.price is None or around.last is None or not around.has_price_protection:
        return None
    allowed = protection_range(request.instrument, around.last, around.on)
    if allowed is None or allowed[0] <= request.price <= allowed[1]:
        return None
    return Rejection(
        Check.PRICE_PROTECTION,
        f"Price {request.price} is outside the limit price protection range "
        f"{allowed[0]:.2f} - {allowed[1]:.2f} of {request.instrument.symbol}.",
    )


def _holdings(request: OrderRequest, around: Surroundings) -> Rejection | None:
    if request.product is not Product.CNC or request.side is Side.BUY:
        return None
    if request.instrument.kind is not Kind.EQUITY or request.quantity <= around.sellable:
        return None
    return Rejection(
        Check.HOLDINGS,
        f"Insufficient stock holding. {around.sellable} available, {request.quantity} needed.",
        ErrorType.HOLDING,
    )


def _funds(around: Surroundings) -> Rejection | None:
    if around.needed <= 0 or around.needed <= around.available:
        return None
    return Rejection(
        Check.FUNDS,
        f"Insufficient funds. Required margin is {around.needed:.2f} "
        f"but available margin is {around.available:.2f}.",
        ErrorType.MARGIN,
    )
