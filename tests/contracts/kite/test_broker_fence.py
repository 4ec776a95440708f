"""A process that may not send any more: its orders stop behind the wait for their turn."""

from __future__ import annotations

import asyncio

import pytest

from execution.kite.broker import BrokerSettings, KiteBroker
from execution.kite.calls import Around
from marketdata.pacing import Call, Lane
from tests.contracts.kite.desk import limit
from tests.contracts.kite.test_broker_logins import WaitingLanes
from tests.faults.kite.simulated_time import LoopClock
from tests.faults.kite.street import OPENS


class LostError(Exception):
    """The lease is another's."""


class SlowPacer:
    """Gives each call its turn when the test says so."""

    def __init__(self) -> None:
        self.turn = asyncio.Event()

    async def take(self, call: Call, lane: Lane, subject: str = "") -> None:
        del call, lane, subject
        await self.turn.wait()

    def hold(self, call: Call) -> None:
        del call


async def test_an_order_whose_process_lost_the_lease_while_it_waited_is_not_sent() -> None:
    lanes, pacer, lost = WaitingLanes(), SlowPacer(), False

    def fence() -> None:
        if lost:
            raise LostError

    around = Around(
        lanes=lanes,  # type: ignore[arg-type] # the same calls without threads
        pacer=pacer,
        clock=LoopClock(OPENS),
        instrument=lambda _: None,
        pause=asyncio.sleep,
        fence=fence,
    )
    placing = asyncio.ensure_future(KiteBroker(around, BrokerSettings()).place(limit()))
    await asyncio.sleep(0)

    lost = True
    pacer.turn.set()

    with pytest.raises(LostError):
        await placing
    assert lanes.begun == 0
