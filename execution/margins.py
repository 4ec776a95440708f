"""What opening a position blocks in paper trading: a table-driven stand-in for the broker's answer.

Several legs are told as the most they can lose at settlement, never by revaluing them; what is
blocked live the broker's basket call answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from execution.dated import dated_rows
from execution.orders import Side
from marketdata.instruments import Instrument, Kind
from marketdata.tables import Row

_FILE = "margins.toml"
_PAISA = Decimal("0.01")
_OPTIONS = frozenset({Kind.CALL, Kind.PUT})


@dataclass(frozen=True, slots=True)
class MarginLeg:
    """One leg to be opened: units of an instrument, and its price in rupees."""

    instrument: Instrument
    side: Side
    quantity: int
    price: Decimal

    @property
    def signed(self) -> int:
        """Return the units, negative for a sale."""
        return self.side.sign * self.quantity


def margin_for(
    instrument: Instrument, side: Side, quantity: int, price: Decimal, on: date
) -> Decimal:
    """Return the rupees blocked by opening `quantity` units at `price`, alone and unhedged.

    A bought option blocks its premium. A sold option is taken at its strike as a future would be,
    which is the upper bound of what it scans to, plus the extra of its expiry day; its premium is
    not credited. Shares are intraday. Raises `ValueError` for an index or a price not above 0,
    `FactMissing` before the first table.
    """
    if quantity < 0:
        raise ValueError(f"quantity: {quantity}, expected 0 or more")
    if not price.is_finite() or price <= 0:
        raise ValueError(f"price: {price}, expected above 0")
    rate, base = _rate_and_base(instrument, side, price, on)
    return (base * quantity * rate).quantize(_PAISA, rounding=ROUND_HALF_UP)


def margin_of(legs: Sequence[MarginLeg], on: date) -> Decimal:
    """Return the rupees blocked by opening `legs` together, hedges counted.

    Options of one underlying are taken together: the most they can lose at settlement, what is
    paid for them included, plus the exposure of every sold one. Where one side is open the loss is
    taken at the scanned range beyond the outermost strike and a premium taken in is not credited,
    as for a sold option alone. Legs of different expiries hedge each other for a charge on the far
    ones, on the nearest one's last day not at all. Never more than the legs alone; futures and
    shares are taken alone. Raises as `margin_for` does.
    """
    alone = [margin_for(leg.instrument, leg.side, leg.quantity, leg.price, on) for leg in legs]
    options = [leg for leg in legs if leg.instrument.kind in _OPTIONS]
    others = sum(
        (m for leg, m in zip(legs, alone, strict=True) if leg.instrument.kind not in _OPTIONS),
        Decimal(0),
    )
    names = sorted({leg.instrument.name for leg in options})
    together = sum(
        (_options_margin([o for o in options if o.instrument.name == name], on) for name in names),
        others,
    )
    return min(together, sum(alone, Decimal(0))).quantize(_PAISA, rounding=ROUND_HALF_UP)


def _options_margin(legs: Sequence[MarginLeg], on: date) -> Decimal:
    """Return what options of one underlying block."""
    row = _derivatives(legs[0].instrument, on)
    expiries = sorted({leg.instrument.expiry for leg in legs if leg.instrument.expiry})
    sold = sum(
        (
            _strike(leg.instrument) * leg.quantity * _exposure(leg.instrument, on)
            for leg in legs
            if leg.side is Side.SELL
        ),
        Decimal(0),
    )
    if on in expiries and not row.flag("calendar_benefit_on_expiry"):
        groups = [[leg for leg in legs if leg.instrument.expiry == day] for day in expiries]
        return sold + sum((_most_lost(group, row) for group in groups), Decimal(0))
    far = sum(
        (
            _strike(leg.instrument) * leg.quantity
            for leg in legs
            if leg.side is Side.BUY and expiries and leg.instrument.expiry != expiries[0]
        ),
        Decimal(0),
    )
    return sold + _most_lost(legs, row) + far * row.percent("calendar_spread")


def _most_lost(legs: Sequence[MarginLeg], row: Row) -> Decimal:
    """Return the most the options can lose at settlement, what was paid for them included."""
    strikes = [_strike(leg.instrument) for leg in legs]
    up, down = (
        sum(leg.signed for leg in legs if leg.instrument.kind is kind) >= 0
        for kind in (Kind.CALL, Kind.PUT)
    )
    scan = row.percent("scan")
    prices = [
        *strikes,
        *([] if up else [max(strikes) * (1 + scan)]),
        *([] if down else [min(strikes) * (1 - scan)]),
    ]
    worst = max(Decimal(0), *(-_settled(legs, price) for price in prices))
    paid = sum((leg.signed * leg.price for leg in legs), Decimal(0))
    return max(Decimal(0), worst + paid) if up and down else worst + max(Decimal(0), paid)


def _settled(legs: Sequence[MarginLeg], price: Decimal) -> Decimal:
    """Return what the options come to when the underlying settles at `price`, in rupees."""
    total = Decimal(0)
    for leg in legs:
        over = price - _strike(leg.instrument)
        total += leg.signed * max(Decimal(0), over if leg.instrument.kind is Kind.CALL else -over)
    return total


def _rate_and_base(
    instrument: Instrument, side: Side, price: Decimal, on: date
) -> tuple[Decimal, Decimal]:
    match instrument.kind:
        case Kind.EQUITY:
            return _table("shares", on).percent("intraday"), price
        case Kind.FUTURE:
            return _derivative_rate(instrument, on), price
        case Kind.CALL | Kind.PUT if side is Side.BUY:
            return Decimal(1), price
        case Kind.CALL | Kind.PUT:
            return _short_option_rate(instrument, on), _strike(instrument)
        case Kind.INDEX:
            raise ValueError(f"instrument: {instrument.symbol} is an index, not tradable")


def _derivatives(instrument: Instrument, on: date) -> Row:
    index = _table("index_derivatives", on)
    return index if _is_index(instrument, index) else _table("stock_derivatives", on)


def _derivative_rate(instrument: Instrument, on: date) -> Decimal:
    row = _derivatives(instrument, on)
    return row.percent("scan") + row.percent("exposure")


def _short_option_rate(instrument: Instrument, on: date) -> Decimal:
    return _derivatives(instrument, on).percent("scan") + _exposure(instrument, on)


def _exposure(instrument: Instrument, on: date) -> Decimal:
    """Return the share of the notional that a sold option blocks beside what it scans to."""
    row = _derivatives(instrument, on)
    index = _table("index_derivatives", on)
    expires = _is_index(instrument, index) and instrument.expiry == on
    return row.percent("exposure") + (index.percent("short_option_expiry") if expires else 0)


def _is_index(instrument: Instrument, index: Row) -> bool:
    return instrument.name in index.texts("names")


def _strike(instrument: Instrument) -> Decimal:
    if instrument.strike is None:
        raise ValueError(f"strike: {instrument.symbol} has none, expected one for an option")
    return instrument.strike


@lru_cache(maxsize=64)
def _table(name: str, on: date) -> Row:
    return dated_rows(_FILE, name).at(on)
