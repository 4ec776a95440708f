"""At which price a step begins to matter to an order, and which prices of a row are prices."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from execution.orders import Side, Validity
from execution.reach import Reach, ranges_of, rows_of
from execution.resting import Resting
from tests.unit.execution.market import CLOSE, OPEN, D, request, tick

BUY, SELL = Side.BUY, Side.SELL


def resting(side: Side, *, triggered: bool = False, **levels: object) -> Resting:
    made = {name: D(str(value)) for name, value in levels.items()}
    found = Resting(request("c1", side, **made), "b1", 1, OPEN, CLOSE)
    found.triggered = triggered
    return found


def met(order: Resting, *prices: float) -> list[bool]:
    reach = Reach.of([order])
    return [reach.may_meet(price, price) for price in prices]


def test_a_limit_is_met_from_its_price_on() -> None:
    assert met(resting(BUY, price=100), 99.0, 100.0, 100.02) == [True, True, False]
    assert met(resting(SELL, price=100), 101.0, 100.0, 99.98) == [True, True, False]


def test_a_stop_is_met_from_its_trigger_on() -> None:
    buys, sells = (resting(side, trigger_price=100, price=100) for side in (BUY, SELL))

    assert met(buys, 101.0, 100.0, 99.98) == [True, True, False]
    assert met(sells, 99.0, 100.0, 100.02) == [True, True, False]


def test_a_price_that_is_off_by_less_than_a_paisa_is_met_all_the_same() -> None:
    assert met(resting(BUY, price=100), 100.005, 100.006) == [True, False]
    assert met(resting(SELL, price=100), 99.995, 99.994) == [True, False]


def test_a_stop_that_was_triggered_is_met_from_its_limit_on() -> None:
    armed = resting(SELL, trigger_price=100, price=95, triggered=True)

    assert met(armed, 95.0, 94.0, 101.0) == [True, False, True]


@pytest.mark.parametrize(
    "order",
    [
        resting(BUY),
        resting(SELL, trigger_price=100, triggered=True),
        replace(resting(BUY, price=90), request=request("c1", BUY, price=90)),
    ],
    ids=["at market", "a triggered stop at market", "for this moment only"],
)
def test_every_step_matters_to_an_order_that_ends_with_it(order: Resting) -> None:
    if order.request.price is not None:
        order.request = replace(order.request, validity=Validity.IOC)

    assert met(order, 1.0, 1_000.0) == [True, True]


def test_of_several_orders_the_nearest_counts_on_each_side() -> None:
    orders = [resting(BUY, price=price) for price in (90, 95)]
    orders += [resting(SELL, price=price) for price in (110, 105)]
    reach = Reach.of(orders)

    assert [reach.may_meet(low, high) for low, high in ((96, 104), (95, 104), (96, 105))] == [
        *(False, True, True),
    ]
    assert not Reach.of([]).may_meet(-1e9, 1e9)


@pytest.mark.parametrize("rows", [1, 12, 13, 40])
def test_a_row_without_any_price_reaches_nothing_and_small_prices_are_prices(rows: int) -> None:
    none = tick(nan, high=inf, low=0.0, bid=-1.0, ask=nan)
    small = tick(0.05, high=0.55, low=0.05, ask=0.6)
    ticks = np.concatenate([*([none] * rows), *([small] * rows)])

    assert ranges_of(ticks, range(rows)) == ([inf] * rows, [-inf] * rows)
    assert ranges_of(ticks, range(rows, 2 * rows)) == ([0.05] * rows, [0.6] * rows)


@pytest.mark.parametrize("name", ["last", "open", "high", "low", "bid", "ask"])
@pytest.mark.parametrize("rows", [1, 40])
def test_every_price_that_a_row_tells_widens_its_range(name: str, rows: int) -> None:
    for price in (80.0, 120.0):
        one = tick(100.0, bid=100.0, ask=100.0)
        one[name] = price

        (low, *_), (high, *_) = ranges_of(np.repeat(one, rows), range(rows))

        assert (low, high) == (min(price, 100.0), max(price, 100.0))


@pytest.mark.parametrize("extra", [0, 40])
def test_the_first_row_of_a_token_that_is_wanted_counts(extra: int) -> None:
    tokens = [5, 7, 5, 9, *range(1_000, 1_000 + extra)]
    ticks = np.concatenate([tick(100.0, token=token) for token in tokens])

    assert rows_of(ticks, {5, 9, 11}) == {5: 0, 9: 3}
    assert rows_of(ticks, {11}) == {}
    assert rows_of(ticks, {1}) == {}
    assert rows_of(ticks, set()) == {}
