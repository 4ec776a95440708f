"""Glances at the orders and the trades of the book: when they are made, and what they prove."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from execution.broker import BrokerBook, OutcomeUnknown
from execution.orders import Order, OrderState, OrderUpdate, Role
from tests.unit.trading.test_live_venue import (
    EMPTY,
    NOON,
    REQUEST,
    Bench,
    ScriptedBroker,
    fill,
    problems,
    update,
)
from trading.engine.actions import CancelOrder
from trading.engine.events import BrokerSaid, TwinFound
from trading.live_book import OwnBooks
from trading.live_venue import LiveVenue
from trading.live_watch import LiveSettings

STOP = replace(REQUEST, role=Role.STOP)
THERE = replace(EMPTY, orders=(update(OrderState.OPEN),))
TRADED = BrokerBook((), (fill(),), (), complete=False)


class GlancingBroker(ScriptedBroker):
    """A broker of whom nothing is learned by a glance that isn't told."""

    async def glance(self) -> BrokerBook:
        if not self.glances:
            raise OutcomeUnknown("not now")
        return await super().glance()

    async def trades(self) -> BrokerBook:
        if not self.traded:
            raise OutcomeUnknown("not now")
        return await super().trades()


class GlancingBench(Bench):
    """A venue that glances without a pause."""

    def __init__(self, *orders: Order) -> None:
        super().__init__()
        self.broker = GlancingBroker()
        self.orders = list(orders)
        self.venue = LiveVenue(
            self.broker,
            lambda: OwnBooks(self.orders, (), frozenset(), self.changing),
            (lambda: self.now, self.bell),
            LiveSettings(glance_every_seconds=0.0),
        )

    async def passes(self) -> list[Any]:
        """Let glances be made until nothing more comes of it; return the news."""
        news = []
        for _ in range(20):
            self.now += timedelta(seconds=1)
            news += await self.settled()
        return news


def said(news: list[Any]) -> list[OrderUpdate]:
    return [one.update for one in news if isinstance(one, BrokerSaid)]


async def test_an_order_without_proof_is_found_by_a_glance_at_the_orders():
    bench = GlancingBench(Order(STOP, OrderState.UNKNOWN))
    bench.broker.glances.append(THERE)

    await bench.venue.begin()

    assert said(await bench.passes()) == [update(OrderState.OPEN)]
    await bench.venue.end()


async def test_an_order_that_two_glances_do_not_find_was_never_there():
    bench = GlancingBench(Order(STOP, OrderState.UNKNOWN))
    bench.now = NOON + timedelta(seconds=5)
    await bench.venue.begin()
    bench.broker.glances.append(EMPTY)
    once = await bench.passes()
    bench.broker.glances.append(EMPTY)

    twice = await bench.passes()

    assert said(once) == []
    assert [one.state for one in said(twice)] == [OrderState.PLANNED]
    await bench.venue.end()


async def test_a_glance_that_fails_says_nothing_and_the_next_one_is_made():
    bench = GlancingBench(Order(STOP, OrderState.UNKNOWN))
    bench.broker.glances.extend([OutcomeUnknown("slow"), THERE])
    await bench.venue.begin()

    news = await bench.passes()

    assert said(news) == [update(OrderState.OPEN)]
    assert [good for _, good in problems(news)] == [False]
    await bench.venue.end()


async def test_a_call_that_stays_silent_is_glanced_after_before_it_is_given_up():
    bench = GlancingBench(Order(STOP, OrderState.OPEN, broker_id="B1"))
    bench.broker.gate.clear()
    bench.broker.traded.append(TRADED)
    await bench.venue.begin()
    await bench.venue.send(CancelOrder(NOON, "E1"))
    await bench.settled()
    assert bench.broker.traded

    (told,) = said(await bench.passes())

    assert told.fills == (fill(),)
    await bench.venue.end()


async def test_a_fill_is_told_by_the_trades_alone():
    bench = GlancingBench(Order(REQUEST, OrderState.OPEN, broker_id="B1"))
    bench.broker.traded.append(TRADED)
    await bench.venue.begin()

    (told,) = said(await bench.passes())

    assert (told.state, told.fills) == (OrderState.FILLED, (fill(),))
    await bench.venue.end()


async def test_a_resting_stop_that_is_gone_without_a_word_is_missed_at_a_glance():
    gone = update(OrderState.CANCELLED)
    bench = GlancingBench(Order(STOP, OrderState.OPEN, broker_id="B1"))
    bench.broker.traded.append(TRADED)
    bench.broker.books.append(THERE)
    await bench.venue.begin()
    bench.broker.glances.append(replace(EMPTY, orders=(gone,)))

    assert said(await bench.passes()) == [gone]
    assert bench.broker.traded
    await bench.venue.end()


async def test_a_stop_that_went_while_nobody_was_here_waits_for_the_whole_book():
    bench = GlancingBench(Order(STOP, OrderState.OPEN, broker_id="B1"))
    bench.broker.glances.append(replace(EMPTY, orders=(update(OrderState.CANCELLED),)))
    await bench.venue.begin()

    assert said(await bench.passes()) == []
    assert not bench.broker.glances
    await bench.venue.end()


async def test_where_nothing_works_nothing_is_glanced_at():
    bench = GlancingBench(Order(STOP, OrderState.CANCELLED, broker_id="B1"))
    bench.broker.glances.append(THERE)
    await bench.venue.begin()

    await bench.passes()

    assert bench.broker.glances
    await bench.venue.end()


async def test_a_fill_that_no_trade_proves_has_the_whole_book_read():
    bench = GlancingBench(Order(STOP, OrderState.UNKNOWN))
    filled = update(OrderState.FILLED, filled_quantity=65)
    bench.broker.books.append(EMPTY)
    await bench.venue.begin()
    await bench.settled()
    bench.broker.glances.append(replace(EMPTY, orders=(filled,)))
    whole = replace(EMPTY, orders=(filled,), trades=(fill(),))
    bench.broker.books.append(whole)

    while bench.broker.books:
        await asyncio.sleep(0)
        bench.now += timedelta(seconds=1)

    assert not bench.broker.books
    await bench.venue.end()


async def test_a_second_order_seen_at_a_glance_is_told_by_the_whole_book():
    bench = GlancingBench(
        Order(REQUEST, OrderState.OPEN, broker_id="B1"), Order(replace(STOP, client_id="S1"))
    )
    twin = replace(update(OrderState.OPEN), broker_id="B2")
    both = replace(EMPTY, orders=(update(OrderState.OPEN), twin))
    bench.broker.books.append(EMPTY)
    await bench.venue.begin()
    await bench.settled()
    bench.broker.glances.append(both)
    bench.broker.books.append(both)
    news: list[Any] = []

    while not any(isinstance(one, TwinFound) for one in news):
        news += await bench.passes()

    assert [one.update.broker_id for one in news if isinstance(one, TwinFound)] == ["B2"]
    await bench.venue.end()
