"""What the simulated exchange is set to, and what it refuses in the words of Kite.

Whether an accepted order fills, and where, is `matching.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from execution.broker import Refused
from execution.orders import OrderRequest, OrderType, Side
from marketdata.instruments import Exchange, Instrument, Segment
from marketdata.kite_limits import changes_of_an_order

Band = tuple[Decimal, Decimal]
"""Lowest and highest price of the day, both allowed."""


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """How the simulated exchange behaves.

    `slippage_ticks`: added against MARKET orders and triggered stops. `participation`: the share
    of a step's traded volume that may fill where no quantity is displayed. `fills_at_touch`:
    whether a resting limit fills when the market trades at it, or only through it. `full_fills`:
    whole orders at once, whatever the quantity. `quotes_arm_stops`: whether a quote beyond the
    trigger arms a stop, or only a trade. `max_modifications`: of one order; Kite's own without.
    """

    slippage_ticks: int = 1
    participation: float = 0.25
    fills_at_touch: bool = True
    full_fills: bool = False
    quotes_arm_stops: bool = True
    require_market_protection: bool = True
    max_modifications: int = field(default_factory=changes_of_an_order)

    def __post_init__(self) -> None:
        if self.slippage_ticks < 0:
            raise ValueError(f"slippage_ticks: {self.slippage_ticks}, expected 0 or more")
        if not 0 < self.participation <= 1:
            raise ValueError(f"participation: {self.participation}, expected above 0, at most 1")

    @property
    def is_plain(self) -> bool:
        """Say whether fills are a plain backtest's: exactly at prices the bar itself names."""
        return self.full_fills and self.slippage_ticks == 0 and self.fills_at_touch


def refuse_order(request: OrderRequest, settings: ExchangeSettings, band: Band | None) -> None:
    """Raise `Refused` where the request breaks a rule that needs no market to be seen."""
    _refuse_quantity(request)
    _refuse_type(request, settings)
    for price in (request.price, request.trigger_price):
        if price is not None:
            _refuse_price(price, request.instrument, band)
    _refuse_limit_before_trigger(request)


def refuse_trigger(request: OrderRequest, last: Decimal | None) -> None:
    """Raise `Refused` where a stop's trigger isn't beyond the last price; None is not known."""
    if request.trigger_price is None or last is None:
        return
    word = "higher" if request.side is Side.BUY else "lower"
    if (request.trigger_price - last) * request.side.sign <= 0:
        raise Refused(
            f"Trigger price for stoploss {request.side.lower()} orders should be {word} than the "
            f"last traded price ({last}). Got {request.trigger_price}."
        )


def _refuse_quantity(request: OrderRequest) -> None:
    instrument = request.instrument
    if request.quantity % instrument.lot_size:
        raise Refused(
            f"Invalid quantity {request.quantity}. "
            f"Quantity should be a multiple of the lot size {instrument.lot_size}."
        )
    freeze = instrument.freeze_quantity
    if freeze is not None and request.quantity > freeze:
        raise Refused(f"Quantity {request.quantity} exceeds the freeze quantity {freeze}.")


def _refuse_type(request: OrderRequest, settings: ExchangeSettings) -> None:
    instrument, order_type = request.instrument, request.order_type
    if order_type is OrderType.SL_M and (
        instrument.segment is Segment.OPTIONS or instrument.exchange in (Exchange.BSE, Exchange.BFO)
    ):
        raise Refused(f"SL-M orders are blocked for {instrument.symbol}. Use SL with a limit.")
    if order_type not in (OrderType.MARKET, OrderType.SL_M):
        return
    protection = request.market_protection
    if not protection:
        if settings.require_market_protection:
            raise Refused("Market orders without market protection are not allowed via API.")
    elif protection != -1 and not 0 < protection <= 100:
        raise Refused(f"Invalid market protection {protection}, expected -1 or up to 100.")


def _refuse_price(price: Decimal, instrument: Instrument, band: Band | None) -> None:
    if not price.is_finite() or price <= 0:
        raise Refused(f"Invalid price {price}. Price should be above 0.")
    if price % instrument.tick_size:
        raise Refused(
            f"Tick size for this script is {instrument.tick_size}. Kindly enter price in the "
            f"multiple of tick size for this script. Got {price}."
        )
    if band is not None and not band[0] <= price <= band[1]:
        raise Refused(
            f"Price {price} is outside the circuit limits: lower {band[0]}, upper {band[1]}."
        )


def _refuse_limit_before_trigger(request: OrderRequest) -> None:
    if request.price is None or request.trigger_price is None:
        return
    if (request.price - request.trigger_price) * request.side.sign < 0:
        word = "lower" if request.side is Side.BUY else "higher"
        raise Refused(
            f"Trigger price for stoploss {request.side.lower()} orders should not be on the far "
            f"side of the limit: expected {request.trigger_price} {word} than {request.price}."
        )
