"""The rule that trades an opinion in options of one expiry, and the one that picks the best.

The shapes stand in `option_shapes.py`, prices and checks in `option_legs.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from strategies.option_legs import Terms, structure_of
from strategies.option_limits import Between
from strategies.option_shapes import Shape
from strategies.option_strikes import Expiry, chain_within, underlying_of
from strategies.signals import Signal
from strategies.structure_rules import StructureMarket, StructureRule
from strategies.structures import NotPossible, Structure


@dataclass(frozen=True, slots=True)
class OptionRule:
    """Trade one shape on the nearest expiry within `expiry`, on some terms.

    `needs`: readings of the opinion that must hold. `underlyings`: the names it is for, empty
    for all. `own_expiries`: by name, where not `expiry` is asked.
    """

    shape: Shape
    expiry: Expiry
    terms: Terms
    needs: tuple[Between, ...] = ()
    underlyings: tuple[str, ...] = ()
    own_expiries: tuple[tuple[str, Expiry], ...] = ()

    def build(self, signal: Signal, market: StructureMarket) -> Structure | NotPossible:
        """Return the structure, or the first reason against it, with the numbers."""
        wanted, underlying = self.shape.wanted(), underlying_of(signal)
        if self.underlyings and underlying not in self.underlyings:
            return NotPossible(f"{underlying}: not among {', '.join(self.underlyings)}")
        fault = refused(signal, self.needs, market)
        if fault:
            return NotPossible(f"{wanted.kind}: {fault}")
        expiry = dict(self.own_expiries).get(underlying, self.expiry)
        chain = chain_within(market, underlying, expiry)
        if isinstance(chain, NotPossible):
            return chain
        picks = self.shape.picks(chain, signal.direction)
        if isinstance(picks, NotPossible):
            return NotPossible(f"{wanted.kind}: {picks.reason}")
        return structure_of(signal, wanted, picks, self.terms)


@dataclass(frozen=True, slots=True)
class Refuses:
    """Trade nothing, for a reason that stands in the parameters."""

    reason: str

    def build(self, _signal: Signal, _market: StructureMarket, /) -> Structure | NotPossible:
        """Return the reason."""
        return NotPossible(self.reason)


@dataclass(frozen=True, slots=True)
class BestOf:
    """Try several rules and trade the one that promises most; the first of equals.

    The promise is `expected`: what the levels gain and lose, by the probability of profit.
    """

    rules: tuple[StructureRule, ...]

    def build(self, signal: Signal, market: StructureMarket) -> Structure | NotPossible:
        """Return the best structure, or the reasons of all, each once with how many gave it."""
        made: list[Structure] = []
        reasons: dict[str, int] = {}
        for rule in self.rules:
            built = rule.build(signal, market)
            if isinstance(built, Structure):
                made.append(built)
            else:
                reasons[built.reason] = reasons.get(built.reason, 0) + 1
        if made:
            return max(made, key=expected)
        told = "; ".join(
            reason if count == 1 else f"{reason} ({count} times)"
            for reason, count in reasons.items()
        )
        return NotPossible(f"none of {len(self.rules)} structures: {told}")


def expected(structure: Structure) -> float:
    """Return the gain to be expected for each rupee at risk, by the probability of profit."""
    chance = structure.probability_of_profit
    return (chance * structure.reward - (1.0 - chance) * structure.risk) / structure.risk


def refused(signal: Signal, needs: Iterable[Between], market: StructureMarket) -> str:
    """Return the first reason why the opinion's readings do not do, empty where all hold."""
    return next(filter(None, (need.fault(signal, market) for need in needs)), "")
