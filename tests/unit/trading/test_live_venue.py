"""The venue of a real broker: order of calls, what comes back, what the book proves."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from execution.broker import BrokerBook, OutcomeUnknown, Refused, SessionExpired
from execution.orders import (
    Fill,
    Order,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    OrderUpdate,
    Role,
    Side,
)
from tests.unit.trading.engine.builders import FUTURE, D, at
from trading.doorbell import Doorbell
from trading.engine.actions import CancelOrder, ModifyOrder, PlaceOrder
from trading.engine.events import BrokerSaid, ChangeRefused, ConditionChanged, TwinFound
from trading.live_book import OwnBooks, Patience
from trading.live_venue import BOOK, SESSION, LiveVenue
from trading.live_watch import LiveSettings

T = TypeVar("T")
NOON = at(12, 0)
REQUEST = OrderRequest(
    client_id="E1",
    instrument=FUTURE,
    side=Side.BUY,
    quantity=65,
    order_type=OrderType.LIMIT,
    role=Role.ENTRY,
    plan_id="P1",
    price=D(24_000),
)
EMPTY = BrokerBook((), (), (), complete=True)


def update(state: OrderState, **fields: Any) -> OrderUpdate:
    return OrderUpdate("E1", "B1", NOON, state, **fields)


def fill(trade_id: str = "T1", quantity: int = 65) -> Fill:
    return Fill(trade_id, "E1", "B1", FUTURE, Side.BUY, quantity, D(24_000), NOON)


def _told(word: T | Exception) -> T:
    if isinstance(word, Exception):
        raise word
    return word


@dataclass(slots=True)
class ScriptedBroker:
    """A broker that answers as told; `gate` holds answers back, a book not told never comes."""

    answers: deque[OrderUpdate | Exception] = field(default_factory=deque)
    books: deque[BrokerBook | Exception] = field(default_factory=deque)
    glances: deque[BrokerBook | Exception] = field(default_factory=deque)
    words: deque[OrderUpdate | Exception] = field(default_factory=deque)
    traded: deque[BrokerBook | Exception] = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def _answer(self, call: str) -> OrderUpdate:
        self.calls.append(call)
        await self.gate.wait()
        return _told(self.answers.popleft() if self.answers else update(OrderState.OPEN))

    async def place(self, request: OrderRequest) -> OrderUpdate:
        return await self._answer(f"place {request.client_id}")

    async def modify(self, client_id: str, change: OrderChange) -> OrderUpdate:
        return await self._answer(f"modify {client_id} {change.price}")

    async def cancel(self, client_id: str) -> OrderUpdate:
        return await self._answer(f"cancel {client_id}")

    async def hear(self, message: Mapping[str, Any]) -> OrderUpdate | None:
        if message["order_id"] == "unreadable":
            return None
        return await self._answer(f"read {message['order_id']}")

    def adopt(self, order: Order) -> None:
        self.calls.append(f"adopt {order.request.client_id}")

    def doubt(self, client_id: str) -> None:
        self.calls.append(f"doubt {client_id}")

    async def sought(self, client_id: str) -> OrderUpdate:
        self.calls.append(f"seek {client_id}")
        return _told(self.words.popleft())

    async def book(self) -> BrokerBook:
        return await self._next(self.books)

    async def glance(self) -> BrokerBook:
        return await self._next(self.glances)

    async def trades(self) -> BrokerBook:
        return await self._next(self.traded)

    @staticmethod
    async def _next(books: deque[BrokerBook | Exception]) -> BrokerBook:
        if not books:
            await asyncio.Event().wait()
        return _told(books.popleft())


class Bench:
    """A venue, its broker, the moment it is, and what the engine knows."""

    def __init__(self, **settings: Any) -> None:
        self.broker = ScriptedBroker()
        self.now = NOON
        self.bell = Doorbell()
        self.orders: list[Order] = []
        self.changing: tuple[str, ...] = ()
        self.asked: tuple[tuple[str, int], ...] = ()
        self.venue = LiveVenue(
            self.broker,
            lambda: OwnBooks(self.orders, (), frozenset(), self.changing, asked=self.asked),
            (lambda: self.now, self.bell),
            LiveSettings(
                look_every_seconds=0.001, patience=Patience(timedelta(seconds=10)), **settings
            ),
        )

    async def settled(self) -> list[Any]:
        """Let the calls that can end, end; return the news."""
        for _ in range(20):
            await asyncio.sleep(0)
        return self.venue.news(self.now)

    async def looks(self, *books: BrokerBook | Exception) -> list[Any]:
        """Let the venue read these books, one after another; return the news."""
        self.broker.books.extend(books)
        await self.venue.begin()
        while self.broker.books:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        await self.venue.end()
        return self.venue.news(self.now)


def problems(news: list[Any]) -> list[tuple[str, bool]]:
    return [(one.name, one.good) for one in news if isinstance(one, ConditionChanged)]


async def test_a_call_does_not_hold_the_loop_and_its_answer_is_news():
    bench = Bench()
    bench.broker.gate.clear()

    assert await bench.venue.send(PlaceOrder(NOON, REQUEST)) == ()
    assert problems(await bench.settled()) == [(BOOK, False)]
    assert not bench.venue.is_idle
    bench.broker.gate.set()

    assert await bench.settled() == [BrokerSaid(NOON, update(OrderState.OPEN))]
    assert bench.broker.calls == ["place E1"]
    assert bench.venue.is_idle


async def test_calls_for_one_order_follow_each_other_others_do_not_wait():
    bench = Bench()
    bench.broker.gate.clear()
    await bench.venue.send(PlaceOrder(NOON, REQUEST))
    await bench.venue.send(ModifyOrder(NOON, "E1", OrderChange(price=D(1))))
    await bench.venue.send(CancelOrder(NOON, "E1"))
    await bench.venue.send(PlaceOrder(NOON, replace(REQUEST, client_id="E2")))
    await bench.settled()

    assert bench.broker.calls == ["place E1", "place E2"]
    bench.broker.gate.set()
    await bench.settled()

    assert bench.broker.calls[2:] == ["modify E1 1", "cancel E1"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Refused("no funds"), OrderState.REJECTED),
        (SessionExpired("log in"), OrderState.REJECTED),
        (OutcomeUnknown("timeout"), OrderState.UNKNOWN),
    ],
)
async def test_what_became_of_a_placement_is_told_and_a_refusal_has_the_book_read(error, state):
    bench = Bench()
    bench.broker.answers.append(error)
    await bench.venue.send(PlaceOrder(NOON, REQUEST))

    news = await bench.settled()

    assert [(n.update.state, n.update.reason) for n in news if isinstance(n, BrokerSaid)] == [
        (state, str(error))
    ]
    assert bench.venue.is_idle is (state is OrderState.UNKNOWN)


async def test_a_change_that_failed_says_whether_that_is_proven():
    bench = Bench()
    bench.broker.answers.extend([Refused("no"), OutcomeUnknown("timeout")])
    await bench.venue.send(CancelOrder(NOON, "E1"))
    await bench.venue.send(CancelOrder(NOON, "E1"))

    news = [n for n in await bench.settled() if isinstance(n, ChangeRefused)]

    assert news == [
        ChangeRefused(NOON, "E1", "no", proven=True),
        ChangeRefused(NOON, "E1", "timeout", proven=False),
    ]


async def test_a_message_is_read_and_told_at_the_engine_s_time():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    bench.broker.answers.append(update(OrderState.FILLED, filled_quantity=65, fills=(fill(),)))
    bench.venue.hear({"order_id": "B1"})
    bench.now = at(12, 5)

    news = await bench.settled()

    assert [n.at for n in news] == [at(12, 5)] * len(news)
    assert news[-1].update.fills == (fill(),)
    assert bench.venue.is_idle


@pytest.mark.parametrize("order_id", ["B1", "unreadable"])
async def test_a_message_of_no_order_of_ours_sends_us_to_the_book(order_id):
    bench = Bench()
    bench.venue.hear({"order_id": order_id})

    assert not [n for n in await bench.settled() if isinstance(n, BrokerSaid)]
    assert not bench.venue.is_idle


async def test_a_message_whose_trades_could_not_be_had_sends_us_to_the_book():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    bench.broker.answers.append(update(OrderState.FILLED, filled_quantity=65))
    bench.venue.hear({"order_id": "B1"})

    news = await bench.settled()

    assert [n.update.state for n in news if isinstance(n, BrokerSaid)] == [OrderState.FILLED]
    assert not bench.venue.is_idle


async def test_orders_of_an_earlier_life_are_taken_over_before_the_book_is_read():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]

    await bench.looks(BrokerBook((update(OrderState.OPEN),), (), (), complete=True))

    assert bench.broker.calls == ["adopt E1"]


async def test_an_error_nobody_expected_ends_the_run():
    bench = Bench()
    bench.broker.answers.append(KeyError("what"))
    bench.venue.hear({"order_id": "B1"})

    with pytest.raises(KeyError, match="what"):
        await bench.settled()


async def test_entries_wait_until_the_book_has_been_read_and_agrees():
    bench = Bench()

    assert problems(await bench.looks(EMPTY)) == [(BOOK, False), (BOOK, True)]


async def test_a_book_that_cannot_be_read_keeps_entries_out():
    bench = Bench()
    news = await bench.looks(OutcomeUnknown("503"), SessionExpired("log in"), EMPTY)

    assert problems(news) == [
        (BOOK, False),
        (BOOK, False),
        (SESSION, False),
        (SESSION, True),
        (BOOK, True),
    ]


async def test_what_only_the_book_knows_is_told():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    filled = update(OrderState.FILLED, filled_quantity=65)

    news = await bench.looks(BrokerBook((filled,), (fill(),), ((FUTURE.key, 65),), complete=True))

    told = [n.update for n in news if isinstance(n, BrokerSaid)]
    assert [(u.state, u.fills) for u in told] == [(OrderState.FILLED, (fill(),))]
    assert problems(news)[-1] == (BOOK, True)


async def test_an_order_is_absent_only_when_two_later_books_lack_it():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.UNKNOWN)]
    early = await bench.looks(EMPTY, EMPTY)
    bench.now += timedelta(seconds=10)
    first = await bench.looks(EMPTY)
    second = await bench.looks(EMPTY)

    assert not [n for n in early if isinstance(n, BrokerSaid)]
    assert not [n for n in first if isinstance(n, BrokerSaid)]
    assert [n.update.state for n in second if isinstance(n, BrokerSaid)] == [OrderState.PLANNED]
    assert problems(first) == [(BOOK, False)]


async def test_an_incomplete_book_proves_no_absence():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.UNKNOWN)]
    bench.now += timedelta(minutes=1)

    news = await bench.looks(*[replace(EMPTY, complete=False)] * 3)

    assert not [n for n in news if isinstance(n, BrokerSaid)]
    assert problems(news)[-1] == (BOOK, False)


async def test_a_holding_that_is_not_ours_blocks_entries_when_it_lasts():
    bench = Bench()
    foreign = replace(EMPTY, net_quantity=((FUTURE.key, 65),))

    once = await bench.looks(EMPTY, foreign, EMPTY)
    lasting = await bench.looks(foreign, foreign)

    assert problems(once) == [(BOOK, False), (BOOK, True)]
    assert problems(lasting) == [(BOOK, False)]
    assert "foreign-position NFO:NIFTY26OCTFUT: ours 0 units, the broker's 65" in lasting[-1].detail


async def test_news_ring_the_bell():
    bench = Bench()
    await bench.bell.wait(0)
    waiting = asyncio.create_task(bench.bell.wait(60))
    await bench.venue.send(PlaceOrder(NOON, REQUEST))

    await asyncio.wait_for(waiting, 60)
    await bench.bell.wait(0.001)
    assert bench.venue.has_news


def test_prices_and_time_move_no_order_here():
    async def moved() -> tuple[object, object]:
        venue = Bench().venue
        moment = datetime.fromisoformat("2026-10-06T12:00:00+05:30")
        return venue.observe(moment, None), venue.advance(moment)  # type: ignore[arg-type]

    assert asyncio.run(moved()) == ((), ())


def placed_as(broker_id: str) -> OrderUpdate:
    return replace(update(OrderState.OPEN), broker_id=broker_id)


async def test_news_of_a_second_order_under_our_id_is_not_told():
    bench = Bench()
    bench.orders = [Order(REQUEST, state=OrderState.SENT)]
    bench.broker.answers.extend([placed_as("B1"), placed_as("B2")])
    await bench.venue.send(PlaceOrder(NOON, REQUEST))
    told = await bench.settled()

    bench.venue.hear({"order_id": "B2"})

    assert BrokerSaid(NOON, placed_as("B1")) in told
    assert await bench.settled() == []
    assert not bench.venue.is_idle


async def test_a_second_order_is_told_once_and_then_known_to_the_broker():
    bench = Bench()
    bench.orders = [Order(REQUEST, state=OrderState.OPEN, broker_id="B1")]
    both = replace(EMPTY, orders=(placed_as("B1"), placed_as("B2")))

    told = await bench.looks(both)
    taken_over = replace(REQUEST, client_id="E2")
    bench.orders.append(Order(taken_over, state=OrderState.OPEN, broker_id="B2"))
    told += await bench.looks(both)

    twins = [news for news in told if isinstance(news, TwinFound)]
    assert twins == [TwinFound(NOON, "E1", placed_as("B2"))]
    assert bench.broker.calls.count("adopt E2") == 1
