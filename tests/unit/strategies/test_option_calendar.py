"""The calendar: two expiries at one strike, valued when the nearer one expires."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.options.greeks import price
from marketdata.options.rates import interest_rate
from strategies.option_calendar import CalendarRule
from strategies.option_legs import Terms
from strategies.option_levels import GainOf, Leaving, Levels
from strategies.option_limits import Between
from strategies.option_shapes import AT_THE_MONEY
from strategies.option_strikes import Expiry
from strategies.signals import Direction
from strategies.structures import StructureKind
from tests.option_chain import DAY, FORWARD, MadeChain
from tests.unit.strategies.option_market import built, market_of, reason, symbols, view

# The forward grows with the interest of the fortnight between the expiries.
LATER = MadeChain(
    expiry=date(2026, 10, 27), forward=FORWARD * exp(interest_rate(DAY) * 14.0 / 365.0)
)
MARKET = market_of(MadeChain(smile=lambda strike: 0.15), LATER)
RULE = CalendarRule(
    AT_THE_MONEY,
    sold=Expiry(1, 8),
    bought=Expiry(9, 30),
    terms=Terms(Levels(0.7, 0.2, 0.4, GainOf.PREMIUM), Leaving()),
)


def test_a_calendar_buys_the_later_call_and_sells_the_nearer() -> None:
    made = built(RULE.build(view(), MARKET))

    assert made.kind is StructureKind.CALENDAR
    assert [leg.instrument.expiry for leg in made.legs] == [date(2026, 10, 27), date(2026, 10, 13)]
    assert symbols(made) == ["+1 24500CE", "-1 24500CE"]
    assert made.direction is Direction.LONG
    near, far = MARKET.chains
    assert made.entry == far.ask[20, 0] - near.bid[20, 0]
    assert [leg.touch for leg in made.outlook.legs] == [far.ask[20, 0], near.bid[20, 0]]
    assert [leg.greeks.vega for leg in made.outlook.legs] == [far.vega[20, 0], near.vega[20, 0]]
    assert made.uncovered == ()


def test_a_short_view_takes_puts() -> None:
    assert symbols(built(RULE.build(view(Direction.SHORT), MARKET))) == ["+1 24500PE", "-1 24500PE"]


def test_its_best_day_leaves_the_far_option_worth_what_its_volatility_says() -> None:
    # At the strike on the near expiry the near call is worth nothing and the far one is an
    # option at the money with 14 days left, at the 12 % of its own chain.
    near, far = MARKET.chains
    made = built(RULE.build(view(), MARKET))

    forward = 24_500.0 * far.forward / near.forward
    left = price(
        forward, 24_500.0, far.years - near.years, 0.12, far.discount / near.discount, True
    )

    assert made.max_profit == pytest.approx(left - made.entry, abs=0.5)
    assert made.max_loss == pytest.approx(made.entry, rel=0.02)


def test_it_pays_between_its_break_evens() -> None:
    made = built(RULE.build(view(), MARKET))

    low, high = made.break_evens
    assert low < 24_500.0 < high
    assert 0.3 < made.probability_of_profit < 0.9
    assert made.greeks.theta > 0
    assert made.greeks.vega > 0


def test_an_opinion_can_need_a_dear_near_expiry() -> None:
    dear = replace(RULE, min_iv_ratio=1.3)

    assert reason(dear.build(view(), MARKET)) == (
        "CALENDAR: volatility of 2026-10-13 over that of 2026-10-27 is 1.250, expected 1.3 or more"
    )
    built(replace(RULE, min_iv_ratio=1.2).build(view(), MARKET))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bought": Expiry(1, 30)}, "both expiries are 2026-10-13, expected two"),
        ({"bought": Expiry(30, 60)}, "no expiry of NIFTY in 30 to 60 days"),
        ({"sold": Expiry(0, 3)}, "no expiry of NIFTY in 0 to 3 days"),
        ({"underlyings": ("SENSEX",)}, "NIFTY: not among SENSEX"),
        ({"needs": (Between("iv_percentile", 0.0, 10.0),)}, "iv_percentile of NIFTY 50 is 50.00"),
    ],
)
def test_what_a_calendar_lacks_is_told(changes: dict[str, object], words: str) -> None:
    assert words in reason(replace(RULE, **changes).build(view(), MARKET))


def test_a_strike_that_the_later_expiry_lacks_is_told() -> None:
    coarse = market_of(MadeChain(), replace(LATER, strikes=tuple(range(23_400, 25_700, 200))))

    assert "has no strike 24500, the nearest is 24400" in reason(RULE.build(view(), coarse))


@settings(deadline=None, max_examples=15)
@given(st.floats(0.08, 0.4), st.floats(0.08, 0.4))
def test_the_loss_is_about_the_debit_whatever_the_volatilities(near: float, far: float) -> None:
    market = market_of(
        MadeChain(smile=lambda strike: near), replace(LATER, smile=lambda strike: far)
    )
    made = RULE.build(view(), market)
    if not hasattr(made, "legs"):
        assert "expected above 0" in reason(made) or "cannot gain" in reason(made)
        return

    assert built(made).max_loss >= made.entry
    assert made.max_loss <= made.entry + 0.001 * FORWARD
