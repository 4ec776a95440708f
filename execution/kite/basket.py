"""What legs would block at Kite: the basket call's question, and what its answer comes to.

Making a call is `broker.py`'s; what the desk makes of the answer is the gate's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from execution.broker import MarginAnswer, NotNow, OutcomeUnknown
from execution.kite.rows import Row, RowError, amount, price
from execution.kite.shared_read import SharedRead
from execution.margins import MarginLeg
from execution.orders import OrderType, Product, Side
from marketdata.kite.client import Client
from marketdata.pacing import OverBudget

_FUNDS_FRESH = timedelta(seconds=1)
"""How long what is free counts for all entries that ask: those of one scan ask together."""
Ask = Callable[[Callable[[Client], object]], Awaitable[object]]
_BLOCKED = ("span", "exposure", "additional", "var", "bo")


class Margins:
    """Asks for margins; `ask` makes a read call when its turn has come, `now` tells the moment."""

    def __init__(self, ask: Ask, now: Callable[[], datetime]) -> None:
        self._ask = ask
        self._now = now
        self._funds = SharedRead[object](_FUNDS_FRESH)

    async def answer(self, legs: Sequence[MarginLeg]) -> MarginAnswer:
        """Return what legs need and what is free, as `KiteBroker.margin` tells it."""
        form = basket_form(legs)
        try:
            basket, funds = await asyncio.gather(
                self._ask(lambda client: client.basket_order_margins(form, "false")),
                self._funds.get(self._now(), self._read_funds),
            )
            return margin_answer(legs, basket, funds)
        except OverBudget as error:
            raise NotNow(f"Not asked: {error}.") from error
        except RowError as error:
            raise OutcomeUnknown(f"margins: {error}") from error

    async def _read_funds(self) -> object:
        return await self._ask(lambda client: client.margins("equity"))


def basket_form(legs: Sequence[MarginLeg]) -> list[dict[str, object]]:
    """Return the array of orders that the call takes, intraday limit orders of one variety."""
    return [
        {
            "exchange": leg.instrument.exchange.value,
            "tradingsymbol": leg.instrument.symbol,
            "transaction_type": leg.side.value,
            "variety": "regular",
            "product": Product.MIS.value,
            "order_type": OrderType.LIMIT.value,
            "quantity": leg.quantity,
            "price": float(leg.price),
        }
        for leg in legs
    ]


def margin_answer(legs: Sequence[MarginLeg], basket: object, funds: object) -> MarginAnswer:
    """Return what the legs need, and what is free for it.

    Needed is what Kite scans and adds for all legs together (`final`) and the premium of each
    bought option, from the lines of the single orders: the total nets the premium that is
    received, which no margin may rest on. `basket` and `funds` as Kite answers them, the funds of
    the equity segment. Raises `RowError`.
    """
    whole = _mapping(basket, "basket")
    final, orders = _mapping(whole.get("final"), "final"), whole.get("orders")
    if not isinstance(orders, list) or len(orders) != len(legs):
        raise RowError(f"orders: expected a line for each of {len(legs)} legs")
    blocked = sum((price(final, name) for name in _BLOCKED), Decimal(0))
    paid = sum(
        (
            price(_mapping(line, "orders"), "option_premium")
            for leg, line in zip(legs, orders, strict=True)
            if leg.side is Side.BUY
        ),
        Decimal(0),
    )
    return MarginAnswer(blocked + paid, amount(_mapping(funds, "funds"), "net"))


def _mapping(value: object, name: str) -> Row:
    if not isinstance(value, Mapping):
        raise RowError(f"{name}: expected named figures")
    return value
