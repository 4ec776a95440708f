"""What an executed order costs, line by line, with the rates of its day; exact to six places.

The rates stand in `data/charges.toml`; the rounding of a contract note in `contract_note.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from execution.charge_rates import ChargeClass, Rates, charge_class, rates_for
from execution.orders import Product, Side
from execution.slicing import slices
from marketdata.instruments import Instrument

PLACES = Decimal("0.000001")
"""What a charge line is rounded to, half up; the ledger keeps as many places."""


@dataclass(frozen=True, slots=True)
class Charges:
    """The lines of a bill in rupees; `exchange_charge` includes the investor-protection fee."""

    brokerage: Decimal = Decimal(0)
    transaction_tax: Decimal = Decimal(0)
    exchange_charge: Decimal = Decimal(0)
    sebi_fee: Decimal = Decimal(0)
    stamp_duty: Decimal = Decimal(0)
    gst: Decimal = Decimal(0)

    @property
    def lines(self) -> tuple[tuple[str, Decimal], ...]:
        """Return name and amount of every line, in the order of a bill."""
        return (
            ("brokerage", self.brokerage),
            ("transaction_tax", self.transaction_tax),
            ("exchange_charge", self.exchange_charge),
            ("sebi_fee", self.sebi_fee),
            ("stamp_duty", self.stamp_duty),
            ("gst", self.gst),
        )

    @property
    def total(self) -> Decimal:
        """Return the sum of the lines."""
        taxes = self.transaction_tax + self.exchange_charge + self.sebi_fee + self.stamp_duty
        return self.brokerage + taxes + self.gst

    def __add__(self, other: Charges) -> Charges:
        return Charges(
            self.brokerage + other.brokerage,
            self.transaction_tax + other.transaction_tax,
            self.exchange_charge + other.exchange_charge,
            self.sebi_fee + other.sebi_fee,
            self.stamp_duty + other.stamp_duty,
            self.gst + other.gst,
        )

    def __sub__(self, other: Charges) -> Charges:
        return Charges(
            self.brokerage - other.brokerage,
            self.transaction_tax - other.transaction_tax,
            self.exchange_charge - other.exchange_charge,
            self.sebi_fee - other.sebi_fee,
            self.stamp_duty - other.stamp_duty,
            self.gst - other.gst,
        )


NOTHING = Charges()


def charges_for_order(
    instrument: Instrument,
    side: Side,
    quantity: int,
    value: Decimal,
    product: Product,
    on: date,
) -> Charges:
    """Return what one executed order costs in total, whatever its number of fills.

    `quantity`: units filled in all; `value`: rupees, the sum of fill price x quantity. Nothing
    filled costs nothing. A cancelled order that filled in part is charged for that part. What a
    part added is the difference of two calls. Raises `FactMissing` before the first table.
    """
    _check(quantity, value)
    if quantity == 0:
        return NOTHING
    rates = rates_for(instrument, product, on)
    brokerage = min(value * rates.brokerage_share, rates.brokerage_most) + rates.brokerage_flat
    tax = rates.tax_buy if side is Side.BUY else rates.tax_sell
    stamp = rates.stamp if side is Side.BUY else Decimal(0)
    protected = rates.exchange + rates.protection
    taxed = (protected if rates.protection_taxed else rates.exchange) + rates.sebi
    return Charges(
        brokerage=_exact(brokerage),
        transaction_tax=_exact(value * tax),
        exchange_charge=_exact(value * protected),
        sebi_fee=_exact(value * rates.sebi),
        stamp_duty=_exact(value * stamp),
        gst=_exact((brokerage + value * taxed) * rates.gst),
    )


def charges_for_exercise(
    instrument: Instrument, side: Side, quantity: int, intrinsic: Decimal, on: date
) -> Charges:
    """Return what it costs when an option ends in the money and is settled in cash.

    `side`: the side that closes the position, SELL for a holder, BUY for a writer; only the holder
    pays the tax. `intrinsic`: rupees, intrinsic value x quantity. An option that expires worthless
    (`intrinsic` 0) costs nothing. Raises `ValueError` for anything but an option.
    """
    _check(quantity, intrinsic)
    if charge_class(instrument, Product.NRML) is not ChargeClass.OPTIONS:
        raise ValueError(f"instrument: {instrument.symbol} is no option, it cannot be exercised")
    if quantity == 0 or intrinsic == 0:
        return NOTHING
    rates = rates_for(instrument, Product.NRML, on)
    return _settled(rates, side, intrinsic, len(_orders(instrument, quantity)))


def round_trip(
    instrument: Instrument,
    quantity: int,
    buy_price: Decimal,
    sell_price: Decimal,
    product: Product,
    on: date,
) -> Charges:
    """Return what buying and selling `quantity` units costs, in either order.

    Quantities above the exchange's freeze go out as several orders, each with its brokerage.
    """
    total = NOTHING
    for part in _orders(instrument, quantity):
        for side, price in ((Side.BUY, buy_price), (Side.SELL, sell_price)):
            total += charges_for_order(instrument, side, part, price * part, product, on)
    return total


def _settled(rates: Rates, side: Side, intrinsic: Decimal, orders: int) -> Charges:
    brokerage = rates.settlement * orders
    tax = rates.tax_exercise if side is Side.SELL else Decimal(0)
    return Charges(
        brokerage=_exact(brokerage),
        transaction_tax=_exact(intrinsic * tax),
        gst=_exact(brokerage * rates.gst),
    )


def _orders(instrument: Instrument, quantity: int) -> tuple[int, ...]:
    return slices(quantity, instrument.lot_size, instrument.freeze_quantity)


def _exact(amount: Decimal) -> Decimal:
    return amount.quantize(PLACES, rounding=ROUND_HALF_UP)


def _check(quantity: int, value: Decimal) -> None:
    if quantity < 0:
        raise ValueError(f"quantity: {quantity}, expected 0 or more")
    if not value.is_finite() or value < 0:
        raise ValueError(f"value: {value}, expected 0 or more rupees")
