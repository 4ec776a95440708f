"""What opening a position blocks in paper trading: a table-driven stand-in for the broker's answer.

Hedged structures and live margins are not known here; the broker's basket call answers those.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from execution.dated import dated_rows
from execution.orders import Side
from marketdata.instruments import Instrument, Kind
from marketdata.tables import Row

_FILE = "margins.toml"
_PAISA = Decimal("0.01")


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


def _derivative_rate(instrument: Instrument, on: date) -> Decimal:
    index = _table("index_derivatives", on)
    row = index if _is_index(instrument, index) else _table("stock_derivatives", on)
    return row.percent("scan") + row.percent("exposure")


def _short_option_rate(instrument: Instrument, on: date) -> Decimal:
    index = _table("index_derivatives", on)
    rate = _derivative_rate(instrument, on)
    if _is_index(instrument, index) and instrument.expiry == on:
        rate += index.percent("short_option_expiry")
    return rate


def _is_index(instrument: Instrument, index: Row) -> bool:
    return instrument.name in index.texts("names")


def _strike(instrument: Instrument) -> Decimal:
    if instrument.strike is None:
        raise ValueError(f"strike: {instrument.symbol} has none, expected one for an option")
    return instrument.strike


def _table(name: str, on: date) -> Row:
    return dated_rows(_FILE, name).at(on)
