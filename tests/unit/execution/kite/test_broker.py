"""New orders at the adapter: what goes out, in which turn, and what each outcome leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from kiteconnect.exceptions import InputException, NetworkException, TokenException

from execution.broker import NotNow, OutcomeUnknown, Refused, SessionExpired
from execution.kite.broker import BrokerSettings
from execution.kite.errors import TooManyRequests
from execution.kite.lanes import Line, NoAnswer, NotSent
from execution.kite.mapping import place_fields
from execution.orders import Order, OrderState, OrderUpdate, Role
from marketdata.pacing import Call, Lane, OverBudget
from tests.contracts.kite.desk import (
    BROKER_ID,
    CALL,
    NOW,
    limit,
    order_row,
    stop,
    trade_row,
)
from tests.unit.execution.kite.at_once import Desk, begun

S = OrderState
NO = InputException("Invalid `price`.", code=400)
DEAD = TokenException("Token is invalid.", code=403)
TOO_MANY = NetworkException("Too many requests", code=429)
AWAY = NetworkException("Gateway timed out", code=504)
OPEN = OrderUpdate("a1", BROKER_ID, NOW, S.OPEN, 0)
SECOND = "261123000000002"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_settled_when_is_told_in_seconds() -> None:
    assert BrokerSettings().settle == timedelta(milliseconds=750)
    assert BrokerSettings(settle_seconds=2).settle == timedelta(seconds=2)


def test_closing_closes_the_lanes_and_a_login_reaches_them(desk: Desk) -> None:
    desk.broker.renew("fresh")
    was_open = not desk.is_closed
    desk.broker.close()

    assert (desk.tokens, was_open, desk.is_closed) == (["fresh"], True, True)


@pytest.mark.parametrize(
    ("role", "lane", "line"),
    [
        (Role.ENTRY, Lane.NORMAL, Line.ENTRIES),
        (Role.TARGET, Lane.NORMAL, Line.ENTRIES),
        (Role.STOP, Lane.URGENT, Line.EXITS),
        (Role.EXIT, Lane.URGENT, Line.EXITS),
    ],
)
async def test_a_new_order_goes_out_in_the_lane_of_its_role(
    desk: Desk, role: Role, lane: Lane, line: Line
) -> None:
    await desk.broker.place(limit(role=role))

    assert desk.happened == [("turn", Call.PLACE, lane, ""), ("fence",), ("line", line)]


async def test_a_new_order_goes_out_in_the_words_of_its_desk() -> None:
    desk = Desk(BrokerSettings(variety="auto", algo_id="X1"))

    placed = await desk.broker.place(stop())

    form = place_fields(stop(), variety="auto", algo_id="X1")
    assert desk.kite.asked == [("place", form)]
    assert placed == OrderUpdate("s1", BROKER_ID, NOW, S.OPEN, 0)


async def test_an_order_that_kite_cannot_be_asked_leaves_nothing_behind(desk: Desk) -> None:
    made = replace(limit(), instrument=replace(CALL, made_from="the chain"))

    for _ in range(2):
        with pytest.raises(Refused, match="is made from"):
            await desk.broker.place(made)

    assert desk.happened == []
    assert (await desk.broker.place(limit())).broker_id == BROKER_ID


async def test_an_order_that_was_accepted_is_answered_as_it_was_first(desk: Desk) -> None:
    first = await desk.broker.place(limit())
    desk.clock.set(NOW + timedelta(seconds=5))

    assert await desk.broker.place(limit()) == first == OPEN
    assert desk.kite.names() == ["place"]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(NO, Refused), (NotSent("no thread"), NotNow), (DEAD, SessionExpired)],
)
async def test_an_order_that_does_not_exist_may_be_sent_again(
    desk: Desk, failure: Exception, kind: type[Exception]
) -> None:
    desk.failure = failure
    with pytest.raises(kind):
        await desk.broker.place(limit())
    desk.failure = None
    assert desk.broker.is_expired is (failure is DEAD)
    desk.broker.renew("fresh")
    assert not desk.broker.is_expired

    assert (await desk.broker.glance()).unsettled == frozenset()
    assert (await desk.broker.place(limit())).broker_id == BROKER_ID
    assert desk.kite.names() == ["orders", "place"]


async def test_an_order_without_a_turn_was_not_sent(desk: Desk) -> None:
    def no_turn() -> None:
        raise OverBudget("orders-second", 1.0)

    desk.on_turn = no_turn
    with pytest.raises(NotNow):
        await desk.broker.place(limit())
    desk.on_turn = lambda: None

    assert await desk.broker.place(limit()) == OPEN


@pytest.mark.parametrize("failure", [AWAY, NoAnswer("no answer in 1 s"), TOO_MANY])
async def test_an_order_of_which_nothing_is_proven_is_not_sent_again(
    desk: Desk, failure: Exception
) -> None:
    desk.failure = failure
    with pytest.raises(OutcomeUnknown):
        await desk.broker.place(limit())
    desk.failure = None

    assert await desk.is_unproven()


@pytest.mark.parametrize(
    ("failure", "late", "unsettled"),
    [(AWAY, 0, {"a1"}), (AWAY, 749, {"a1"}), (AWAY, 750, set()), (TOO_MANY, 0, set())],
)
async def test_an_order_without_proof_may_come_until_it_is_settled_unless_it_never_came_in(
    desk: Desk, failure: Exception, late: int, unsettled: set[str]
) -> None:
    desk.failure = failure
    with pytest.raises(OutcomeUnknown):
        await desk.broker.place(limit())
    desk.failure = None
    desk.clock.set(NOW + timedelta(milliseconds=late))

    book = await desk.broker.book()

    assert book.complete
    assert book.unsettled == unsettled
    assert await desk.is_unproven() is bool(unsettled)


async def test_the_time_to_settle_is_that_of_the_settings() -> None:
    desk = Desk(BrokerSettings(settle_seconds=3))
    desk.failure = AWAY
    with pytest.raises(OutcomeUnknown):
        await desk.broker.place(limit())
    desk.failure = None
    desk.clock.set(NOW + timedelta(seconds=2.9))
    soon = await desk.broker.book()
    desk.clock.set(NOW + timedelta(seconds=3))

    assert soon.unsettled == {"a1"}
    assert (await desk.broker.book()).unsettled == frozenset()


async def test_without_a_whole_book_nothing_is_proven_absent(desk: Desk) -> None:
    desk.failure = TOO_MANY
    with pytest.raises(TooManyRequests):
        await desk.broker.place(limit())
    desk.failure = None
    desk.kite.will("orders", [order_row(order_id="9", tag="z9", status=None)], [])

    torn = await desk.broker.book()
    held_back = await desk.is_unproven()
    await desk.broker.book()

    assert (torn.complete, held_back) == (False, True)
    assert (await desk.broker.place(limit())).broker_id == BROKER_ID


async def test_an_order_whose_call_was_given_up_may_exist(desk: Desk) -> None:
    desk.gate.clear()

    placing = await begun(desk.broker.place(limit()))
    placing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await placing

    assert await desk.is_unproven()


async def test_a_late_answer_tells_of_the_order_after_all(desk: Desk) -> None:
    desk.failure = NoAnswer("no answer in 1 s")
    with pytest.raises(OutcomeUnknown):
        await desk.broker.place(limit())
    desk.failure = None
    [late] = desk.late
    assert late is not None

    late(BROKER_ID)

    assert await desk.broker.place(limit()) == OPEN
    assert (await desk.broker.cancel("a1")).broker_id == BROKER_ID
    assert desk.kite.names() == ["cancel"]


async def test_of_two_orders_under_one_id_the_one_heard_of_first_is_ours(desk: Desk) -> None:
    desk.gate.clear()
    desk.kite.will("place", SECOND)
    placing = await begun(desk.broker.place(limit()))
    desk.kite.will("orders", [order_row(), order_row(order_id=SECOND)])
    await desk.broker.glance()
    desk.gate.set()

    assert (await placing).broker_id == BROKER_ID
    assert (await desk.broker.cancel("a1")).broker_id == BROKER_ID
    [again] = desk.late[:1]
    assert again is not None
    again(SECOND)
    assert (await desk.broker.place(limit())).broker_id == BROKER_ID


async def test_an_order_that_was_heard_of_before_its_answer_is_placed_as_it_stands(
    desk: Desk,
) -> None:
    desk.gate.clear()
    desk.kite.will("order_trades", [trade_row(quantity=20)])
    placing = await begun(desk.broker.place(limit()))

    await desk.broker.hear(order_row(filled_quantity=20, pending_quantity=45))

    assert await placing == replace(OPEN, state=S.PARTIAL, filled_quantity=20)
    desk.gate.set()


async def test_an_adopted_order_is_answered_and_touched_by_its_id(desk: Desk) -> None:
    adopted = Order(limit(), S.PARTIAL, broker_id=SECOND, filled_quantity=20, claimed_quantity=20)
    desk.clock.set(NOW + timedelta(seconds=1))
    desk.broker.adopt(adopted)
    part = OrderUpdate("a1", SECOND, NOW + timedelta(seconds=1), S.PARTIAL, 20)

    assert await desk.broker.place(limit()) == part
    assert await desk.broker.cancel("a1") == part
    assert desk.kite.asked == [("cancel", "regular", SECOND)]
