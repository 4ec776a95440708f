from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.market_rules import ExchangeSettings
from execution.matching import match, step_of
from execution.orders import OrderType, Side
from execution.reach import Reach, ranges_of, rows_of
from execution.resting import Resting
from marketdata.ticks import Ticks
from tests.unit.execution.market import CALL, CLOSE, OPEN, D, request, tick

PAISE = st.integers(9_000, 11_000).map(lambda paise: D(paise) / 100)
TYPES = st.sampled_from(
    (OrderType.MARKET, OrderType.LIMIT, OrderType.SL, OrderType.SL_M),
)


def tick_of(last: float, high: float, low: float, bid: float, ask: float) -> Ticks:
    highest, lowest = max(high, last), min(low, last)
    return tick(last, high=highest, low=lowest, bid=bid, ask=ask, bid_quantity=650, ask_quantity=65)


def resting(kind: OrderType, side: Side, price: D, trigger: D, *, triggered: bool) -> Resting:
    levels = {}
    if kind in (OrderType.LIMIT, OrderType.SL):
        levels["price"] = price
    if kind in (OrderType.SL, OrderType.SL_M):
        levels["trigger_price"] = trigger
    found = Resting(request("c1", side, **levels), "b1", 1, OPEN, CLOSE)
    found.triggered = triggered and "trigger_price" in levels
    return found


@given(
    kind=TYPES,
    side=st.sampled_from(Side),
    levels=st.tuples(PAISE, PAISE),
    triggered=st.booleans(),
    told=st.tuples(PAISE, PAISE, PAISE, PAISE, PAISE),
)
def test_whatever_a_step_fills_or_arms_is_within_its_reach(kind, side, levels, triggered, told):
    ticks = tick_of(*(float(price) for price in told))
    one = resting(kind, side, *levels, triggered=triggered)
    step = step_of(ticks[0].item(), None)
    assert step is not None
    met = match(one.request, triggered=one.triggered, step=step, settings=ExchangeSettings())

    (lowest,), (highest,) = ranges_of(ticks, [0])

    if met.price is not None or met.triggered != one.triggered:
        assert Reach.of([one]).may_meet(lowest, highest)


def test_a_limit_far_below_the_market_is_out_of_reach():
    one = resting(OrderType.LIMIT, Side.BUY, D("90.00"), D("90.00"), triggered=False)

    assert not Reach.of([one]).may_meet(100.0, 101.0)
    assert Reach.of([one]).may_meet(90.0, 101.0)


def test_any_step_may_meet_a_market_order():
    one = resting(OrderType.MARKET, Side.BUY, D(1), D(1), triggered=False)

    assert Reach.of([one]).may_meet(float("inf"), float("-inf"))


@pytest.mark.parametrize("rows", [1, 40])
def test_the_range_of_a_row_holds_its_prices_and_quotes_but_none_that_is_missing(rows: int):
    ticks = np.repeat(tick_of(100.0, 101.0, 99.0, float("nan"), 102.0), rows)

    assert ranges_of(ticks, range(rows)) == ([99.0] * rows, [102.0] * rows)


def test_a_token_is_found_once_where_it_is_wanted():
    ticks = np.repeat(tick_of(100.0, 101.0, 99.0, 99.5, 100.5), 2)

    assert rows_of(ticks, {CALL.token}) == {CALL.token: 0}
    assert rows_of(ticks, set()) == {}


@given(
    tokens=st.lists(st.integers(1, 60), min_size=1, max_size=50, unique=True),
    wanted=st.sets(st.integers(1, 60)),
)
def test_wide_steps_and_narrow_ones_are_searched_alike(tokens: list[int], wanted: set[int]):
    ticks = np.repeat(tick_of(100.0, 101.0, 99.0, 99.5, 100.5), len(tokens))
    ticks["token"] = tokens

    found = rows_of(ticks, wanted)

    assert found == {token: row for row, token in enumerate(tokens) if token in wanted}
