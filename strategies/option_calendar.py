"""Sell the nearer expiry and buy the farther one at the same strike: a bet on time passing.

Its payoff stands in `calendar_payoff.py`; structures of one expiry in `option_rule.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.options.chain import CALL, PUT, Chain
from strategies.option_legs import Terms, Wanted, structure_of
from strategies.option_limits import Between
from strategies.option_rule import refused
from strategies.option_strikes import (
    Expiry,
    Pick,
    Strike,
    chain_within,
    near,
    pick,
    place_of,
    underlying_of,
)
from strategies.signals import Direction, Signal
from strategies.structure_rules import StructureMarket
from strategies.structures import NotPossible, Structure, StructureKind

_WANTED = Wanted(StructureKind.CALENDAR, Direction.LONG)


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """Puts for a short view, calls otherwise; the strike is chosen on the nearer chain.

    `min_iv_ratio`: volatility at the money of the nearer over the farther expiry, 0 asks nothing.
    `needs`: readings of the opinion that must hold. `underlyings`: the names it is for, empty for
    all.
    """

    strike: Strike
    sold: Expiry
    bought: Expiry
    terms: Terms
    min_iv_ratio: float = 0.0
    needs: tuple[Between, ...] = ()
    underlyings: tuple[str, ...] = ()

    def build(self, signal: Signal, market: StructureMarket) -> Structure | NotPossible:
        """Return the calendar, or why there is none."""
        underlying = underlying_of(signal)
        if self.underlyings and underlying not in self.underlyings:
            return NotPossible(f"{underlying}: not among {', '.join(self.underlyings)}")
        fault = refused(signal, self.needs, market)
        if fault:
            return NotPossible(f"{_WANTED.kind}: {fault}")
        chains = self._chains(underlying, market)
        if isinstance(chains, NotPossible):
            return chains
        picks = self._picks(chains, signal.direction)
        if isinstance(picks, NotPossible):
            return NotPossible(f"{_WANTED.kind}: {picks.reason}")
        return structure_of(signal, _WANTED, picks, self.terms)

    def _chains(
        self, underlying: str, market: StructureMarket
    ) -> tuple[Chain, Chain] | NotPossible:
        """Return the nearer and the farther chain."""
        nearer = chain_within(market, underlying, self.sold)
        if isinstance(nearer, NotPossible):
            return nearer
        farther = chain_within(market, underlying, self.bought)
        if isinstance(farther, NotPossible):
            return farther
        if farther.columns.expiry <= nearer.columns.expiry:
            return NotPossible(
                f"{_WANTED.kind}: both expiries are {nearer.columns.expiry}, expected two"
            )
        ratio = nearer.atm_iv / farther.atm_iv
        if self.min_iv_ratio and not ratio >= self.min_iv_ratio:
            return NotPossible(
                f"{_WANTED.kind}: volatility of {nearer.columns.expiry} over that of "
                f"{farther.columns.expiry} is {ratio:.3f}, expected {self.min_iv_ratio:g} or more"
            )
        return nearer, farther

    def _picks(
        self, chains: tuple[Chain, Chain], view: Direction
    ) -> tuple[Pick, Pick] | NotPossible:
        """Return the bought, then the sold option."""
        nearer, farther = chains
        side = PUT if view is Direction.SHORT else CALL
        place = place_of(nearer, side, self.strike)
        if isinstance(place, NotPossible):
            return place
        sold = pick(nearer, place, side, Direction.SHORT)
        if isinstance(sold, NotPossible):
            return sold
        beyond = near(farther, sold.strike)
        if isinstance(beyond, NotPossible):
            return beyond
        if float(farther.strikes[beyond]) != sold.strike:
            return NotPossible(
                f"{farther.columns.underlying} {farther.columns.expiry} has no strike "
                f"{sold.strike:g}, the nearest is {farther.strikes[beyond]:g}"
            )
        bought = pick(farther, beyond, side, Direction.LONG)
        return bought if isinstance(bought, NotPossible) else (bought, sold)
