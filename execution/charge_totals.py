"""What a way in and out costs in all, in whole numbers, for the many opinions that ask.

The total alone, to the last place that of its lines; the lines of a bill stand in `charges.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from execution.charge_rates import WholeRates, rates_for
from execution.orders import Product
from execution.slicing import slices
from marketdata.instruments import Instrument

_MICRO = 1_000_000
"""Parts of a rupee that a line is rounded to, as `charges.PLACES`."""
_NONE = Decimal(0)


def round_trip_total(
    instrument: Instrument,
    quantity: int,
    buy_price: Decimal,
    sell_price: Decimal,
    product: Product,
    on: date,
) -> Decimal:
    """Return what buying and selling `quantity` units costs, the total of `charges.round_trip`.

    Raises as that does.
    """
    if quantity == 0:
        return _NONE
    rates = rates_for(instrument, product, on).whole
    total = 0
    for part in slices(quantity, instrument.lot_size, instrument.freeze_quantity):
        total += _order(rates, rates.tax_buy, rates.stamp, _value(buy_price, part))
        total += _order(rates, rates.tax_sell, 0, _value(sell_price, part))
    return Decimal(total).scaleb(-6)


def _value(price: Decimal, quantity: int) -> tuple[int, int]:
    """Return rupees as a fraction of whole numbers. Raises `ValueError` below 0."""
    if not price.is_finite() or price < 0:
        raise ValueError(f"value: {price * quantity}, expected 0 or more rupees")
    numerator, denominator = price.as_integer_ratio()
    return numerator * quantity, denominator


def _order(rates: WholeRates, tax: int, stamp: int, value: tuple[int, int]) -> int:
    """Return what one executed order costs, in millionths of a rupee."""
    rupees, parts = value
    whole = parts * rates.scale
    brokerage = min(rupees * rates.share, rates.most * parts) + rates.flat * parts
    taxed = brokerage + rupees * rates.taxed
    # Each line in parts of `whole` rupees becomes millionths of a rupee, half up.
    twice, each = 2 * whole, 2 * _MICRO * rupees
    return (
        (2 * _MICRO * brokerage + whole) // twice
        + (each * tax + whole) // twice
        + (each * rates.protected + whole) // twice
        + (each * rates.sebi + whole) // twice
        + (each * stamp + whole) // twice
        + (2 * _MICRO * taxed * rates.gst + whole * rates.scale) // (twice * rates.scale)
    )
