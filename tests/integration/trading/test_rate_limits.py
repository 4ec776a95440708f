from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from marketdata.pacing import Budget, Call, Lane, OverBudget, Patience, budgets_on
from tests.own_valkey import OwnValkey
from trading.rate_limits import SharedPacer, Timing, connect

START = datetime(2026, 11, 23, 9, 15, tzinfo=ZoneInfo("Asia/Kolkata"))
CALLS = frozenset({Call.PLACE})
MINUTE = Budget("minute", CALLS, 60.0, 8, 3, per_subject=False)
DAY = Budget("day", CALLS, None, 20, 4, per_subject=False)
EACH = Budget("each", frozenset({Call.MODIFY}), None, 3, 1, per_subject=True)
URGENT, NORMAL = Lane.URGENT, Lane.NORMAL
CHILD = """
import asyncio, sys
from datetime import datetime
from marketdata.calendar import IST
from marketdata.pacing import *
from trading.rate_limits import SharedPacer, Timing, connect

async def main():
    budget = Budget("minute", frozenset({Call.PLACE}), 60.0, 8, 3, per_subject=False)
    timing = Timing(lambda: datetime.now(IST), asyncio.sleep, Patience(0, 0))
    pacer = SharedPacer(connect(sys.argv[1]), "own", (budget,), timing)
    made = 0
    for _ in range(20):
        try:
            await pacer.take(Call.PLACE, Lane(sys.argv[2]))
            made += 1
        except OverBudget:
            pass
    print(made)

asyncio.run(main())
"""


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = START

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


Make = Callable[..., SharedPacer]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    server = OwnValkey(tmp_path)
    server.start()
    yield server
    server.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make(valkey: OwnValkey, clock: Clock) -> AsyncIterator[Make]:
    made: list[SharedPacer] = []

    def pacer(*budgets: Budget, account: str = "own") -> SharedPacer:
        timing = Timing(lambda: clock.now, clock.sleep, Patience(0, 0))
        made.append(SharedPacer(connect(valkey.url), account, budgets, timing))
        return made[-1]

    yield pacer
    for one in made:
        await one.close()


async def spend(pacer: SharedPacer, call: Call, lane: Lane, subject: str = "") -> int:
    """Make calls until one is refused; return how many were made."""
    made = 0
    while True:
        try:
            await pacer.take(call, lane, subject)
        except OverBudget:
            return made
        made += 1


async def test_two_pacers_share_one_budget_and_its_reserve(make: Make) -> None:
    first, second = make(MINUTE), make(MINUTE)

    assert await spend(first, Call.PLACE, NORMAL) == 5
    assert await spend(second, Call.PLACE, NORMAL) == 0
    assert await spend(second, Call.PLACE, URGENT) == 3
    assert not first.is_alone


async def test_accounts_do_not_share(make: Make) -> None:
    await spend(make(MINUTE), Call.PLACE, URGENT)

    assert await spend(make(MINUTE, account="other"), Call.PLACE, URGENT) == 8


def test_two_processes_share_one_budget(valkey: OwnValkey) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, valkey.url, lane], stdout=subprocess.PIPE, text=True
        )
        for lane in ("NORMAL", "URGENT", "URGENT")
    ]

    made = [int(child.communicate(timeout=60)[0]) for child in children]

    assert sum(made) == 8
    assert made[0] <= 5


async def test_a_call_that_does_not_fit_one_budget_counts_in_none(make: Make) -> None:
    pacer, wide = make(MINUTE, DAY), make(DAY)

    assert await spend(pacer, Call.PLACE, URGENT) == 8
    assert await spend(wide, Call.PLACE, URGENT) == 12


async def test_a_day_begins_again_at_midnight(make: Make, clock: Clock) -> None:
    pacer = make(DAY)

    assert await spend(pacer, Call.PLACE, URGENT) == 20
    clock.now += timedelta(days=1)
    assert await spend(pacer, Call.PLACE, NORMAL) == 16


async def test_each_order_has_its_own_modifications(make: Make) -> None:
    first, second = make(EACH), make(EACH)

    assert await spend(first, Call.MODIFY, NORMAL, "1") == 2
    assert await spend(second, Call.MODIFY, URGENT, "1") == 1
    assert await spend(second, Call.MODIFY, URGENT, "2") == 3


async def test_the_wait_is_told_and_waited_for(valkey: OwnValkey) -> None:
    short = Budget("short", CALLS, 0.05, 1, 0, per_subject=False)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(seconds)

    async def take_twice(pacer: SharedPacer) -> None:
        await pacer.take(Call.PLACE, NORMAL)

    zone = START.tzinfo
    timing = Timing(lambda: datetime.now(zone), sleep, Patience(1, 1))
    pacers = [SharedPacer(connect(valkey.url), "own", (short,), timing) for _ in range(2)]
    for pacer in pacers:
        await take_twice(pacer)

    assert 0 < sum(slept) <= 0.2
    for pacer in pacers:
        await pacer.close()


async def test_the_most_calls_that_waited_at_once_are_told_once(valkey: OwnValkey) -> None:
    short = Budget("short", CALLS, 10.0, 1, 0, per_subject=False)
    asleep = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await asleep.wait()

    timing = Timing(lambda: START, sleep, Patience(60, 60))
    pacer = SharedPacer(connect(valkey.url), "queue", (short,), timing)
    await pacer.take(Call.PLACE, NORMAL)
    waiting = [asyncio.ensure_future(pacer.take(Call.PLACE, NORMAL)) for _ in range(3)]
    while pacer.deepest_queue() < len(waiting):
        await asyncio.sleep(0.001)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert pacer.deepest_queue() == 3
    assert pacer.deepest_queue() == 0
    await pacer.close()


async def test_without_redis_a_process_keeps_to_its_smaller_share(
    make: Make, valkey: OwnValkey
) -> None:
    pacer = make(MINUTE)
    valkey.stop()

    assert await spend(pacer, Call.PLACE, NORMAL) == 2
    assert await spend(pacer, Call.PLACE, URGENT) == 2
    assert pacer.is_alone


async def test_a_frozen_redis_costs_one_short_wait(make: Make, valkey: OwnValkey) -> None:
    pacer = make(MINUTE)
    await pacer.take(Call.PLACE, URGENT)
    valkey.freeze()

    before = asyncio.get_running_loop().time()
    for _ in range(3):
        await pacer.take(Call.PLACE, URGENT)
    waited = asyncio.get_running_loop().time() - before
    valkey.thaw()

    assert 0.2 < waited < 2
    assert pacer.is_alone


async def test_what_was_made_alone_is_told_when_redis_is_back(
    make: Make, valkey: OwnValkey, clock: Clock
) -> None:
    pacer, other = make(DAY), make(DAY)
    valkey.stop()
    assert await spend(pacer, Call.PLACE, NORMAL) == 8
    valkey.start()
    clock.now += timedelta(seconds=2)

    await pacer.take(Call.PLACE, NORMAL)

    assert not pacer.is_alone
    assert await spend(other, Call.PLACE, NORMAL) == 16 - 9


async def test_a_redis_that_forgot_does_not_double_the_budget(
    make: Make, valkey: OwnValkey
) -> None:
    pacer = make(DAY)
    assert await spend(pacer, Call.PLACE, URGENT) == 20

    valkey.stop()
    valkey.start()

    assert await spend(pacer, Call.PLACE, URGENT) == 0


async def test_a_held_pacer_lets_urgent_calls_through(make: Make) -> None:
    pacer = make(MINUTE)
    pacer.hold(Call.PLACE)

    with pytest.raises(OverBudget, match="held"):
        await pacer.take(Call.PLACE, NORMAL)
    await pacer.take(Call.PLACE, URGENT)


async def test_the_desks_own_budgets_are_kept(make: Make) -> None:
    pacer = make(*budgets_on(START.date()))

    assert await spend(pacer, Call.PLACE, NORMAL) == 5
    assert await spend(pacer, Call.CANCEL, URGENT) == 3
    assert await spend(pacer, Call.QUOTE, NORMAL) == 1
