"""Ends of sessions, runs and stops on the simulated exchange that a usual day hardly shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from execution.exchange import Exchange, ExchangeSettings
from execution.orders import OrderState, Side
from tests.unit.execution.market import CALL, CLOSE, OPEN, Market, request, tick

S = OrderState
EARLY = replace(CALL, token=8, symbol="NIFTY26NOV26100CE")
EARLY_CLOSE = CLOSE.replace(minute=15)


@pytest.mark.parametrize("run", [-1, 1000])
def test_a_run_that_no_id_has_room_for_is_refused(run: int) -> None:
    with pytest.raises(ValueError, match=rf"^run: {run}, expected 0 to 999"):
        Exchange(ExchangeSettings(), {}, run=run)


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


def test_a_tick_of_another_instrument_concerns_no_order() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.BUY, price=100))

    assert market.step(tick(90, token=99)) == ()
    assert [update.client_id for update in market.step(tick(90))] == ["a1"]
