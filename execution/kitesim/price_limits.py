"""At which price the broker lets a protected market order rest, by its own percent or the asked.

The numbers stand in `execution/data/price_protection.toml`; how far from the market the exchange
takes an order is told in `execution/price_protection.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from execution.dated import dated_rows
from execution.orders import Side
from execution.price_protection import FILE
from marketdata.instruments import Instrument, PriceDirection, Segment


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
    for row in dated_rows(FILE, "automatic").at(on).rows(table):
        if not row.has("below") or reference < row.decimal("below"):
            return row.decimal("percent")
    raise ValueError(f"{FILE}: {table}, expected a last row without a bound")
