"""Order calls that stay without an answer while Kite's rows show that they were done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from kiteconnect.exceptions import NetworkException

from execution.broker import OutcomeUnknown
from execution.kite.broker import BrokerSettings, KiteBroker
from execution.kite.calls import Around
from execution.kite.lanes import Line
from execution.orders import OrderChange, OrderState
from marketdata.clock import EventClock
from tests.contracts.kite.desk import BROKER_ID, CALL, NOW, FreePacer, limit, no_pause, order_row


class SilentLanes:
    """Lanes on which order calls are not answered before `gate` opens; reads tell `rows`."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.answer: str | Exception = BROKER_ID
        self.rows: list[dict[str, object]] = []

    async def run(
        self, line: Line, call: Callable[..., Any], late: Callable[..., object] | None = None
    ) -> Any:
        del call, late
        if line is Line.READS:
            return self.rows
        await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        self.gate.set()


@pytest.fixture
def lanes() -> SilentLanes:
    return SilentLanes()


@pytest.fixture
def broker(lanes: SilentLanes) -> KiteBroker:
    around = Around(
        lanes=lanes,  # type: ignore[arg-type] # the same calls without threads
        pacer=FreePacer(),
        clock=EventClock(NOW),
        instrument={CALL.key: CALL}.get,
        pause=no_pause,
    )
    return KiteBroker(around, BrokerSettings())


async def begun(call: Any) -> asyncio.Task[Any]:
    task = asyncio.create_task(call)
    for _ in range(5):
        await asyncio.sleep(0)
    return task


async def placed(broker: KiteBroker, lanes: SilentLanes) -> None:
    lanes.gate.set()
    await broker.place(limit())
    lanes.gate.clear()


async def test_an_order_that_the_book_shows_is_placed(broker, lanes) -> None:
    placing = await begun(broker.place(limit()))
    lanes.rows = [order_row()]

    book = await broker.glance()

    assert [told.client_id for told in book.orders] == ["a1"]
    assert (await placing).broker_id == BROKER_ID


async def test_an_order_that_a_message_tells_of_is_placed(broker, lanes) -> None:
    placing = await begun(broker.place(limit()))

    await broker.hear(order_row())

    assert (await placing).state is OrderState.OPEN


async def test_a_change_that_a_message_shows_is_done(broker, lanes) -> None:
    await placed(broker, lanes)
    changing = await begun(broker.modify("a1", OrderChange(quantity=130)))

    await broker.hear(order_row(status="UPDATE", quantity=130))

    assert (await changing).request == replace(limit(), quantity=130)


async def test_a_message_from_before_a_change_does_not_end_it(broker, lanes) -> None:
    await placed(broker, lanes)
    changing = await begun(broker.modify("a1", OrderChange(quantity=130)))

    await broker.hear(order_row(status="UPDATE"))
    for _ in range(5):
        await asyncio.sleep(0)

    assert not changing.done()
    lanes.gate.set()
    await changing


async def test_what_was_too_much_for_kite_is_missed_by_the_next_read(broker, lanes) -> None:
    lanes.answer = NetworkException("Too many requests", code=429)
    lanes.gate.set()

    with pytest.raises(OutcomeUnknown):
        await broker.place(limit())

    assert (await broker.glance()).unsettled == frozenset()


async def test_an_order_of_which_nothing_is_proven_may_come_a_while_longer(broker, lanes) -> None:
    lanes.answer = NetworkException("Gateway timed out", code=504)
    lanes.gate.set()

    with pytest.raises(OutcomeUnknown):
        await broker.place(limit())

    assert (await broker.glance()).unsettled == {"a1"}
