from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from execution.broker import OutcomeUnknown, Refused
from execution.discrepancies import DiscrepancyKind
from execution.kite.broker import KiteBroker
from execution.orders import Order, OrderChange, OrderState, OrderType, Role
from execution.orders_book import apply_update
from execution.reconcile import reconcile
from marketdata.clock import EventClock
from marketdata.pacing import Call, Lane, OverBudget
from tests.contracts.kite.desk import (
    BROKER_ID,
    CALL,
    NOW,
    D,
    FreePacer,
    desk,
    limit,
    order_row,
    position_row,
    stop,
    trade_row,
)
from tests.contracts.kite.scripted_kite import ScriptedKite, error, raw, scripted_kite, success

S = OrderState
PLACE = "POST /orders/regular"
ORDER = f"/orders/regular/{BROKER_ID}"
DONE = success({"order_id": BROKER_ID})
POSITIONS = "GET /portfolio/positions"


@pytest.fixture
def kite() -> Iterator[ScriptedKite]:
    with scripted_kite() as server:
        server.will(PLACE, DONE)
        server.will(f"PUT {ORDER}", DONE)
        server.will(f"DELETE {ORDER}", DONE)
        server.will("GET /orders", success([]))
        server.will("GET /trades", success([]))
        server.will(POSITIONS, success({"net": [], "day": []}))
        yield server


@pytest.fixture
def pacer() -> FreePacer:
    return FreePacer()


@pytest.fixture
def opened(kite: ScriptedKite, pacer: FreePacer) -> tuple[KiteBroker, EventClock]:
    return desk(kite.root, pacer=pacer)


@pytest.fixture
async def broker(opened: tuple[KiteBroker, EventClock]) -> AsyncIterator[KiteBroker]:
    yield opened[0]
    opened[0].close()


async def test_an_accepted_order_works_and_carries_our_id_as_tag(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    update = await broker.place(limit())

    [asked] = kite.calls("POST")
    assert (update.client_id, update.broker_id, update.state) == ("a1", BROKER_ID, S.OPEN)
    assert (asked.form["tag"], asked.form["price"]) == ("a1", "100.05")
    assert asked.headers["X-Kite-Version"] == "3"


async def test_an_order_that_was_accepted_is_answered_and_not_sent_again(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    assert await broker.place(limit()) == await broker.place(limit())
    assert len(kite.calls("POST")) == 1


async def test_a_change_of_price_is_answered_with_what_rests_then(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    await broker.place(stop())

    update = await broker.modify("s1", OrderChange(price=D(91), trigger_price=D(96)))

    [asked] = kite.calls("PUT")
    assert update.request == replace(stop(), price=D(91), trigger_price=D(96))
    assert (asked.form["order_type"], asked.form["trigger_price"]) == ("SL", "96")


async def test_changes_build_on_each_other(kite: ScriptedKite, broker: KiteBroker) -> None:
    await broker.place(stop())
    await broker.modify("s1", OrderChange(quantity=130))

    update = await broker.modify(
        "s1", OrderChange(order_type=OrderType.MARKET, market_protection=D(2))
    )

    assert update.request is not None
    assert (update.request.quantity, update.request.order_type) == (130, OrderType.MARKET)
    assert kite.calls("PUT")[-1].form["market_protection"] == "2"


async def test_an_accepted_change_of_a_part_filled_order_is_no_old_news(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    asked = replace(limit(), quantity=130)
    order = Order(asked, S.SENT)
    kite.will(f"GET /orders/{BROKER_ID}/trades", success([trade_row()]))
    answers = [await broker.place(asked)]
    part = await broker.hear(order_row(quantity=130, filled_quantity=65, status="UPDATE"))
    assert part is not None

    answers += [part, await broker.modify("a1", OrderChange(price=D(101)))]

    for answer in answers:
        order, _ = apply_update(order, answer, frozenset())
    assert (order.state, order.request.price, order.filled_quantity) == (S.PARTIAL, 101, 65)


async def test_a_cancellation_is_accepted_and_not_done(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    await broker.place(limit())

    assert (await broker.cancel("a1")).state is S.OPEN
    assert [asked.path for asked in kite.calls("DELETE")] == [ORDER]


async def test_a_change_that_was_accepted_and_not_done_comes_out_of_the_book(
    kite: ScriptedKite, opened: tuple[KiteBroker, EventClock]
) -> None:
    broker, clock = opened
    order = Order(limit(), S.SENT)
    answers = [
        await broker.place(limit()),
        await broker.modify("a1", OrderChange(price=D(99))),
    ]
    kite.will("GET /orders", success([order_row(price=100.05)]))

    at_once = (await broker.book()).orders[0]
    clock.set(NOW + timedelta(seconds=3))
    later = (await broker.book()).orders[0]

    for answer in [*answers, at_once, later]:
        order, _ = apply_update(order, answer, frozenset())
    assert at_once.request is None
    assert order.request == limit()
    assert (await broker.book()).orders[0].request is None
    broker.close()


async def test_an_order_of_an_earlier_process_can_be_changed(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    broker.adopt(Order(stop(), S.OPEN, broker_id=BROKER_ID))

    update = await broker.modify("s1", OrderChange(trigger_price=D(96)))
    again = await broker.place(stop())

    assert update.request == replace(stop(), trigger_price=D(96))
    assert again.broker_id == BROKER_ID
    assert kite.calls("POST") == []


async def test_an_order_sent_by_a_process_that_died_is_not_sent_again(
    kite: ScriptedKite, opened: tuple[KiteBroker, EventClock]
) -> None:
    broker, clock = opened
    broker.adopt(Order(limit(), S.SENT))

    with pytest.raises(OutcomeUnknown):
        await broker.place(limit())
    clock.set(NOW + timedelta(seconds=2))
    book = await broker.book()

    assert book.complete
    assert (await broker.place(limit())).broker_id == BROKER_ID
    broker.close()


async def test_an_order_known_by_its_tag_alone_can_be_cancelled(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will("GET /orders", success([order_row()]))

    assert (await broker.cancel("a1")).broker_id == BROKER_ID


async def test_what_is_known_to_nobody_cannot_be_touched(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    with pytest.raises(Refused, match="Couldn't find"):
        await broker.cancel("a1")
    kite.will("GET /orders", raw(502, b"", "text/html"))
    with pytest.raises(Refused, match="Not sent"):
        await broker.modify("a1", OrderChange(price=D(99)))

    assert kite.calls("PUT") + kite.calls("DELETE") == []


async def test_the_book_holds_orders_trades_and_positions(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will("GET /orders", success([order_row(status="COMPLETE", filled_quantity=65)]))
    kite.will("GET /trades", success([trade_row()]))
    kite.will(POSITIONS, success({"net": [position_row(65)], "day": []}))

    book = await broker.book()

    assert book.complete
    assert [order.state for order in book.orders] == [S.FILLED]
    assert [fill.client_id for fill in book.trades] == ["a1"]
    assert book.net_quantity == ((CALL.key, 65),)


async def test_orders_from_elsewhere_stay_in_the_book_and_are_named(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    row = order_row(tag=None, status="COMPLETE", filled_quantity=65)
    kite.will("GET /orders", success([row]))
    kite.will("GET /trades", success([trade_row()]))
    kite.will(POSITIONS, success({"net": [position_row(65)], "day": []}))

    found = reconcile([], [], await broker.book(), frozenset())

    assert [discrepancy.kind for discrepancy in found.discrepancies] == [
        DiscrepancyKind.FOREIGN_ORDER,
    ]
    [held] = found.foreign.positions
    assert (held.instrument, held.quantity) == (CALL.key, 65)
    assert found.is_clean


async def test_a_second_order_under_one_tag_is_told_apart(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    await broker.place(limit())
    kite.will("GET /orders", success([order_row(), order_row(order_id="2")]))
    order = Order(limit(), S.OPEN, broker_id=BROKER_ID)

    found = reconcile([order], [], await broker.book(), frozenset())

    assert [discrepancy.kind for discrepancy in found.discrepancies] == [DiscrepancyKind.TWIN_ORDER]
    assert (await broker.cancel("a1")).broker_id == BROKER_ID


async def test_a_book_says_nothing_of_an_order_on_its_way_while_it_is_read(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    kite.will("GET /orders", success([]))

    class Overtaken(FreePacer):
        async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
            if call is Call.OTHER and not self.taken:
                self.taken.append((call, lane, subject))
                await late.place(limit())

    late, _ = desk(kite.root, pacer=Overtaken())

    assert (await late.book()).unsettled == {"a1"}
    assert (await broker.book()).unsettled == frozenset()
    late.close()


async def test_each_call_takes_its_turn_in_its_lane(broker: KiteBroker, pacer: FreePacer) -> None:
    await broker.place(limit())
    await broker.modify("a1", OrderChange(price=D(99)))
    await broker.cancel("a1")
    await broker.book()

    assert pacer.taken[:3] == [
        (Call.PLACE, Lane.NORMAL, ""),
        (Call.MODIFY, Lane.NORMAL, BROKER_ID),
        (Call.CANCEL, Lane.URGENT, ""),
    ]
    assert pacer.taken[3:] == [(Call.OTHER, Lane.URGENT, "")] * 3


class SpentPacer(FreePacer):
    """Has nothing left for orders."""

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        if call is not Call.OTHER:
            raise OverBudget("orders-minute", 12.0)


async def test_an_order_over_budget_is_refused_unsent_and_may_be_asked_again(
    kite: ScriptedKite,
) -> None:
    broker, _ = desk(kite.root, pacer=SpentPacer())

    for _ in range(2):
        with pytest.raises(Refused, match="Not sent: rate budget orders-minute"):
            await broker.place(replace(limit(), role=Role.EXIT))

    assert kite.asked == []
    assert (await broker.book()).complete
    broker.close()


async def test_a_refused_change_leaves_what_is_believed_to_rest(
    kite: ScriptedKite, broker: KiteBroker
) -> None:
    await broker.place(limit())
    kite.will(f"PUT {ORDER}", error(400, "InputException", "Tick size is 0.05."), DONE)
    with pytest.raises(Refused, match="Tick size"):
        await broker.modify("a1", OrderChange(price=D("99.99")))

    update = await broker.modify("a1", OrderChange(quantity=130))

    assert update.request == replace(limit(), quantity=130)
