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


def test_what_is_due_at_the_same_moment_is_called_before_time_goes_on():
    clock, called = VirtualClock(OPENS), []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        for name in "abc":
            loop.call_later(5, lambda name=name: called.append((name, clock.gone())))
        loop.call_at(4, lambda: called.append(("first", clock.gone())))
        await asyncio.sleep(6)

    in_virtual_time(work())

    assert called[0] == ("first", 4)
    assert sorted(called[1:]) == [("a", 5), ("b", 5), ("c", 5)]


def test_what_is_cancelled_is_not_called():
    called = []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        handles = [loop.call_later(5, called.append, 1), loop.call_soon(called.append, 2)]
        for handle in handles:
            handle.cancel()
        await asyncio.sleep(6)
        assert all(handle.cancelled() for handle in handles)

    in_virtual_time(work())

    assert called == []


def test_what_a_callback_raises_ends_the_run():
    async def work() -> None:
        asyncio.get_running_loop().call_later(5, {}.pop, "nothing")
        await asyncio.sleep(6)

    with pytest.raises(KeyError, match="nothing"):
        in_virtual_time(work())


def test_a_wait_that_takes_too_long_is_given_up_in_simulated_time():
    clock = VirtualClock(OPENS)

    async def work() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(90):
                await asyncio.Event().wait()
        return clock.gone()

    assert in_virtual_time(work()) == pytest.approx(90)
