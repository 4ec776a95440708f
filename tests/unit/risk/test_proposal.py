from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from execution.orders import Side
from strategies.signals import Direction
from tests.unit.risk.builders import FUTURE, SHARE, D, context, last_only, leg, proposal, quote


@pytest.mark.parametrize(
    ("side", "chase", "expected"),
    [
        (Side.BUY, 0, "100.1"),
        (Side.BUY, 2, "100.3"),
        (Side.SELL, 0, "99.9"),
        (Side.SELL, 2, "99.7"),
    ],
)
def test_an_entry_is_limited_at_the_touch_plus_the_chase(
    side: Side, chase: int, expected: str
) -> None:
    asked = leg(side=side, at_quote=quote(99.9, 100.1))

    assert asked.limit_price(chase) == D(expected)


def test_a_price_off_the_grid_moves_to_the_side_that_fills() -> None:
    off_grid = last_only(100.03)

    assert leg(side=Side.BUY, at_quote=off_grid).limit_price(0) == D("100.10")
    assert leg(side=Side.SELL, at_quote=off_grid).limit_price(0) == D("100.00")


def test_a_sale_is_never_limited_below_one_tick() -> None:
    assert leg(side=Side.SELL, at_quote=quote(0.1, 0.2)).limit_price(5) == D("0.1")


@pytest.mark.parametrize("price", [math.nan, math.inf, 0.0, -1.0])
def test_without_a_usable_price_there_is_no_limit(price: float) -> None:
    nothing = last_only(price)

    assert leg(at_quote=nothing).limit_price(2) is None
    assert proposal(legs=(leg(), leg(at_quote=nothing))).entry(2) is None


@given(price=st.floats(0.05, 100_000), chase=st.integers(0, 10), side=st.sampled_from(Side))
def test_the_limit_is_on_the_grid_and_marketable(price: float, chase: int, side: Side) -> None:
    limit = leg(side=side, at_quote=quote(price, price)).limit_price(chase)

    assert limit is not None
    assert limit % FUTURE.tick_size == 0
    touch = Decimal(repr(price))
    assert limit >= touch if side is Side.BUY else limit <= max(touch, FUTURE.tick_size)


def test_one_leg_is_entered_at_its_limit_and_a_spread_at_the_difference() -> None:
    bought = leg(side=Side.BUY, at_quote=quote(119.9, 120.0))
    sold = leg(side=Side.SELL, at_quote=quote(70.0, 70.1))

    assert proposal(legs=(bought,)).entry(1) == D("120.1")
    assert proposal(legs=(bought, sold)).entry(1) == D("50.2")
    assert proposal(legs=(bought, sold)).at_touch() == 50.0


def test_a_credit_is_a_positive_price_that_must_fall() -> None:
    bought = leg(side=Side.BUY, at_quote=quote(69.9, 70.0))
    sold = leg(side=Side.SELL, at_quote=quote(120.0, 120.1))
    credit = proposal(direction=Direction.SHORT, legs=(sold, bought))

    assert credit.entry(1) == D("49.8")
    assert credit.at_touch() == 50.0


def test_a_ratio_counts_a_leg_more_than_once() -> None:
    bought = leg(side=Side.BUY, at_quote=quote(120.0, 120.0))
    sold = leg(side=Side.SELL, at_quote=quote(50.0, 50.0), ratio=2)

    assert proposal(legs=(bought, sold)).entry(0) == D("20")
    assert proposal(legs=(bought, sold)).at_touch() == 20.0
    with pytest.raises(ValueError, match=r"^ratio: 0"):
        leg(ratio=0)


def test_a_proposal_without_legs_or_of_mixed_lots_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^legs: none"):
        proposal(legs=())
    with pytest.raises(ValueError, match=r"^legs: different lot sizes"):
        proposal(legs=(leg(), leg(SHARE)))


def test_naive_moments_are_refused_by_name() -> None:
    naive = datetime(2026, 8, 12, 11, 0)

    with pytest.raises(ValueError, match=r"^valid_until"):
        structs.replace(proposal(), valid_until=naive)
    with pytest.raises(ValueError, match=r"^now"):
        context(now=naive)
