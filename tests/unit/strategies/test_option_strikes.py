from __future__ import annotations

from datetime import date, timedelta
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.options.chain import CALL, PUT, Chain
from strategies.option_strikes import (
    Expiry,
    Pick,
    Strike,
    StrikeBy,
    chain_within,
    days_to,
    pick,
    place_of,
)
from strategies.signals import Direction
from strategies.structures import NotPossible
from tests.option_chain import AT, DAY, MadeChain
from tests.unit.strategies.option_market import chain_of, market_of

WEEK = chain_of(MadeChain())
LATER = MadeChain(expiry=date(2026, 10, 27))


def strike_at(
    chain: Chain, side: int, by: StrikeBy, amount: float, tolerance: float = 0.05
) -> float:
    place = place_of(chain, side, Strike(by, amount, tolerance))
    assert not isinstance(place, NotPossible), place
    return float(chain.strikes[place])


def refused(chain: Chain, side: int, by: StrikeBy, amount: float, tolerance: float = 0.05) -> str:
    place = place_of(chain, side, Strike(by, amount, tolerance))
    assert isinstance(place, NotPossible)
    return place.reason


@pytest.mark.parametrize(
    ("side", "by", "amount", "strike"),
    [
        (CALL, StrikeBy.STEPS, 0, 24_500),
        (CALL, StrikeBy.STEPS, 3, 24_650),
        (PUT, StrikeBy.STEPS, 3, 24_350),
        (CALL, StrikeBy.STEPS, -2, 24_400),
        (CALL, StrikeBy.POINTS, 200, 24_700),
        (PUT, StrikeBy.POINTS, 200, 24_300),
        (CALL, StrikeBy.POINTS, 120, 24_600),
        (CALL, StrikeBy.FRACTION, 0.01, 24_750),
        (PUT, StrikeBy.FRACTION, 0.02, 24_000),
    ],
)
def test_a_distance_is_told_out_of_the_money_and_met_on_the_grid(
    side: int, by: StrikeBy, amount: float, strike: float
) -> None:
    # At the money is 24,500, the grid 50 wide; 1 % of 24,512.5 is 245, 2 % are 490.
    assert strike_at(WEEK, side, by, amount) == strike


def test_a_delta_picks_the_strike_whose_delta_is_nearest() -> None:
    strike = strike_at(WEEK, CALL, StrikeBy.DELTA, 0.25)

    place = list(WEEK.strikes).index(strike)
    nearest = abs(WEEK.delta[place, CALL] - 0.25)
    assert all(abs(each - 0.25) >= nearest for each in WEEK.delta[:, CALL])
    assert strike == 24_800


def test_a_delta_that_no_strike_comes_near_is_refused_with_the_nearest() -> None:
    coarse = chain_of(MadeChain(strikes=range(23_500, 25_600, 500)))

    reason = refused(coarse, CALL, StrikeBy.DELTA, 0.25, 0.05)

    assert "nearest to delta 0.25 is 25000 with 0.1" in reason
    assert "expected within 0.05" in reason


def test_a_strike_without_a_book_is_not_picked_by_delta() -> None:
    silent = chain_of(MadeChain(), NIFTY24800CE={"bid": nan, "ask": nan})

    assert strike_at(silent, CALL, StrikeBy.DELTA, 0.25, 0.1) in (24_750, 24_850)


@pytest.mark.parametrize(
    ("by", "amount", "said"),
    [
        (StrikeBy.POINTS, 1_100, "no strike near 25600.00, listed 23500 to 25500"),
        (StrikeBy.STEPS, 30, "no strike +30 steps from the money"),
    ],
)
def test_a_distance_beyond_the_grid_is_refused(by: StrikeBy, amount: float, said: str) -> None:
    assert said in refused(WEEK, CALL, by, amount)


def test_half_a_step_beyond_the_grid_is_still_its_last_strike() -> None:
    assert strike_at(WEEK, CALL, StrikeBy.POINTS, 1_025) == 25_500


@given(st.floats(-1_000, 1_000), st.sampled_from([CALL, PUT]))
def test_only_strikes_of_the_grid_are_chosen(points: float, side: int) -> None:
    place = place_of(WEEK, side, Strike(StrikeBy.POINTS, points))

    assert isinstance(place, int)
    assert 0 <= place < len(WEEK.strikes)


def test_the_nearest_expiry_within_the_days_is_taken() -> None:
    market = market_of(MadeChain(), LATER)

    near = chain_within(market, "NIFTY", Expiry(0, 30))
    far = chain_within(market, "NIFTY", Expiry(9, 21))

    assert isinstance(near, Chain)
    assert isinstance(far, Chain)
    assert (days_to(near), days_to(far)) == (7, 21)


def test_today_is_0_days_away() -> None:
    assert days_to(chain_of(MadeChain(expiry=DAY))) == 0


@pytest.mark.parametrize(
    ("underlying", "days", "said"),
    [
        ("NIFTY", (9, 20), "no expiry of NIFTY in 9 to 20 days: 2026-10-13 in 7 days; 2026-10-27"),
        ("NIFTY", (30, 40), "2026-10-27 in 21 days; NIFTY: 2 expiries watched"),
        ("RELIANCE", (0, 40), "no expiry of RELIANCE in 0 to 40 days: RELIANCE: 2 expiries"),
    ],
)
def test_no_expiry_within_the_days_names_those_there_are(
    underlying: str, days: tuple[int, int], said: str
) -> None:
    found = chain_within(market_of(MadeChain(), LATER), underlying, Expiry(*days))

    assert isinstance(found, NotPossible)
    assert said in found.reason


def test_days_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="min_days: 5, expected 0 to max_days"):
        Expiry(5, 4)


def test_a_pick_knows_what_entering_pays() -> None:
    made = chain_of(MadeChain(), NIFTY24600CE={"bid": 100.0, "ask": 101.0})

    bought = pick(made, 22, CALL, Direction.LONG)
    sold = pick(made, 22, CALL, Direction.SHORT, 2)

    assert isinstance(bought, Pick)
    assert isinstance(sold, Pick)
    assert (bought.touch, sold.touch, bought.mid) == (101.0, 100.0, 100.5)
    assert (bought.sign, sold.sign) == (1, -2)
    assert (bought.strike, bought.is_call) == (24_600.0, True)


@pytest.mark.parametrize(
    ("made", "changed", "said"),
    [
        (MadeChain(gone=frozenset({"NIFTY24600CE"})), {}, "not listed or not watched"),
        (MadeChain(), {"exchange_at": 0}, "no quote yet today"),
        (MadeChain(), {"bid": 0.0, "ask": 12.35}, "its book lacks a bid or an ask: 0.00 / 12.35"),
        (MadeChain(), {"bid": 99.0, "ask": 98.0}, "its bid is not below its ask: 99.00 / 98.00"),
        (
            MadeChain(),
            {"exchange_at": int((AT - timedelta(minutes=7)).timestamp() * 1e6)},
            "its quote is stale: 420 s old, expected at most 360",
        ),
    ],
)
def test_an_option_without_a_whole_book_is_no_pick(
    made: MadeChain, changed: dict[str, float], said: str
) -> None:
    chain = chain_of(made, **({"NIFTY24600CE": changed} if changed else {}))

    found = pick(chain, 22, CALL, Direction.LONG)

    assert isinstance(found, NotPossible)
    assert found.reason.startswith("NIFTY 2026-10-13 24600 call")
    assert said in found.reason
