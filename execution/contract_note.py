"""The day's bill as a contract note rounds it; a report, never the basis of a decision.

What an order costs before rounding is in `charges.py`; differences up to a rupee a tax line are
normal when a real note is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from execution.charge_rates import rates_for
from execution.charges import NOTHING, Charges, charges_for_order
from execution.orders import Product, Side
from marketdata.instruments import Instrument, Kind

_PAISA = Decimal("0.01")
_RUPEE = Decimal(1)


@dataclass(frozen=True, slots=True)
class ExecutedOrder:
    """One order of the day as far as it filled; `value` is the sum of fill price x quantity."""

    instrument: Instrument
    side: Side
    quantity: int
    value: Decimal
    product: Product


def contract_note(orders: Sequence[ExecutedOrder], on: date, *, whole_stamp: bool) -> Charges:
    """Return the bill of one day.

    Transaction tax is rounded to the rupee, 50 paise up, per contract of a derivative and per
    share for the part closed within the day, the part delivered in and the part delivered out;
    shares are taxed on the day's average price of all purchases and sales together, whatever the
    product of the order. `whole_stamp` rounds stamp duty to the rupee, else to the paisa as all
    other lines. Source: NSE/CMTR/5588 of 10 Nov 2004; Zerodha, "How is STT calculated".
    """
    bill = NOTHING
    for order in orders:
        bill += charges_for_order(
            order.instrument, order.side, order.quantity, order.value, order.product, on
        )
    return Charges(
        brokerage=_rounded(bill.brokerage, _PAISA),
        transaction_tax=transaction_tax(orders, on),
        exchange_charge=_rounded(bill.exchange_charge, _PAISA),
        sebi_fee=_rounded(bill.sebi_fee, _PAISA),
        stamp_duty=_rounded(bill.stamp_duty, _RUPEE if whole_stamp else _PAISA),
        gst=_rounded(bill.gst, _PAISA),
    )


def transaction_tax(orders: Sequence[ExecutedOrder], on: date) -> Decimal:
    """Return the day's transaction tax in whole rupees, as `contract_note` explains."""
    total = Decimal(0)
    for day in _by_instrument(orders):
        is_share = day.instrument.kind is Kind.EQUITY
        total += _tax_on_share(day, on) if is_share else _tax_on_contract(day, on)
    return total


@dataclass(frozen=True, slots=True)
class _Day:
    instrument: Instrument
    bought: int = 0
    sold: int = 0
    bought_value: Decimal = Decimal(0)
    sold_value: Decimal = Decimal(0)


def _by_instrument(orders: Sequence[ExecutedOrder]) -> tuple[_Day, ...]:
    days: dict[str, _Day] = {}
    for order in orders:
        day = days.get(order.instrument.key, _Day(order.instrument))
        if order.side is Side.BUY:
            day = replace(
                day,
                bought=day.bought + order.quantity,
                bought_value=day.bought_value + order.value,
            )
        else:
            day = replace(
                day, sold=day.sold + order.quantity, sold_value=day.sold_value + order.value
            )
        days[order.instrument.key] = day
    return tuple(days.values())


def _tax_on_contract(day: _Day, on: date) -> Decimal:
    rates = rates_for(day.instrument, Product.NRML, on)
    return _rounded(day.sold_value * rates.tax_sell + day.bought_value * rates.tax_buy, _RUPEE)


def _tax_on_share(day: _Day, on: date) -> Decimal:
    if day.bought + day.sold == 0:
        return Decimal(0)
    intraday = rates_for(day.instrument, Product.MIS, on)
    delivery = rates_for(day.instrument, Product.CNC, on)
    value = day.bought_value + day.sold_value
    units = day.bought + day.sold
    closed = min(day.bought, day.sold)
    parts = (
        (closed, intraday.tax_buy + intraday.tax_sell),
        (day.bought - closed, delivery.tax_buy),
        (day.sold - closed, delivery.tax_sell),
    )
    return sum((_rounded(value * part * rate / units, _RUPEE) for part, rate in parts), Decimal(0))


def _rounded(amount: Decimal, to: Decimal) -> Decimal:
    return amount.quantize(to, rounding=ROUND_HALF_UP)
