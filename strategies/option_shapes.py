"""Which options make which structure: the picks of each shape on a chain, hedges first.

What they cost and whether that is good enough stands in `option_legs.py`; a calendar needs two
chains and stands in `option_calendar.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from marketdata.options.chain import CALL, PUT, Chain
from strategies.option_legs import Wanted
from strategies.option_strikes import Pick, Strike, StrikeBy, near, pick, place_of
from strategies.signals import Direction
from strategies.structures import NotPossible, StructureKind

Picks: TypeAlias = tuple[Pick, ...]
AT_THE_MONEY = Strike(StrikeBy.STEPS, 0)


UNHEDGED_OFF = "allow_naked_short is off and no wing is set: nothing may be sold without a hedge"
"""Why a shape that sells without a hedge is refused."""


class Shape(Protocol):
    """A structure of one expiry, before strikes and prices are known."""

    def wanted(self) -> Wanted:
        """Return what it is called and which way its cash flows."""

    def picks(self, chain: Chain, view: Direction, /) -> Picks | NotPossible:
        """Return the options for a view of the underlying, bought ones first, or why none."""


@dataclass(frozen=True, slots=True)
class LongOption:
    """Buy a call for a long view, a put for a short one."""

    strike: Strike

    def wanted(self) -> Wanted:
        """Return a paid option."""
        return Wanted(StructureKind.LONG_OPTION, Direction.LONG)

    def picks(self, chain: Chain, view: Direction, /) -> Picks | NotPossible:
        """Return the one option."""
        if view is Direction.NEUTRAL:
            return NotPossible("a single option needs a view, the opinion has none")
        side = CALL if view is Direction.LONG else PUT
        return _all(_at(chain, side, self.strike, Direction.LONG))


@dataclass(frozen=True, slots=True)
class DebitSpread:
    """Buy the nearer and sell the farther call for a long view, puts for a short one.

    `bought`: the strike paid for; the sold one lies `width` farther out of the money, in steps
    of the grid or points.
    """

    bought: Strike
    width: Strike

    def wanted(self) -> Wanted:
        """Return a paid spread."""
        return Wanted(StructureKind.DEBIT_SPREAD, Direction.LONG)

    def picks(self, chain: Chain, view: Direction, /) -> Picks | NotPossible:
        """Return the bought, then the sold option."""
        if view is Direction.NEUTRAL:
            return NotPossible("a debit spread needs a view, the opinion has none")
        side = CALL if view is Direction.LONG else PUT
        bought = _at(chain, side, self.bought, Direction.LONG)
        return _all(bought, _beyond(chain, bought, self.width, Direction.SHORT))


@dataclass(frozen=True, slots=True)
class CreditSpread:
    """Sell the nearer and buy the farther put for a long view, calls for a short one.

    `sold`: the strike that must not be reached; the hedge lies `width` farther out.
    """

    sold: Strike
    width: Strike

    def wanted(self) -> Wanted:
        """Return a spread that takes in."""
        return Wanted(StructureKind.CREDIT_SPREAD, Direction.SHORT)

    def picks(self, chain: Chain, view: Direction, /) -> Picks | NotPossible:
        """Return the bought, then the sold option."""
        if view is Direction.NEUTRAL:
            return NotPossible("a credit spread needs a view, the opinion has none")
        side = PUT if view is Direction.LONG else CALL
        sold = _at(chain, side, self.sold, Direction.SHORT)
        return _all(_beyond(chain, sold, self.width, Direction.LONG), sold)


@dataclass(frozen=True, slots=True)
class Condor:
    """Sell a put and a call around the money, buy both farther out; any view.

    With both sold strikes at the money it is an iron butterfly.
    """

    sold: Strike
    width: Strike

    def wanted(self) -> Wanted:
        """Return a condor or a butterfly that takes in."""
        around = self.sold.is_at_the_money
        kind = StructureKind.IRON_BUTTERFLY if around else StructureKind.IRON_CONDOR
        return Wanted(kind, Direction.SHORT)

    def picks(self, chain: Chain, _view: Direction, /) -> Picks | NotPossible:
        """Return the bought put and call, then the sold put and call."""
        put = _at(chain, PUT, self.sold, Direction.SHORT)
        call = _at(chain, CALL, self.sold, Direction.SHORT)
        return _all(
            _beyond(chain, put, self.width, Direction.LONG),
            _beyond(chain, call, self.width, Direction.LONG),
            put,
            call,
        )


@dataclass(frozen=True, slots=True)
class Butterfly:
    """Buy the strikes `width` below and above the middle one and sell that twice.

    Calls for a long or no view, puts for a short one.
    """

    middle: Strike
    width: Strike

    def wanted(self) -> Wanted:
        """Return a paid butterfly."""
        return Wanted(StructureKind.BUTTERFLY, Direction.LONG)

    def picks(self, chain: Chain, view: Direction, /) -> Picks | NotPossible:
        """Return the two bought options, then the one sold twice."""
        side = PUT if view is Direction.SHORT else CALL
        middle = _at(chain, side, self.middle, Direction.SHORT, 2)
        return _all(
            _beyond(chain, middle, self.width, Direction.LONG, -1),
            _beyond(chain, middle, self.width, Direction.LONG),
            middle,
        )


@dataclass(frozen=True, slots=True)
class Strangle:
    """A put and a call out of the money, both bought (`LONG`) or both sold; any view.

    With both strikes at the money it is a straddle.
    """

    strike: Strike
    way: Direction

    def wanted(self) -> Wanted:
        """Return what it is called, by the way and by the strike."""
        kinds = (
            (StructureKind.LONG_STRANGLE, StructureKind.LONG_STRADDLE)
            if self.way is Direction.LONG
            else (StructureKind.SHORT_STRANGLE, StructureKind.SHORT_STRADDLE)
        )
        return Wanted(kinds[self.strike.is_at_the_money], self.way)

    def picks(self, chain: Chain, _view: Direction, /) -> Picks | NotPossible:
        """Return the put, then the call."""
        return _all(_at(chain, PUT, self.strike, self.way), _at(chain, CALL, self.strike, self.way))


def _all(*picks: Pick | NotPossible) -> Picks | NotPossible:
    """Return the picks together, or the first reason; two of the same option are no structure."""
    made: list[Pick] = []
    for each in picks:
        if isinstance(each, NotPossible):
            return each
        made.append(each)
    return _apart(made)


def _apart(made: Sequence[Pick]) -> Picks | NotPossible:
    symbols = [each.instrument.symbol for each in made]
    twice = next((symbol for symbol in symbols if symbols.count(symbol) > 1), None)
    if twice is None:
        return tuple(made)
    return NotPossible(f"{twice} would be bought and sold: the grid has no strike that far away")


def _at(
    chain: Chain, side: int, strike: Strike, way: Direction, ratio: int = 1
) -> Pick | NotPossible:
    place = place_of(chain, side, strike)
    return place if isinstance(place, NotPossible) else pick(chain, place, side, way, ratio)


def _beyond(
    chain: Chain, base: Pick | NotPossible, width: Strike, way: Direction, outward: int = 1
) -> Pick | NotPossible:
    """Return the option `width` farther out of the money than `base`; inward for -1."""
    if isinstance(base, NotPossible):
        return base
    away = outward * (1 if base.is_call else -1)
    place: int | NotPossible
    match width.by:
        case StrikeBy.STEPS:
            place = base.place + away * round(width.amount)
            if not 0 <= place < len(chain.strikes):
                place = NotPossible(
                    f"{chain.columns.underlying} {chain.columns.expiry} has no strike "
                    f"{width.amount:g} steps beyond {base.strike:g}"
                )
        case StrikeBy.DELTA:
            place = place_of(chain, base.side, width)
        case StrikeBy.POINTS:
            place = near(chain, base.strike + away * width.amount)
        case StrikeBy.FRACTION:
            place = near(chain, base.strike + away * width.amount * chain.forward)
    return place if isinstance(place, NotPossible) else pick(chain, place, base.side, way)


def sold_around(strike: Strike, wing: float) -> Shape:
    """Return a sold strangle; with a `wing` of rupees beyond each strike, a condor."""
    if wing:
        return Condor(strike, Strike(StrikeBy.POINTS, wing))
    return Strangle(strike, Direction.SHORT)
