"""Books, trades and messages at the adapter: what is asked for, believed, proven and remembered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from kiteconnect.exceptions import InputException, NetworkException, TokenException
from structlog.testing import capture_logs

from execution.broker import MarginAnswer, OutcomeUnknown, SessionExpired
from execution.kite.asking import Insistence
from execution.kite.broker import BrokerSettings
from execution.kite.lanes import Line
from execution.margins import MarginLeg
from execution.orders import Order, OrderState, Side
from marketdata.pacing import Call, Lane
from tests.contracts.kite.desk import (
    BROKER_ID,
    CALL,
    NOW,
    D,
    limit,
    order_row,
    position_row,
    trade_row,
)
from tests.unit.execution.kite.at_once import Desk, begun

S = OrderState
AWAY = NetworkException("Gateway timed out", code=504)
DEAD = TokenException("Token is invalid.", code=403)
READ = [("turn", Call.OTHER, Lane.URGENT, ""), ("line", Line.READS)]
PART = order_row(filled_quantity=20, pending_quantity=45)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_book_is_three_reads_before_all_others(desk: Desk) -> None:
    desk.kite.will("orders", [order_row()])
    desk.kite.will("trades", [trade_row()])
    desk.kite.will("positions", {"net": [position_row(65)], "day": [position_row(-65)]})

    book = await desk.broker.book()

    assert sorted(desk.kite.names(), key=str) == ["orders", "positions", "trades"]
    assert sorted(desk.happened, key=str) == sorted(READ * 3, key=str)
    assert [order.client_id for order in book.orders] == ["a1"]
    assert [fill.client_id for fill in book.trades] == ["a1"]
    assert book.net_quantity == ((CALL.key, 65),)


@pytest.mark.parametrize("name", ["orders", "trades", "positions"])
async def test_each_list_of_a_book_is_asked_for_as_insistently_as_told(name: str) -> None:
    desk = Desk(BrokerSettings(insistence=Insistence(tries=3, pause_seconds=0.25)))
    desk.kite.will(name, AWAY)

    with pytest.raises(OutcomeUnknown):
        await desk.broker.book()

    assert desk.kite.names().count(name) == 3
    assert desk.paused == [0.25, 0.25]


async def test_a_glance_is_one_read_of_the_orders_and_proves_as_much_of_them_as_a_book(
    desk: Desk,
) -> None:
    desk.kite.will("orders", [order_row()])

    book = await desk.broker.glance()

    assert (desk.kite.names(), desk.happened) == (["orders"], READ)
    assert [order.client_id for order in book.orders] == ["a1"]
    assert (book.trades, book.net_quantity, book.complete) == ((), (), True)
    assert [line.broker_id for line in book.lines] == [BROKER_ID]


async def test_the_trades_alone_are_one_read_and_prove_no_order_absent(desk: Desk) -> None:
    desk.kite.will("trades", [trade_row()])

    book = await desk.broker.trades()

    assert (desk.kite.names(), desk.happened) == (["trades"], READ)
    assert [fill.trade_id for fill in book.trades] == ["NFO-261123-20001-BUY"]
    assert (book.orders, book.net_quantity, book.complete) == ((), (), False)


@pytest.mark.parametrize("read", ["glance", "trades"])
async def test_what_is_asked_once_is_not_asked_again(desk: Desk, read: str) -> None:
    desk.failure = AWAY

    with pytest.raises(OutcomeUnknown):
        await getattr(desk.broker, read)()

    assert (desk.happened, desk.paused) == (READ, [])


async def test_an_order_sent_while_a_book_is_read_is_not_missed_by_it(desk: Desk) -> None:
    async def meanwhile() -> object:
        await desk.broker.place(limit())
        return []

    desk.kite.will("orders", meanwhile, [])

    overtaken, next_ = await desk.broker.book(), await desk.broker.book()

    assert overtaken.unsettled == {"a1"}
    assert next_.unsettled == frozenset()


async def test_an_order_accepted_while_a_glance_waits_for_its_turn_is_missed_by_it(
    desk: Desk,
) -> None:
    async def meanwhile() -> None:
        desk.on_turn = lambda: None
        await desk.broker.place(limit())

    desk.on_turn = meanwhile

    assert (await desk.broker.glance()).unsettled == frozenset()


async def test_an_order_under_way_as_a_book_is_asked_for_is_not_missed_though_it_ends_meanwhile(
    desk: Desk,
) -> None:
    async def meanwhile() -> object:
        desk.gate.set()
        for _ in range(5):
            await asyncio.sleep(0)
        return []

    desk.gate.clear()
    desk.kite.will("place", InputException("no", code=400))
    placing = await begun(desk.broker.place(limit()))
    desk.kite.will("orders", meanwhile)

    book = await desk.broker.glance()

    assert placing.done()
    assert placing.exception() is not None
    assert book.unsettled == {"a1"}
    assert (await desk.broker.glance()).unsettled == frozenset()


async def test_an_order_whose_call_ends_without_proof_while_a_book_is_read_may_still_come(
    desk: Desk,
) -> None:
    async def meanwhile() -> object:
        desk.kite.will("place", AWAY)
        with pytest.raises(OutcomeUnknown):
            await desk.broker.place(limit())
        desk.clock.set(NOW + timedelta(seconds=5))
        return []

    desk.kite.will("orders", meanwhile)

    assert (await desk.broker.book()).unsettled == {"a1"}
    assert await desk.is_unproven()


async def test_whether_a_belief_is_settled_counts_from_when_the_book_was_asked_for(
    desk: Desk,
) -> None:
    desk.broker.adopt(Order(limit(), S.OPEN, broker_id=BROKER_ID))
    desk.broker.doubt("a1")

    async def slowly() -> object:
        desk.clock.set(NOW + timedelta(seconds=5))
        return [order_row(price=99)]

    desk.kite.will("orders", slowly)
    told = (await desk.broker.glance()).orders[0]

    assert told.request == limit(price="99")
    assert told.at == NOW + timedelta(seconds=5)


async def test_news_in_a_book_is_not_older_than_what_kite_said_by_a_clock_ahead_of_ours(
    desk: Desk,
) -> None:
    desk.broker.adopt(Order(limit(), S.OPEN, broker_id=BROKER_ID))
    ahead = "2026-11-23 10:00:08"
    await desk.broker.hear(order_row(exchange_update_timestamp=ahead))
    desk.kite.will("orders", [order_row(price=99)])

    [told] = (await desk.broker.glance()).orders

    assert told.request == limit(price="99")
    assert f"{told.at:%H:%M:%S}" == "10:00:08"


async def test_of_an_order_in_doubt_the_next_book_tells_what_rests_even_as_believed(
    desk: Desk,
) -> None:
    desk.broker.adopt(Order(limit(), S.OPEN, broker_id=BROKER_ID))
    desk.kite.will("orders", [order_row()])
    sure = await desk.broker.glance()

    desk.broker.doubt("a1")
    doubted, again = await desk.broker.glance(), await desk.broker.glance()

    assert [book.changed for book in (sure, doubted, again)] == [(), ("a1",), ()]


async def test_terms_that_a_book_told_are_no_news_in_the_next(desk: Desk) -> None:
    desk.broker.adopt(Order(limit(), S.OPEN, broker_id=BROKER_ID))
    desk.kite.will("orders", [order_row(price=99)])

    first, second = await desk.broker.glance(), await desk.broker.glance()

    assert (first.changed, second.changed) == (("a1",), ())


async def test_an_order_that_is_filled_with_other_units_than_it_had_tells_how_many(
    desk: Desk,
) -> None:
    await desk.broker.place(limit())
    done = order_row(status="COMPLETE", quantity=30, filled_quantity=30, pending_quantity=0)
    desk.kite.will("order_trades", [trade_row(quantity=30)])

    heard = await desk.broker.hear(done)

    assert heard is not None
    assert (heard.state, heard.request) == (S.FILLED, replace(limit(), quantity=30))


@pytest.mark.parametrize("how", ["book", "trades", "hear"])
async def test_trades_that_are_known_however_are_not_asked_for_again(desk: Desk, how: str) -> None:
    desk.broker.adopt(Order(limit(), S.OPEN, broker_id=BROKER_ID))
    known = [trade_row(quantity=20)]
    desk.kite.will("trades", known)
    desk.kite.will("order_trades", known)
    read = {
        "book": desk.broker.book,
        "trades": desk.broker.trades,
        "hear": lambda: desk.broker.hear(PART),
    }
    await read[how]()
    del desk.kite.asked[:]

    heard = await desk.broker.hear(PART)

    assert heard is not None
    assert (heard.filled_quantity, heard.fills, desk.kite.asked) == (20, (), [])


async def test_a_message_of_one_unit_more_than_is_proven_asks_for_the_trades_of_its_order(
    desk: Desk,
) -> None:
    desk.broker.adopt(Order(limit(), S.OPEN, broker_id=BROKER_ID))
    desk.kite.will("trades", [trade_row(quantity=19)])
    await desk.broker.trades()
    del desk.kite.asked[:], desk.happened[:]
    desk.kite.will(
        "order_trades",
        [
            trade_row(quantity=19),
            trade_row(trade_id="7", quantity=1),
            trade_row(order_id="999", trade_id="8", quantity=45),
        ],
    )

    heard = await desk.broker.hear(PART)

    assert heard is not None
    assert [(fill.client_id, fill.quantity) for fill in heard.fills] == [("a1", 19), ("a1", 1)]
    assert desk.kite.asked == [("order_trades", BROKER_ID)]
    assert desk.happened == READ


async def test_a_trade_told_of_another_order_proves_nothing_of_that_one(desk: Desk) -> None:
    other = trade_row(order_id="999", trade_id="8", quantity=20)
    desk.kite.will("order_trades", [trade_row(quantity=20), other], [other])
    await desk.broker.hear(PART)

    heard = await desk.broker.hear(
        order_row(order_id="999", tag="b2", filled_quantity=20, pending_quantity=45)
    )

    assert heard is not None
    assert [fill.broker_id for fill in heard.fills] == ["999"]


@pytest.mark.parametrize(("failure", "kind"), [(AWAY, OutcomeUnknown), (DEAD, SessionExpired)])
async def test_without_its_trades_a_message_only_claims_them(
    desk: Desk, failure: Exception, kind: type[Exception]
) -> None:
    desk.kite.will("order_trades", failure)

    with capture_logs() as logs:
        heard = await desk.broker.hear(PART)

    assert heard is not None
    assert (heard.state, heard.filled_quantity, heard.fills) == (S.PARTIAL, 20, ())
    assert logs[-1] == {
        "event": "trades not told",
        "log_level": "warning",
        "order": BROKER_ID,
        "kind": kind.__name__,
    }
    desk.broker.renew("fresh")
    desk.kite.will("order_trades", [trade_row(quantity=20)])
    again = await desk.broker.hear(PART)
    assert again is not None
    assert [fill.quantity for fill in again.fills] == [20]


async def test_a_message_that_cannot_be_read_is_named_and_teaches_nothing(desk: Desk) -> None:
    with capture_logs() as logs:
        heard = await desk.broker.hear(order_row(status=None))

    assert heard is None
    assert logs == [
        {
            "event": "order message unreadable",
            "log_level": "warning",
            "fault": "status: expected a text",
        }
    ]
    assert (await desk.broker.place(limit())).broker_id == BROKER_ID
    assert desk.kite.names() == ["place"]


async def test_a_message_is_heard_at_the_moment_of_our_clock(desk: Desk) -> None:
    untimed = dict.fromkeys(
        ("exchange_update_timestamp", "exchange_timestamp", "order_timestamp"), None
    )
    desk.clock.set(NOW + timedelta(seconds=3))

    heard = await desk.broker.hear(order_row(**untimed))

    assert heard is not None
    assert heard.at == NOW + timedelta(seconds=3)


async def test_a_message_under_our_tag_is_told_by_our_name_and_found_by_it_later(
    desk: Desk,
) -> None:
    heard = await desk.broker.hear(order_row())

    assert heard is not None
    assert heard.client_id == "a1"
    await desk.broker.cancel("a1")
    assert desk.kite.asked == [("cancel", "regular", BROKER_ID)]


async def test_margins_are_asked_for_calmly() -> None:
    desk = Desk()

    def basket_order_margins(params: list[object], consider: str) -> object:
        del params, consider
        none = dict.fromkeys(("span", "exposure", "additional", "var", "bo"), 0)
        return {"final": none | {"span": 100.5}, "orders": [{}]}

    desk.kite.basket_order_margins = basket_order_margins  # type: ignore[attr-defined]
    desk.kite.margins = lambda _: {"net": 7}  # type: ignore[attr-defined]

    answer = await desk.broker.margin([MarginLeg(CALL, Side.SELL, 65, D(100))])

    assert answer == MarginAnswer(D("100.5"), D(7))
    turns = [each for each in desk.happened if each[0] == "turn"]
    assert turns == [("turn", Call.OTHER, Lane.NORMAL, "")] * 2
