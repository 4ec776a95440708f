"""The instruments of a made market: two indices, their near futures and twenty shares.

Their prices are made in `synthetic_paths.py`. Symbols and tokens are the exchange's, so that a
made day looks like a real one; every one of them says that it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from marketdata.calendar import Calendar
from marketdata.dayset_futures import near_future
from marketdata.facts import IndexName, index_by_name, tick_size
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.synthetic_paths import Driver

MADE_FROM = "synthetic market"

_INDEX_TICK = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class MadeInstrument:
    """One instrument of a made market.

    `driver`: what moves it; a future shares its index's. `day_volume`: units on a usual day.
    """

    instrument: Instrument
    driver: Driver
    day_volume: int


_INDICES = (
    ("NIFTY", 256265, Driver(24_500.0, 1.0, 0.0010, banks=False)),
    ("BANKNIFTY", 260105, Driver(55_000.0, 1.15, 0.0050, banks=True)),
)
_FUTURE_LOTS = 120_000

_SHARES = (
    ("RELIANCE", 738561, 1_400.0, 1.00, 0.008, 9_000_000),
    ("HDFCBANK", 341249, 980.0, 1.00, 0.007, 16_000_000),
    ("ICICIBANK", 1270529, 1_380.0, 1.10, 0.008, 11_000_000),
    ("INFY", 408065, 1_490.0, 0.80, 0.009, 7_000_000),
    ("TCS", 2953217, 3_050.0, 0.70, 0.008, 2_500_000),
    ("SBIN", 779521, 870.0, 1.20, 0.009, 12_000_000),
    ("AXISBANK", 1510401, 1_130.0, 1.20, 0.010, 8_000_000),
    ("KOTAKBANK", 492033, 2_080.0, 0.90, 0.008, 3_000_000),
    ("BHARTIARTL", 2714625, 1_900.0, 0.70, 0.008, 5_000_000),
    ("ITC", 424961, 410.0, 0.60, 0.007, 15_000_000),
    ("LT", 2939649, 3_650.0, 1.10, 0.009, 1_800_000),
    ("M&M", 519937, 3_400.0, 1.10, 0.011, 2_200_000),
    ("MARUTI", 2815745, 14_800.0, 0.90, 0.010, 400_000),
    ("BAJFINANCE", 81153, 930.0, 1.30, 0.011, 7_000_000),
    ("HCLTECH", 1850625, 1_480.0, 0.80, 0.010, 2_500_000),
    ("SUNPHARMA", 857857, 1_620.0, 0.60, 0.009, 2_200_000),
    ("TATASTEEL", 895745, 168.0, 1.30, 0.012, 30_000_000),
    ("TITAN", 897537, 3_500.0, 0.80, 0.009, 1_000_000),
    ("WIPRO", 969473, 248.0, 0.80, 0.010, 11_000_000),
    ("NTPC", 2977281, 335.0, 0.90, 0.009, 11_000_000),
)


def standard_market(day: date, calendar: Calendar) -> tuple[MadeInstrument, ...]:
    """Return indices, their near futures and shares with the dated facts of `day`.

    Raises `LookupError` where expiry, lot or tick of that date isn't known.
    """
    indices = [
        MadeInstrument(_index(_named(name), token), driver, 0) for name, token, driver in _INDICES
    ]
    futures = [_future(_named(name), driver, day, calendar) for name, _, driver in _INDICES]
    shares = [
        MadeInstrument(
            _share(symbol, token, Decimal(str(price)), day),
            Driver(price, beta, own_volatility, banks=False),
            volume,
        )
        for symbol, token, price, beta, own_volatility, volume in _SHARES
    ]
    return (*indices, *futures, *shares)


def _named(name: str) -> IndexName:
    index = index_by_name(name)
    if index is None:
        raise LookupError(f"index: {name} is not among the known names")
    return index


def _index(index: IndexName, token: int) -> Instrument:
    return Instrument(
        token=token,
        exchange=index.exchange,
        symbol=index.spot,
        name=index.name,
        kind=Kind.INDEX,
        lot_size=1,
        tick_size=_INDEX_TICK,
        made_from=MADE_FROM,
    )


def _future(index: IndexName, driver: Driver, day: date, calendar: Calendar) -> MadeInstrument:
    future = near_future(index, day, driver.price, calendar)
    made = replace(future, made_from=MADE_FROM)
    return MadeInstrument(made, driver, _FUTURE_LOTS * future.lot_size)


def _share(symbol: str, token: int, price: Decimal, day: date) -> Instrument:
    return Instrument(
        token=token,
        exchange=Exchange.NSE,
        symbol=symbol,
        name=symbol,
        kind=Kind.EQUITY,
        lot_size=1,
        tick_size=tick_size(Kind.EQUITY, day, price, exchange=Exchange.NSE, is_index=False),
        made_from=MADE_FROM,
    )
