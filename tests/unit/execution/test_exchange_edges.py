"""Ends of sessions, runs and stops on the simulated exchange that a usual day hardly shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from execution.exchange import Exchange, ExchangeSettings
from execution.orders import OrderState, Side
from tests.unit.execution.market import CALL, CLOSE, OPEN, D, Market, request, tick

S = OrderState
EARLY = replace(CALL, token=8, symbol="NIFTY26NOV26100CE")
EARLY_CLOSE = CLOSE.replace(minute=15)


@pytest.mark.parametrize("run", [-1, 1000])
def test_a_run_that_no_id_has_room_for_is_refused(run: int) -> None:
    with pytest.raises(ValueError, match=rf"^run: {run}, expected 0 to 999"):
        Exchange(ExchangeSettings(), {}, run=run)


@pytest.mark.parametrize(("told", "number"), [({}, "000"), ({"run": 999}, "999")])
def test_the_run_stands_in_every_id_and_is_the_first_unless_told(
    told: dict[str, int], number: str
) -> None:
    exchange = Exchange(ExchangeSettings(), {CALL.key: (OPEN, CLOSE)}, **told)

    placed = exchange.place(request("a1", Side.BUY, price=100), OPEN)

    assert placed.broker_id == f"261123{number}000001"


def test_each_order_ends_with_the_session_of_its_own_instrument() -> None:
    windows = {CALL.key: (OPEN, CLOSE), EARLY.key: (OPEN, EARLY_CLOSE)}
    exchange = Exchange(ExchangeSettings(), windows)
    exchange.place(request("a1", Side.BUY, price=100), OPEN)
    exchange.place(request("a2", Side.BUY, price=100, instrument=EARLY), OPEN)

    [first] = exchange.close_session(EARLY_CLOSE)
    between = exchange.close_session(CLOSE - timedelta(microseconds=1))
    [second] = exchange.close_session(CLOSE)

    assert (first.client_id, first.state, first.at) == ("a2", S.CANCELLED, EARLY_CLOSE)
    assert between == ()
    assert (second.client_id, second.state, second.at) == ("a1", S.CANCELLED, CLOSE)


def test_ids_of_another_day_begin_again() -> None:
    following = timedelta(days=1)
    market = Market(run=7)
    market.windows[CALL.key] = (OPEN, CLOSE + following)
    first = market.place(request("a1", Side.BUY, price=100))
    market.at += following
    next_day = market.place(request("a2", Side.BUY, price=100))

    assert (first.broker_id, next_day.broker_id) == ("261123007000001", "261124007000001")


def test_news_of_an_order_bears_the_moment_it_happened_at() -> None:
    market = Market(full_fills=True)
    placed = market.place(request("a1", Side.BUY, price=100))
    changed = market.modify("a1", quantity=130)
    filled_at = market.at + timedelta(seconds=1)
    [filled] = market.step(tick(100))

    assert placed.at < changed.at < filled.at == filled_at
    assert filled.request == replace(request("a1", Side.BUY, price=100), quantity=130)
    assert [fill.at for fill in filled.fills] == [filled_at]


def test_a_stop_that_arms_without_filling_is_news_of_that_moment() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.BUY, price=106, trigger_price=105))
    armed_at = market.at + timedelta(seconds=1)

    [armed] = market.step(tick(120))
    after = market.step(tick(120))

    assert (armed.state, armed.triggered, armed.at) == (S.OPEN, True, armed_at)
    assert after == ()


def test_a_stop_left_behind_is_met_where_the_market_comes_back_to_its_limit() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.SELL, trigger_price=95, price=94))
    left_behind = market.fills(tick(90))

    assert (left_behind, market.fills(tick(100))) == ([], [("a1", 65, D("99.90"))])


def test_an_order_that_joins_others_is_met_at_its_own_price() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.BUY, price=90))
    before = market.fills(tick(100))
    market.place(request("a2", Side.BUY, price=100))

    assert (before, market.fills(tick(100))) == ([], [("a2", 65, D(100))])


def test_a_tick_of_another_instrument_concerns_no_order() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.BUY, price=100))

    assert market.step(tick(90, token=99)) == ()
    assert [update.client_id for update in market.step(tick(90))] == ["a1"]


def test_what_was_cancelled_or_has_filled_does_not_end_again_with_the_session() -> None:
    cancelled, filled = Market(), Market(full_fills=True)
    for market in (cancelled, filled):
        market.place(request("a1", Side.BUY, price=100))
    cancelled.cancel("a1")
    filled.step(tick(99))

    assert [m.exchange.close_session(CLOSE) for m in (cancelled, filled)] == [(), ()]
    [order] = filled.exchange.book().orders
    assert order.state is S.FILLED


def pair_and_another() -> Market:
    """Return a market with a stop at 95 and its target at 110, and another sale at 111."""
    market = Market(full_fills=True)
    market.place(request("s1", Side.SELL, trigger_price=95, price=94, pair="p"))
    market.place(request("t1", Side.SELL, price=110, pair="p"))
    market.place(request("a1", Side.SELL, price=111))
    return market


def test_who_stands_behind_a_target_that_its_stop_ended_is_met_all_the_same() -> None:
    market = pair_and_another()

    fills = market.fills(tick(100, open=100, high=115, low=90))

    assert [client_id for client_id, _, _ in fills] == ["s1", "a1"]


def test_who_stands_behind_a_target_that_waits_out_a_step_is_met_all_the_same() -> None:
    market = pair_and_another()

    fills = market.fills(tick(90, open=90, high=111, low=85))

    assert fills == [("a1", 65, D(111))]


def test_a_target_that_fills_in_part_ends_its_stop_then_and_rests_on() -> None:
    market = Market()
    market.place(request("s1", Side.SELL, 130, trigger_price=95, price=94, pair="p"))
    market.place(request("t1", Side.SELL, 130, price=110, pair="p"))
    filled_at = market.at + timedelta(seconds=1)

    target, stop = market.step(tick(110, bid=110, bid_quantity=65))

    assert (target.client_id, target.state, target.filled_quantity) == ("t1", S.PARTIAL, 65)
    assert (stop.client_id, stop.state, stop.at) == ("s1", S.CANCELLED, filled_at)
    assert market.fills(tick(110, bid=110, bid_quantity=65)) == [("t1", 65, D(110))]


OTHERS = [replace(CALL, token=token, symbol=f"NIFTY26NOV{token}CE") for token in (31, 9, 20)]


def market_of_three() -> Market:
    """Return a market with an order at 100 for each of three contracts, the last at 90."""
    market = Market(full_fills=True)
    market.windows |= {other.key: (OPEN, CLOSE) for other in OTHERS}
    for name, other, price in zip(("a1", "a2", "a3"), OTHERS, (100, 100, 90), strict=True):
        market.place(request(name, Side.BUY, price=price, instrument=other))
    return market


@pytest.mark.parametrize("rows", [4, 12, 13, 40])
def test_steps_of_any_width_meet_who_they_reach_in_the_order_of_their_contracts(rows: int) -> None:
    market = market_of_three()
    crowd = [tick(50, token=1_000 + number) for number in range(rows - 4)]
    told = [tick(95, token=9), tick(95, token=20), tick(99, token=31), tick(200, token=9)]

    news = market.step(np.concatenate([*crowd, *told]))

    filled = [(update.client_id, update.fills[0].price) for update in news]
    assert filled == [("a1", D("99.10")), ("a2", D("95.10"))]


def test_two_contracts_of_a_step_are_met_in_the_order_in_which_their_orders_came() -> None:
    news = market_of_three().step(np.concatenate([tick(95, token=9), tick(99, token=31)]))

    assert [update.client_id for update in news] == ["a1", "a2"]


@pytest.mark.parametrize("rows", [1, 40])
def test_a_step_without_any_of_the_contracts_that_have_orders_concerns_none(rows: int) -> None:
    crowd = [tick(50, token=1_000 + number) for number in range(rows)]

    assert market_of_three().step(np.concatenate(crowd)) == ()
