"""The rates of one kind of order on one day, read from `data/charges.toml`.

What an order costs at these rates is worked out in `charges.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from execution.dated import dated_rows, rows_of
from execution.orders import Product
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tables import Row

_FILE = "charges.toml"
_HOUSE = {
    Exchange.NSE: "NSE",
    Exchange.NFO: "NSE",
    Exchange.BSE: "BSE",
    Exchange.BFO: "BSE",
}


class ChargeClass(StrEnum):
    """The kinds of order that are charged differently; the names of columns in the data."""

    DELIVERY = "delivery"
    INTRADAY = "intraday"
    FUTURES = "futures"
    OPTIONS = "options"

    @property
    def segment(self) -> str:
        """Return the segment under which exchanges list their fee."""
        return self.name if self in (ChargeClass.FUTURES, ChargeClass.OPTIONS) else "CASH"


_INTRADAY, _MIS = ChargeClass.INTRADAY, Product.MIS
_CLASS_OF = {
    Kind.EQUITY: _INTRADAY,
    Kind.FUTURE: ChargeClass.FUTURES,
    Kind.CALL: ChargeClass.OPTIONS,
    Kind.PUT: ChargeClass.OPTIONS,
}


class WholeRates(NamedTuple):
    """What of the rates concerns one order, each times `scale`, which makes all of them whole.

    `protected`: the exchange's charge with its protection; `taxed`: the charges that GST is on,
    besides the brokerage.
    """

    scale: int
    tax_buy: int
    tax_sell: int
    protected: int
    taxed: int
    sebi: int
    stamp: int
    gst: int
    share: int
    most: int
    flat: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates as fractions of an order's value; brokerage and settlement in rupees an order.

    Brokerage is min(`brokerage_share` x value, `brokerage_most`) + `brokerage_flat`.
    `tax_exercise` is a fraction of intrinsic value; it and `settlement` are 0 except for options.
    """

    tax_buy: Decimal
    tax_sell: Decimal
    tax_exercise: Decimal
    exchange: Decimal
    protection: Decimal
    protection_taxed: bool
    sebi: Decimal
    stamp: Decimal
    gst: Decimal
    brokerage_share: Decimal
    brokerage_most: Decimal
    brokerage_flat: Decimal
    settlement: Decimal
    whole: WholeRates = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", _whole(self))


def _whole(rates: Rates) -> WholeRates:
    protected = rates.exchange + rates.protection
    told = (
        rates.tax_buy,
        rates.tax_sell,
        protected,
        (protected if rates.protection_taxed else rates.exchange) + rates.sebi,
        rates.sebi,
        rates.stamp,
        rates.gst,
        rates.brokerage_share,
        rates.brokerage_most,
        rates.brokerage_flat,
    )
    scale = math.lcm(*(rate.as_integer_ratio()[1] for rate in told))
    return WholeRates(scale, *(int(rate * scale) for rate in told))


def charge_class(instrument: Instrument, product: Product) -> ChargeClass:
    """Return how an order is charged: derivatives by kind, shares by product (MIS is intraday).

    Raises `ValueError` for an index, which cannot be traded.
    """
    found = _CLASS_OF.get(instrument.kind)
    if found is None:
        raise ValueError(f"instrument: {instrument.symbol} is an index, it has no charges")
    if found is _INTRADAY and product is not _MIS:
        return ChargeClass.DELIVERY
    return found


def rates_for(instrument: Instrument, product: Product, on: date) -> Rates:
    """Return the rates in force. Raises `FactMissing` before the first table."""
    kind = charge_class(instrument, product)
    return _in_force(instrument.exchange, instrument.name, kind, on)


@lru_cache(maxsize=4096)
def _in_force(exchange: Exchange, name: str, kind: ChargeClass, on: date) -> Rates:
    underlying = name if name in _named() else ""
    return _rates(_HOUSE[exchange], underlying, kind, on)


@cache
def _named() -> frozenset[str]:
    """Return the underlyings with a fee of their own somewhere; all others share their rates."""
    rows = [row for row in rows_of(_FILE, "exchange_charge") if row.has("names")]
    return frozenset(name for row in rows for name in row.texts("names"))


@lru_cache(maxsize=4096)
def _rates(house: str, underlying: str, kind: ChargeClass, on: date) -> Rates:
    tax = _levy("transaction_tax", on).row(kind)
    fee = _exchange_row(house, underlying, kind, on)
    brokerage = _levy("brokerage", on).row(kind)
    option = kind is ChargeClass.OPTIONS
    return Rates(
        tax_buy=tax.percent("buy"),
        tax_sell=tax.percent("sell"),
        tax_exercise=tax.percent("exercise") if option else Decimal(0),
        exchange=fee.percent("percent"),
        protection=fee.percent("protection"),
        protection_taxed=fee.flag("protection_taxed"),
        sebi=_levy("sebi_fee", on).percent("percent"),
        stamp=_levy("stamp_duty", on).percent(kind),
        gst=_levy("gst", on).percent("percent"),
        brokerage_share=brokerage.percent("percent"),
        brokerage_most=brokerage.number("most_rupees"),
        brokerage_flat=brokerage.number("flat_rupees"),
        settlement=brokerage.number("settlement_rupees") if option else Decimal(0),
    )


def _levy(table: str, on: date) -> Row:
    return dated_rows(_FILE, table).at(on)


def _exchange_row(house: str, underlying: str, kind: ChargeClass, on: date) -> Row:
    """Return the fee of contracts on `underlying` where a row names it, else the segment's."""

    def is_segment(row: Row) -> bool:
        return (row.text("exchange"), row.text("segment")) == (house, kind.segment)

    named = dated_rows(
        _FILE,
        "exchange_charge",
        lambda row: is_segment(row) and row.has("names") and underlying in row.texts("names"),
    )
    if named.entries:
        return named.at(on)
    general = dated_rows(
        _FILE, "exchange_charge", lambda row: is_segment(row) and not row.has("names")
    )
    return general.at(on)
