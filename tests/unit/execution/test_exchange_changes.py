"""What a change makes of a stop at the exchange: whether it was triggered, and its place."""

from __future__ import annotations

from execution.orders import OrderChange, OrderType, Side
from tests.unit.execution.market import D, Market, request, tick

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
