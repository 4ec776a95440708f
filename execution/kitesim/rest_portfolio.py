"""Positions, their conversion, holdings and auctions over REST.

The arithmetic is `portfolio.py`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from execution.kitesim.answers import bad_input, stamp, success
from execution.kitesim.backend import Backend, backend_of, params_of
from execution.kitesim.order_form import required, units
from execution.kitesim.portfolio import Holding, positions
from execution.orders import Product, Side

_ZERO = Decimal(0)
_FIRST_AUCTION = 20
_NO_MTF = {
    "quantity": 0,
    "used_quantity": 0,
    "average_price": 0,
    "value": 0,
    "initial_margin": 0,
}


async def get_positions(request: web.Request) -> web.Response:
    """Answer with net and day positions."""
    backend = backend_of(request)
    return success(positions(backend.books.portfolio, backend.prices))


async def convert(request: web.Request) -> web.Response:
    """Move open units to another product."""
    backend, params = backend_of(request), await params_of(request)
    exchange, symbol = required(params, "exchange", str), required(params, "tradingsymbol", str)
    if required(params, "position_type", str) not in ("day", "overnight"):
        raise bad_input("Invalid `position_type`.")
    backend.books.portfolio.convert(
        f"{exchange}:{symbol}",
        required(params, "transaction_type", Side),
        required(params, "quantity", units),
        required(params, "old_product", Product),
        required(params, "new_product", Product),
    )
    return success(data=True)


async def holdings(request: web.Request) -> web.Response:
    """Answer with the shares carried into the day."""
    backend = backend_of(request)
    return success([_told(item, backend) for item in _held(backend)])


async def auctions(request: web.Request) -> web.Response:
    """Answer with the holdings that an auction asks for."""
    backend = backend_of(request)
    asked = [item for item in _held(backend) if item.instrument.key in backend.settings.auctioned]
    return success(
        [
            _told(item, backend) | {"auction_number": str(number)}
            for number, item in enumerate(asked, _FIRST_AUCTION)
        ]
    )


def routes() -> list[web.RouteDef]:
    """Return the calls of a portfolio."""
    return [
        web.get("/portfolio/positions", get_positions),
        web.put("/portfolio/positions", convert),
        web.get("/portfolio/holdings", holdings),
        web.get("/portfolio/holdings/auctions", auctions),
    ]


def _held(backend: Backend) -> list[Holding]:
    held = backend.books.portfolio
    return [item for item in held if item.product is Product.CNC and item.carried > 0]


def _told(item: Holding, backend: Backend) -> dict[str, Any]:
    last = backend.prices.last(item.instrument) or _ZERO
    close = backend.prices.previous_close(item.instrument) or _ZERO
    sold = item.sold.quantity
    return {
        "tradingsymbol": item.instrument.symbol,
        "exchange": str(item.instrument.exchange),
        "instrument_token": item.instrument.token,
        "isin": f"INE{item.instrument.token % 10**9:09d}",
        "product": str(item.product),
        "price": 0,
        "quantity": item.carried - sold,
        "used_quantity": sold,
        "t1_quantity": 0,
        "realised_quantity": item.carried - sold,
        "authorised_quantity": 0,
        "authorised_date": stamp(backend.prices.now.replace(hour=0, minute=0, second=0)),
        "authorisation": {},
        "opening_quantity": item.carried,
        "short_quantity": 0,
        "collateral_quantity": 0,
        "collateral_type": "",
        "discrepancy": False,
        "average_price": item.carried_price,
        "last_price": last,
        "close_price": close,
        "pnl": (last - item.carried_price) * item.carried,
        "day_change": last - close,
        "day_change_percentage": round((last - close) / close * 100, 4) if close else 0,
        "mtf": _NO_MTF,
    }
