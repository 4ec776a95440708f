"""How a ranked opportunity is put to the gate; what follows is `entries.py`'s."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from msgspec import Struct

from execution.charge_totals import round_trip_at, round_trip_total
from execution.margins import MarginLeg, margin_for, margin_of
from execution.orders import Product, Side
from marketdata.facts import index_by_name
from marketdata.instruments import Instrument, Segment
from risk.proposal import CostModel, Proposal, ProposedLeg
from strategies.base import Strategy
from strategies.direction import LONG
from strategies.opportunities import Opportunity
from strategies.signals import Direction
from strategies.structures import OPTIONS, Quote, Structure
from trading.engine.marks import money

_BUY, _SELL, _MIS = Side.BUY, Side.SELL, Product.MIS
_ANY_NUMBER = 1_000_000
"""Positions of a strategy where each is one unit, as in plain comparisons: no limit of its own."""


def side_of(direction: Direction) -> Side:
    """Return the side that opens a position of `direction`."""
    return _BUY if direction is LONG else _SELL


class ContractCosts(Struct, frozen=True, gc=False):
    """What a position in one contract would cost: charges of both ways and margin."""

    instrument: Instrument
    side: Side
    entry: Decimal
    exit: Decimal
    on: date
    with_charges: bool

    def round_trip(self, quantity: int) -> Decimal:
        """Return the charges of entry and exit of `quantity` units, in rupees."""
        if not self.with_charges or quantity == 0:
            return Decimal(0)
        buys = self.side is Side.BUY
        return round_trip_total(
            self.instrument,
            quantity,
            self.entry if buys else self.exit,
            self.exit if buys else self.entry,
            Product.MIS,
            self.on,
        )

    def margin(self, quantity: int) -> Decimal:
        """Return what the broker would block, in rupees; nothing where charges are left out too."""
        if not self.with_charges:
            return Decimal(0)
        return margin_for(self.instrument, self.side, quantity, self.entry, self.on)


class LegsCosts(Struct, frozen=True, gc=False):
    """What a position in several contracts would cost; a leg is `ratio` times the quantity."""

    legs: tuple[tuple[ContractCosts, int], ...]

    def round_trip(self, quantity: int) -> Decimal:
        """Return the charges of entry and exit of all legs, in rupees."""
        return sum((leg.round_trip(quantity * ratio) for leg, ratio in self.legs), Decimal(0))

    def margin(self, quantity: int) -> Decimal:
        """Return what the broker would block for all legs together, in rupees."""
        if not all(leg.with_charges for leg, _ in self.legs):
            return Decimal(0)
        legs = [
            MarginLeg(leg.instrument, leg.side, quantity * ratio, leg.entry)
            for leg, ratio in self.legs
        ]
        return margin_of(legs, self.legs[0][0].on)


def costs_of(
    structure: Structure, quotes: Sequence[Quote], on: date, *, with_charges: bool
) -> CostModel:
    """Return the cost model of a structure, its way out taken at the stop.

    `quotes`: of each leg. Of several legs each is taken in at its touch, and out at the same part
    of it that the stop is of the entry, at the touch itself where that would be less.
    """
    legs = structure.legs
    if len(legs) == 1:
        entry, exit_ = money(structure.entry), money(structure.stop)
        side = side_of(legs[0].direction)
        return ContractCosts(legs[0].instrument, side, entry, exit_, on, with_charges)
    worse = max(1.0, structure.stop / structure.entry)
    priced = [
        (leg, quote.executable(leg.direction)) for leg, quote in zip(legs, quotes, strict=True)
    ]
    return LegsCosts(
        tuple(
            (
                ContractCosts(
                    leg.instrument,
                    side_of(leg.direction),
                    money(price),
                    money(price * worse),
                    on,
                    with_charges,
                ),
                leg.ratio,
            )
            for leg, price in priced
        )
    )


def charges_of_a_lot(
    structure: Structure, quotes: Sequence[Quote], on: date, *, with_charges: bool
) -> float:
    """Return what `costs_of` a structure says of one lot's round trip, in rupees.

    Of one contract without making a cost model of it: every opinion asks this.
    """
    leg = structure.legs[0]
    lot = leg.instrument.lot_size
    if len(structure.legs) > 1 or not with_charges:
        return float(costs_of(structure, quotes, on, with_charges=with_charges).round_trip(lot))
    prices = (structure.entry, structure.stop)
    if leg.direction is not LONG:
        prices = prices[::-1]
    return round_trip_at(leg.instrument, lot, prices, _MIS, on)


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands beside an opportunity when it is put to the gate.

    `quotes` and `ages` (seconds since the last news): of each leg, in the structure's order.
    `moves_with`: other underlyings at risk, and their correlation. `leg_ticks`: how far beyond its
    limit each leg may follow the market.
    """

    strategy: Strategy
    quotes: tuple[Quote, ...]
    ages: tuple[float, ...]
    on: date
    with_charges: bool
    fixed_lots: int | None
    moves_with: tuple[tuple[str, float], ...] = ()
    leg_ticks: int = 0


def proposal_of(opportunity: Opportunity, asked: Asked) -> Proposal:
    """Return the gate's question for an opportunity."""
    structure = opportunity.candidate.structure
    signal = structure.signal
    return Proposal(
        setup=signal.key,
        strategy=signal.strategy,
        max_positions=_ANY_NUMBER if asked.fixed_lots else asked.strategy.max_positions,
        underlying=structure.underlying,
        view=signal.direction,
        valid_until=signal.valid_until,
        direction=structure.direction,
        stop=structure.stop,
        target1=structure.target1,
        target2=structure.target2,
        legs=tuple(
            ProposedLeg(leg.instrument, side_of(leg.direction), quote, age, leg.ratio)
            for leg, quote, age in zip(structure.legs, asked.quotes, asked.ages, strict=True)
        ),
        costs=costs_of(structure, asked.quotes, asked.on, with_charges=asked.with_charges),
        liquidity=structure.legs[0].instrument.lot_size * asked.fixed_lots
        if asked.fixed_lots
        else None,
        max_loss=bound_of(structure),
        settles_physically=is_delivered(structure),
        correlation=opportunity.basis.correlation,
        correlated_with=opportunity.basis.correlated_with,
        moves_with=asked.moves_with,
        leg_ticks=asked.leg_ticks,
    )


def is_delivered(structure: Structure) -> bool:
    """Say whether what is traded ends in shares at its expiry: derivatives of all but indices."""
    is_derivative = structure.legs[0].instrument.segment is not Segment.CASH
    return is_derivative and index_by_name(structure.underlying) is None


def bound_of(structure: Structure) -> Decimal | None:
    """Return the most a unit of an option structure can lose, in rupees; None without a bound."""
    is_options = all(leg.instrument.kind in OPTIONS for leg in structure.legs)
    known = is_options and math.isfinite(structure.max_loss)
    return Decimal(repr(round(structure.max_loss, 6))) if known else None
