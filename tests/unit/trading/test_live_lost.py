"""What the broker's lists lack and messages that cannot be: asked about, and not believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from execution.broker import BrokerBook, OutcomeUnknown, Refused
from execution.orders import Order, OrderState
from tests.unit.trading.test_live_venue import EMPTY, REQUEST, Bench, fill, update
from trading.engine.events import BrokerSaid

ANOTHERS = replace(fill(), client_id="E2")
"""A trade of an order that got a name of its own while its trades were asked for."""


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (
            OrderState.OPEN,
            update(OrderState.PARTIAL, filled_quantity=130, fills=(fill("T1", 130),)),
        ),
        (OrderState.REJECTED, update(OrderState.FILLED, filled_quantity=65, fills=(fill(),))),
        (OrderState.OPEN, update(OrderState.FILLED, filled_quantity=65, fills=(ANOTHERS,))),
    ],
)
async def test_a_message_that_cannot_be_is_not_told_and_sends_us_to_the_book(known, told):
    bench = Bench()
    bench.orders = [Order(REQUEST, known, "B1")]
    bench.broker.answers.append(told)
    bench.venue.hear({"order_id": "B1"})

    assert not [n for n in await bench.settled() if isinstance(n, BrokerSaid)]
    assert not bench.venue.is_idle


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (Refused("Couldn't find that `order_id`."), [(OrderState.CANCELLED, "B1")]),
        (update(OrderState.REJECTED, reason="margin"), [(OrderState.REJECTED, "B1")]),
        (update(OrderState.OPEN), [(OrderState.OPEN, "B1")]),
        (OutcomeUnknown("503"), []),
    ],
)
async def test_an_order_that_the_lists_lack_is_asked_for_by_itself(word, told):
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    bench.broker.words.append(word)
    early = await bench.looks(EMPTY, EMPTY)
    bench.now += timedelta(seconds=5)

    news = await bench.looks(EMPTY)

    assert not [n for n in early if isinstance(n, BrokerSaid)]
    said = [n.update for n in news if isinstance(n, BrokerSaid)]
    assert [(one.state, one.broker_id) for one in said] == told
    assert bench.broker.calls.count("seek E1") == 1


async def test_an_order_that_is_listed_again_or_has_ended_is_not_asked_for():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    listed = BrokerBook((update(OrderState.OPEN),), (), (), complete=True)
    await bench.looks(EMPTY, listed)
    bench.now += timedelta(seconds=5)
    await bench.looks(EMPTY)
    bench.orders = [Order(REQUEST, OrderState.CANCELLED, "B1")]
    bench.now += timedelta(seconds=5)

    await bench.looks(EMPTY)

    assert "seek E1" not in bench.broker.calls
