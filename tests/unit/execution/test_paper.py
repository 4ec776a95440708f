from __future__ import annotations

from datetime import datetime

import pytest

from execution.exchange import Exchange, ExchangeSettings
from execution.orders import OrderChange, OrderState, Side
from execution.paper import PaperBroker
from tests.unit.execution.market import CALL, CLOSE, OPEN, D, request, tick


def paper() -> PaperBroker:
    return PaperBroker(Exchange(ExchangeSettings(full_fills=True), {CALL.key: (OPEN, CLOSE)}))


async def test_orders_are_made_at_the_time_of_the_last_event() -> None:
    broker = paper()
    broker.advance(OPEN)

    placed = await broker.place(request("a1", Side.BUY, price=100))
    later = OPEN.replace(minute=20)
    [filled] = broker.observe(later, tick(100))

    assert (placed.at, filled.at) == (OPEN, later)
    assert filled.state is OrderState.FILLED


async def test_the_end_of_the_session_cancels_with_and_without_prices() -> None:
    for ends in (lambda b: b.advance(CLOSE), lambda b: b.observe(CLOSE, tick(90))):
        broker = paper()
        broker.advance(OPEN)
        await broker.place(request("a1", Side.BUY, price=100))

        [ended] = ends(broker)

        assert (ended.state, ended.filled_quantity) == (OrderState.CANCELLED, 0)


async def test_before_the_first_event_there_is_no_time_to_place_at() -> None:
    with pytest.raises(ValueError, match="no event yet"):
        await paper().place(request("a1", Side.BUY, price=100))


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an aware datetime"):
        paper().advance(datetime(2026, 11, 23, 10, 0))


async def test_changes_and_cancellations_happen_at_the_time_of_the_last_event() -> None:
    broker = paper()
    broker.advance(OPEN)
    await broker.place(request("a1", Side.BUY, price=100))
    later = OPEN.replace(minute=20)
    broker.advance(later)

    changed = await broker.modify("a1", OrderChange(price=D(99)))
    cancelled = await broker.cancel("a1")

    assert (changed.at, changed.request and changed.request.price) == (later, D(99))
    assert (cancelled.at, cancelled.state) == (later, OrderState.CANCELLED)
