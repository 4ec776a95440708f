"""Quotes, candles, the instruments file and trigger ranges over REST.

The market itself is `market.py`.
"""

from __future__ import annotations

import gzip
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from execution.kitesim.answers import bad_input, candle_stamp, stamp, success
from execution.kitesim.backend import Backend, backend_of
from execution.kitesim.candles import INTERVALS, Candle
from execution.kitesim.csv_faults import with_faults
from execution.kitesim.quotes import Quote
from marketdata.calendar import IST
from marketdata.history_plan import most_days
from marketdata.instruments import Instrument
from marketdata.kite_limits import NEWEST, Size, size_on
from marketdata.sources import Interval

_MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


async def quotes(request: web.Request) -> web.Response:
    """Answer with full quotes; instruments that don't exist are left out."""
    backend = backend_of(request)
    return success(
        {key: quote_as_json(backend.quote(item)) for key, item in _asked(request, Size.QUOTE_KEYS)}
    )


async def ohlc(request: web.Request) -> web.Response:
    """Answer with last prices and the day's range."""
    fields = ("instrument_token", "last_price", "ohlc")
    return success(_few(request, fields))


async def ltp(request: web.Request) -> web.Response:
    """Answer with last prices."""
    return success(_few(request, ("instrument_token", "last_price")))


async def trigger_range(request: web.Request) -> web.Response:
    """Answer with the prices within which a trigger may lie: the circuit limits."""
    backend = backend_of(request)
    if request.match_info["side"] not in ("buy", "sell"):
        raise bad_input("Invalid `transaction_type`.")
    told = {}
    for key, item in _asked(request, Size.PRICE_KEYS):
        lower, upper = backend.prices.circuit(item) or (0, 0)
        told[key] = {"instrument_token": item.token, "lower": lower, "upper": upper}
    return success(told)


async def history(request: web.Request) -> web.Response:
    """Answer with the candles of an instrument."""
    backend = backend_of(request)
    token, interval = request.match_info["token"], request.match_info["interval"]
    item = backend.market.by_token(int(token)) if token.isascii() and token.isdecimal() else None
    if item is None:
        raise bad_input("Invalid `instrument_token`.")
    if interval not in INTERVALS:
        raise bad_input("Invalid `interval`.")
    start, end = _moment(request, "from"), _moment(request, "to")
    if end < start:
        raise bad_input("`from` date cannot be after `to` date.")
    most = most_days(Interval(interval), NEWEST)
    if end - start > timedelta(days=most):
        raise bad_input(f"interval exceeds max limit: {most} days")
    with_oi = request.query.get("oi") == "1"
    candles = backend.market.candles(item.token, interval, start, end)
    return success({"candles": [_candle(candle, with_oi) for candle in candles]})


async def instruments(request: web.Request) -> web.Response:
    """Answer with the instruments file, gzip on the wire."""
    backend = backend_of(request)
    exchange = request.match_info.get("exchange")
    told = backend.market.instruments_csv(exchange)
    told = with_faults(told, exchange or "ALL", backend.faults, backend.prices.now)
    return web.Response(
        body=gzip.compress(told, mtime=0),
        content_type="text/csv",
        headers={"Content-Encoding": "gzip"},
    )


def routes() -> list[web.RouteDef]:
    """Return the calls of the market."""
    return [
        web.get("/quote", quotes),
        web.get("/quote/ohlc", ohlc),
        web.get("/quote/ltp", ltp),
        web.get("/instruments", instruments),
        web.get("/instruments/trigger_range/{side}", trigger_range),
        web.get("/instruments/historical/{token}/{interval}", history),
        web.get("/instruments/{exchange}", instruments),
    ]


def quote_as_json(quote: Quote) -> dict[str, Any]:
    """Return a quote as `GET /quote` tells it."""
    told = asdict(quote)
    depth = {"buy": told.pop("buy"), "sell": told.pop("sell")}
    return told | {
        "timestamp": stamp(quote.timestamp),
        "last_trade_time": stamp(quote.last_trade_time),
        "depth": {side: list(levels) for side, levels in depth.items()},
    }


def _few(request: web.Request, fields: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    backend, told = backend_of(request), {}
    for key, item in _asked(request, Size.PRICE_KEYS):
        whole = quote_as_json(backend.quote(item))
        told[key] = {name: whole[name] for name in fields}
    return told


def _asked(request: web.Request, size: Size) -> list[tuple[str, Instrument]]:
    keys = request.query.getall("i", [])
    if not keys:
        raise bad_input("Missing or empty field `i`.")
    most = size_on(size, NEWEST)
    if len(keys) > most:
        raise bad_input(f"Maximum {most} instruments are allowed in a single call.")
    backend = backend_of(request)
    return [(key, item) for key in keys if (item := _find(backend, key)) is not None]


def _find(backend: Backend, key: str) -> Instrument | None:
    exchange, _, symbol = key.partition(":")
    return backend.prices.find(exchange, symbol)


def _moment(request: web.Request, name: str) -> datetime:
    text = request.query.get(name, "")
    for form in _MOMENTS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=IST)
        except ValueError:
            continue
    raise bad_input(f"Invalid `{name}` date.")


def _candle(candle: Candle, with_oi: bool) -> list[Any]:
    told = [
        candle_stamp(candle.at),
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
    ]
    return [*told, candle.oi] if with_oi else told
