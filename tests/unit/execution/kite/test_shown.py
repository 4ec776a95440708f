from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest

from execution.broker import Refused
from execution.kite.shown import Shown


async def answers(answer: str | Exception, gate: asyncio.Event) -> str:
    await gate.wait()
    if isinstance(answer, Exception):
        raise answer
    return answer


def opened() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


async def test_an_answer_is_returned() -> None:
    assert await Shown().first("S1", answers("B1", opened())) == "B1"


async def test_a_refusal_is_raised() -> None:
    with pytest.raises(Refused):
        await Shown().first("S1", answers(Refused("no"), opened()))


async def test_what_is_shown_needs_no_answer_any_more() -> None:
    shown, gate = Shown(), asyncio.Event()
    call = asyncio.create_task(shown.first("S1", answers("B1", gate)))
    await asyncio.sleep(0)

    shown.show("S1")

    assert await call is None


async def test_a_failure_after_it_was_shown_is_of_no_interest() -> None:
    shown, gate = Shown(), asyncio.Event()
    call = asyncio.create_task(shown.first("S1", answers(Refused("late"), gate)))
    await asyncio.sleep(0)
    shown.show("S1")
    await call

    gate.set()
    for _ in range(5):
        await asyncio.sleep(0)

    assert await shown.first("S1", answers("B2", opened())) == "B2"


async def test_what_is_shown_of_another_order_answers_nothing() -> None:
    shown, gate = Shown(), asyncio.Event()
    call = asyncio.create_task(shown.first("S1", answers("B1", gate)))
    await asyncio.sleep(0)

    shown.show("S2")
    gate.set()

    assert await call == "B1"


async def test_a_call_ends_with_whoever_waits_for_it() -> None:
    shown, gate = Shown(), asyncio.Event()
    call = asyncio.create_task(shown.first("S1", answers("B1", gate)))
    await asyncio.sleep(0)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call


async def test_of_two_calls_for_one_order_each_gets_its_own_answer() -> None:
    shown, gate, later = Shown(), asyncio.Event(), asyncio.Event()
    calls = [
        asyncio.create_task(shown.first("S1", answers("first", gate))),
        asyncio.create_task(shown.first("S1", answers("second", later))),
    ]
    await asyncio.sleep(0)

    gate.set()
    first = await calls[0]
    later.set()

    assert [first, await calls[1]] == ["first", "second"]


@pytest.mark.parametrize("ends_first", [True, False])
async def test_of_two_calls_for_one_order_what_is_shown_answers_the_last(ends_first: bool) -> None:
    shown, gate, never = Shown(), asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(shown.first("S1", answers("first", gate)))
    last = asyncio.create_task(shown.first("S1", answers("last", never)))
    await asyncio.sleep(0)

    if ends_first:
        gate.set()
        await first
    shown.show("S1")

    assert await last is None
    gate.set()
    assert await first == "first"
    never.set()


def waiting() -> int:
    """Return how many futures of this process nothing has become of."""
    gc.collect()
    futures = [each for each in gc.get_objects() if issubclass(type(each), asyncio.Future)]
    return sum(not each.done() for each in futures)


async def test_a_call_that_was_answered_leaves_nothing_behind_that_waits() -> None:
    shown, before = Shown(), waiting()

    for number in range(50):
        await shown.first(f"S{number}", answers("B1", opened()))

    assert waiting() - before < 10


async def left(shown: Shown, call: Coroutine[Any, Any, object]) -> None:
    """Begin a call and leave it, as it is shown to be done."""
    waiting = asyncio.create_task(shown.first("S1", call))
    await asyncio.sleep(0)
    shown.show("S1")
    await waiting


async def test_a_call_that_needs_no_answer_is_kept_to_its_end_and_no_longer() -> None:
    shown, answers_ = Shown(), list[weakref.ref[asyncio.Future[None]]]()

    async def call() -> None:
        answer = asyncio.get_running_loop().create_future()
        answers_.append(weakref.ref(answer))
        await answer

    await left(shown, call())
    gc.collect()
    answer = answers_[0]()
    assert answer is not None

    answer.set_result(None)
    del answer
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()

    assert answers_[0]() is None


async def test_what_failed_after_it_was_shown_is_let_go_and_not_reported_as_forgotten() -> None:
    shown, gate, troubles = Shown(), asyncio.Event(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: troubles.append(told))
    failures = list[weakref.ref[Exception]]()

    async def fails() -> None:
        await gate.wait()
        failure = Refused("late")
        failures.append(weakref.ref(failure))
        raise failure

    await left(shown, fails())
    gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()

    assert [failure() for failure in failures] == [None]
    assert troubles == []
