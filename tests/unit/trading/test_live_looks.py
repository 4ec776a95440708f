"""Reads of the broker's book side by side, and which answer belongs to which change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from execution.broker import BrokerBook, OutcomeUnknown, Refused
from execution.orders import Order, OrderChange, OrderState, OrderUpdate, Role, Side
from tests.unit.execution.test_taken_out import exit_by_hand, plan
from tests.unit.trading.test_live_venue import (
    EMPTY,
    NOON,
    REQUEST,
    Bench,
    ScriptedBroker,
    problems,
    update,
)
from trading.engine.actions import ModifyOrder, PlaceOrder
from trading.engine.events import BOOK, BrokerSaid, ChangeRefused, TwinFound
from trading.live_book import OwnBooks
from trading.live_venue import LiveVenue
from trading.live_watch import LiveSettings

CHANGE = ModifyOrder(NOON, "E1", OrderChange(quantity=130), number=7)


@dataclass(slots=True)
class SlowBroker(ScriptedBroker):
    """A broker whose book comes when it is said so, each read by itself."""

    reads: list[asyncio.Future[BrokerBook]] = field(default_factory=list)

    async def book(self) -> BrokerBook:
        self.reads.append(asyncio.get_running_loop().create_future())
        return await self.reads[-1]


class SlowBench(Bench):
    """A venue whose looks come to nothing until they are told to."""

    def __init__(self, state: OrderState) -> None:
        super().__init__()
        self.slow = SlowBroker()
        self.orders = [Order(REQUEST, state)]
        self.venue = LiveVenue(
            self.slow,
            lambda: OwnBooks(self.orders, (), frozenset(), self.changing),
            (lambda: self.now, self.bell),
            LiveSettings(look_every_seconds=0.001, look_beside_seconds=0.001),
        )

    async def reads(self, number: int) -> None:
        """Ask for the book until so many reads were begun, each at a moment of its own."""
        while len(self.slow.reads) < number:
            before = len(self.slow.reads)
            if before:
                self.venue.look()
            await asyncio.sleep(0)
            self.now += timedelta(seconds=len(self.slow.reads) - before)


def said(news: list[Any]) -> list[OrderState]:
    return [one.update.state for one in news if isinstance(one, BrokerSaid)]


async def test_a_book_that_is_asked_for_is_read_beside_a_slow_read():
    bench = SlowBench(OrderState.UNKNOWN)
    await bench.venue.begin()

    await bench.reads(3)
    bench.slow.reads[2].set_result(replace(EMPTY, orders=(update(OrderState.OPEN),)))

    assert said(await bench.settled()) == [OrderState.OPEN]
    await bench.venue.end()


async def test_a_book_asked_for_before_one_that_was_looked_at_tells_nothing():
    bench = SlowBench(OrderState.UNKNOWN)
    await bench.venue.begin()
    await bench.reads(2)
    bench.slow.reads[1].set_result(replace(EMPTY, orders=(update(OrderState.OPEN),)))
    await bench.settled()

    bench.slow.reads[0].set_result(replace(EMPTY, orders=(update(OrderState.REJECTED),)))

    assert said(await bench.settled()) == []
    await bench.venue.end()


async def test_what_rests_by_a_book_that_tells_nothing_is_asked_for_again():
    bench = SlowBench(OrderState.OPEN)
    await bench.venue.begin()
    await bench.reads(2)
    bench.slow.reads[1].set_result(replace(EMPTY, orders=(update(OrderState.OPEN),)))
    await bench.settled()
    bench.slow.calls.clear()

    late = replace(update(OrderState.OPEN), request=replace(REQUEST, quantity=130))
    bench.slow.reads[0].set_result(replace(EMPTY, orders=(late,)))
    await bench.settled()

    assert "doubt E1" in bench.slow.calls
    await bench.venue.end()


async def test_a_read_that_fails_late_says_nothing_of_a_book_read_since():
    bench = SlowBench(OrderState.UNKNOWN)
    await bench.venue.begin()
    await bench.reads(2)
    bench.slow.reads[1].set_result(replace(EMPTY, orders=(update(OrderState.OPEN),)))
    before = problems(await bench.settled())

    bench.slow.reads[0].set_exception(OutcomeUnknown("slow"))

    assert (BOOK, True) in before
    assert problems(await bench.settled()) == []
    await bench.venue.end()


async def test_a_slow_read_is_waited_for_where_nobody_asks_for_another():
    bench = SlowBench(OrderState.OPEN)
    await bench.venue.begin()
    await bench.reads(1)

    for _ in range(5):
        await asyncio.sleep(0.002)

    assert len(bench.slow.reads) == 1
    await bench.venue.end()


async def test_the_answer_to_a_change_tells_which_one_it_answers():
    bench = Bench()

    await bench.venue.send(CHANGE)

    assert BrokerSaid(NOON, update(OrderState.OPEN), answers=7) in await bench.settled()


async def test_a_change_without_proof_tells_which_one_it_was():
    bench = Bench()
    bench.broker.answers.append(OutcomeUnknown("timeout"))

    await bench.venue.send(CHANGE)

    assert ChangeRefused(NOON, "E1", "timeout", False, 7) in await bench.settled()


async def test_an_answer_for_a_second_order_proves_nothing_of_the_change_of_the_first():
    bench = Bench()
    bench.broker.answers.extend(
        [update(OrderState.OPEN), replace(update(OrderState.OPEN), broker_id="B2")]
    )
    await bench.venue.send(CHANGE)
    await bench.settled()

    await bench.venue.send(ModifyOrder(NOON, "E1", CHANGE.change, number=8))

    refused = ChangeRefused(NOON, "E1", "answered for B2, not B1", False, 8)
    assert refused in await bench.settled()


async def test_changes_asked_for_before_a_restart_are_told_to_be_unproven():
    bench = Bench()
    bench.orders = [Order(REQUEST, state=OrderState.OPEN, broker_id="B1")]
    bench.changing = ("E1",)

    news = await bench.looks(EMPTY)

    assert "doubt E1" in bench.broker.calls
    reason = "asked for before the restart"
    assert ChangeRefused(NOON, "E1", reason, proven=False) in news


async def test_asking_for_a_change_does_not_make_a_lost_order_look_new():
    bench = Bench()
    bench.orders = [Order(REQUEST, state=OrderState.UNKNOWN)]
    bench.broker.answers.extend([OutcomeUnknown("no answer"), Refused("not there")])
    await bench.venue.send(PlaceOrder(NOON, REQUEST))
    bench.now += timedelta(seconds=11)
    await bench.venue.send(ModifyOrder(bench.now, "E1", OrderChange(quantity=65)))
    await bench.settled()

    news = await bench.looks(EMPTY, EMPTY)

    states = [one.update.state for one in news if isinstance(one, BrokerSaid)]
    assert OrderState.PLANNED in states


async def test_an_exit_by_hand_is_told_before_that_its_stop_is_gone():
    entry = plan(0, 65)
    request = replace(entry.request, client_id="RUN1S0009", role=Role.STOP, side=Side.SELL)
    stop = Order(request, OrderState.OPEN, "b9")
    left = exit_by_hand([entry], 65)
    gone = OrderUpdate("RUN1S0009", "b9", NOON, OrderState.CANCELLED)
    bench = Bench()
    bench.orders = [entry, stop]

    news = await bench.looks(replace(left, orders=(*left.orders, gone)))

    told = [one for one in news if isinstance(one, TwinFound | BrokerSaid)]
    assert [type(one) for one in told] == [TwinFound, BrokerSaid]
    assert told[0].by_other
    assert told[1].update.state is OrderState.CANCELLED
