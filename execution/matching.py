"""Where and how much of an order fills in one step of the market; plain functions of values.

Keeping orders, ids and books is `exchange.py`; what is refused is `market_rules.py`.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import inf
from typing import Any

from msgspec import Struct

from execution.market_rules import ExchangeSettings
from execution.orders import OrderRequest, OrderType, Side

_PAISA = Decimal("0.01")
Told = tuple[Any, ...]
"""A row of ticks as plain numbers, in the order of its fields (`marketdata.ticks.TICK`)."""


class Step(Struct, frozen=True, gc=False):
    """What one instrument did since its previous tick; rupees and units.

    `bid`, `ask`: None where there is no quote. `volume`: traded within the step, 0 where the
    day's total before it is not known.
    """

    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    bid: Decimal | None
    ask: Decimal | None
    bid_quantity: int
    ask_quantity: int
    volume: int

    @property
    def is_moment(self) -> bool:
        """Say whether it tells a single price rather than a range."""
        return self.high == self.low


class Match(Struct, frozen=True, gc=False):
    """Where an order could fill in a step (None: nowhere), and whether its stop is armed now."""

    price: Decimal | None
    triggered: bool


def step_of(tick: Told, volume_before: int | None) -> Step | None:
    """Return one row of ticks as a step, or None where it has no price above 0.

    A range that is missing or does not hold the last price is widened to hold it. Prices are
    taken to the paisa.
    """
    _, _, last, first, high, low, bid, ask, bid_quantity, ask_quantity, volume, _ = tick
    price = price_of(last)
    if price is None:
        return None
    first_price = price_of(first) or price
    return Step(
        open=first_price,
        high=max(price_of(high) or price, first_price, price),
        low=min(price_of(low) or price, first_price, price),
        last=price,
        bid=price_of(bid),
        ask=price_of(ask),
        bid_quantity=bid_quantity,
        ask_quantity=ask_quantity,
        volume=0 if volume_before is None else max(0, volume - volume_before),
    )


def match(
    request: OrderRequest, *, triggered: bool, step: Step, settings: ExchangeSettings
) -> Match:
    """Return where the order could fill in the step.

    MARKET: at the touch plus slippage; without a quote at the step's open plus one tick more.
    LIMIT: at the touch where that is within the limit, else at the limit if the step traded there;
    where all of it traded within the limit, as MARKET without a quote, if that is better.
    SL and SL-M arm when the step reaches the trigger and fill in the same step, at the trigger,
    or at the open where that was beyond it already, or at the touch of a single moment, plus
    slippage, never worse than the limit; a limit left behind rests. In plain settings quotes are
    not looked at, MARKET fills at the open and a limit that is gapped through at the open.
    """
    view = _View.of(request, step, settings)
    price: Decimal | None
    match request.order_type:
        case OrderType.MARKET:
            price = view.market()
        case OrderType.LIMIT:
            price = view.limit()
        case OrderType.SL | OrderType.SL_M:
            if not triggered and not view.arms():
                return Match(None, triggered=False)
            price = view.rest() if triggered else view.stop()
            triggered = True
    if price is None:
        return Match(None, triggered=triggered)
    sign, tick = request.side.sign, request.instrument.tick_size
    return Match(max(price * sign, tick), triggered=triggered)


class _View(Struct, frozen=True, gc=False):
    """The step as a buyer would see it: a seller's prices are negated, so that less is better."""

    open: Decimal
    worst: Decimal
    best: Decimal
    touch: Decimal | None
    is_moment: bool
    price: Decimal | None
    trigger: Decimal | None
    tick: Decimal
    settings: ExchangeSettings

    @classmethod
    def of(cls, request: OrderRequest, step: Step, settings: ExchangeSettings) -> _View:
        buys = request.side is Side.BUY
        sign = request.side.sign
        quote = step.ask if buys else step.bid
        return cls(
            open=step.open * sign,
            worst=step.high if buys else -step.low,
            best=step.low if buys else -step.high,
            touch=None if quote is None or settings.is_plain else quote * sign,
            is_moment=step.is_moment,
            price=None if request.price is None else request.price * sign,
            trigger=None if request.trigger_price is None else request.trigger_price * sign,
            tick=request.instrument.tick_size,
            settings=settings,
        )

    @property
    def slippage(self) -> Decimal:
        return self.tick * self.settings.slippage_ticks

    def market(self) -> Decimal:
        if self.touch is not None:
            return self.touch + self.slippage
        return self.open if self.settings.is_plain else self.open + self.slippage + self.tick

    def limit(self) -> Decimal | None:
        if self.price is None:
            return None
        if self.touch is not None and self.touch <= self.price:
            return self.touch
        through = self.best < self.price
        if not through and not (self.settings.fills_at_touch and self.best == self.price):
            return None
        if self.settings.is_plain:
            return min(self.price, self.open)
        if self.worst < self.price:
            return min(self.price, self.open + self.slippage + self.tick)
        return self.price

    def rest(self) -> Decimal | None:
        return self.market() if self.price is None else self.limit()

    def arms(self) -> bool:
        if self.trigger is None:
            return False
        quoted = self.settings.quotes_arm_stops and self.touch is not None
        return self.worst >= self.trigger or (
            quoted and self.touch is not None and self.touch >= self.trigger
        )

    def stop(self) -> Decimal | None:
        base = max(self.open, self.trigger) if self.trigger is not None else self.open
        if self.is_moment and self.touch is not None:
            base = max(base, self.touch)
        if self.price is None:
            return base + self.slippage
        return None if base > self.price else min(base + self.slippage, self.price)


class Liquidity:
    """What is there to be had in one step of one instrument; each unit is given once."""

    def __init__(self, step: Step, settings: ExchangeSettings) -> None:
        self._unlimited = settings.full_fills
        if self._unlimited:
            return
        self._displayed = {
            Side.BUY: step.ask_quantity if step.ask is not None else 0,
            Side.SELL: step.bid_quantity if step.bid is not None else 0,
        }
        self._quoted = {side for side, quantity in self._displayed.items() if quantity > 0}
        self._traded = int(step.volume * settings.participation)

    def take(self, side: Side, wanted: int, lot_size: int) -> int:
        """Return how much of `wanted` can fill, in whole lots, and use it up.

        From the quantity displayed on the other side where there is one, else from the share of
        the volume traded in the step.
        """
        if self._unlimited:
            return wanted
        left = self._displayed[side] if side in self._quoted else self._traded
        taken = min(wanted, left // lot_size * lot_size)
        if side in self._quoted:
            self._displayed[side] -= taken
        else:
            self._traded -= taken
        return taken


@lru_cache(maxsize=1 << 14)
def price_of(value: float) -> Decimal | None:
    """Return a price told in a tick to the paisa, None where it is no number above 0.

    The same prices are told again and again; they are taken to the paisa once.
    """
    if not 0 < value < inf:
        return None
    price = Decimal(repr(value)).quantize(_PAISA)
    return price if price > 0 else None
