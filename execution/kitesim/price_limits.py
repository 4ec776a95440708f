"""How far from the market an order may be: limit price protection, and protected market orders.

The numbers stand in `execution/data/price_protection.toml`; circuit limits come with the quotes.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from execution.dated import dated_rows
from execution.orders import Side
from marketdata.facts import index_by_name
from marketdata.instruments import Instrument, Kind, PriceDirection, Segment

_FILE = "price_protection.toml"

Range = tuple[Decimal, Decimal]
"""Lowest and highest price, both allowed."""


def protection_range(instrument: Instrument, reference: Decimal, on: date) -> Range | None:
    """Return the prices an order may have around a reference, None where nothing limits it.

    Shares have no such range. Raises `FactMissing` before the first table.
    """
    if instrument.segment is Segment.CASH:
        return None
    kind = _kind(instrument)
    row = dated_rows(_FILE, "order_limits", lambda row: row.text("kind") == kind).at(on)
    if reference <= row.decimal("up_to"):
        distance = row.decimal("near")
    else:
        distance = reference * row.percent("beyond")
    return reference - distance, reference + distance


def protected_price(
    instrument: Instrument, side: Side, reference: Decimal, protection: Decimal, on: date
) -> Decimal:
    """Return the limit at which a protected market order rests, on the tick grid.

    `protection`: percent, or -1 for the broker's own. Raises `FactMissing` before the first table.
    """
    percent = automatic_protection(instrument, reference, on) if protection == -1 else protection
    price = reference * (1 + side.sign * percent / 100)
    towards = PriceDirection.DOWN if side is Side.BUY else PriceDirection.UP
    return instrument.on_grid(price, towards)


def automatic_protection(instrument: Instrument, reference: Decimal, on: date) -> Decimal:
    """Return the percent that the broker takes for -1. Raises `FactMissing`."""
    table = "options" if instrument.segment is Segment.OPTIONS else "others"
    for row in dated_rows(_FILE, "automatic").at(on).rows(table):
        if not row.has("below") or reference < row.decimal("below"):
            return row.decimal("percent")
    raise ValueError(f"{_FILE}: {table}, expected a last row without a bound")


def _kind(instrument: Instrument) -> str:
    if instrument.kind is not Kind.FUTURE:
        return "OPTIONS"
    return "INDEX_FUTURES" if index_by_name(instrument.name) else "STOCK_FUTURES"
