"""Changes and cancellations at the adapter: which order they find, and what failing leaves open."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from kiteconnect.exceptions import InputException, NetworkException, TokenException

from execution.broker import OutcomeUnknown, Refused, SessionExpired
from execution.kite.asking import Insistence
from execution.kite.broker import BrokerSettings
from execution.kite.lanes import Line, NoAnswer
from execution.kite.mapping import change_fields
from execution.orders import (
    Order,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    OrderUpdate,
    Role,
)
from marketdata.pacing import Call, Lane
from tests.contracts.kite.desk import BROKER_ID, NOW, D, limit, order_row, stop
from tests.unit.execution.kite.at_once import Desk, begun

NO = InputException("Invalid `price`.", code=400)
DEAD = TokenException("Token is invalid.", code=403)
AWAY = NetworkException("Gateway timed out", code=504)
OPEN = OrderUpdate("a1", BROKER_ID, NOW, OrderState.OPEN, 0)


@pytest.fixture
def desk() -> Desk:
    return Desk()


TRAIL = OrderChange(trigger_price=D(96))
PRICE = OrderChange(price=D(99))
EXIT = limit(role=Role.EXIT)


@pytest.mark.parametrize(
    ("resting", "change", "lane", "line"),
    [
        (stop("a1"), TRAIL, Lane.NORMAL, Line.ENTRIES),
        (stop("a1"), OrderChange(quantity=130), Lane.URGENT, Line.EXITS),
        (stop("a1"), OrderChange(order_type=OrderType.LIMIT), Lane.URGENT, Line.EXITS),
        (EXIT, PRICE, Lane.URGENT, Line.EXITS),
        (limit(), PRICE, Lane.NORMAL, Line.ENTRIES),
        (limit(), OrderChange(quantity=130), Lane.NORMAL, Line.ENTRIES),
    ],
)
async def test_a_change_goes_out_in_the_lane_of_its_order_and_is_counted_for_it(
    desk: Desk, resting: OrderRequest, change: OrderChange, lane: Lane, line: Line
) -> None:
    await desk.broker.place(resting)
    del desk.happened[:]

    changed = await desk.broker.modify("a1", change)

    assert desk.happened == [("turn", Call.MODIFY, lane, BROKER_ID), ("fence",), ("line", line)]
    assert desk.kite.asked[1:] == [("modify", "regular", BROKER_ID, change_fields(change, resting))]
    assert changed == replace(OPEN, request=resting.changed_by(change))


async def test_a_change_builds_on_the_one_before_at_once_and_in_what_is_believed(
    desk: Desk,
) -> None:
    await desk.broker.place(limit())
    first = await desk.broker.modify("a1", OrderChange(quantity=130))

    second = await desk.broker.modify("a1", PRICE)
    desk.clock.set(NOW + timedelta(seconds=1))
    desk.kite.will("orders", [order_row(quantity=130, pending_quantity=130, price=99)])

    assert first.request == replace(limit(), quantity=130)
    assert second.request == replace(limit(price="99"), quantity=130)
    assert (await desk.broker.glance()).changed == ()


async def test_two_changes_of_one_order_on_their_way_are_both_answered(desk: Desk) -> None:
    await desk.broker.place(limit())
    desk.gate.clear()
    changes = [
        await begun(desk.broker.modify("a1", change))
        for change in (PRICE, OrderChange(price=D(98)))
    ]

    desk.gate.set()
    first, second = [await change for change in changes]

    assert first.request == limit(price="99")
    assert second.request == limit(price="98")


async def test_what_a_search_for_an_id_sees_of_others_is_told_by_the_next_read(
    desk: Desk,
) -> None:
    await desk.broker.place(limit())
    other = order_row(order_id="261123000000002", tag="a2")
    desk.kite.will("orders", [order_row(price=99), other])
    desk.broker.doubt("a1")

    await desk.broker.cancel("a2")

    assert (await desk.broker.glance()).changed == ("a1",)


async def test_changes_and_cancellations_are_of_the_variety_of_the_order() -> None:
    desk = Desk(BrokerSettings(variety="auto"))
    await desk.broker.place(limit())

    await desk.broker.modify("a1", OrderChange(price=D(99)))
    await desk.broker.cancel("a1")

    assert [each[:3] for each in desk.kite.asked[1:]] == [
        ("modify", "auto", BROKER_ID),
        ("cancel", "auto", BROKER_ID),
    ]


async def test_a_change_that_makes_no_sense_is_not_sent_and_raises_no_doubt(desk: Desk) -> None:
    await desk.broker.place(limit())
    desk.kite.will("orders", [order_row()])

    with pytest.raises(Refused):
        await desk.broker.modify("a1", OrderChange(quantity=-65))

    assert desk.kite.names() == ["place"]
    assert (await desk.broker.glance()).changed == ()


async def test_an_order_of_which_only_the_id_is_known_is_changed_by_what_changes(
    desk: Desk,
) -> None:
    desk.kite.will("orders", [order_row()])

    changed = await desk.broker.modify("a1", OrderChange(price=D(99)))

    assert desk.kite.asked[-1] == ("modify", "regular", BROKER_ID, {"price": "99"})
    assert changed.request is None


@pytest.mark.parametrize("failure", [NO, AWAY, NoAnswer("no answer"), DEAD])
async def test_of_a_change_that_failed_the_book_tells_what_rests(
    desk: Desk, failure: Exception
) -> None:
    await desk.broker.place(limit())
    desk.failure = failure
    with pytest.raises((Refused, OutcomeUnknown, SessionExpired)):
        await desk.broker.modify("a1", OrderChange(price=D(99)))
    desk.failure = None
    desk.broker.renew("fresh")
    desk.kite.will("orders", [order_row()])

    at_once = await desk.broker.glance()
    desk.clock.set(NOW + timedelta(milliseconds=750))
    settled, again = await desk.broker.glance(), await desk.broker.glance()

    told = [[order.request for order in book.orders] for book in (at_once, settled, again)]
    assert told == [[None], [limit()], [None]]


async def test_of_a_change_that_was_given_up_the_book_tells_what_rests(desk: Desk) -> None:
    await desk.broker.place(limit())
    desk.gate.clear()
    changing = await begun(desk.broker.modify("a1", OrderChange(price=D(99))))
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing
    desk.kite.will("orders", [order_row(price=99)])
    desk.clock.set(NOW + timedelta(seconds=1))

    [order] = (await desk.broker.glance()).orders

    assert order.request == limit(price="99")


async def test_what_an_accepted_change_asked_for_is_believed_once_it_is_settled(
    desk: Desk,
) -> None:
    await desk.broker.place(limit())
    await desk.broker.modify("a1", OrderChange(price=D(99)))
    desk.kite.will("orders", [order_row(price=98)])

    at_once = (await desk.broker.glance()).changed
    desk.clock.set(NOW + timedelta(milliseconds=749))
    soon = (await desk.broker.glance()).changed
    desk.clock.set(NOW + timedelta(milliseconds=750))
    [settled] = (await desk.broker.glance()).orders

    assert (at_once, soon) == ((), ())
    assert settled.request == limit(price="98")


async def test_a_change_that_the_book_shows_needs_no_answer(desk: Desk) -> None:
    await desk.broker.place(limit())
    desk.gate.clear()
    changing = await begun(desk.broker.modify("a1", OrderChange(quantity=130)))
    desk.kite.will("orders", [order_row(status="OPEN", quantity=130, pending_quantity=130)])

    book = await desk.broker.glance()

    assert [order.request for order in book.orders] == [replace(limit(), quantity=130)]
    assert (await changing).request == replace(limit(), quantity=130)
    desk.gate.set()


async def test_a_cancellation_goes_out_before_all_that_adds_risk(desk: Desk) -> None:
    await desk.broker.place(limit())
    del desk.happened[:]
    desk.clock.set(NOW + timedelta(seconds=2))

    cancelled = await desk.broker.cancel("a1")

    assert desk.happened == [
        ("turn", Call.CANCEL, Lane.URGENT, ""),
        ("fence",),
        ("line", Line.EXITS),
    ]
    assert desk.kite.asked[1:] == [("cancel", "regular", BROKER_ID)]
    assert cancelled == replace(OPEN, at=NOW + timedelta(seconds=2))


async def test_an_order_that_is_not_known_is_sought_as_insistently_as_told() -> None:
    desk = Desk(BrokerSettings(insistence=Insistence(tries=3, pause_seconds=0.25)))
    desk.kite.will("orders", AWAY)

    with pytest.raises(Refused, match=r"^Not sent: a1 has no order id, ") as refused:
        await desk.broker.cancel("a1")

    assert isinstance(refused.value.__cause__, OutcomeUnknown)
    assert str(refused.value).endswith("NetworkException 504: Gateway timed out.")
    assert (desk.kite.names(), desk.paused) == (["orders"] * 3, [0.25, 0.25])


async def test_an_order_that_is_nowhere_is_not_touched(desk: Desk) -> None:
    desk.kite.will("orders", [order_row(tag="b2")])

    for call in (desk.broker.cancel("a1"), desk.broker.modify("a1", OrderChange(price=D(99)))):
        with pytest.raises(Refused, match=r"^Couldn't find the order a1\.$"):
            await call

    assert desk.kite.names() == ["orders", "orders"]


async def test_what_a_call_says_is_not_older_than_what_kite_said_by_a_clock_ahead_of_ours(
    desk: Desk,
) -> None:
    ahead = "2026-11-23 10:00:08"
    await desk.broker.place(limit())
    await desk.broker.hear(order_row(exchange_update_timestamp=ahead))

    cancelled = await desk.broker.cancel("a1")

    assert f"{cancelled.at:%H:%M:%S}" == "10:00:08"


@pytest.mark.parametrize(
    "row",
    [
        order_row(status="UPDATE"),
        order_row(status="COMPLETE", quantity=30, filled_quantity=30, pending_quantity=0),
    ],
)
async def test_a_message_that_does_not_show_what_a_change_asks_for_leaves_it_waiting(
    desk: Desk, row: dict[str, object]
) -> None:
    changed_before = Order(limit(), OrderState.OPEN, broker_id=BROKER_ID, modifications=1)
    desk.broker.adopt(changed_before)
    desk.gate.clear()
    changing = await begun(desk.broker.modify("a1", OrderChange(quantity=130)))

    await desk.broker.hear(row)
    for _ in range(5):
        await asyncio.sleep(0)

    assert not changing.done()
    desk.gate.set()
    assert (await changing).request == replace(limit(), quantity=130)
