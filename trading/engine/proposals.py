"""How a ranked opportunity is put to the gate; what follows is `entries.py`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from execution.charges import round_trip
from execution.margins import margin_for
from execution.orders import Product, Side
from marketdata.instruments import Instrument
from marketdata.panel import Panel
from risk.proposal import Proposal, ProposedLeg
from strategies.base import Strategy
from strategies.opportunities import Opportunity
from strategies.signals import Direction
from strategies.structures import Quote, Structure
from trading.engine.ledger import money

_ANY_NUMBER = 1_000_000
"""Positions of a strategy where each is one unit, as in plain comparisons: no limit of its own."""


def side_of(direction: Direction) -> Side:
    """Return the side that opens a position of `direction`."""
    return Side.BUY if direction is Direction.LONG else Side.SELL


def quote_of(panel: Panel, column: int) -> Quote:
    """Return the newest prices of a column."""
    return Quote(
        float(panel.last[column]),
        float(panel.bid[column]),
        float(panel.ask[column]),
        float(panel.bid_quantity[column]),
        float(panel.ask_quantity[column]),
    )


@dataclass(frozen=True, slots=True)
class ContractCosts:
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
        return round_trip(
            self.instrument,
            quantity,
            self.entry if buys else self.exit,
            self.exit if buys else self.entry,
            Product.MIS,
            self.on,
        ).total

    def margin(self, quantity: int) -> Decimal:
        """Return what the broker would block, in rupees; nothing where charges are left out too."""
        if not self.with_charges:
            return Decimal(0)
        return margin_for(self.instrument, self.side, quantity, self.entry, self.on)


def costs_of(structure: Structure, on: date, *, with_charges: bool) -> ContractCosts:
    """Return the cost model of a structure of one leg, its way out taken at the stop."""
    leg = structure.legs[0]
    return ContractCosts(
        leg.instrument,
        side_of(leg.direction),
        money(structure.entry),
        money(structure.stop),
        on,
        with_charges,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands beside an opportunity when it is put to the gate."""

    strategy: Strategy
    quote: Quote
    age_seconds: float
    on: date
    with_charges: bool
    one_unit: bool


def proposal_of(opportunity: Opportunity, asked: Asked) -> Proposal:
    """Return the gate's question for an opportunity of one leg."""
    structure = opportunity.candidate.structure
    signal, leg = structure.signal, structure.legs[0]
    return Proposal(
        setup=signal.key,
        strategy=signal.strategy,
        max_positions=_ANY_NUMBER if asked.one_unit else asked.strategy.max_positions,
        underlying=structure.underlying,
        view=signal.direction,
        valid_until=signal.valid_until,
        direction=structure.direction,
        stop=structure.stop,
        target1=structure.target1,
        target2=structure.target2,
        legs=(ProposedLeg(leg.instrument, side_of(leg.direction), asked.quote, asked.age_seconds),),
        costs=costs_of(structure, asked.on, with_charges=asked.with_charges),
        liquidity=leg.instrument.lot_size if asked.one_unit else None,
    )
