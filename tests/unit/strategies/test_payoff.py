"""Payoffs at expiry, worked out by hand, and what must hold of every one of them."""

from __future__ import annotations

from functools import partial
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.options.greeks import Horizon
from strategies.payoff import (
    Held,
    bounds,
    break_evens,
    chance_of_profit,
    cost_of,
    profit_at,
)

WEEK = Horizon(forward=25_000.0, years=7 / 365, discount=1.0)
BULL_CALL = (Held(25_000, True, 1, 150.0), Held(25_100, True, -1, 105.0))
CONDOR = (
    Held(24_600, False, 1, 20.0),
    Held(24_800, False, -1, 50.0),
    Held(25_200, True, -1, 55.0),
    Held(25_400, True, 1, 22.0),
)
BUTTERFLY = (
    Held(24_900, True, 1, 180.0),
    Held(25_000, True, -2, 120.0),
    Held(25_100, True, 1, 75.0),
)


def chance(held: tuple[Held, ...], horizon: Horizon = WEEK, volatility: float = 0.12) -> float:
    return chance_of_profit(partial(profit_at, held), break_evens(held), horizon, volatility)


def test_a_bull_call_spread_by_hand() -> None:
    # 150 paid, 105 taken: 45 a unit. At most 100 - 45 = 55 is gained, from 25,000 + 45 on.
    assert cost_of(BULL_CALL) == 45.0
    assert bounds(BULL_CALL) == (45.0, 55.0)
    assert break_evens(BULL_CALL) == (25_045.0,)
    assert profit_at(BULL_CALL, 25_060.0) == 15.0


def test_an_iron_condor_by_hand() -> None:
    # 50 + 55 taken, 20 + 22 paid: 63 a unit; a wing of 200 leaves 137 to lose.
    assert cost_of(CONDOR) == -63.0
    assert bounds(CONDOR) == (137.0, 63.0)
    assert break_evens(CONDOR) == (24_737.0, 25_263.0)


def test_a_butterfly_by_hand() -> None:
    # 180 + 75 paid, twice 120 taken: 15 a unit, worth 100 at the middle strike.
    assert bounds(BUTTERFLY) == (15.0, 85.0)
    assert break_evens(BUTTERFLY) == (24_915.0, 25_085.0)


def test_a_sold_straddle_has_no_bound_above_and_the_strike_below() -> None:
    sold = (Held(25_000, False, -1, 160.0), Held(25_000, True, -1, 170.0))

    assert bounds(sold) == (inf, 330.0)
    assert break_evens(sold) == (24_670.0, 25_330.0)


def test_a_bought_straddle_can_gain_without_bound() -> None:
    bought = (Held(25_000, False, 1, 160.0), Held(25_000, True, 1, 170.0))

    assert bounds(bought) == (330.0, inf)


def test_a_sold_put_can_lose_its_strike_less_the_premium() -> None:
    assert bounds((Held(25_000, False, -1, 160.0),)) == (24_840.0, 160.0)


def test_a_profit_of_nothing_at_a_strike_is_a_break_even_only_where_its_sign_changes() -> None:
    touching = (Held(100.0, True, 1, 0.0), Held(100.0, False, 1, 0.0))
    turning = (Held(100.0, True, 1, 0.0), Held(100.0, False, -1, 0.0))

    assert break_evens(touching) == ()
    assert break_evens(turning) == (100.0,)


def test_along_a_stretch_of_nothing_the_sign_changes_where_it_ends() -> None:
    # A risk reversal for nothing: lost below 90, gained above 110, nothing in between.
    reversal = (Held(90.0, False, -1, 5.0), Held(110.0, True, 1, 5.0))

    assert break_evens(reversal) == (110.0,)


def test_the_chance_is_that_of_the_lognormal_law() -> None:
    # The condor pays between 24,737 and 25,263: 1.26 % either way, at a deviation of
    # 0.12 x sqrt(7 / 365) = 0.016618, so about 2 x N(0.634) - 1 = 0.474.
    assert chance(CONDOR) == pytest.approx(0.4728, abs=0.003)


strikes_ = st.lists(st.integers(1, 400), min_size=4, max_size=4, unique=True).map(
    lambda each: [50.0 * place for place in sorted(each)]
)
prices_ = st.lists(st.integers(1, 20_000), min_size=4, max_size=4).map(
    lambda each: [price / 20 for price in each]
)
sign_ = st.lists(st.sampled_from([-2, -1, 1, 2]), min_size=4, max_size=4)
calls_ = st.lists(st.booleans(), min_size=4, max_size=4)
held_ = st.builds(
    lambda *parts: tuple(Held(*each) for each in zip(*parts, strict=True)),
    strikes_,
    calls_,
    sign_,
    prices_,
)
levels_ = st.floats(0.0, 60_000.0)


@given(held_, levels_)
def test_no_price_at_expiry_is_beyond_the_bounds(held: tuple[Held, ...], level: float) -> None:
    loss, profit = bounds(held)

    assert -loss - 1e-6 <= profit_at(held, level) <= profit + 1e-6


@given(held_)
def test_nothing_is_gained_or_lost_at_a_break_even(held: tuple[Held, ...]) -> None:
    for level in break_evens(held):
        assert profit_at(held, level) == pytest.approx(0.0, abs=1e-5)


@given(held_, levels_, levels_)
def test_between_two_prices_of_different_sign_lies_a_break_even(
    held: tuple[Held, ...], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    if profit_at(held, low) * profit_at(held, high) >= -1e-3:
        return

    assert any(low <= level <= high for level in break_evens(held))


@given(held_)
def test_the_other_side_of_every_structure_mirrors_it(held: tuple[Held, ...]) -> None:
    other = tuple(Held(e.strike, e.is_call, -e.sign, e.price) for e in held)
    loss, profit = bounds(held)

    assert bounds(other) == (profit, loss)
    assert break_evens(other) == pytest.approx(break_evens(held))
    assert chance(held) + chance(other) <= 1.0 + 1e-9


@given(st.integers(100, 700), st.integers(1, 20), st.integers(1, 3_000))
def test_a_spread_gains_and_loses_its_width_together(
    place: int, steps: int, debit_ticks: int
) -> None:
    width, debit = 50.0 * steps, debit_ticks / 20
    near, far = (
        Held(50.0 * place, True, 1, debit + 10.0),
        Held(50.0 * place + width, True, -1, 10.0),
    )
    loss, profit = bounds((near, far))

    if debit < width:
        assert loss == pytest.approx(debit)
        assert loss + profit == pytest.approx(width)


@given(st.integers(0, 15), st.floats(0.05, 0.6), st.floats(0.5, 40.0))
def test_a_strike_farther_out_is_likelier_to_pay(
    steps: int, volatility: float, credit: float
) -> None:
    def sold(strike: float) -> tuple[Held, ...]:
        return (Held(strike, True, -1, credit),)

    near = chance(sold(25_000.0 + 50 * steps), volatility=volatility)
    far = chance(sold(25_050.0 + 50 * steps), volatility=volatility)

    assert 0.0 <= near <= far <= 1.0
    assert chance(sold(25_000.0), volatility=volatility) + chance(
        (Held(25_000.0, True, 1, credit),), volatility=volatility
    ) == pytest.approx(1.0)
