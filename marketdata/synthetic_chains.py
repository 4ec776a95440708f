"""The option chains of a made market: which expiries and strikes there are, and how lively each is.

What they are worth is made in `synthetic_surface.py`, their ticks in `synthetic_options.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from marketdata.calendar import Calendar
from marketdata.dayset_futures import MONTHS, known_freeze
from marketdata.facts import IndexName, index_by_name, lot_size, tick_size
from marketdata.instruments import TOKEN_SEGMENTS, Exchange, Instrument, Kind, Segment
from marketdata.options.rates import interest_rate
from marketdata.synthetic_universe import MADE_FROM

Floats = NDArray[np.float64]

_FIRST_NUMBER = 70_000
_DAY = timedelta(days=1)
_LETTERS = "123456789OND"


@dataclass(frozen=True, slots=True)
class MadeChain:
    """One chain of a made market.

    `name`: of the index's derivatives. `monthly`: expiries at the month's end alone. `step`:
    rupees between strikes, of which `each_side` stand on either side of the close before.
    `volatility`: usual at the money, a year. `half_spread`: usual, a part of the premium.
    `day_lots`: traded at the money on a usual day; `open_lots`: open there in the morning.
    """

    name: str
    monthly: bool
    step: int
    each_side: int
    volatility: float
    half_spread: float
    day_lots: int
    open_lots: int

    def __post_init__(self) -> None:
        if self.step < 1 or self.each_side < 1:
            raise ValueError(f"chains: {self.name} has step {self.step}, expected strikes")
        if not 0 < self.volatility < 2:
            raise ValueError(f"chains: volatility {self.volatility}, expected from 0 to 2")


STANDARD_CHAINS = (
    MadeChain("NIFTY", False, 50, 20, 0.125, 0.0007, 900_000, 60_000),
    MadeChain("NIFTY", True, 100, 12, 0.132, 0.0010, 60_000, 30_000),
    MadeChain("BANKNIFTY", True, 100, 26, 0.150, 0.0014, 90_000, 20_000),
)
"""The nearest weekly expiry and a monthly one behind it of NIFTY, the monthly of BANKNIFTY."""


@dataclass(frozen=True, slots=True)
class ListedChain:
    """A made chain on a day: its options, calls before puts at each strike, shape `(S, 2)`.

    `expires_at`: when they stop trading on their last day; `rate`: that discounts, a year.
    """

    made: MadeChain
    expiry: date
    expires_at: datetime
    strikes: Floats
    options: tuple[tuple[Instrument, Instrument], ...]
    rate: float

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Return all options in order of their strikes."""
        return tuple(option for row in self.options for option in row)


def list_chains(
    chains: Sequence[MadeChain], closes: dict[str, float], day: date, calendar: Calendar
) -> tuple[ListedChain, ...]:
    """Return the chains as they are listed on `day`, around the closes before, by name.

    A monthly chain behind a weekly one of the same name is the first after it. Raises
    `LookupError` where expiry, hours, lot or tick of that date isn't known, `ValueError` where a
    chain has no underlying.
    """
    listed: list[ListedChain] = []
    for made in chains:
        if made.name not in closes:
            raise ValueError(f"chains: {made.name} stands without its index")
        earlier = [chain.expiry for chain in listed if chain.made.name == made.name]
        since = max(earlier) + _DAY if earlier else day
        expiry = calendar.expiry(made.name, Exchange.NFO, since, monthly=made.monthly)
        number = _FIRST_NUMBER + sum(len(chain.instruments) for chain in listed)
        contract = _Contract(_named(made.name), expiry, day, closes[made.name], number)
        listed.append(_listed(made, contract, calendar))
    return tuple(listed)


@dataclass(frozen=True, slots=True)
class _Contract:
    """What all options of one expiry have in common; `number`: what the first token is made of."""

    index: IndexName
    expiry: date
    day: date
    level: float
    number: int


def _listed(made: MadeChain, contract: _Contract, calendar: Calendar) -> ListedChain:
    centre = round(contract.level / made.step) * made.step
    strikes = [centre + place * made.step for place in range(-made.each_side, made.each_side + 1)]
    numbers = range(contract.number, contract.number + 2 * len(strikes), 2)
    session = calendar.session(contract.expiry, Segment.OPTIONS, expires_today=True, is_index=True)
    stem = _stem(made, contract.expiry, calendar)
    return ListedChain(
        made=made,
        expiry=contract.expiry,
        expires_at=session.closes_at,
        strikes=np.array(strikes, dtype=np.float64),
        options=tuple(
            (
                _option(contract, f"{stem}{strike}", strike, (number, Kind.CALL)),
                _option(contract, f"{stem}{strike}", strike, (number + 1, Kind.PUT)),
            )
            for strike, number in zip(strikes, numbers, strict=True)
        ),
        rate=interest_rate(contract.day),
    )


def _stem(made: MadeChain, expiry: date, calendar: Calendar) -> str:
    """Return a symbol up to its strike: by month for the month's last expiry, else by its day."""
    month_ends = calendar.expiry(made.name, Exchange.NFO, expiry, monthly=True) == expiry
    if month_ends:
        return f"{made.name}{expiry:%y}{MONTHS[expiry.month - 1]}"
    return f"{made.name}{expiry:%y}{_LETTERS[expiry.month - 1]}{expiry:%d}"


def _option(contract: _Contract, symbol: str, strike: int, which: tuple[int, Kind]) -> Instrument:
    number, kind = which
    return Instrument(
        token=number * 256 + TOKEN_SEGMENTS[Exchange.NFO],
        exchange=Exchange.NFO,
        symbol=f"{symbol}{kind}",
        name=contract.index.name,
        kind=kind,
        lot_size=lot_size(contract.index.name, contract.expiry),
        tick_size=tick_size(
            kind,
            contract.day,
            Decimal(str(contract.level)),
            exchange=Exchange.NFO,
            is_index=True,
        ),
        expiry=contract.expiry,
        strike=Decimal(strike),
        freeze_quantity=known_freeze(contract.index.name, contract.day),
        made_from=MADE_FROM,
    )


def _named(name: str) -> IndexName:
    index = index_by_name(name)
    if index is None:
        raise LookupError(f"index: {name} is not among the known names")
    return index
