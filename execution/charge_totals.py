"""What a way in and out costs in all, in whole numbers, for the many opinions that ask.

The total alone, to the last place that of its lines; the lines of a bill stand in `charges.py`.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

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
    ways = _fraction(buy_price), _fraction(sell_price)
    return Decimal(_micros(instrument, quantity, ways, product, on)).scaleb(-6)


def round_trip_at(
    instrument: Instrument, quantity: int, prices: tuple[float, float], product: Product, on: date
) -> float:
    """Return what `round_trip_total` does, as a float; `prices`: of buying and selling, rupees.

    They are taken to the paisa. Raises as that does.
    """
    if quantity == 0:
        return 0.0
    buy, sell = prices
    return _micros(instrument, quantity, (_paise(buy), _paise(sell)), product, on) / _MICRO


def _paise(price: float) -> tuple[int, int]:
    """Return rupees to the paisa as a fraction. Raises `ValueError` below 0."""
    paise = int(f"{price:.2f}".replace(".", "")) if math.isfinite(price) else -1
    if paise < 0:
        raise ValueError(f"value: {price}, expected 0 or more rupees")
    return paise, 100


def _fraction(price: Decimal) -> tuple[int, int]:
    """Return rupees as a fraction of whole numbers. Raises `ValueError` below 0."""
    if not price.is_finite() or price < 0:
        raise ValueError(f"value: {price}, expected 0 or more rupees")
    return price.as_integer_ratio()


def _micros(
    instrument: Instrument,
    quantity: int,
    ways: tuple[tuple[int, int], tuple[int, int]],
    product: Product,
    on: date,
) -> int:
    """Return the total in millionths of a rupee; `ways`: the prices of buying and of selling."""
    rates = rates_for(instrument, product, on).whole
    (buy, buy_parts), (sell, sell_parts) = ways
    bought = _steps(rates.scale, rates.gst, buy_parts)
    sold = bought if sell_parts == buy_parts else _steps(rates.scale, rates.gst, sell_parts)
    total = 0
    for part in slices(quantity, instrument.lot_size, instrument.freeze_quantity):
        total += _order(rates, (rates.tax_buy, rates.stamp), buy * part, bought)
        total += _order(rates, (rates.tax_sell,), sell * part, sold)
    return total


class _Steps(NamedTuple):
    """How what is counted in `parts` of a rupee, times a whole rate, becomes millionths of one.

    Times `up` and by `down`, in lowest terms, so that numbers stay small; `taxed`: with GST's rate.
    """

    parts: int
    up: int
    down: int
    taxed_up: int
    taxed_down: int


@lru_cache(maxsize=4096)
def _steps(scale: int, gst: int, parts: int) -> _Steps:
    plain = Fraction(_MICRO, parts * scale)
    taxed = plain * Fraction(gst, scale)
    return _Steps(parts, plain.numerator, plain.denominator, taxed.numerator, taxed.denominator)


def _order(rates: WholeRates, own: tuple[int, ...], value: int, steps: _Steps) -> int:
    """Return what one executed order costs, in millionths of a rupee, each line half up.

    `own`: the rates of its own side; `value`: in parts of a rupee.
    """
    parts, up, down, taxed_up, taxed_down = steps
    brokerage = min(value * rates.share, rates.most * parts) + rates.flat * parts
    taxed = brokerage + value * rates.taxed
    twice, each = 2 * down, 2 * up * value
    total = (each * rates.protected + down) // twice + (each * rates.sebi + down) // twice
    for other in own:
        total += (each * other + down) // twice
    total += (2 * up * brokerage + down) // twice
    return total + (2 * taxed_up * taxed + taxed_down) // (2 * taxed_down)
