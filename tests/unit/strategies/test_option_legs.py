"""What option structures must be like to be traded, and where they are left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import fsum, inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.calendar import IST
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Leaving, Levels
from strategies.option_limits import Between, ChainLimits, LegLimits, OutlookLimits
from strategies.option_parameters import leaving_of
from strategies.option_rule import BestOf, OptionRule, Refuses, expected
from strategies.option_shapes import AT_THE_MONEY, Condor, CreditSpread, DebitSpread, Strangle
from strategies.option_strikes import Expiry, Strike, StrikeBy
from strategies.outlook import Outlook
from strategies.registry import build_strategies
from strategies.signals import Direction
from strategies.structures import Structure
from strategies.ways_out import UnderlyingLevels
from tests.option_chain import MadeChain
from tests.unit.strategies.option_market import (
    FORWARD,
    ChainMarket,
    built,
    chain_of,
    market_of,
    reads,
    reason,
    view,
)

OPTION_STRATEGIES = (
    "iron_condor",
    "short_strangle",
    "expiry_strangle",
    "calendar_spread",
    "trend_credit_spread",
    "options_ranker",
)
LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL
MARKET = market_of()
STEPS = Strike(StrikeBy.STEPS, 2)
DEBIT = Terms(Levels(0.5, 0.6, 0.9, GainOf.MAX_PROFIT), Leaving())
CREDIT = Terms(Levels(2.0, 0.5, 0.8, GainOf.PREMIUM), Leaving())
SPREAD = OptionRule(DebitSpread(AT_THE_MONEY, STEPS), Expiry(0, 10), DEBIT)
CONDOR = OptionRule(Condor(Strike(StrikeBy.STEPS, 4), STEPS), Expiry(0, 10), CREDIT)


def said(rule: OptionRule, market: ChainMarket = MARKET, **changed: object) -> str:
    direction = LONG if isinstance(rule.shape, DebitSpread) else NEUTRAL
    terms = replace(rule.terms, **changed)
    return reason(replace(rule, terms=terms).build(view(direction), market))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (LegLimits(max_spread=0.0005), "DEBIT_SPREAD: spread of NIFTY24500CE is 0.0005"),
        (LegLimits(min_oi=100_001), "open interest of NIFTY24500CE is 100000, expected 100001"),
        (LegLimits(min_volume=50_001), "volume of NIFTY24500CE is 50000, expected 50001 or more"),
        (LegLimits(min_premium=150.0), "premium of NIFTY24600CE is 1"),
        (LegLimits(max_premium=150.0), "premium of NIFTY24500CE is 1"),
    ],
)
def test_a_leg_that_fails_a_filter_is_refused_with_the_numbers(
    limits: LegLimits, words: str
) -> None:
    assert words in said(SPREAD, legs=limits)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (OutlookLimits(min_pop=0.9), "probability of profit is 0.4"),
        (OutlookLimits(max_debit=0.4), "debit over width is 0.4"),
        (OutlookLimits(min_reward=2.0), "profit over loss is 1."),
        (OutlookLimits(max_vega=0.1), "vega is 0."),
        (OutlookLimits(max_gamma=0.00001), "gamma is "),
        (
            OutlookLimits(max_loss_inr=2_900.0),
            "largest loss of a lot is 2997, expected at most 2900",
        ),
        (OutlookLimits(min_premium_inr=3_100.0), "premium of a lot is 2997, expected 3100 or more"),
    ],
)
def test_an_outlook_that_fails_a_filter_is_refused_with_the_numbers(
    limits: OutlookLimits, words: str
) -> None:
    told = said(SPREAD, outlook=limits)

    assert words in told
    assert ", expected " in told


def test_a_credit_too_small_for_its_width_is_refused() -> None:
    far = replace(CONDOR, shape=Condor(Strike(StrikeBy.STEPS, 10), STEPS))

    assert "credit over width is 0.1" in said(far, outlook=OutlookLimits(min_credit=0.25))


def test_a_filter_of_debits_asks_nothing_of_credits_and_the_other_way_round() -> None:
    built(
        replace(CONDOR, terms=replace(CREDIT, outlook=OutlookLimits(max_debit=0.01))).build(
            view(), MARKET
        )
    )
    built(
        replace(SPREAD, terms=replace(DEBIT, outlook=OutlookLimits(min_credit=0.99))).build(
            view(LONG), MARKET
        )
    )


def test_a_skew_beyond_the_limit_is_refused() -> None:
    skewed = market_of(MadeChain(smile=lambda strike: 0.12 + (24_500 - strike) / 10_000))

    assert "skew is 0.0" in said(CONDOR, skewed, chain=ChainLimits(max_skew=0.01))
    built(
        replace(CONDOR, terms=replace(CREDIT, chain=ChainLimits(max_skew=0.2))).build(
            view(), skewed
        )
    )


def test_volatility_below_what_was_realised_is_refused() -> None:
    limits = ChainLimits(min_iv_to_realised=1.3)

    # The chain's 0.12 against 1.3 times the opinion's reading of 0.10.
    told = said(CONDOR, chain=limits)

    assert told == (
        "IRON_CONDOR: volatility at the money is 0.120, expected 1.3 times the realised 0.100"
    )


def test_a_skew_that_is_unknown_refuses() -> None:
    # No strike reaches a delta of 0.25.
    near = market_of(MadeChain(strikes=range(24_400, 24_650, 50)))
    rule = OptionRule(Strangle(AT_THE_MONEY, LONG), Expiry(0, 10), DEBIT)

    told = reason(
        replace(rule, terms=replace(DEBIT, chain=ChainLimits(max_skew=0.05))).build(view(), near)
    )

    assert told == "LONG_STRADDLE: skew is (unknown), expected at most 0.050"


def test_what_was_realised_being_unknown_refuses() -> None:
    rule = replace(CONDOR, terms=replace(CREDIT, chain=ChainLimits(min_iv_to_realised=1.0)))

    assert "the realised (unknown)" in reason(rule.build(reads(view(), realised=nan), MARKET))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (nan, "iv_percentile of NIFTY 50 is not known"),
        (29.9, "iv_percentile of NIFTY 50 is 29.90, expected 30 to 70"),
        (70.1, "iv_percentile of NIFTY 50 is 70.10, expected 30 to 70"),
    ],
)
def test_a_reading_unknown_or_out_of_range_refuses_before_a_chain_is_asked(
    value: float, words: str
) -> None:
    market = market_of()
    rule = replace(CONDOR, needs=(Between("iv_percentile", 30.0, 70.0),))

    assert words in reason(rule.build(reads(view(), iv_percentile=value), market))
    assert market.asked == []


@pytest.mark.parametrize(
    ("tells_why", "said"),
    [
        (True, "iv_rank of NIFTY 50 is not known: NIFTY has no iv_rank"),
        (False, "iv_rank of NIFTY 50 is not known"),
    ],
)
def test_an_unknown_reading_refuses_with_the_reason_that_the_market_tells(
    tells_why: bool, said: str
) -> None:
    market = replace(market_of(), tells_why=tells_why)
    rule = replace(CONDOR, needs=(Between("iv_rank", 0.0, 25.0),))

    told = reason(rule.build(reads(view(), iv_rank=nan), market))

    assert told == f"IRON_CONDOR: {said}"


@pytest.mark.parametrize("value", [30.0, 70.0])
def test_a_reading_at_the_ends_of_its_range_is_taken(value: float) -> None:
    rule = replace(CONDOR, needs=(Between("iv_percentile", 30.0, 70.0),))

    built(rule.build(reads(view(), iv_percentile=value), MARKET))


def test_an_underlying_that_is_not_meant_is_refused() -> None:
    rule = replace(CONDOR, underlyings=("BANKNIFTY", "SENSEX"))

    assert reason(rule.build(view(), MARKET)) == "NIFTY: not among BANKNIFTY, SENSEX"


def test_volatility_at_the_money_that_is_unknown_refuses() -> None:
    one_side = market_of(MadeChain(strikes=(24_500,)))
    rule = OptionRule(Strangle(AT_THE_MONEY, LONG), Expiry(0, 10), DEBIT)

    told = reason(rule.build(view(), one_side))

    assert told == (
        "LONG_STRADDLE: volatility at the money is not known: 1 of 1 strikes have one, expected "
        "one on each side of 24512.50"
    )


def test_legs_of_different_lots_are_no_structure() -> None:
    chain = chain_of(MadeChain())
    call = chain.columns.calls[22]
    assert call is not None
    calls = (*chain.columns.calls[:22], replace(call, lot_size=75), *chain.columns.calls[23:])
    mixed = replace(chain, columns=replace(chain.columns, calls=calls))

    assert "lot sizes 65, 75 differ, expected one" in said(SPREAD, ChainMarket((mixed,)))


def test_the_stop_of_a_credit_lies_no_farther_than_its_largest_loss_lets_it() -> None:
    outlook = Outlook(max_loss=30.0, max_profit=70.0)

    assert Levels(2.0, 0.5, 0.5, GainOf.PREMIUM, 0.8).placed(70.0, SHORT, outlook).stop == 94.0
    assert Levels(1.2, 0.5, 0.5, GainOf.PREMIUM, 0.8).placed(70.0, SHORT, outlook).stop == 84.0


def test_a_debit_keeps_its_premium_stop_where_that_is_nearer() -> None:
    outlook = Outlook(max_loss=40.0, max_profit=60.0)

    placed = Levels(0.5, 0.6, 1.0, GainOf.MAX_PROFIT).placed(40.0, LONG, outlook)

    assert placed == (20.0, 76.0, 100.0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((1.0, 0.5, 0.5), "stop: 1.0, expected"),
        ((-0.1, 0.5, 0.5), "stop: -0.1, expected"),
        ((2.0, 0.6, 0.5), "target1: 0.6, expected above 0, at most target2"),
        ((2.0, 0.0, 0.5), "target1: 0.0, expected above 0"),
    ],
)
def test_levels_that_cannot_be_are_refused(values: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Levels(*values, GainOf.PREMIUM)


def test_a_share_of_the_largest_loss_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match=r"stop_of_max_loss: 1.2, expected above 0 to 1"):
        Levels(2.0, 0.5, 0.5, GainOf.PREMIUM, 1.2)


def test_a_structure_is_out_at_the_hour_it_names_on_its_own_day() -> None:
    out = Leaving("15:10").ways_out(view())

    assert out.until == datetime(2026, 10, 6, 15, 10, tzinfo=IST)
    assert (out.trail, out.volatility, out.time_stop, out.break_even) == (False,) * 4
    assert Leaving().ways_out(view()).until is None


@pytest.mark.parametrize(
    ("leaving", "direction", "levels"),
    [
        (Leaving(), LONG, None),
        (Leaving(at_opinion_levels=True), LONG, (-50.0, inf, -inf, 100.0)),
        (Leaving(at_opinion_levels=True), SHORT, (-inf, 50.0, -100.0, inf)),
        (Leaving(at_opinion_levels=True), NEUTRAL, None),
        (Leaving(most_move=0.01), NEUTRAL, (-0.01 * FORWARD, 0.01 * FORWARD, -inf, inf)),
        (Leaving(most_move=0.01), LONG, (-0.01 * FORWARD, inf, -inf, inf)),
        (Leaving(most_move=0.01), SHORT, (-inf, 0.01 * FORWARD, -inf, inf)),
        (Leaving(most_move=0.01, at_opinion_levels=True), LONG, (-50.0, inf, -inf, 100.0)),
        (
            Leaving(most_move=0.001, at_opinion_levels=True),
            LONG,
            (-0.001 * FORWARD, inf, -inf, 100.0),
        ),
    ],
)
def test_a_structure_is_out_at_levels_of_its_underlying(
    leaving: Leaving, direction: Direction, levels: tuple[float, ...] | None
) -> None:
    made = leaving.ways_out(view(direction)).underlying

    if levels is None:
        assert made is None
    else:
        assert made == UnderlyingLevels(*(FORWARD + level for level in levels))


@pytest.mark.parametrize("move", [-0.01, 1.0])
def test_a_move_that_cannot_be_is_refused(move: float) -> None:
    with pytest.raises(ValueError, match=r"most_move: .*, expected from 0 to below 1"):
        Leaving(most_move=move)


@pytest.mark.parametrize("name", OPTION_STRATEGIES)
def test_every_option_strategy_that_may_lose_by_a_move_can_be_left_by_one(name: str) -> None:
    made = build_strategies({name: {"most_move": 0.012}})

    assert leaving_of(made[0]).most_move == 0.012
    with pytest.raises(ValueError, match="most_move"):
        build_strategies({name: {"most_move": 1.5}})


@pytest.mark.parametrize("name", [*OPTION_STRATEGIES, "long_straddle"])
def test_every_option_strategy_can_trail_by_a_part_of_its_premium(name: str) -> None:
    out = leaving_of(build_strategies({name: {"trail_part": 0.2}})[0]).ways_out(view())

    assert (out.trail, out.trail_part) == (True, 0.2)
    with pytest.raises(ValueError, match=r"trail_part: 1\.0, expected from 0 to below 1"):
        build_strategies({name: {"trail_part": 1.0}})


@given(
    st.sampled_from([LONG, SHORT]),
    st.integers(-6, 6),
    st.integers(1, 6),
    st.booleans(),
    st.floats(0.05, 2.0),
)
def test_no_spread_is_at_its_own_stop_and_its_cash_flow_tells_its_direction(
    direction: Direction, steps: int, width: int, pays: bool, half_spread: float
) -> None:
    market = market_of(MadeChain(half_spread=half_spread))
    shape = (DebitSpread if pays else CreditSpread)(
        Strike(StrikeBy.STEPS, steps), Strike(StrikeBy.STEPS, width)
    )
    made = OptionRule(shape, Expiry(0, 10), DEBIT if pays else CREDIT).build(
        view(direction), market
    )
    if not isinstance(made, Structure):
        assert "cannot gain" in made.reason or "expected above 0" in made.reason
        return

    way = made.direction
    assert way is (LONG if pays else SHORT)
    assert (made.entry - made.stop) * way > 0
    assert (made.target1 - made.entry) * way > 0
    assert (made.target2 - made.target1) * way >= 0
    assert min(made.entry, made.stop, made.target1, made.target2) > 0
    assert made.max_loss + made.max_profit == pytest.approx(50.0 * width)
    assert made.risk <= made.max_loss
    assert made.uncovered == ()
    paid = fsum(
        leg.sign * market.quote(leg.instrument).executable(leg.direction) for leg in made.legs
    )
    assert made.entry == pytest.approx(way * paid)
    # What is executable is never better than the middle.
    assert (made.entry - made.outlook.fair) * way >= -1e-9


def test_the_best_of_several_is_the_one_that_promises_most() -> None:
    rules = tuple(
        replace(SPREAD, shape=DebitSpread(AT_THE_MONEY, Strike(StrikeBy.STEPS, width)))
        for width in (1, 2, 4)
    )
    each = [built(rule.build(view(LONG), MARKET)) for rule in rules]

    best = built(BestOf(rules).build(view(LONG), MARKET))

    assert expected(best) == max(expected(one) for one in each)
    one = each[0]
    by_hand = (
        one.probability_of_profit * one.reward - (1 - one.probability_of_profit) * one.risk
    ) / one.risk
    assert expected(one) == pytest.approx(by_hand)


def test_of_equals_the_first_is_taken_and_none_tells_every_reason_once() -> None:
    refuses = replace(SPREAD, needs=(Between("iv_percentile", 0.0, 10.0),))

    both = built(BestOf((SPREAD, SPREAD, refuses)).build(view(LONG), MARKET))
    none = reason(BestOf((refuses, refuses, Refuses("off"))).build(view(LONG), MARKET))

    assert both == built(SPREAD.build(view(LONG), MARKET))
    assert none == (
        "none of 3 structures: DEBIT_SPREAD: iv_percentile of NIFTY 50 is 50.00, "
        "expected at most 10 (2 times); off"
    )


def test_what_is_expected_of_a_bounded_structure_is_finite() -> None:
    assert expected(built(CONDOR.build(view(), MARKET))) < inf
