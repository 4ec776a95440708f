"""The broker adapter over a change of logins: what a late refusal says, and of which login."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from kiteconnect.exceptions import TokenException

from execution.broker import SessionExpired
from execution.kite.broker import BrokerSettings, KiteBroker
from execution.kite.calls import Around
from execution.kite.lanes import Line
from tests.contracts.kite.desk import FreePacer, limit
from tests.faults.kite.simulated_time import LoopClock
from tests.faults.kite.street import OPENS


class WaitingLanes:
    """Lanes whose calls are answered, each with a dead token, when the test says so."""

    def __init__(self) -> None:
        self.answer = asyncio.Event()
        self.begun = 0
        self.tokens: list[str] = []

    async def run(
        self, line: Line, call: Callable[..., Any], late: Callable[..., object] | None = None
    ) -> Any:
        del line, call, late
        self.begun += 1
        await self.answer.wait()
        raise TokenException("Incorrect `api_key` or `access_token`.", code=403)

    def renew(self, access_token: str) -> None:
        self.tokens.append(access_token)

    def close(self) -> None:
        self.answer.set()


def broker_on(lanes: WaitingLanes) -> KiteBroker:
    around = Around(
        lanes=lanes,  # type: ignore[arg-type] # the same calls without threads
        pacer=FreePacer(),
        clock=LoopClock(OPENS),
        instrument=lambda _: None,
        pause=asyncio.sleep,
    )
    return KiteBroker(around, BrokerSettings())


async def test_a_refusal_under_way_when_a_new_login_comes_says_nothing_of_that_one() -> None:
    lanes = WaitingLanes()
    broker = broker_on(lanes)

    placing = asyncio.ensure_future(broker.place(limit()))
    while not lanes.begun:
        await asyncio.sleep(0)
    broker.renew("fresh")
    lanes.answer.set()

    with pytest.raises(SessionExpired):
        await placing
    assert lanes.tokens == ["fresh"]
    assert not broker.is_expired


async def test_a_refusal_of_the_present_login_is_remembered_until_the_next() -> None:
    lanes = WaitingLanes()
    broker = broker_on(lanes)
    lanes.answer.set()

    with pytest.raises(SessionExpired):
        await broker.place(limit())
    was_expired = broker.is_expired
    broker.renew("fresh")

    assert was_expired
    assert not broker.is_expired


async def test_a_refusal_of_the_second_login_says_nothing_of_the_third() -> None:
    lanes = WaitingLanes()
    broker = broker_on(lanes)
    broker.renew("second")

    placing = asyncio.ensure_future(broker.place(limit()))
    while not lanes.begun:
        await asyncio.sleep(0)
    broker.renew("third")
    lanes.answer.set()

    with pytest.raises(SessionExpired):
        await placing
    assert not broker.is_expired
