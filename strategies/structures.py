"""How an opinion becomes something that can be traded: legs, direction and levels.

A share or a future trades itself, an opinion on an index trades its future; what that costs and
how much of it is taken is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from marketdata.instruments import Instrument, Kind
from strategies.signals import Direction, Signal


@dataclass(frozen=True, slots=True)
class Quote:
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
        price = self.ask if direction is Direction.LONG else self.bid
        return price if price > 0 else self.last

    @property
    def spread_fraction(self) -> float:
        """Return the spread over the middle of the book, 1 where the book is not whole."""
        return (self.ask - self.bid) / self.fair if self.has_book else 1.0


class StructureKind(StrEnum):
    """What is traded for an opinion."""

    SHARES = "SHARES"
    FUTURE = "FUTURE"


@dataclass(frozen=True, slots=True)
class Leg:
    """One instrument of a structure: long is bought to enter; `ratio` lots for each lot."""

    instrument: Instrument
    direction: Direction
    ratio: int


@dataclass(frozen=True, slots=True)
class Structure:
    """What would be traded for a signal; levels in rupees of the traded contract.

    `entry` is the price at which it could be entered now. Raises `ValueError` when the entry is
    at or beyond the stop.
    """

    kind: StructureKind
    legs: tuple[Leg, ...]
    direction: Direction
    entry: float
    stop: float
    target1: float
    target2: float
    signal: Signal

    def __post_init__(self) -> None:
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
        return instrument.symbol if instrument.kind is Kind.EQUITY else instrument.name


@dataclass(frozen=True, slots=True)
class NotPossible:
    """Why an opinion could not become a structure."""

    reason: str


def as_contract(
    signal: Signal, traded: Instrument, own: Quote, contract: Quote
) -> Structure | NotPossible:
    """Return the outright structure that trades `traded` for `signal`.

    `own` is the quote of the signal's instrument, `contract` of the traded one. Levels of a
    future move by the basis, its fair price less `own.last`, so that their distances from each
    other are kept; a share's own levels stay. Not possible for an index or an option, without
    prices, or when the entry is already at or beyond the stop or the first target.
    """
    kind = _kind_of(signal, traded)
    if kind is None:
        return NotPossible(f"{traded.symbol} ({traded.kind}) cannot stand for the opinion")
    entry = contract.executable(signal.direction)
    basis = 0.0 if traded.key == signal.instrument.key else contract.fair - own.last
    if not (entry > 0 and contract.fair > 0 and (basis == 0.0 or own.last > 0)):
        return NotPossible(f"{traded.symbol} or {signal.instrument.symbol} has no price")
    stop, first = signal.stop + basis, signal.target1 + basis
    if (entry - stop) * signal.direction <= 0:
        return NotPossible(f"{traded.symbol} at {entry:.2f} is at or beyond the stop {stop:.2f}")
    if (first - entry) * signal.direction <= 0:
        return NotPossible(f"{traded.symbol} at {entry:.2f} has reached the target {first:.2f}")
    leg = Leg(traded, signal.direction, 1)
    last = signal.target2 + basis
    return Structure(kind, (leg,), signal.direction, entry, stop, first, last, signal)


def _kind_of(signal: Signal, traded: Instrument) -> StructureKind | None:
    if traded.kind is Kind.FUTURE:
        return StructureKind.FUTURE
    if traded.kind is Kind.EQUITY and traded.key == signal.instrument.key:
        return StructureKind.SHARES
    return None
