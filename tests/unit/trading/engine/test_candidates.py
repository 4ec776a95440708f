from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from msgspec import structs

from execution.charges import round_trip
from execution.margins import margin_of
from execution.orders import Product
from marketdata.instruments import Instrument
from marketdata.options.chain import Chain, NoChain
from strategies.opportunities import Candidate
from strategies.signals import Direction, Signal
from strategies.structures import Leg, NotPossible, Quote, Structure
from strategies.ways_out import WaysOut
from tests.unit.trading.engine.builders import FUTURE, INDEX, INDEX_COLUMN, TODAY, Say, at, setup
from tests.unit.trading.engine.legs import (
    CONDOR,
    DEBIT_SPREAD,
    HIGH_CALL,
    LOW_CALL,
    PRICES,
    Shape,
    Together,
    legs_setup,
    option,
)
from trading.engine.candidates import candidate_of
from trading.engine.plans import rules_for
from trading.engine.proposals import LegsCosts, bound_of, costs_of
from trading.engine.settings import EngineSetup, ExecutionSettings

SIGNAL = Signal(
    "together", INDEX, Direction.LONG, at(9, 30), at(9, 33), 24_000.0, 23_950.0, 24_050.0, 24_100.0,
    0.5, "LONG",
)  # fmt: skip


class Quoted:
    """A market of fixed quotes: what each option stands at, a tenth to each side."""

    def __init__(self, **changed: Quote) -> None:
        self.changed = changed

    @property
    def at(self) -> datetime:
        return at(9, 30)

    def quote(self, instrument: Instrument) -> Quote:
        column = instrument.token - 1
        middle = PRICES.get(column, 24_000.0)
        plain = Quote(middle, middle - 0.1, middle + 0.1, 650.0, 1_300.0)
        return self.changed.get(f"c{column}", plain)

    def contract_of(self, signal: Signal) -> Instrument | None:
        return FUTURE

    def chain(self, underlying: str, nth_expiry: int) -> Chain | NoChain:
        return NoChain("none here")


class Changed:
    """A rule that makes a shape and changes it."""

    def __init__(self, change: Callable[[Structure], Structure], shape: Shape = CONDOR) -> None:
        self.change, self.shape = change, shape

    def build(self, signal: Signal, market: Quoted) -> Structure | NotPossible:
        made = self.shape.build(signal, market)
        return self.change(made) if isinstance(made, Structure) else made


def asked(rule: object, market: Quoted | None = None, **told: object) -> Candidate | NotPossible:
    strategy = Together({14: {INDEX_COLUMN: Say()}}, rule)
    return candidate_of(desk(**told), strategy, SIGNAL, market or Quoted(), 0.0)


def desk(**told: object) -> EngineSetup:
    return setup(**legs_setup(**told))


def test_the_widest_spread_and_the_thinnest_book_count() -> None:
    thin = Quote(25.0, 24.5, 25.5, 130.0, 65.0)

    found = asked(CONDOR, Quoted(c7=thin))

    assert isinstance(found, Candidate)
    assert found.spread_fraction == pytest.approx(0.04)
    assert found.depth_in_lots == 1.0


def test_a_leg_traded_twice_needs_twice_the_book() -> None:
    twice = Shape(((LOW_CALL, 1), (HIGH_CALL, -2)), 1, 3.0, 10.0, 20.0)

    found = asked(twice)

    assert isinstance(found, Candidate)
    assert found.depth_in_lots == 650 / (65 * 2)


def test_charges_of_all_legs_are_in_the_reward() -> None:
    found = asked(CONDOR, execution=ExecutionSettings(with_charges=True))

    assert isinstance(found, Candidate)
    assert found.costs_to_reward > 0


def test_a_leg_without_a_price_makes_no_structure() -> None:
    """The wing is not needed for the structure's own arithmetic here, but it has to be bought."""
    gone = Quote(float("nan"), 0.0, float("nan"), 0.0, 0.0)
    rule = Changed(lambda made: made, CONDOR)
    built = rule.build(SIGNAL, Quoted())
    assert isinstance(built, Structure)

    found = asked(Fixed(built), Quoted(c7=gone))

    assert isinstance(found, NotPossible)
    assert "no price" in found.reason


class Fixed:
    """A rule that always gives one structure."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure

    def build(self, signal: Signal, market: object) -> Structure:
        return self.structure


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda s: structs.replace(s, legs=(*s.legs, Leg(FUTURE, Direction.LONG, 1))),
            "options only",
        ),
        (
            lambda s: structs.replace(
                s, legs=(*s.legs[:3], structs.replace(s.legs[3], instrument=odd_lot(HIGH_CALL)))
            ),
            "lots differ",
        ),
        (lambda s: structs.replace(s, target1=s.entry + 1.0), "further than the one before"),
        (lambda s: structs.replace(s, target2=s.target1 + 1.0), "further than the one before"),
    ],
)
def test_what_cannot_be_traded_together_is_refused_with_the_reason(
    change: Callable[[Structure], Structure], reason: str
) -> None:
    found = asked(Changed(change))

    assert isinstance(found, NotPossible)
    assert reason in found.reason


def odd_lot(column: int) -> Instrument:
    return replace(option(column), lot_size=75)


def test_costs_are_those_of_every_leg_both_ways() -> None:
    built = DEBIT_SPREAD.build(SIGNAL, Quoted())
    assert isinstance(built, Structure)
    quotes = [Quoted().quote(leg.instrument) for leg in built.legs]

    costs = costs_of(built, quotes, TODAY, with_charges=True)

    # Bought at the ask of 55.1, sold at the bid of 24.9; a stop below the entry leaves the touch.
    alone = [
        round_trip(option(LOW_CALL), 65, Decimal("55.10"), Decimal("55.10"), Product.MIS, TODAY),
        round_trip(option(HIGH_CALL), 65, Decimal("24.90"), Decimal("24.90"), Product.MIS, TODAY),
    ]
    assert costs.round_trip(65) == sum(charges.total for charges in alone)
    assert costs.round_trip(0) == 0


def test_margin_is_that_of_all_legs_together() -> None:
    built = CONDOR.build(SIGNAL, Quoted())
    assert isinstance(built, Structure)
    quotes = [Quoted().quote(leg.instrument) for leg in built.legs]

    costs = costs_of(built, quotes, TODAY, with_charges=True)
    free = costs_of(built, quotes, TODAY, with_charges=False)

    # A wing of 100 less a credit of 59.6, and 2 % of both sold strikes.
    assert isinstance(costs, LegsCosts)
    assert costs.margin(65) == Decimal("40.4") * 65 + Decimal("0.02") * 48_000 * 65
    assert free.margin(65) == 0
    assert margin_of([], TODAY) == 0


def test_only_options_are_bounded() -> None:
    built = CONDOR.build(SIGNAL, Quoted())
    assert isinstance(built, Structure)

    assert bound_of(built) == Decimal("40.5")
    assert (
        bound_of(
            structs.replace(built, outlook=structs.replace(built.outlook, max_loss=float("inf")))
        )
        is None
    )
    future = structs.replace(built, legs=(Leg(FUTURE, Direction.SHORT, 1),))
    assert bound_of(future) is None


def test_a_structure_leaves_out_what_it_names_and_no_more() -> None:
    exits = desk().exits

    plain = rules_for(exits, WaysOut())
    without = rules_for(replace(exits, trail=True), WaysOut(trail=False, first_fraction=0.25))

    assert plain is exits
    assert (without.trail, without.first_fraction) == (False, 0.25)
    assert without.hard_stop is exits.hard_stop


def test_what_the_desk_has_off_a_structure_cannot_turn_on() -> None:
    off = replace(desk().exits, trail=False, volatility=False)

    rules = rules_for(off, WaysOut(break_even=False))

    assert (rules.trail, rules.volatility, rules.break_even_after_target1) == (False, False, False)


def test_a_contract_of_which_not_even_a_lot_may_be_ordered_is_refused_with_both_numbers() -> None:
    found = asked(replace(CONDOR, freeze=60), execution=ExecutionSettings(with_charges=True))

    assert isinstance(found, NotPossible)
    assert found.reason == "NIFTY26O1323900PE: freeze 60 under a lot of 65"
