"""What the broker's lists lack and messages that cannot be: asked about, and not believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from execution.broker import BrokerBook, OutcomeUnknown, Refused
from execution.orders import Order, OrderState, OrderUpdate
from tests.unit.trading.engine.builders import at
from tests.unit.trading.test_live_venue import EMPTY, REQUEST, Bench, fill, update
from trading.engine.actions import PlaceOrder
from trading.engine.events import BrokerSaid, TwinFound
from trading.live_lost import LastWords

LISTED = BrokerBook((update(OrderState.OPEN),), (), (), complete=True)
NO_SUCH_ORDER = "Couldn't find that `order_id`."
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
        (Refused(NO_SUCH_ORDER), []),
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


async def asked(bench: Bench, *words: object) -> list[tuple[OrderState, str]]:
    """Let an order be missing for too long and be asked for once for each word; return its news."""
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    bench.broker.words.extend(words)
    await bench.looks(EMPTY, EMPTY)
    bench.now += timedelta(seconds=5)
    news = await bench.looks(*(EMPTY for _ in words))
    said = [one.update for one in news if isinstance(one, BrokerSaid)]
    return [(one.state, one.reason) for one in said]


async def test_an_order_that_the_broker_says_twice_not_to_know_counts_as_cancelled():
    told = await asked(Bench(), Refused(NO_SUCH_ORDER), Refused(NO_SUCH_ORDER))

    reason = f"the broker knows no such order: {NO_SUCH_ORDER}"
    assert told == [(OrderState.CANCELLED, reason)]


async def test_what_is_known_in_between_begins_the_count_anew():
    words = (Refused(NO_SUCH_ORDER), update(OrderState.OPEN), Refused(NO_SUCH_ORDER))

    told = await asked(Bench(), *words)

    assert [state for state, _ in told] == [OrderState.OPEN]


async def test_an_order_that_was_listed_in_between_is_counted_anew():
    bench = Bench()
    bench.broker.words.extend([Refused(NO_SUCH_ORDER), Refused(NO_SUCH_ORDER)])
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    await bench.looks(EMPTY)
    bench.now += timedelta(seconds=5)
    news = await bench.looks(EMPTY, LISTED, EMPTY)
    bench.now += timedelta(seconds=5)

    news += await bench.looks(EMPTY)

    assert bench.broker.calls.count("seek E1") == 2
    states = [one.update.state for one in news if isinstance(one, BrokerSaid)]
    assert OrderState.CANCELLED not in states


@pytest.mark.parametrize(
    ("books", "sought_for"),
    [
        ((EMPTY,), 1),
        ((LISTED, EMPTY), 0),
        ((LISTED, EMPTY, LISTED, EMPTY), 0),
    ],
    ids=["never listed", "listed before", "listed again"],
)
async def test_an_order_never_listed_is_missing_since_it_was_sent(books, sought_for):
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    await bench.venue.send(PlaceOrder(bench.now, REQUEST))
    bench.now += timedelta(seconds=5)
    bench.broker.words.append(Refused(NO_SUCH_ORDER))

    await bench.looks(*books)

    assert bench.broker.calls.count("seek E1") == sought_for


class Denying:
    """A broker that knows no order."""

    async def sought(self, client_id: str) -> OrderUpdate:
        raise Refused(f"{NO_SUCH_ORDER} {client_id}")


async def test_an_order_not_known_once_has_the_book_read_again_at_once():
    wanted: list[str] = []
    words = LastWords(Denying(), lambda: wanted.append("look"))
    order = Order(REQUEST, OrderState.OPEN, "B1")

    first, second = [await words.of(order, at(10, 0)) for _ in range(2)]

    assert first is None
    assert second is not None
    assert wanted == ["look"]


@pytest.mark.parametrize(
    ("reason", "state", "is_told"),
    [
        (f"the broker knows no such order: {NO_SUCH_ORDER}", OrderState.OPEN, True),
        (f"the broker knows no such order: {NO_SUCH_ORDER}", OrderState.CANCELLED, False),
        ("cancelled by user", OrderState.OPEN, False),
    ],
)
async def test_what_was_nowhere_and_works_after_all_is_told_at_each_look(reason, state, is_told):
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.CANCELLED, "B1", reason=reason)]
    listed = BrokerBook((update(state),), (), (), complete=True)

    news = await bench.looks(listed, listed)

    found = [one.update.broker_id for one in news if isinstance(one, TwinFound)]
    assert found == (["B1", "B1"] if is_told else [])


async def test_an_order_that_is_listed_again_or_has_ended_is_not_asked_for():
    bench = Bench()
    bench.orders = [Order(REQUEST, OrderState.OPEN, "B1")]
    await bench.looks(EMPTY, LISTED)
    bench.now += timedelta(seconds=5)
    await bench.looks(EMPTY)
    bench.orders = [Order(REQUEST, OrderState.CANCELLED, "B1")]
    bench.now += timedelta(seconds=5)

    await bench.looks(EMPTY)

    assert "seek E1" not in bench.broker.calls
