"""Which expiry and which strikes: choices told in days, deltas and distances, made on a chain.

Only strikes of the chain's own grid are chosen; what they are put together to stands in
`option_shapes.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from marketdata.calendar import IST
from marketdata.instruments import Instrument, Kind
from marketdata.options.chain import CALL, Chain, NoChain
from strategies.signals import Direction, Signal
from strategies.structure_rules import StructureMarket
from strategies.structures import NotPossible

MOST_EXPIRIES = 8
"""How many expiries are looked at, the nearest first."""


class StrikeBy(StrEnum):
    """In what the place of a strike is told."""

    DELTA = "delta"
    POINTS = "points"
    FRACTION = "fraction"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Expiry:
    """How many calendar days an expiry may be away, both ends included; 0 is today's."""

    min_days: int
    max_days: int

    def __post_init__(self) -> None:
        if not 0 <= self.min_days <= self.max_days:
            raise ValueError(f"min_days: {self.min_days}, expected 0 to max_days ({self.max_days})")


@dataclass(frozen=True, slots=True)
class Strike:
    """Where a strike lies.

    By delta: the one whose delta, unsigned, is nearest to `amount` and at most `tolerance` away.
    By points (rupees), a fraction of the forward, or steps of the grid: that far out of the money
    from the strike at the money, negative into the money; `tolerance` isn't asked.
    """

    by: StrikeBy
    amount: float
    tolerance: float = 0.05

    @property
    def is_at_the_money(self) -> bool:
        """Say whether it is the strike at the money, told by a distance of 0."""
        return self.by is not StrikeBy.DELTA and self.amount == 0


@dataclass(frozen=True, slots=True, eq=False)
class Pick:
    """One option of a chain, to be bought or sold `ratio` times; its book is whole."""

    chain: Chain
    place: int
    side: int
    instrument: Instrument
    direction: Direction
    ratio: int

    @property
    def strike(self) -> float:
        """Return the strike in rupees."""
        return float(self.chain.strikes[self.place])

    @property
    def is_call(self) -> bool:
        """Say whether it is a call."""
        return self.side == CALL

    @property
    def sign(self) -> int:
        """Return the ratio, negative where it is sold."""
        return int(self.direction) * self.ratio

    @property
    def mid(self) -> float:
        """Return the middle of the book in rupees."""
        return float(self.chain.mid[self.place, self.side])

    @property
    def touch(self) -> float:
        """Return what entering pays now: the ask when bought, the bid when sold."""
        prices = self.chain.ask if self.direction is Direction.LONG else self.chain.bid
        return float(prices[self.place, self.side])


def underlying_of(signal: Signal) -> str:
    """Return the name that the options on an opinion's instrument carry."""
    instrument = signal.instrument
    return instrument.symbol if instrument.kind is Kind.EQUITY else instrument.name


def days_to(chain: Chain) -> int:
    """Return the calendar days from the chain's moment to its expiry, 0 on the day itself."""
    return (chain.columns.expiry - _date_of(chain)).days


def chain_within(market: StructureMarket, underlying: str, expiry: Expiry) -> Chain | NotPossible:
    """Return the chain of the nearest expiry within the days allowed."""
    passed: list[str] = []
    unread = ""
    for nth in range(MOST_EXPIRIES):
        chain = market.chain(underlying, nth)
        if isinstance(chain, NoChain):
            unread = unread or chain.reason
            continue
        days = days_to(chain)
        if expiry.min_days <= days <= expiry.max_days:
            return chain
        passed.append(f"{chain.columns.expiry} in {days} days")
        if days > expiry.max_days:
            break
    told = "; ".join([*passed, unread] if unread else passed)
    return NotPossible(
        f"no expiry of {underlying} in {expiry.min_days} to {expiry.max_days} days: {told}"
    )


def place_of(chain: Chain, side: int, strike: Strike) -> int | NotPossible:
    """Return the place of a strike for calls or puts, or why the chain has none there."""
    if strike.by is StrikeBy.DELTA:
        return _by_delta(chain, side, strike)
    way = 1 if side == CALL else -1
    if strike.by is StrikeBy.STEPS:
        place = chain.atm + way * round(strike.amount)
        if 0 <= place < len(chain.strikes):
            return place
        return NotPossible(f"{_named(chain)} has no strike {strike.amount:+g} steps from the money")
    points = strike.amount * (chain.forward if strike.by is StrikeBy.FRACTION else 1.0)
    return near(chain, float(chain.strikes[chain.atm]) + way * points)


def near(chain: Chain, level: float) -> int | NotPossible:
    """Return the place of the strike nearest to `level` rupees, the lower of equals.

    Not possible where the grid ends more than half a step before it.
    """
    strikes = chain.strikes
    place = int(np.argmin(np.abs(strikes - level)))
    step = float(np.min(np.diff(strikes))) if len(strikes) > 1 else 0.0
    outside = level < strikes[0] or level > strikes[-1]
    if outside and abs(float(strikes[place]) - level) > step / 2:
        return NotPossible(
            f"{_named(chain)} has no strike near {level:.2f}, "
            f"listed {strikes[0]:g} to {strikes[-1]:g}"
        )
    return place


def pick(
    chain: Chain, place: int, side: int, direction: Direction, ratio: int = 1
) -> Pick | NotPossible:
    """Return an option to trade, or why it cannot be: not listed, no book, no volatility."""
    instrument = chain.columns.instrument(place, side)
    name = f"{_named(chain)} {chain.strikes[place]:g} {_side_of(side)}"
    if instrument is None:
        return NotPossible(f"{name} is not listed or not watched")
    if np.isnan(chain.mid[place, side]) or np.isnan(chain.delta[place, side]):
        return NotPossible(f"{name}: {chain.why_silent(place, side)}")
    return Pick(chain, place, side, instrument, direction, ratio)


def _by_delta(chain: Chain, side: int, strike: Strike) -> int | NotPossible:
    away = np.abs(np.abs(chain.delta[:, side]) - strike.amount)
    away = np.where(np.isnan(chain.mid[:, side]), np.nan, away)
    if np.isnan(away).all():
        return NotPossible(f"{_named(chain)} has no {_side_of(side)} with a delta")
    place = int(np.nanargmin(away))
    if float(away[place]) <= strike.tolerance:
        return place
    return NotPossible(
        f"{_named(chain)}: the {_side_of(side)} nearest to delta {strike.amount:.2f} is "
        f"{chain.strikes[place]:g} with {abs(chain.delta[place, side]):.3f}, "
        f"expected within {strike.tolerance:.2f}"
    )


def _named(chain: Chain) -> str:
    return f"{chain.columns.underlying} {chain.columns.expiry}"


def _side_of(side: int) -> str:
    return "call" if side == CALL else "put"


def _date_of(chain: Chain) -> date:
    return chain.at.astimezone(IST).date()
