"""Black-76 against QuantLib, and what holds of any option whatever the numbers."""

from __future__ import annotations

import warnings
from math import exp, isnan, log, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.options.greeks import (
    Horizon,
    above,
    chain_greeks,
    chain_volatilities,
    greeks,
    implied_volatility,
    price,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import QuantLib

HOUR = 1 / 365 / 24
FORWARD, DISCOUNT = 24_512.5, 0.998
PLACES = [
    (strike, years, volatility, is_call)
    for is_call in (True, False)
    for years in (HOUR / 60, HOUR / 6, HOUR, 4 * HOUR, 1 / 365, 7 / 365, 30 / 365, 1.0)
    for volatility in (0.06, 0.12, 0.35, 1.2)
    for strike in (
        FORWARD * exp(away * volatility * sqrt(years)) for away in (-6, -3, -1, -0.1, 0, 0.1, 2, 5)
    )
]
LEAST = 1e-6
"""Rupees of time value below which a price in doubles says nothing exact of it."""

SANE = st.tuples(
    st.floats(50, 60_000),
    st.floats(-4, 4),
    st.floats(1e-5, 1.0),
    st.floats(0.05, 2.0),
    st.floats(0.9, 1.0),
)


def kind_of(is_call: bool) -> int:
    return QuantLib.Option.Call if is_call else QuantLib.Option.Put


def rounding(value: float, vega: float) -> float:
    """Return how far off a volatility is if the price is off by its last bits."""
    return 4 * np.finfo(float).eps * value / vega


def test_values_are_quantlibs():
    for strike, years, volatility, is_call in PLACES:
        deviation = volatility * sqrt(years)

        found = price(FORWARD, strike, years, volatility, DISCOUNT, is_call)

        told = QuantLib.blackFormula(kind_of(is_call), strike, FORWARD, deviation, DISCOUNT)
        assert found == pytest.approx(told, rel=1e-10, abs=1e-9)


def test_implied_volatilities_are_quantlibs_to_1e_8():
    compared = 0
    for strike, years, volatility, is_call in PLACES:
        option = kind_of(is_call), strike, FORWARD
        value = QuantLib.blackFormula(*option, volatility * sqrt(years), DISCOUNT)
        if value <= DISCOUNT * max(0.0, (FORWARD - strike) * (1 if is_call else -1)) + LEAST:
            continue
        vega = 100 * greeks(FORWARD, strike, years, volatility, DISCOUNT, is_call).vega

        found = implied_volatility(value, FORWARD, strike, years, DISCOUNT, is_call)

        search = 0.0, 0.9 * volatility * sqrt(years), 1e-13, 1_000
        told = QuantLib.blackFormulaImpliedStdDev(*option, value, DISCOUNT, *search)
        # The value is a difference of two amounts as large as the forward, and rounded like them.
        allowed = 1e-8 + rounding(value + FORWARD, vega)
        assert found == pytest.approx(volatility, abs=allowed)
        assert found == pytest.approx(told / sqrt(years), abs=allowed)
        compared += 1
    assert compared > 400


def test_greeks_are_quantlibs():
    for strike, years, volatility, is_call in PLACES:
        payoff = QuantLib.PlainVanillaPayoff(kind_of(is_call), strike)
        told = QuantLib.BlackCalculator(payoff, FORWARD, volatility * sqrt(years), DISCOUNT)

        found = greeks(FORWARD, strike, years, volatility, DISCOUNT, is_call)

        assert found.delta == pytest.approx(told.deltaForward(), rel=1e-9, abs=1e-12)
        assert found.gamma == pytest.approx(told.gammaForward(), rel=1e-9, abs=1e-12)
        assert found.vega == pytest.approx(told.vega(years) / 100, rel=1e-9, abs=1e-12)
        assert found.theta == pytest.approx(told.theta(FORWARD, years) / 365, rel=1e-8, abs=1e-9)


def test_theta_is_what_a_day_takes_while_the_forward_stands():
    rate, years, short = 0.05, 30 / 365, 1e-6
    before = price(FORWARD, 25_000, years, 0.15, exp(-rate * years), True)
    left = years - short / 365
    after = price(FORWARD, 25_000, left, 0.15, exp(-rate * left), True)

    found = greeks(FORWARD, 25_000, years, 0.15, exp(-rate * years), True)

    assert found.theta == pytest.approx((after - before) / short, rel=1e-4)


@settings(deadline=None)
@given(SANE, st.booleans())
def test_a_price_gives_back_the_volatility_it_was_made_with(place, is_call):
    forward, away, years, volatility, discount = place
    strike = forward * exp(away * volatility * sqrt(years))
    value = price(forward, strike, years, volatility, discount, is_call)

    found = implied_volatility(value, forward, strike, years, discount, is_call)

    vega = 100 * greeks(forward, strike, years, volatility, discount, is_call).vega
    assert found == pytest.approx(volatility, abs=1e-8 + rounding(value + forward, vega))


@settings(deadline=None)
@given(SANE)
def test_call_less_put_is_the_discounted_forward_less_strike(place):
    forward, away, years, volatility, discount = place
    strike = forward * exp(away * volatility * sqrt(years))

    call = price(forward, strike, years, volatility, discount, True)
    put = price(forward, strike, years, volatility, discount, False)

    assert call - put == pytest.approx(discount * (forward - strike), abs=1e-9 * forward)


@pytest.mark.parametrize(
    ("value", "forward", "strike", "years", "is_call"),
    [
        (499.0, 24_500.0, 24_000.0, 0.02, True),
        (500.0, 24_500.0, 24_000.0, 0.02, True),
        (0.0, 24_500.0, 24_000.0, 0.02, True),
        (-1.0, 24_500.0, 24_000.0, 0.02, True),
        (24_500.0, 24_500.0, 24_000.0, 0.02, True),
        (24_000.0, 24_500.0, 24_000.0, 0.02, False),
        (10.0, 24_500.0, 25_000.0, 0.0, True),
        (10.0, 24_500.0, 25_000.0, -0.1, True),
        (10.0, 0.0, 25_000.0, 0.1, True),
        (nan, 24_500.0, 25_000.0, 0.1, True),
        (10.0, nan, 25_000.0, 0.1, True),
    ],
)
def test_what_no_volatility_explains_has_none(value, forward, strike, years, is_call):
    assert isnan(implied_volatility(value, forward, strike, years, 1.0, is_call))


def test_an_option_at_its_expiry_is_worth_what_it_pays():
    assert price(24_500.0, 24_000.0, 0.0, 0.2, 1.0, True) == 500.0
    assert price(24_500.0, 24_000.0, 0.0, 0.2, 1.0, False) == 0.0
    assert all(isnan(value) for value in greeks(24_500.0, 24_000.0, 0.0, 0.2, 1.0, True))


def test_the_chance_of_ending_above_is_the_undiscounted_slope_of_the_call_by_its_strike():
    step = 0.5
    lower = price(FORWARD, 25_000 - step, 0.05, 0.15, 1.0, True)
    upper = price(FORWARD, 25_000 + step, 0.05, 0.15, 1.0, True)

    found = above(FORWARD, 25_000, 0.05, 0.15)

    assert found == pytest.approx((lower - upper) / (2 * step), abs=1e-7)


def test_the_chance_of_ending_above_is_certain_where_nothing_can_move():
    assert above(100.0, 0.0, 0.1, 0.2) == 1.0
    assert above(100.0, 99.0, 0.0, 0.2) == 1.0
    assert above(100.0, 101.0, 0.1, 0.0) == 0.0
    assert above(100.0, 100.0, 0.0, 0.2) == 0.5


def test_a_whole_chain_is_its_options_one_by_one():
    strikes = np.arange(23_000.0, 26_050.0, 50.0)
    smile = 0.12 + 4.0 * np.array([log(strike / FORWARD) for strike in strikes]) ** 2
    horizon = Horizon(FORWARD, 7 / 365, DISCOUNT)
    mids = np.array(
        [
            [price(FORWARD, strike, 7 / 365, sigma, DISCOUNT, call) for call in (True, False)]
            for strike, sigma in zip(strikes, smile, strict=True)
        ]
    )

    volatilities = chain_volatilities(mids, strikes, horizon)
    found = chain_greeks(smile, strikes, horizon)

    for place, strike in enumerate(strikes):
        for side, is_call in enumerate((True, False)):
            args = (FORWARD, strike, 7 / 365)
            alone = implied_volatility(mids[place, side], *args, DISCOUNT, is_call)
            assert volatilities[place, side] == alone
            assert tuple(found[:, place, side]) == greeks(*args, smile[place], DISCOUNT, is_call)
