from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from marketdata.calendar import IST
from trading.simulation.virtual_time import NothingLeftError, VirtualClock, in_virtual_time

OPENS = datetime(2026, 10, 6, 9, 15, tzinfo=IST)


def test_sleepers_wake_in_their_order_and_the_clock_goes_with_them():
    clock, woken = VirtualClock(OPENS), []

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((seconds, clock.now()))

    async def work() -> None:
        await asyncio.gather(sleep(3600), sleep(60), sleep(0.5))

    in_virtual_time(work())

    assert [seconds for seconds, _ in woken] == [0.5, 60, 3600]
    assert all(abs(at - OPENS - timedelta(seconds=s)) < timedelta(seconds=1) for s, at in woken)


def test_when_everybody_waits_for_somebody_it_is_said():
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingLeftError):
        in_virtual_time(wait())
