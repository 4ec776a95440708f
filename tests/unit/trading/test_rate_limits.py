"""Calls that were made while the store was away, told to it by several at once when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from marketdata.pacing import Budget, Call, Lane, Patience
from trading.rate_limits import SharedPacer, Timing

START = datetime(2026, 11, 23, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
BUDGET = Budget("minute", frozenset({Call.PLACE}), 60.0, 100, 3, per_subject=False)


class Store:
    """A store that can be away; `told` counts the calls that it was told were made without it."""

    def __init__(self) -> None:
        self.is_away = False
        self.told = self.asked = 0

    def register_script(self, _text: str) -> Callable[..., Awaitable[Any]]:
        return self._answer

    async def _answer(self, *, keys: Sequence[str], args: Sequence[str]) -> list[int]:
        assert len(keys) == 1
        await asyncio.sleep(0)
        if self.is_away:
            raise ConnectionError
        if args[0] == "1":
            self.told += 1
        else:
            self.asked += 1
        return [0, 0]


class Clock:
    def __init__(self) -> None:
        self.now = START

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def pacer_of(store: Store, clock: Clock) -> SharedPacer:
    timing = Timing(lambda: clock.now, clock.sleep, Patience(3.0, 1.0))
    return SharedPacer(cast(Any, store), "own", (BUDGET,), timing)


async def calls(pacer: SharedPacer, number: int) -> None:
    await asyncio.gather(*(pacer.take(Call.PLACE, Lane.URGENT) for _ in range(number)))


async def test_each_call_made_alone_is_told_once_however_many_come_back_together() -> None:
    store, clock = Store(), Clock()
    pacer = pacer_of(store, clock)
    store.is_away = True
    await calls(pacer, 3)
    store.is_away = False
    clock.now += timedelta(seconds=5)

    await calls(pacer, 4)

    assert (store.told, store.asked) == (3, 4)
    assert not pacer.is_alone


async def test_what_could_not_be_told_is_told_when_the_store_is_back_for_good() -> None:
    store, clock = Store(), Clock()
    pacer = pacer_of(store, clock)
    store.is_away = True
    await calls(pacer, 2)
    clock.now += timedelta(seconds=5)
    await calls(pacer, 3)
    assert pacer.is_alone
    store.is_away = False
    clock.now += timedelta(seconds=5)

    await calls(pacer, 2)

    assert (store.told, store.asked) == (5, 2)
