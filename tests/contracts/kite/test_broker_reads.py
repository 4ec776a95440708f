"""How often the adapter reads, in which lane, and what it remembers of what it read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from execution.broker import OutcomeUnknown, Refused
from execution.kite.broker import KiteBroker
from execution.orders import Order, OrderState
from marketdata.pacing import Call, Lane
from tests.contracts.kite.desk import (
    BROKER_ID,
    CALL,
    NOW,
    FreePacer,
    desk,
    limit,
    order_row,
    trade_row,
)
from tests.contracts.kite.scripted_kite import ScriptedKite, error, scripted_kite, success

AWAY = error(503, "NetworkException", "OMS is away")
ORDERS, TRADES = "GET /orders", "GET /trades"
NO_SUCH_ORDER = "Couldn't find that `order_id`."
TRADES_OF = f"GET /orders/{BROKER_ID}/trades"


@pytest.fixture
def kite() -> Iterator[ScriptedKite]:
    with scripted_kite() as server:
        yield server


@pytest.fixture
def pacer() -> FreePacer:
    return FreePacer()


@pytest.fixture
async def broker(kite: ScriptedKite, pacer: FreePacer) -> AsyncIterator[KiteBroker]:
    opened, _ = desk(kite.root, pacer=pacer)
    opened.adopt(Order(limit(), OrderState.OPEN, broker_id=BROKER_ID))
    yield opened
    opened.close()


async def test_a_glance_asks_for_the_orders_once_before_all_other_reads(
    kite: ScriptedKite, broker: KiteBroker, pacer: FreePacer
) -> None:
    kite.will(ORDERS, AWAY, success([]))

    with pytest.raises(OutcomeUnknown):
        await broker.glance()

    assert [asked.path for asked in kite.calls("GET")] == ["/orders"]
    assert pacer.taken == [(Call.OTHER, Lane.URGENT, "")]


async def test_the_trades_alone_are_asked_for_once_before_all_other_reads(
    kite: ScriptedKite, broker: KiteBroker, pacer: FreePacer
) -> None:
    kite.will(TRADES, AWAY, success([]))

    with pytest.raises(OutcomeUnknown):
        await broker.trades()

    assert [asked.path for asked in kite.calls("GET")] == ["/trades"]
    assert pacer.taken == [(Call.OTHER, Lane.URGENT, "")]


async def test_the_trades_alone_are_told_by_our_names_and_say_nothing_of_what_is_missing(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(TRADES, success([trade_row()]))

    book = await broker.trades()

    assert (book.orders, book.net_quantity, book.complete) == ((), (), False)
    [fill] = book.trades
    assert (fill.client_id, fill.instrument, fill.quantity) == ("a1", CALL, 65)


async def test_trades_that_were_read_alone_need_not_be_asked_for_again(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(TRADES, success([trade_row()]))
    await broker.trades()

    update = await broker.hear(
        order_row(status="COMPLETE", filled_quantity=65, pending_quantity=0, average_price=100)
    )

    assert update is not None
    assert (update.filled_quantity, update.fills) == (65, ())
    assert [asked.path for asked in kite.calls("GET")] == ["/trades"]


async def test_a_message_of_more_than_is_proven_brings_that_order_s_trades(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(TRADES_OF, success([trade_row(), trade_row(order_id="999", trade_id="7")]))
    row = order_row(status="COMPLETE", filled_quantity=65, pending_quantity=0, average_price=100)

    first, again = await broker.hear(row), await broker.hear(row)

    assert first is not None
    assert again is not None
    assert [fill.trade_id for fill in first.fills] == ["NFO-261123-20001-BUY"]
    assert again == replace(first, fills=())
    assert len(kite.calls("GET")) == 1


async def test_where_its_trades_cannot_be_had_a_message_only_claims_them(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(TRADES_OF, AWAY)

    update = await broker.hear(order_row(filled_quantity=20, pending_quantity=45))

    assert update is not None
    assert (update.filled_quantity, update.fills) == (20, ())


async def test_a_change_that_may_have_happened_is_told_with_the_terms_that_rest(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(ORDERS, success([order_row()]))
    sure = [order.request for order in (await broker.glance()).orders]

    broker.doubt("a1")
    doubted = [order.request for order in (await broker.glance()).orders]

    assert (sure, doubted) == ([None], [limit()])


async def test_an_adopted_order_is_answered_with_the_moment_it_was_adopted(
    broker: KiteBroker,
) -> None:
    update = await broker.place(limit())

    assert (update.broker_id, update.at, update.state) == (BROKER_ID, NOW, OrderState.OPEN)


async def test_what_a_search_for_an_id_sees_of_other_orders_is_told_by_the_next_read(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    changed = order_row(quantity=30, pending_quantity=30)
    sought = order_row(order_id="260000000000002", tag="a2")
    kite.will(ORDERS, success([changed, sought]), success([changed, sought]))
    kite.will("DELETE /orders/regular/260000000000002", success({"order_id": "260000000000002"}))
    broker.adopt(Order(replace(limit(), client_id="a2"), OrderState.SENT))
    broker.doubt("a1")

    await broker.cancel("a2")
    told = {order.client_id: order.request for order in (await broker.glance()).orders}

    assert told["a1"] == replace(limit(), quantity=30)


async def test_an_order_is_asked_for_by_its_own_address(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(f"GET /orders/{BROKER_ID}", success([order_row(status="OPEN PENDING"), order_row()]))

    told = await broker.sought("a1")

    assert (told.broker_id, told.state) == (BROKER_ID, OrderState.OPEN)


async def test_an_order_that_kite_has_never_heard_of_is_refused(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will(f"GET /orders/{BROKER_ID}", error(404, "GeneralException", NO_SUCH_ORDER))

    with pytest.raises(Refused, match="Couldn't find that"):
        await broker.sought("a1")


async def test_an_order_is_called_off_by_its_own_address(
    kite: ScriptedKite, broker: KiteBroker, pacer: FreePacer
) -> None:
    kite.will("DELETE /orders/regular/2002", success({"order_id": "2002"}))

    await broker.call_off("2002")

    assert [asked.path for asked in kite.calls("DELETE")] == ["/orders/regular/2002"]
    assert pacer.taken == [(Call.CANCEL, Lane.URGENT, "")]
