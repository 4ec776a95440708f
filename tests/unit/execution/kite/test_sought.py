"""One order asked for by itself: what its rows say, and what proves that there is none."""

from __future__ import annotations

import pytest
from kiteconnect.exceptions import (
    DataException,
    GeneralException,
    InputException,
    NetworkException,
    OrderException,
    PermissionException,
)

from execution.broker import OutcomeUnknown, Refused, SessionExpired
from execution.orders import OrderState
from tests.contracts.kite.desk import BROKER_ID, limit, order_row, trade_row
from tests.unit.execution.kite.at_once import Desk

S = OrderState
NO_SUCH_ORDER = "Couldn't find that `order_id`."
AWAY = NetworkException("Gateway timed out", code=504)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_an_order_asked_for_by_itself_is_told_by_its_last_row_with_its_trades(
    desk: Desk,
) -> None:
    await desk.broker.place(limit())
    done = order_row(status="COMPLETE", filled_quantity=65, tag=None)
    desk.kite.will("order_history", [order_row(status="OPEN PENDING"), done])
    desk.kite.will("order_trades", [trade_row()])

    told = await desk.broker.sought("a1")

    assert (told.client_id, told.broker_id, told.state) == ("a1", BROKER_ID, S.FILLED)
    assert [fill.quantity for fill in told.fills] == [65]
    assert ("order_history", BROKER_ID) in desk.kite.asked


@pytest.mark.parametrize(
    "no",
    [
        OrderException(NO_SUCH_ORDER, code=404),
        InputException("Couldn't find that order_id.", code=400),
        GeneralException(NO_SUCH_ORDER, code=400),
        GeneralException(NO_SUCH_ORDER, code=500),
    ],
)
async def test_an_order_that_kite_does_not_know_is_refused_to_who_asks_for_it(
    desk: Desk, no: Exception
) -> None:
    await desk.broker.place(limit())
    desk.kite.will("order_history", no)

    with pytest.raises(Refused):
        await desk.broker.sought("a1")


@pytest.mark.parametrize(
    "answer",
    [
        AWAY,
        OrderException("Couldn't fetch.", code=500),
        InputException("Missing or bad header.", code=400),
        OrderException("Order information can't be had.", code=404),
        GeneralException("Route not found.", code=404),
        GeneralException(NO_SUCH_ORDER, code=503),
        DataException(NO_SUCH_ORDER, code=400),
        PermissionException("not allowed", code=403),
        NetworkException("Too many requests", code=429),
        [],
        [order_row(status=None)],
        [order_row(order_id="999")],
    ],
)
async def test_nothing_is_proven_of_an_order_by_an_answer_that_says_nothing_of_it(
    desk: Desk, answer: object
) -> None:
    await desk.broker.place(limit())
    desk.kite.will("order_history", answer)

    with pytest.raises(OutcomeUnknown):
        await desk.broker.sought("a1")


@pytest.mark.parametrize("code", [400, 404])
async def test_a_dead_session_is_told_as_one_to_who_asks_for_an_order(
    desk: Desk, code: int
) -> None:
    await desk.broker.place(limit())
    desk.kite.will("order_history", InputException("Invalid `api_key` or `access_token`.", code))

    with pytest.raises(SessionExpired):
        await desk.broker.sought("a1")


async def test_a_change_of_an_order_that_kite_does_not_know_is_refused(desk: Desk) -> None:
    await desk.broker.place(limit())
    desk.kite.will("cancel", GeneralException(NO_SUCH_ORDER, code=500))

    with pytest.raises(Refused):
        await desk.broker.cancel("a1")


async def test_of_a_long_history_the_last_row_counts(desk: Desk) -> None:
    await desk.broker.place(limit())
    words = ("PUT ORDER REQ RECEIVED", "OPEN PENDING", "OPEN", "CANCELLED")
    desk.kite.will("order_history", [order_row(status=word, tag=None) for word in words])
    desk.kite.will("order_trades", [])

    assert (await desk.broker.sought("a1")).state is S.CANCELLED


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([order_row(status=None)], "^a1: status"),
        ([order_row(order_id="999")], "^a1: told of another order$"),
    ],
)
async def test_why_an_order_could_not_be_told_is_said(desk: Desk, answer: object, why: str) -> None:
    await desk.broker.place(limit())
    desk.kite.will("order_history", answer)

    with pytest.raises(OutcomeUnknown, match=why):
        await desk.broker.sought("a1")


async def test_an_order_without_an_id_cannot_be_asked_for(desk: Desk) -> None:
    with pytest.raises(OutcomeUnknown, match=r"^a1 has no order id to ask by$"):
        await desk.broker.sought("a1")

    assert desk.kite.asked == []
