"""What legs block, line by line as Kite tells it, alone and hedged against each other.

An approximation from the dated table of `execution/margins.py`; whose money it is, is `funds.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from execution.dated import dated_rows
from execution.margins import margin_for
from execution.orders import Product, Side
from marketdata.facts import index_by_name
from marketdata.instruments import Instrument, Kind

_ZERO = Decimal(0)
_PAISA = Decimal("0.01")
_FILE = "margins.toml"


@dataclass(frozen=True, slots=True)
class Leg:
    """Signed units of an instrument at a price."""

    instrument: Instrument
    product: Product
    quantity: int
    price: Decimal

    @property
    def side(self) -> Side:
        """Return the side that opens it."""
        return Side.BUY if self.quantity > 0 else Side.SELL

    def worth(self, underlying: Decimal) -> Decimal:
        """Return what a derivative is worth at its end, a future less its price."""
        strike = self.instrument.strike or _ZERO
        match self.instrument.kind:
            case Kind.CALL:
                return self.quantity * max(underlying - strike, _ZERO)
            case Kind.PUT:
                return self.quantity * max(strike - underlying, _ZERO)
            case _:
                return self.quantity * (underlying - self.price)


@dataclass(frozen=True, slots=True)
class Lines:
    """Rupees blocked: `premium` paid for options less what was received, `value` of shares."""

    span: Decimal = _ZERO
    exposure: Decimal = _ZERO
    premium: Decimal = _ZERO
    value: Decimal = _ZERO

    @property
    def total(self) -> Decimal:
        """Return the sum."""
        return self.span + self.exposure + self.premium + self.value

    def __add__(self, other: Lines) -> Lines:
        return Lines(
            self.span + other.span,
            self.exposure + other.exposure,
            self.premium + other.premium,
            self.value + other.value,
        )


def lines_of(leg: Leg, on: date) -> Lines:
    """Return what one leg blocks alone; the premium of a sold option isn't credited.

    Raises `FactMissing` before the first table.
    """
    kind, units = leg.instrument.kind, abs(leg.quantity)
    if units == 0:
        return Lines()
    if leg.product is Product.CNC:
        return Lines(value=units * leg.price if leg.quantity > 0 else _ZERO)
    whole = margin_for(leg.instrument, leg.side, units, leg.price, on)
    if kind is Kind.EQUITY:
        return Lines(value=whole)
    if kind in (Kind.CALL, Kind.PUT) and leg.quantity > 0:
        return Lines(premium=whole)
    base = leg.price if kind is Kind.FUTURE else leg.instrument.strike or _ZERO
    exposure = (base * units * _rate(leg.instrument, "exposure", on)).quantize(
        _PAISA, rounding=ROUND_HALF_UP
    )
    return Lines(span=whole - exposure, exposure=exposure)


def together(legs: Sequence[Leg], on: date) -> Lines:
    """Return what legs block as one, those of one underlying and expiry hedging each other.

    The span of several such legs is their worst loss over the range that is scanned, never more
    than alone; sold premium is credited here.
    """
    total = Lines()
    for group in _groups(legs):
        alone = sum((lines_of(leg, on) for leg in group), Lines())
        credit = sum((leg.quantity * leg.price for leg in group if _is_sold_option(leg)), _ZERO)
        span = alone.span if len(group) == 1 else min(alone.span, _worst_loss(group, on))
        total += Lines(span, alone.exposure, alone.premium + credit, alone.value)
    return total


def _groups(legs: Iterable[Leg]) -> list[list[Leg]]:
    merged: dict[tuple[str, Product], Leg] = {}
    for leg in legs:
        key = (leg.instrument.key, leg.product)
        known = merged.get(key)
        merged[key] = leg if known is None else _joined(known, leg)
    groups: dict[tuple[object, ...], list[Leg]] = {}
    for leg in merged.values():
        item = leg.instrument
        alone = item.kind is Kind.EQUITY
        name = (item.key, leg.product) if alone else (item.name, item.expiry)
        if leg.quantity:
            groups.setdefault(name, []).append(leg)
    return list(groups.values())


def _joined(one: Leg, other: Leg) -> Leg:
    units = one.quantity + other.quantity
    price = one.price if abs(one.quantity) >= abs(other.quantity) else other.price
    if one.quantity * other.quantity > 0:
        value = one.quantity * one.price + other.quantity * other.price
        price = value / units
    return Leg(one.instrument, one.product, units, price)


def _is_sold_option(leg: Leg) -> bool:
    return leg.instrument.kind in (Kind.CALL, Kind.PUT) and leg.quantity < 0


def _worst_loss(group: Sequence[Leg], on: date) -> Decimal:
    futures = [leg.price for leg in group if leg.instrument.kind is Kind.FUTURE]
    strikes = [leg.instrument.strike for leg in group if leg.instrument.strike is not None]
    middle = futures[0] if futures else sum(strikes, _ZERO) / len(strikes)
    range_ = middle * _rate(group[0].instrument, "scan", on)
    points = [middle - range_, middle + range_, *strikes]
    worst = min(sum((leg.worth(point) for leg in group), _ZERO) for point in points)
    return max(_ZERO, -worst).quantize(_PAISA, rounding=ROUND_HALF_UP)


def _rate(instrument: Instrument, field: str, on: date) -> Decimal:
    table = "index_derivatives" if index_by_name(instrument.name) else "stock_derivatives"
    return dated_rows(_FILE, table).at(on).percent(field)
