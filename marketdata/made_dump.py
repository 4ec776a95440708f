"""Instrument dumps of a real morning's size, made up in Kite's columns and habits.

They serve tests and measurements, as no real dump may be shipped; how one is read is in
`instrument_dump.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from marketdata.calendar import Calendar
from marketdata.facts import IndexName, index_names, lot_size
from marketdata.instrument_dump import COLUMNS
from marketdata.instruments import TOKEN_SEGMENTS, Exchange, Kind
from marketdata.synthetic_universe import standard_market

Cells = tuple[object, ...]

_INDEX_SEGMENT = 9
_INDEX_NUMBERS = {"NIFTY 50": 1001, "NIFTY BANK": 1016, "INDIA VIX": 1035}
_OTHER_INDEX_NUMBERS = 2_000
_LADDERS = {
    "NIFTY": (24_500, 50),
    "BANKNIFTY": (55_000, 100),
    "FINNIFTY": (26_000, 50),
    "MIDCPNIFTY": (13_000, 25),
    "NIFTYNXT50": (68_000, 100),
    "SENSEX": (80_000, 100),
    "BANKEX": (61_000, 100),
}
"""Level and distance of strikes of each index."""
_INDEX_STRIKES, _SHARE_STRIKES = 70, 25
_SHARE_LOT = 500
_MONTHS = 3
_FIRST_SHARE, _FIRST_CONTRACT = 100_000, 40_000


@dataclass(frozen=True, slots=True)
class DumpSize:
    """How much a made dump lists.

    `shares`: of NSE, and as many of BSE. `with_derivatives`: those of them with a future and 51
    strikes of options in each of three months.
    """

    shares: int
    with_derivatives: int


REAL_SIZE = DumpSize(shares=16_500, with_derivatives=256)
"""About 117,000 rows, as many as Kite lists in all; here the desk can use every one of them."""


@dataclass(frozen=True, slots=True)
class _Share:
    """A share and its price; `number`: what its token is made of on NSE."""

    symbol: str
    number: int
    price: float


def made_dump(day: date, calendar: Calendar, size: DumpSize) -> dict[Exchange, bytes]:
    """Return the files of the four exchanges; the same arguments give the same bytes.

    The first shares are those of the made market, under their own tokens. Raises `LookupError`
    where expiry or lot of that date isn't known.
    """
    shares = _made_shares(day, calendar, size.shares)
    rows: dict[Exchange, list[Cells]] = {exchange: [] for exchange in Exchange}
    for place, index in enumerate(index_names()):
        rows[index.exchange].append(_index(index, _OTHER_INDEX_NUMBERS + place))
    for exchange in (Exchange.NSE, Exchange.BSE):
        rows[exchange] += [_share(exchange, share) for share in shares]
    for exchange in (Exchange.NFO, Exchange.BFO):
        contracts = _contracts(exchange, shares[: size.with_derivatives], (day, calendar))
        rows[exchange] += _numbered(exchange, contracts)
    return {exchange: _file(lines) for exchange, lines in rows.items()}


def _made_shares(day: date, calendar: Calendar, most: int) -> list[_Share]:
    known = [
        _Share(item.instrument.symbol, item.instrument.token >> 8, item.driver.price)
        for item in standard_market(day, calendar)
        if item.instrument.kind is Kind.EQUITY
    ]
    invented = (
        _Share(f"MADE{number:05d}", _FIRST_SHARE + number, 50.0 + number % 3_000)
        for number in range(most - len(known))
    )
    return [*known, *invented][:most]


def _index(index: IndexName, number: int) -> Cells:
    number = _INDEX_NUMBERS.get(index.spot, number)
    token = number << 8 | _INDEX_SEGMENT
    return (token, number, index.spot, index.spot, 0, "", 0, 0, 0, "EQ", "INDICES", index.exchange)


def _share(exchange: Exchange, share: _Share) -> Cells:
    token = share.number << 8 | TOKEN_SEGMENTS[exchange]
    told = (token, share.number, share.symbol, f"{share.symbol} LIMITED", 0, "", 0, "0.05", 1)
    return (*told, Kind.EQUITY, exchange, exchange)


def _contracts(
    exchange: Exchange, shares: list[_Share], on: tuple[date, Calendar]
) -> Iterator[Cells]:
    """Yield an exchange's contracts without their tokens and exchange."""
    for index in index_names():
        if index.derivatives is exchange:
            level, step = _LADDERS[index.name]
            for expiry in _months(index.name, exchange, *on):
                strikes = _strikes(level, step, _INDEX_STRIKES)
                yield from _month(index.name, expiry, lot_size(index.name, expiry), strikes)
    if exchange is Exchange.NFO:
        for share in shares:
            step = max(1, round(share.price / 50))
            strikes = _strikes(round(share.price / step) * step, step, _SHARE_STRIKES)
            for expiry in _months(share.symbol, exchange, *on):
                yield from _month(share.symbol, expiry, _SHARE_LOT, strikes)


def _months(name: str, exchange: Exchange, day: date, calendar: Calendar) -> list[date]:
    expiries: list[date] = []
    while len(expiries) < _MONTHS:
        after = expiries[-1] + timedelta(days=1) if expiries else day
        expiries.append(calendar.expiry(name, exchange, after, monthly=True))
    return expiries


def _strikes(level: int, step: int, each_side: int) -> range:
    return range(level - each_side * step, level + (each_side + 1) * step, step)


def _month(name: str, expiry: date, lot: int, strikes: range) -> Iterator[Cells]:
    """Yield one expiry's future and options."""
    stem = f"{name}{expiry:%y%b}".upper()
    yield (f"{stem}FUT", name, 0, expiry, 0, "0.1", lot, Kind.FUTURE, "FUT")
    for strike in strikes:
        for kind in (Kind.CALL, Kind.PUT):
            yield (f"{stem}{strike}{kind}", name, 0, expiry, strike, "0.05", lot, kind, "OPT")


def _numbered(exchange: Exchange, contracts: Iterator[Cells]) -> Iterator[Cells]:
    for number, cells in zip(count(_FIRST_CONTRACT), contracts, strict=False):
        token = number << 8 | TOKEN_SEGMENTS[exchange]
        yield (token, number, *cells[:-1], f"{exchange}-{cells[-1]}", exchange)


def _file(rows: list[Cells]) -> bytes:
    return "\n".join(
        [",".join(COLUMNS), *(",".join(map(str, cells)) for cells in rows), ""]
    ).encode()
