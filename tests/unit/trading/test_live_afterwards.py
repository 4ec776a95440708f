"""A live venue after a restart, after an order was given up, and once its run is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from execution.broker import OutcomeUnknown
from execution.orders import Order, OrderChange, OrderState
from tests.unit.trading.engine.builders import D
from tests.unit.trading.test_live_venue import EMPTY, NOON, REQUEST, Bench, fill, update
from trading.engine.actions import CancelOrder, ModifyOrder
from trading.engine.events import BrokerSaid, ChangeRefused, TwinFound

LISTED = replace(EMPTY, orders=(update(OrderState.OPEN),))


async def given_up() -> Bench:
    """Return a bench whose one order was proven never to have been there."""
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.UNKNOWN)]
    bench.now += timedelta(minutes=1)
    told = await bench.looks(EMPTY, EMPTY)
    assert [n.update.state for n in told if isinstance(n, BrokerSaid)] == [OrderState.PLANNED]
    return bench


@pytest.mark.parametrize("has_heard", [True, False], ids=["the engine knows", "not yet told"])
async def test_an_order_that_turns_up_after_it_was_given_up_is_told_as_a_second_one(
    has_heard: bool,
):
    bench = await given_up()
    if has_heard:
        bench.orders = [Order(REQUEST, OrderState.PLANNED)]
    bench.broker.answers.append(update(OrderState.FILLED, filled_quantity=65, fills=(fill(),)))

    bench.venue.hear({"order_id": "B1"})
    heard = await bench.settled()
    bench.orders = [Order(REQUEST, OrderState.PLANNED)]
    found = await bench.looks(LISTED)

    assert heard == []
    assert [n for n in found if isinstance(n, TwinFound)] == [
        TwinFound(bench.now, "E1", update(OrderState.OPEN))
    ]


async def test_an_order_given_up_by_an_earlier_process_is_told_as_a_second_one_too():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.PLANNED)]
    await bench.looks(EMPTY)

    bench.venue.hear({"order_id": "B1"})

    assert [n for n in await bench.settled() if isinstance(n, BrokerSaid)] == []


async def test_an_order_of_which_news_has_come_is_not_given_up():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.UNKNOWN)]
    bench.now += timedelta(minutes=1)
    bench.venue.hear({"order_id": "B1"})
    await bench.settled()

    told = await bench.looks(EMPTY, EMPTY)

    assert [n for n in told if isinstance(n, BrokerSaid)] == []


async def test_what_an_earlier_process_asked_for_is_in_doubt_and_what_this_one_asks_is_not():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    bench.changing, bench.asked = ("E1",), (("E1", 1), ("E1", 2))
    bench.broker.gate.clear()
    await bench.venue.send(ModifyOrder(NOON, "E1", OrderChange(price=D(24_001)), 2))

    told = await bench.looks(LISTED)

    doubts = [n for n in told if isinstance(n, ChangeRefused)]
    assert [(n.client_id, n.number, n.proven) for n in doubts] == [("E1", 1, False)]


async def test_a_cancellation_by_this_process_is_not_taken_for_an_earlier_one():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    bench.changing, bench.asked = ("E1",), (("E1", 0),)
    bench.broker.gate.clear()
    await bench.venue.send(CancelOrder(NOON, "E1"))

    told = await bench.looks(LISTED)

    assert [n for n in told if isinstance(n, ChangeRefused)] == []


async def test_a_run_that_is_over_waits_until_the_book_has_agreed():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    bench.broker.books.extend([OutcomeUnknown("503"), LISTED])
    await bench.venue.begin()

    asked = 0
    while await bench.venue.tells_more():
        asked += 1
        bench.venue.news(bench.now)
    await bench.venue.end()

    assert 0 < asked < 120
    assert not bench.broker.books


async def test_a_run_that_is_over_waits_for_no_book_for_ever():
    bench = Bench(last_words=3, look_at_once_seconds=0.001)
    bench.broker.books.extend([OutcomeUnknown("503")])
    await bench.venue.begin()

    told = [await bench.venue.tells_more() for _ in range(4)]
    await bench.venue.end()

    assert told == [True, True, True, False]
