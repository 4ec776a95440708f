"""Quotes asked for over REST, many instruments a call: closes before, last prices, price limits.

Prices that stream are the work of `feed.py`; nothing here decides what a price is good for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from urllib.parse import quote_plus

from marketdata.kite.client import Client
from marketdata.kite.reads import Reads
from marketdata.kite_limits import Size, size_on
from marketdata.pacing import Call
from marketdata.sources import Close, SourceFailed

_LONGEST_QUERY = 7_000
"""Characters of keys in one address: 8 KiB is what common servers take in a line."""

Row = Mapping[str, object]
Ask = Callable[[list[str], Client], object]


class KiteQuotes:
    """Asks for quotes by Kite's keys; a `QuoteSource`. Keys Kite doesn't know are left out."""

    def __init__(self, reads: Reads, day: date) -> None:
        """`day`: whose limits of a call hold."""
        self._reads = reads
        self._most_full = size_on(Size.QUOTE_KEYS, day)
        self._most_short = size_on(Size.PRICE_KEYS, day)

    async def previous_closes(self, keys: Sequence[str], day: date) -> dict[str, Close]:
        """Return the newest prices from before a day, in rupees; one told as 0 is left out.

        Before a day's first packet a quote is still that of the session before: its last price is
        where that session ended, and its `ohlc.close` may be the close of the one before that.
        """
        rows = await self._rows(keys, self._most_full, lambda part, client: client.quote(*part))
        told = {key: _close_before(key, row, day) for key, row in rows.items()}
        return {key: close for key, close in told.items() if close.price > 0}

    async def last_prices(self, keys: Sequence[str]) -> dict[str, float]:
        """Return last prices in rupees; one told as 0 is left out."""
        rows = await self._rows(keys, self._most_short, lambda part, client: client.ltp(*part))
        told = {key: _number(key, "last_price", row) for key, row in rows.items()}
        return {key: price for key, price in told.items() if price > 0}

    async def price_limits(self, keys: Sequence[str]) -> dict[str, tuple[Decimal, Decimal]]:
        """Return the day's lowest and highest price; left out where none are told.

        Raises `SourceFailed` where the lowest is not below the highest.
        """
        rows = await self._rows(keys, self._most_full, lambda part, client: client.quote(*part))
        limits = {}
        for key, row in rows.items():
            low = _exact(_number(key, "lower_circuit_limit", row))
            high = _exact(_number(key, "upper_circuit_limit", row))
            if high == 0:
                continue
            if low >= high:
                raise SourceFailed(f"{key}: circuit limits {low} to {high}")
            limits[key] = (low, high)
        return limits

    async def _rows(self, keys: Sequence[str], most: int, ask: Ask) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for part in _parts(keys, most):
            told = await self._reads.ask(Call.QUOTE, partial(ask, part))
            if not isinstance(told, Mapping):
                raise SourceFailed("quotes: expected a map by key")
            for key, row in told.items():
                if key not in part or not isinstance(row, Mapping):
                    raise SourceFailed(f"quotes: {key!r}, expected rows of what was asked for")
                rows[key] = row
        return rows


def _parts(keys: Sequence[str], most: int) -> Iterator[list[str]]:
    """Yield the keys in parts that fit into one call."""
    part: list[str] = []
    length = 0
    for key in keys:
        size = len(quote_plus(key)) + len("&i=")
        if part and (len(part) == most or length + size > _LONGEST_QUERY):
            yield part
            part, length = [], 0
        part.append(key)
        length += size
    if part:
        yield part


def _close_before(key: str, row: Row, day: date) -> Close:
    of = _date(key, row)
    if of is not None and of < day:
        return Close(_number(key, "last_price", row), of)
    return Close(_number(key, "ohlc.close", _inner(key, row)), None)


def _date(key: str, row: Row) -> date | None:
    """Return the exchange's date of a quote; None for what nothing was told of yet."""
    told = row.get("timestamp")
    if told in (None, ""):
        return None
    try:
        return datetime.fromisoformat(str(told)).date()
    except ValueError:
        raise SourceFailed(f"{key}: timestamp is {told!r}, expected a moment") from None


def _inner(key: str, row: Row) -> Row:
    ohlc = row.get("ohlc")
    if not isinstance(ohlc, Mapping):
        raise SourceFailed(f"{key}: ohlc is missing")
    return {"ohlc.close": ohlc.get("close")}


def _number(key: str, field: str, row: Row) -> float:
    value = row.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SourceFailed(f"{key}: {field} is {value!r}, expected a number")
    return float(value)


def _exact(price: float) -> Decimal:
    try:
        return Decimal(repr(price)).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise SourceFailed(f"circuit limit: {price!r}, expected rupees") from None
