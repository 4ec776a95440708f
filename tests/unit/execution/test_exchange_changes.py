"""What a change makes of an order at the exchange: its trigger, its place, where it is met."""

from __future__ import annotations

import pytest

from execution.broker import Refused
from execution.exchange import Exchange, ExchangeSettings
from execution.orders import OrderChange, OrderType, Side
from tests.unit.execution.market import CALL, CLOSE, OPEN, D, Market, request, tick

TO_LIMIT = OrderChange(price=D(80), order_type=OrderType.LIMIT)


def triggered_stop() -> Market:
    """Return a market in which the stop "s" was triggered at 95 and waits at 90."""
    market = Market()
    market.place(request("s", Side.SELL, trigger_price=95, price=90))
    market.exchange.on_ticks(tick(85.0), market.now())
    return market


def test_a_stop_that_was_triggered_stays_so_as_a_plain_limit() -> None:
    market = triggered_stop()

    update = market.exchange.modify("s", TO_LIMIT, market.now())

    assert update.triggered
    assert update.request is not None
    assert update.request.trigger_price is None


def test_a_stop_that_waits_is_not_triggered_by_becoming_a_plain_limit() -> None:
    market = Market()
    market.place(request("s", Side.SELL, trigger_price=95, price=90))

    assert not market.exchange.modify("s", TO_LIMIT, market.now()).triggered


def test_a_limit_that_becomes_a_stop_waits_for_its_trigger() -> None:
    market = Market()
    market.place(request("s", Side.SELL, price=110))
    to_stop = OrderChange(price=D(90), trigger_price=D(95), order_type=OrderType.SL)

    assert not market.exchange.modify("s", to_stop, market.now()).triggered


def test_a_new_limit_of_a_stop_that_was_triggered_leaves_it_triggered() -> None:
    market = triggered_stop()

    update = market.exchange.modify("s", OrderChange(price=D(84)), market.now())

    assert update.triggered


def test_a_stop_that_was_triggered_and_became_a_limit_waits_again_as_a_stop() -> None:
    market = triggered_stop()
    market.exchange.modify("s", TO_LIMIT, market.now())
    again = OrderChange(price=D(80), trigger_price=D(84), order_type=OrderType.SL)

    assert not market.exchange.modify("s", again, market.now()).triggered


def test_an_order_brought_to_the_market_is_met_by_the_next_step() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.BUY, price=90))
    far = market.fills(tick(100))

    market.modify("a1", price=D(100))

    assert (far, market.fills(tick(100))) == ([], [("a1", 65, D(100))])


def test_a_change_that_changes_nothing_keeps_the_place() -> None:
    market = Market()
    market.place(request("a1", Side.BUY, price=100))
    market.place(request("a2", Side.BUY, price=100))

    market.modify("a1", quantity=65)

    assert market.fills(tick(100, ask=100, ask_quantity=65)) == [("a1", 65, D(100))]


def test_a_change_too_must_stay_within_the_band() -> None:
    exchange = Exchange(ExchangeSettings(), {CALL.key: (OPEN, CLOSE)}, {CALL.key: (D(90), D(110))})
    placed = exchange.place(request("a1", Side.BUY, price=100), OPEN)

    with pytest.raises(Refused, match="circuit limits: lower 90, upper 110"):
        exchange.modify("a1", OrderChange(price=D("110.05")), OPEN)

    assert exchange.book().orders == (placed,)
    assert exchange.modify("a1", OrderChange(price=D(110)), OPEN).request is not None
