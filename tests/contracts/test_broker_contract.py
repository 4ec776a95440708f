"""What every broker adapter must do; a new adapter joins by adding its venue to `VENUES`.

A venue is a broker together with the market behind it, so that a test can make prices happen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from execution.broker import Broker, Refused
from execution.exchange import Exchange, ExchangeSettings
from execution.orders import (
    Order,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    OrderUpdate,
    Role,
    Side,
)
from execution.orders_book import apply_update
from execution.paper import PaperBroker
from marketdata.instruments import Exchange as Listed
from marketdata.instruments import Instrument, Kind
from marketdata.ticks import TICK
from tests.contracts.kite.broker_venue import kite_venue

D = Decimal
S = OrderState
CALL = Instrument(
    7,
    Listed.NFO,
    "NIFTY26NOV26000CE",
    "NIFTY",
    Kind.CALL,
    65,
    D("0.05"),
    strike=D(26000),
    freeze_quantity=1800,
)


class Venue(Protocol):
    """A broker, and a hand on the market behind it for `CALL`."""

    @property
    def broker(self) -> Broker: ...

    async def trade(self, price: float, quantity: int) -> None:
        """Let it trade at `price`, with `quantity` units bid and offered there, and settle."""


class PaperVenue:
    """The simulated exchange without slippage."""

    def __init__(self) -> None:
        self._at = datetime(2026, 11, 23, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
        window = (self._at, self._at.replace(hour=15, minute=30))
        exchange = Exchange(ExchangeSettings(slippage_ticks=0), {CALL.key: window})
        self.broker = PaperBroker(exchange)
        self.broker.advance(self._at)

    async def trade(self, price: float, quantity: int) -> None:
        self._at += timedelta(seconds=1)
        ticks = np.zeros(1, TICK)
        ticks["token"] = CALL.token
        for name in ("last", "open", "high", "low", "bid", "ask"):
            ticks[name] = price
        ticks["bid_quantity"] = ticks["ask_quantity"] = quantity
        self.broker.observe(self._at, ticks)


@asynccontextmanager
async def paper() -> AsyncIterator[Venue]:
    yield PaperVenue()


@asynccontextmanager
async def kite() -> AsyncIterator[Venue]:
    async with kite_venue(CALL) as opened:
        yield opened


VENUES: dict[str, Callable[[], AbstractAsyncContextManager[Venue]]] = {
    "paper": paper,
    "kite": kite,
}


@pytest.fixture(params=VENUES.values(), ids=VENUES.keys())
async def venue(
    request: pytest.FixtureRequest,
) -> AsyncIterator[Venue]:
    async with request.param() as opened:
        yield opened


def limit(client_id: str, side: Side, price: float, quantity: int = 65) -> OrderRequest:
    return OrderRequest(
        client_id,
        CALL,
        side,
        quantity,
        OrderType.LIMIT,
        Role.ENTRY,
        "p1",
        price=D(str(price)),
    )


def market(client_id: str, side: Side, quantity: int = 65) -> OrderRequest:
    return replace(
        limit(client_id, side, 1, quantity),
        order_type=OrderType.MARKET,
        price=None,
        market_protection=D(-1),
    )


def stop(client_id: str, trigger: float, price: float) -> OrderRequest:
    return replace(
        limit(client_id, Side.SELL, price),
        order_type=OrderType.SL,
        trigger_price=D(str(trigger)),
    )


async def told(venue: Venue, client_id: str) -> OrderUpdate:
    """Return the book's word on one order; there must be exactly one."""
    book = await venue.broker.book()
    [update] = [update for update in book.orders if update.client_id == client_id]
    return update


async def test_an_accepted_order_has_an_id_and_stands_in_the_book(venue: Venue) -> None:
    placed = await venue.broker.place(limit("a1", Side.BUY, 100))

    assert placed.client_id == "a1"
    assert placed.broker_id.isdigit()
    assert not placed.state.is_final
    assert placed.fills == ()
    assert (await told(venue, "a1")).broker_id == placed.broker_id


async def test_every_answer_can_be_folded_into_the_order(venue: Venue) -> None:
    asked = limit("a1", Side.BUY, 100)

    answers = [
        await venue.broker.place(asked),
        await venue.broker.modify("a1", OrderChange(price=D(99))),
        await venue.broker.cancel("a1"),
        await told(venue, "a1"),
    ]

    order = Order(asked, S.SENT)
    for answer in answers:
        order, _ = apply_update(order, answer, frozenset())
    assert order.state is S.CANCELLED
    assert order.request.price == 99


async def test_an_order_fills_with_trades_that_add_up(venue: Venue) -> None:
    await venue.broker.place(market("a1", Side.BUY, 130))

    await venue.trade(100, 65)
    part = await told(venue, "a1")
    await venue.trade(101, 650)
    whole = await told(venue, "a1")
    book = await venue.broker.book()

    assert (part.state, part.filled_quantity) == (S.PARTIAL, 65)
    assert (whole.state, whole.filled_quantity) == (S.FILLED, 130)
    assert [(t.quantity, t.price) for t in book.trades] == [(65, D(100)), (65, D(101))]
    assert {t.broker_id for t in book.trades} == {whole.broker_id}
    assert len({t.trade_id for t in book.trades}) == 2
    assert book.net_quantity == ((CALL.key, 130),)


async def test_a_limit_waits_for_its_price(venue: Venue) -> None:
    await venue.broker.place(limit("a1", Side.BUY, 100))

    await venue.trade(101, 650)
    waiting = await told(venue, "a1")
    await venue.trade(99.5, 650)
    filled = await told(venue, "a1")

    assert waiting.state is S.OPEN
    assert filled.state is S.FILLED
    assert (await venue.broker.book()).trades[0].price <= 100


async def test_a_stop_rests_until_its_trigger(venue: Venue) -> None:
    await venue.trade(100, 650)
    await venue.broker.place(stop("s1", 95, 90))

    await venue.trade(96, 650)
    resting = await told(venue, "s1")
    await venue.trade(94, 650)
    filled = await told(venue, "s1")

    assert (resting.state, resting.triggered) == (S.OPEN, False)
    assert filled.state is S.FILLED


async def test_a_modification_changes_what_rests(venue: Venue) -> None:
    await venue.broker.place(limit("a1", Side.BUY, 90))

    answer = await venue.broker.modify("a1", OrderChange(price=D(100), quantity=130))
    await venue.trade(99, 650)

    assert answer.request is not None
    assert (answer.request.price, answer.request.quantity) == (100, 130)
    assert (await told(venue, "a1")).filled_quantity == 130


async def test_a_cancelled_order_is_over(venue: Venue) -> None:
    await venue.broker.place(limit("a1", Side.BUY, 100))

    await venue.broker.cancel("a1")
    await venue.trade(90, 650)

    assert (await told(venue, "a1")).state is S.CANCELLED
    assert (await venue.broker.book()).trades == ()


async def test_one_client_id_is_one_order(venue: Venue) -> None:
    first = await venue.broker.place(market("a1", Side.BUY))
    second = await venue.broker.place(market("a1", Side.BUY))
    await venue.trade(100, 650)

    assert first.broker_id == second.broker_id
    assert (await venue.broker.book()).net_quantity == ((CALL.key, 65),)


@pytest.mark.parametrize(
    "bad",
    [
        limit("a1", Side.BUY, 100.03),
        limit("a1", Side.BUY, 100, quantity=64),
        limit("a1", Side.BUY, 100, quantity=1820),
        replace(market("a1", Side.BUY), market_protection=None),
        replace(market("a1", Side.SELL), order_type=OrderType.SL_M, trigger_price=D(95)),
    ],
    ids=["tick", "lot", "freeze", "protection", "sl-m"],
)
async def test_what_breaks_a_rule_is_refused_and_never_works(
    venue: Venue, bad: OrderRequest
) -> None:
    with pytest.raises(Refused):
        await venue.broker.place(bad)

    book = await venue.broker.book()
    assert all(update.state.is_final for update in book.orders)
    assert (book.trades, book.net_quantity) == ((), ())


async def test_an_order_that_is_not_there_cannot_be_touched(venue: Venue) -> None:
    with pytest.raises(Refused):
        await venue.broker.modify("a1", OrderChange(price=D(100)))
    with pytest.raises(Refused):
        await venue.broker.cancel("a1")


async def test_a_refused_change_leaves_the_order_working(venue: Venue) -> None:
    await venue.broker.place(limit("a1", Side.BUY, 100))

    with pytest.raises(Refused):
        await venue.broker.modify("a1", OrderChange(price=D("99.99")))
    await venue.trade(100, 650)

    assert (await told(venue, "a1")).state is S.FILLED


async def test_buying_and_selling_the_same_leaves_nothing_held(venue: Venue) -> None:
    await venue.broker.place(market("a1", Side.BUY))
    await venue.trade(100, 650)
    await venue.broker.place(market("a2", Side.SELL))
    await venue.trade(101, 650)

    assert [net for _, net in (await venue.broker.book()).net_quantity if net] == []


async def test_an_empty_book_is_complete(venue: Venue) -> None:
    book = await venue.broker.book()

    assert (book.orders, book.trades, book.net_quantity, book.complete) == ((), (), (), True)
