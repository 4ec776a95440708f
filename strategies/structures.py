"""What is traded for an opinion: quotes, legs, and the structure with its levels.

How an opinion becomes one stands in `outright.py` and the files of option structures; what it
costs and how much of it is taken is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from marketdata.instruments import Instrument, Kind
from strategies.direction import LONG, NEUTRAL, SHORT
from strategies.outlook import UNBOUNDED, NetGreeks, Outlook
from strategies.signals import Direction, Signal
from strategies.ways_out import DESK, WaysOut

OPTIONS = (Kind.CALL, Kind.PUT)
_EQUITY = Kind.EQUITY


class Quote(Struct, frozen=True, gc=False):
    """The newest price of one instrument: rupees and units, NaN or 0 where there is none."""

    last: float
    bid: float
    ask: float
    bid_quantity: float
    ask_quantity: float

    @property
    def has_book(self) -> bool:
        """Say whether both sides of the book stand, uncrossed."""
        return 0 < self.bid <= self.ask

    @property
    def fair(self) -> float:
        """Return the middle of the book, or the last price where the book is not whole."""
        return (self.bid + self.ask) / 2 if self.has_book else self.last

    def executable(self, direction: Direction) -> float:
        """Return what an entry would pay: ask for a long, bid for a short, else the last."""
        price = self.ask if direction is LONG else self.bid
        return price if price > 0 else self.last

    @property
    def spread_fraction(self) -> float:
        """Return the spread over the middle of the book, 1 where the book is not whole."""
        return (self.ask - self.bid) / self.fair if self.has_book else 1.0


class StructureKind(StrEnum):
    """What is traded for an opinion."""

    SHARES = "SHARES"
    FUTURE = "FUTURE"
    LONG_OPTION = "LONG_OPTION"
    DEBIT_SPREAD = "DEBIT_SPREAD"
    CREDIT_SPREAD = "CREDIT_SPREAD"
    BUTTERFLY = "BUTTERFLY"
    IRON_BUTTERFLY = "IRON_BUTTERFLY"
    IRON_CONDOR = "IRON_CONDOR"
    LONG_STRADDLE = "LONG_STRADDLE"
    LONG_STRANGLE = "LONG_STRANGLE"
    SHORT_STRADDLE = "SHORT_STRADDLE"
    SHORT_STRANGLE = "SHORT_STRANGLE"
    CALENDAR = "CALENDAR"


class Leg(Struct, frozen=True, gc=False):
    """One instrument of a structure: long is bought to enter; `ratio` lots for each lot.

    Raises `ValueError` for a leg without a direction and for a ratio below 1.
    """

    instrument: Instrument
    direction: Direction
    ratio: int

    def __post_init__(self) -> None:
        if self.direction is NEUTRAL:
            raise ValueError(
                f"direction: {self.instrument.symbol} has none, expected long or short"
            )
        if self.ratio < 1:
            raise ValueError(f"ratio: {self.ratio} of {self.instrument.symbol}, expected 1 or more")

    @property
    def sign(self) -> int:
        """Return the ratio, negative for a leg that is sold to enter."""
        return int(self.direction) * self.ratio


class Structure(Struct, frozen=True, gc=False):
    """What would be traded for a signal; levels in rupees a unit of the traded value.

    With one leg that is the contract's price. With more it is the sum of bought less sold prices
    turned by `direction`, so that it is positive: `LONG` paid a debit and gains when the value
    rises, `SHORT` took a credit and gains when it falls. `entry` is the value at which it could
    be entered now. Raises `ValueError` without legs, for a direction that is none, and when the
    entry is at or beyond the stop.
    """

    kind: StructureKind
    legs: tuple[Leg, ...]
    direction: Direction
    entry: float
    stop: float
    target1: float
    target2: float
    signal: Signal
    outlook: Outlook = UNBOUNDED
    ways_out: WaysOut = DESK

    def __post_init__(self) -> None:
        if not self.legs:
            raise ValueError("legs: none, expected at least one")
        if not (self.entry - self.stop) * self.direction > 0:
            raise ValueError(
                f"stop: {self.stop} is not on the losing side of entry {self.entry} "
                f"for a {self.direction.name}"
            )

    @property
    def risk(self) -> float:
        """Return the distance from entry to stop in rupees a unit."""
        return abs(self.entry - self.stop)

    @property
    def reward(self) -> float:
        """Return the distance from entry to the last target in rupees a unit."""
        return abs(self.target2 - self.entry)

    @property
    def underlying(self) -> str:
        """Return the name shared by a share, its futures and its options."""
        instrument = self.legs[0].instrument
        return instrument.symbol if instrument.kind is _EQUITY else instrument.name

    @property
    def max_loss(self) -> float:
        """Return the most that holding to expiry can lose, rupees a unit; inf without a bound."""
        return self.outlook.max_loss

    @property
    def max_profit(self) -> float:
        """Return the most that holding to expiry can gain, rupees a unit; inf without a bound."""
        return self.outlook.max_profit

    @property
    def break_evens(self) -> tuple[float, ...]:
        """Return the prices of the underlying at expiry at which nothing is gained or lost."""
        return self.outlook.break_evens

    @property
    def probability_of_profit(self) -> float:
        """Return the chance of a profit at expiry before costs, 0 to 1; NaN where unknown."""
        return self.outlook.probability_of_profit

    @property
    def greeks(self) -> NetGreeks:
        """Return the net greeks of one unit; NaN where unknown."""
        return self.outlook.greeks

    @property
    def uncovered(self) -> tuple[Leg, ...]:
        """Return the short option legs that no bought leg stands behind, in the order of legs."""
        return uncovered(self.legs)


def uncovered(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """Return the short option legs that no bought leg stands behind, in the order of legs.

    A bought call of the same or a later expiry covers a sold call whatever its strike, a put a
    put; each bought unit covers one sold unit, and where units lack none of its kind is covered.
    """
    return tuple(
        leg
        for leg in legs
        if leg.direction is SHORT and leg.instrument.kind in OPTIONS and not _covered(leg, legs)
    )


def _covered(short: Leg, legs: tuple[Leg, ...]) -> bool:
    """Say whether the sold options of a kind and their like are matched by bought ones."""
    own = short.instrument
    alike = [leg for leg in legs if leg.instrument.kind is own.kind]
    sold = sum(leg.ratio for leg in alike if leg.direction is SHORT)
    bought = sum(
        leg.ratio
        for leg in alike
        if leg.direction is LONG
        and leg.instrument.expiry is not None
        and (own.expiry is None or leg.instrument.expiry >= own.expiry)
    )
    return bought >= sold


@dataclass(frozen=True, slots=True)
class NotPossible:
    """Why an opinion could not become a structure."""

    reason: str
