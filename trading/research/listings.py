"""What each file of bars is traded as on a day: a share, an index through its future, a contract.

Reading the files is `bar_files.py`; how the contracts' bars are laid on minutes `bar_days.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto

from marketdata.calendar import Calendar, CalendarUnknown, Session
from marketdata.dated import FactMissing
from marketdata.dayset_futures import near_future
from marketdata.facts import IndexName, freeze_quantity, index_by_name, lot_size, tick_size
from marketdata.instruments import Exchange, Instrument, Kind, Segment
from marketdata.universe import Column, Universe

_FUTURE = re.compile(r"([A-Z0-9&-]+?)(\d\d)(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)FUT")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_OPTION = re.compile(r".*\d(?:CE|PE)")
_PAISA = Decimal("0.01")
_FIRST_TOKEN = 1001


class ListingError(ValueError):
    """A symbol that can't be traded as asked; the text names it and what was expected."""


class Role(Enum):
    """What a column is."""

    PLAIN = auto()
    SHARE = auto()
    INDEX = auto()
    CONTRACT = auto()
    MADE_FUTURE = auto()


@dataclass(frozen=True, slots=True)
class Listing:
    """One column: the file its bars come from, and what it is. Columns keep their place all run."""

    symbol: str
    role: Role
    token: int


def listings(symbols: Sequence[str], *, plain: bool) -> tuple[Listing, ...]:
    """Return the columns for `symbols`; an index that has derivatives gets its near future beside.

    `plain`: every symbol is an instrument of its own, one unit a lot. Raises `ListingError` for an
    option, and where nothing among the symbols can be traded.
    """
    found: list[Listing] = []
    for place, symbol in enumerate(sorted(symbols)):
        role = Role.PLAIN if plain else _role(symbol)
        found.append(Listing(symbol, role, _FIRST_TOKEN + place))
    found.sort(key=lambda listing: (listing.role is not Role.INDEX, listing.symbol))
    made = [
        Listing(index.symbol, Role.MADE_FUTURE, _FIRST_TOKEN + len(symbols) + place)
        for place, index in enumerate(found)
        if index.role is Role.INDEX and _index(index.symbol).derivatives is not None
    ]
    if all(listing.role is Role.INDEX for listing in [*found, *made]):
        raise ListingError(f"{', '.join(symbols)}: nothing that can be traded, expected a share")
    return (*found, *made)


def _role(symbol: str) -> Role:
    if index_by_name(symbol) is not None:
        return Role.INDEX
    if _FUTURE.fullmatch(symbol):
        return Role.CONTRACT
    if _OPTION.fullmatch(symbol):
        raise ListingError(f"{symbol}: an option isn't traded by itself, expected its underlying")
    return Role.SHARE


def _index(symbol: str) -> IndexName:
    name = index_by_name(symbol)
    if name is None:
        raise ListingError(f"{symbol}: expected the name of an index")
    return name


def instrument_of(listing: Listing, day: date, level: float, calendar: Calendar) -> Instrument:
    """Return the instrument of a column with the facts of the day.

    `level`: a price of about that day, for the size of its tick. Raises `ListingError` where a
    dated fact isn't known.
    """
    try:
        match listing.role:
            case Role.PLAIN:
                return _cash(listing, _PAISA)
            case Role.SHARE:
                tick = tick_size(
                    Kind.EQUITY, day, _price(level), exchange=Exchange.NSE, is_index=False
                )
                return _cash(listing, tick)
            case Role.INDEX:
                return _spot(listing)
            case Role.CONTRACT:
                return _contract(listing, day, level, calendar)
            case Role.MADE_FUTURE:
                return near_future(_index(listing.symbol), day, level, calendar)
    except (FactMissing, CalendarUnknown) as error:
        raise ListingError(f"{listing.symbol} on {day}: {error}") from error


def _price(level: float) -> Decimal:
    return Decimal(repr(level))


def _cash(listing: Listing, tick: Decimal) -> Instrument:
    symbol = listing.symbol
    return Instrument(listing.token, Exchange.NSE, symbol, symbol, Kind.EQUITY, 1, tick)


def _spot(listing: Listing) -> Instrument:
    index = _index(listing.symbol)
    return Instrument(
        token=listing.token,
        exchange=index.exchange,
        symbol=index.spot,
        name=index.name,
        kind=Kind.INDEX,
        lot_size=1,
        tick_size=_PAISA,
    )


def _contract(listing: Listing, day: date, level: float, calendar: Calendar) -> Instrument:
    parts = _FUTURE.fullmatch(listing.symbol)
    if parts is None:
        raise ListingError(f"{listing.symbol}: expected the symbol of a future")
    name, year, month = parts.groups()
    first = date(2000 + int(year), 1 + _MONTHS.index(month), 1)
    index = index_by_name(name)
    exchange = index.derivatives if index and index.derivatives else Exchange.NFO
    expiry = calendar.expiry(name, exchange, first, monthly=True)
    return Instrument(
        token=listing.token,
        exchange=exchange,
        symbol=listing.symbol,
        name=name,
        kind=Kind.FUTURE,
        lot_size=lot_size(name, expiry),
        tick_size=tick_size(
            Kind.FUTURE, day, _price(level), exchange=exchange, is_index=index is not None
        ),
        expiry=expiry,
        freeze_quantity=freeze_quantity(name, day),
    )


def session_of(listing: Listing, instrument: Instrument, day: date, calendar: Calendar) -> Session:
    """Return when a column trades continuously on a day; raises as `Calendar.session`.

    A share is taken to have derivatives, as the desk's are; a plain instrument is not.
    """
    plain = listing.role is Role.PLAIN
    segment = Segment.CASH if plain else instrument.segment
    return calendar.session(
        day,
        segment,
        has_derivatives=not plain,
        expires_today=instrument.expiry == day,
        is_index=index_by_name(instrument.name) is not None,
    )


def universe_of(columns: Sequence[Listing], instruments: Sequence[Instrument]) -> Universe:
    """Return the columns as the engine wants them: indices are traded as their made futures."""
    futures = {
        listing.symbol: place
        for place, listing in enumerate(columns)
        if listing.role is Role.MADE_FUTURE
    }
    found = []
    for place, (listing, instrument) in enumerate(zip(columns, instruments, strict=True)):
        is_index = listing.role is Role.INDEX
        trade_as = futures.get(listing.symbol) if is_index else place
        found.append(
            Column(
                index=place,
                instrument=instrument,
                scanned=listing.role is not Role.MADE_FUTURE and trade_as is not None,
                trade_as=trade_as,
                volume_from=place if trade_as is None else trade_as,
                why=f"{listing.symbol}.parquet",
            )
        )
    return Universe(columns=tuple(found), left_out=(), blocked=frozenset())
