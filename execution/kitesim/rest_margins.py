"""Order margins, basket margins and charges over REST; the calls that take a JSON array.

What a leg blocks is `margin_lines.py`, what an order costs `execution/charges.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aiohttp import web

from execution.charges import NOTHING, Charges, charges_for_order
from execution.kitesim.answers import bad_input, success
from execution.kitesim.backend import Backend, backend_of
from execution.kitesim.funds import leg_of
from execution.kitesim.margin_lines import Leg, Lines, lines_of, together
from execution.kitesim.order_form import Params, required, rupees, units
from execution.kitesim.refusals import NO_SUCH_INSTRUMENT
from execution.orders import OrderType, Product, Side

_PAISA = Decimal("0.01")
_SHARE_LEVERAGE = 5


@dataclass(frozen=True, slots=True)
class _Asked:
    """One order of the array: its leg and what it would cost."""

    leg: Leg
    charges: Charges
    told: Params


async def order_margins(request: web.Request) -> web.Response:
    """Answer with what each order blocks alone."""
    backend = backend_of(request)
    orders = [_asked(item, backend, "price") for item in await _array(request)]
    on = backend.prices.now.date()
    return success([_told(order, lines_of(order.leg, on)) for order in orders])


async def basket_margins(request: web.Request) -> web.Response:
    """Answer with what orders block one by one, and together with what is held."""
    backend = backend_of(request)
    orders = [_asked(item, backend, "price") for item in await _array(request)]
    on = backend.prices.now.date()
    alone = [lines_of(order.leg, on) for order in orders]
    legs = [order.leg for order in orders]
    before = Lines()
    if request.query.get("consider_positions", "true").lower() != "false":
        held = [leg_of(item) for item in backend.books.portfolio if item.net]
        legs, before = [*held, *legs], together(held, on)
    charges = sum((order.charges for order in orders), NOTHING)
    final = _less(together(legs, on), before)
    whole: dict[str, Any] = {
        "initial": lines_as_json(sum(alone, Lines()), charges),
        "final": lines_as_json(final, charges),
        "orders": [],
        "charges": charges_as_json(charges),
    }
    if request.query.get("mode") != "compact":
        whole["orders"] = [_told(order, lines) for order, lines in zip(orders, alone, strict=True)]
    return success(whole)


async def contract_note(request: web.Request) -> web.Response:
    """Answer with what each executed order cost."""
    backend = backend_of(request)
    orders = [_asked(item, backend, "average_price") for item in await _array(request)]
    return success([_note(order) for order in orders])


def routes() -> list[web.RouteDef]:
    """Return the calls that reckon without trading."""
    return [
        web.post("/margins/orders", order_margins),
        web.post("/margins/basket", basket_margins),
        web.post("/charges/orders", contract_note),
    ]


def charges_as_json(charges: Charges) -> dict[str, Any]:
    """Return a bill in Kite's words."""
    return {
        "transaction_tax": charges.transaction_tax,
        "transaction_tax_type": "stt",
        "exchange_turnover_charge": charges.exchange_charge,
        "sebi_turnover_charge": charges.sebi_fee,
        "brokerage": charges.brokerage,
        "stamp_duty": charges.stamp_duty,
        "gst": {"igst": charges.gst, "cgst": 0, "sgst": 0, "total": charges.gst},
        "total": charges.total,
    }


def lines_as_json(lines: Lines, charges: Charges) -> dict[str, Any]:
    """Return what is blocked in Kite's words."""
    return {
        "type": "equity",
        "tradingsymbol": "",
        "exchange": "",
        "span": _paisa(lines.span),
        "exposure": _paisa(lines.exposure),
        "option_premium": _paisa(lines.premium),
        "additional": 0,
        "bo": 0,
        "cash": 0,
        "var": _paisa(lines.value),
        "pnl": {"realised": 0, "unrealised": 0},
        "leverage": 1,
        "charges": charges_as_json(charges),
        "total": _paisa(lines.total),
    }


def _told(order: _Asked, lines: Lines) -> dict[str, Any]:
    item, leg = order.leg.instrument, order.leg
    is_intraday_share = leg.product is Product.MIS and lines.value > 0
    return lines_as_json(lines, order.charges) | {
        "tradingsymbol": item.symbol,
        "exchange": str(item.exchange),
        "leverage": _SHARE_LEVERAGE if is_intraday_share else 1,
    }


def _note(order: _Asked) -> dict[str, Any]:
    leg = order.leg
    return {
        "transaction_type": str(leg.side),
        "tradingsymbol": leg.instrument.symbol,
        "exchange": str(leg.instrument.exchange),
        "variety": order.told.get("variety", "regular"),
        "product": str(leg.product),
        "order_type": order.told.get("order_type", "MARKET"),
        "quantity": abs(leg.quantity),
        "price": leg.price,
        "charges": charges_as_json(order.charges),
    }


def _asked(told: Params, backend: Backend, price_field: str) -> _Asked:
    exchange, symbol = required(told, "exchange", str), required(told, "tradingsymbol", str)
    item = backend.prices.find(exchange, symbol)
    if item is None or not item.is_tradable:
        raise bad_input(NO_SUCH_INSTRUMENT)
    side, quantity = required(told, "transaction_type", Side), required(told, "quantity", units)
    product = required(told, "product", Product)
    required(told, "order_type", OrderType)
    price = rupees(told, price_field) or rupees(told, "trigger_price") or backend.prices.last(item)
    if price is None or price <= 0:
        raise bad_input(f"Invalid `{price_field}`.")
    on = backend.prices.now.date()
    charges = charges_for_order(item, side, quantity, quantity * price, product, on)
    return _Asked(Leg(item, product, side.sign * quantity, price), charges, told)


async def _array(request: web.Request) -> Sequence[Params]:
    try:
        told = json.loads(await request.read())
    except ValueError:
        raise bad_input("Couldn't parse the JSON body.") from None
    if not isinstance(told, list) or not told:
        raise bad_input("Expected an array of orders.")
    if not all(isinstance(item, Mapping) for item in told):
        raise bad_input("Expected an array of orders.")
    return [{name: str(value) for name, value in item.items()} for item in told]


def _less(lines: Lines, before: Lines) -> Lines:
    return Lines(
        lines.span - before.span,
        lines.exposure - before.exposure,
        lines.premium - before.premium,
        lines.value - before.value,
    )


def _paisa(amount: Decimal) -> Decimal:
    return amount.quantize(_PAISA)
