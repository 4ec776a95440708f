"""Which legs each shape has, on a chain whose books near the money are written by hand."""

from __future__ import annotations

import pytest

from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Leaving, Levels
from strategies.option_rule import OptionRule
from strategies.option_shapes import (
    AT_THE_MONEY,
    Butterfly,
    Condor,
    CreditSpread,
    DebitSpread,
    LongOption,
    Shape,
    Strangle,
    sold_around,
)
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.signals import Direction
from strategies.structures import Structure, StructureKind
from tests.option_chain import MadeChain
from tests.unit.strategies.option_market import (
    ChainMarket,
    books,
    built,
    chain_of,
    reason,
    symbols,
    view,
)

BOOKS = books(
    NIFTY24300PE=(78.0, 78.5),
    NIFTY24400PE=(107.0, 107.5),
    NIFTY24500PE=(145.0, 146.0),
    NIFTY24600PE=(197.0, 198.0),
    NIFTY24400CE=(219.0, 220.0),
    NIFTY24500CE=(157.0, 158.0),
    NIFTY24600CE=(108.0, 109.0),
    NIFTY24700CE=(72.0, 72.5),
)
MARKET = ChainMarket((chain_of(MadeChain(), **BOOKS),))
STEPS_2 = Strike(StrikeBy.STEPS, 2)
STEPS_4 = Strike(StrikeBy.STEPS, 4)
LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL
DEBIT = Terms(Levels(0.5, 0.6, 0.9, GainOf.MAX_PROFIT), Leaving())
CREDIT = Terms(Levels(2.0, 0.5, 0.8, GainOf.PREMIUM), Leaving())


def made(shape: Shape, direction: Direction = NEUTRAL, market: ChainMarket = MARKET) -> Structure:
    terms = DEBIT if shape.wanted().way is LONG else CREDIT
    return built(OptionRule(shape, Expiry(0, 10), terms).build(view(direction), market))


def refusal(shape: Shape, direction: Direction = NEUTRAL, market: ChainMarket = MARKET) -> str:
    return reason(OptionRule(shape, Expiry(0, 10), DEBIT).build(view(direction), market))


def test_a_call_spread_is_paid_for_at_ask_less_bid() -> None:
    # 158 for the 24,500 call, 108 for the 24,600: 50 a unit of a width of 100.
    spread = made(DebitSpread(AT_THE_MONEY, STEPS_2), LONG)

    assert spread.kind is StructureKind.DEBIT_SPREAD
    assert symbols(spread) == ["+1 24500CE", "-1 24600CE"]
    assert (spread.direction, spread.entry) == (LONG, 50.0)
    assert (spread.max_loss, spread.max_profit) == (50.0, 50.0)
    assert spread.break_evens == (24_550.0,)
    # Half of the debit is lost at the stop; 60 and 90 % of the largest profit are the targets.
    assert (spread.stop, spread.target1, spread.target2) == (25.0, 80.0, 95.0)
    # The middle of the books: 157.5 - 108.5.
    assert spread.outlook.fair == 49.0


def test_a_bear_debit_spread_is_still_long_its_own_value() -> None:
    # 146 for the 24,500 put, 107 for the 24,400: a fall of the index makes the value rise.
    spread = made(DebitSpread(AT_THE_MONEY, STEPS_2), SHORT)

    assert symbols(spread) == ["+1 24500PE", "-1 24400PE"]
    assert (spread.direction, spread.signal.direction) == (LONG, SHORT)
    assert spread.entry == 39.0
    assert spread.stop < spread.entry < spread.target1
    assert spread.break_evens == (24_461.0,)
    assert spread.greeks.delta < 0


def test_a_bull_credit_spread_sells_the_nearer_put_and_has_its_stop_above() -> None:
    # 107 for the 24,400 put, 78.5 paid for the 24,300: 28.5 taken in of a width of 100.
    spread = made(CreditSpread(STEPS_2, STEPS_2), LONG)

    assert spread.kind is StructureKind.CREDIT_SPREAD
    assert symbols(spread) == ["+1 24300PE", "-1 24400PE"]
    assert (spread.direction, spread.entry) == (SHORT, 28.5)
    assert (spread.max_loss, spread.max_profit) == (71.5, 28.5)
    assert spread.break_evens == (24_371.5,)
    assert (spread.stop, spread.target1) == (57.0, 14.25)
    assert spread.target2 == pytest.approx(5.7)
    assert spread.greeks.delta > 0
    assert spread.greeks.theta > 0


def test_a_bear_credit_spread_sells_calls() -> None:
    spread = made(CreditSpread(STEPS_2, STEPS_2), SHORT)

    assert symbols(spread) == ["+1 24700CE", "-1 24600CE"]
    assert spread.entry == 108.0 - 72.5
    assert spread.greeks.delta < 0


def test_a_condor_buys_its_wings_first() -> None:
    # Taken: 107 + 108. Paid for wings of 100: 78.5 + 72.5. 64 a unit, 36 can be lost.
    condor = made(Condor(STEPS_2, STEPS_2))

    assert condor.kind is StructureKind.IRON_CONDOR
    assert symbols(condor) == ["+1 24300PE", "+1 24700CE", "-1 24400PE", "-1 24600CE"]
    assert (condor.direction, condor.entry) == (SHORT, 64.0)
    assert (condor.max_loss, condor.max_profit) == (36.0, 64.0)
    assert condor.break_evens == (24_336.0, 24_664.0)
    assert condor.uncovered == ()
    # Twice the credit is 64 away, but 0.8 of the largest loss is only 28.8 away.
    assert condor.stop == pytest.approx(92.8)


def test_with_both_sold_strikes_at_the_money_it_is_an_iron_butterfly() -> None:
    butterfly = made(Condor(AT_THE_MONEY, STEPS_2))

    assert butterfly.kind is StructureKind.IRON_BUTTERFLY
    assert symbols(butterfly) == ["+1 24400PE", "+1 24600CE", "-1 24500PE", "-1 24500CE"]
    # 145 + 157 - 107.5 - 109 = 85.5.
    assert butterfly.entry == 85.5


def test_a_butterfly_sells_its_middle_twice() -> None:
    # 220 + 109 - 2 x 157 = 15 a unit; the wings are 100 away from the middle.
    butterfly = made(Butterfly(AT_THE_MONEY, STEPS_2))

    assert butterfly.kind is StructureKind.BUTTERFLY
    assert symbols(butterfly) == ["+1 24400CE", "+1 24600CE", "-2 24500CE"]
    assert (butterfly.direction, butterfly.entry) == (LONG, 15.0)
    assert (butterfly.max_loss, butterfly.max_profit) == (15.0, 85.0)
    assert butterfly.break_evens == (24_415.0, 24_585.0)
    assert butterfly.uncovered == ()


def test_a_butterfly_of_a_short_view_is_made_of_puts() -> None:
    assert symbols(made(Butterfly(AT_THE_MONEY, STEPS_2), SHORT)) == [
        "+1 24600PE",
        "+1 24400PE",
        "-2 24500PE",
    ]


def test_a_single_option_can_lose_its_premium_and_gain_without_bound() -> None:
    call = made(LongOption(STEPS_2), LONG)

    assert call.kind is StructureKind.LONG_OPTION
    assert symbols(call) == ["+1 24600CE"]
    assert (call.entry, call.max_loss, call.max_profit) == (109.0, 109.0, float("inf"))
    assert call.break_evens == (24_709.0,)
    # Without a largest profit the targets are parts of the premium.
    assert call.target1 == pytest.approx(109.0 * 1.6)


def test_a_bought_straddle_costs_both_asks() -> None:
    straddle = made(Strangle(AT_THE_MONEY, LONG))

    assert straddle.kind is StructureKind.LONG_STRADDLE
    assert symbols(straddle) == ["+1 24500PE", "+1 24500CE"]
    assert straddle.entry == 146.0 + 158.0
    assert straddle.break_evens == (24_196.0, 24_804.0)
    assert straddle.greeks.theta < 0 < straddle.greeks.gamma


def test_a_sold_strangle_has_two_legs_that_nothing_covers() -> None:
    strangle = made(Strangle(STEPS_2, SHORT))

    assert strangle.kind is StructureKind.SHORT_STRANGLE
    assert symbols(strangle) == ["-1 24400PE", "-1 24600CE"]
    assert (strangle.direction, strangle.entry) == (SHORT, 215.0)
    assert strangle.max_loss == float("inf")
    assert strangle.uncovered == strangle.legs
    assert (strangle.stop, strangle.target1) == (430.0, 107.5)


def test_a_wing_turns_what_is_sold_around_the_money_into_a_condor() -> None:
    assert made(sold_around(STEPS_2, 100.0)).kind is StructureKind.IRON_CONDOR
    assert made(sold_around(STEPS_2, 0.0)).kind is StructureKind.SHORT_STRANGLE
    assert made(sold_around(AT_THE_MONEY, 0.0)).kind is StructureKind.SHORT_STRADDLE


@pytest.mark.parametrize(
    "shape",
    [LongOption(STEPS_2), DebitSpread(AT_THE_MONEY, STEPS_2), CreditSpread(STEPS_2, STEPS_2)],
)
def test_what_needs_a_direction_is_refused_without_one(shape: Shape) -> None:
    assert "needs a view, the opinion has none" in refusal(shape)


def test_a_wing_that_falls_on_the_sold_strike_is_refused() -> None:
    shape = Condor(STEPS_2, Strike(StrikeBy.POINTS, 20.0))

    assert "would be bought and sold" in refusal(shape)


def test_a_wing_beyond_the_grid_is_refused() -> None:
    shape = Condor(STEPS_4, Strike(StrikeBy.STEPS, 40))

    assert "no strike 40 steps beyond 24300" in refusal(shape)


def test_a_wing_can_be_told_by_delta_and_by_a_fraction_too() -> None:
    by_delta = made(Condor(STEPS_2, Strike(StrikeBy.DELTA, 0.10)))
    by_part = made(Condor(STEPS_2, Strike(StrikeBy.FRACTION, 0.01)))

    assert symbols(by_delta)[2:] == ["-1 24400PE", "-1 24600CE"]
    assert symbols(by_part)[:2] == ["+1 24150PE", "+1 24850CE"]


def test_a_leg_without_a_book_is_named_in_the_refusal() -> None:
    market = ChainMarket((chain_of(MadeChain(), **BOOKS, NIFTY24350PE={"bid": 0.0}),))

    said = refusal(Condor(STEPS_2, Strike(StrikeBy.STEPS, 1)), market=market)

    assert said.startswith("IRON_CONDOR: NIFTY 2026-10-13 24350 put: its book lacks a bid or an")


def test_a_credit_that_would_have_to_be_paid_is_refused() -> None:
    wide = books(NIFTY24400PE=(107.0, 107.5), NIFTY24300PE=(78.0, 140.0))
    market = ChainMarket((chain_of(MadeChain(), **wide),))

    said = refusal(CreditSpread(STEPS_2, STEPS_2), LONG, market)

    assert said == "CREDIT_SPREAD: -33.00 a unit would be taken in, expected above 0"


def test_a_spread_that_costs_more_than_its_width_is_refused() -> None:
    wide = books(NIFTY24500CE=(157.0, 240.0), NIFTY24600CE=(108.0, 109.0))
    market = ChainMarket((chain_of(MadeChain(), **wide),))

    assert "it cannot gain: 132.00 a unit" in refusal(
        DebitSpread(AT_THE_MONEY, STEPS_2), LONG, market
    )
