"""In which order the exchange's orders meet a step, and what becomes of one order by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from execution.orders import OrderState, OrderType, Side
from execution.resting import Resting
from tests.unit.execution.market import CLOSE, OPEN, D, request

LATER = OPEN.replace(hour=11)
BUY, SELL = Side.BUY, Side.SELL


def limit(name: str, side: Side, price: str, priority: int = 1) -> Resting:
    return Resting(request(name, side, price=D(price)), name, priority, OPEN, CLOSE)


def market(name: str, side: Side, priority: int = 1) -> Resting:
    return Resting(request(name, side), name, priority, OPEN, CLOSE)


def stop(
    name: str, side: Side, trigger: str, price: str | None = None, priority: int = 1
) -> Resting:
    levels = {"trigger_price": D(trigger)} | ({"price": D(price)} if price else {})
    return Resting(request(name, side, **levels), name, priority, OPEN, CLOSE)


def in_turn(*orders: Resting) -> str:
    return "".join(order.broker_id for order in sorted(orders, key=lambda order: order.rank))


@pytest.mark.parametrize("side", Side)
def test_market_orders_come_first_then_stops_then_limits(side: Side) -> None:
    orders = limit("l", side, "100"), stop("s", side, "100", "101"), market("m", side)

    assert in_turn(*orders) == "msl"


@pytest.mark.parametrize(("side", "turn"), [(BUY, "dcba"), (SELL, "abcd")])
def test_the_better_limit_comes_first_and_of_equals_the_older(side: Side, turn: str) -> None:
    orders = [limit(name, side, price) for name, price in zip("abcd", "1234", strict=True)]

    assert in_turn(*orders) == turn
    assert in_turn(limit("y", side, "100", 2), limit("x", side, "100", 1)) == "xy"


@pytest.mark.parametrize(("side", "turn"), [(BUY, "abc"), (SELL, "cba")])
def test_the_stop_that_the_price_reaches_first_comes_first(side: Side, turn: str) -> None:
    orders = [stop(name, side, price, "2") for name, price in zip("abc", "123", strict=True)]

    assert in_turn(*orders) == turn
    assert in_turn(stop("y", side, "9", "9", 2), stop("x", side, "9", "9", 1)) == "xy"


@pytest.mark.parametrize(("side", "turn"), [(BUY, "ba"), (SELL, "ab")])
def test_a_stop_that_was_triggered_ranks_by_its_limit_still_before_limits(
    side: Side, turn: str
) -> None:
    armed = stop("a", side, "5", "100"), stop("b", side, "5", "101")
    for order in armed:
        order.triggered = True

    assert in_turn(*armed) == turn
    assert in_turn(limit("l", side, "100"), *armed) == f"{turn}l"


def test_a_stop_at_market_that_was_triggered_comes_with_the_market_orders() -> None:
    armed = stop("s", BUY, "100", priority=2)
    armed.triggered = True

    assert armed.request.order_type is OrderType.SL_M
    assert in_turn(armed, market("m", BUY, 1), market("n", BUY, 3)) == "msn"


def test_what_is_left_shrinks_with_trades_and_is_nothing_once_it_ends() -> None:
    order = limit("l", BUY, "100")

    order.book("t1", 60, D(99), LATER)
    left = order.left
    order.cancel(LATER, "enough")

    assert (left, order.left) == (order.request.quantity - 60, 0)


def test_a_trade_moves_an_order_on_and_its_last_word_tells_all_of_them() -> None:
    order = limit("l", BUY, "100")
    whole = order.request.quantity

    first = order.book("t1", 60, D(99), LATER)
    partly = order.state
    last = order.book("t2", whole - 60, D(98), LATER)
    told = order.update()

    assert (partly, order.state) == (OrderState.PARTIAL, OrderState.FILLED)
    assert (told.at, told.state, told.filled_quantity) == (LATER, OrderState.FILLED, whole)
    assert told.fills == (first, last)
    assert (first.trade_id, first.client_id, first.broker_id, first.at) == ("t1", "l", "l", LATER)
    assert (first.side, first.price, first.instrument) == (BUY, D(99), order.request.instrument)


def test_a_cancel_is_told_with_its_moment_and_reason() -> None:
    order = stop("s", SELL, "95", "90")
    order.triggered = True

    order.cancel(LATER, "enough")
    told = order.update()

    assert (told.at, told.state, told.reason) == (LATER, OrderState.CANCELLED, "enough")
    assert (told.triggered, told.request) == (True, None)


def test_an_order_that_was_changed_tells_how_it_rests_now() -> None:
    order = limit("l", BUY, "100")

    order.request = replace(order.request, price=D(101))
    order.modifications = 1

    assert order.update().request == order.request
